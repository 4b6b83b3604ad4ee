"""Who signs a paper of the office, and where it is drawn up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from stationd.domain.minutes import Office, Party, Signature

Person = TypeVar("Person")

_OFFICER: Final = "Petugas pencetakan KTP-el"
_PARTIES: Final = ("PIHAK PERTAMA", "PIHAK KEDUA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where minutes are drawn up: the office's paper, and the place that they name."""

    office: Office
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """An officer who signs: an empty name is written by hand. ``decree`` is the appointment."""

    name: str = ""
    nip: str = ""
    decree: str = ""


def parties(signers: Sequence[Signer], *, here: str, there: str) -> tuple[Party, ...]:
    """The two parties of minutes, the first officer ``here`` and the second ``there``."""
    return tuple(
        Party(name=signer.name, nip=signer.nip, office=f"{_OFFICER}, {place}", styled=styled)
        for signer, place, styled in zip(two(signers, Signer()), (here, there), _PARTIES, strict=True)
    )


def signatures(signers: Sequence[Signer]) -> tuple[Signature, ...]:
    """Where the two parties sign."""
    return tuple(
        Signature(role=styled, name=signer.name, nip=signer.nip)
        for signer, styled in zip(two(signers, Signer()), _PARTIES, strict=True)
    )


def decrees(signers: Sequence[Signer]) -> tuple[str, ...]:
    """The appointments that the signers rely on, each once."""
    found = dict.fromkeys(signer.decree for signer in signers if signer.decree)
    return tuple(f"Keputusan Wali Kota Nomor {decree} tentang penunjukan petugas pencetakan." for decree in found)


def two(people: Sequence[Person], nobody: Person) -> list[Person]:
    """The first two, with room for those who sign by hand."""
    return [*people[:2], *[nobody] * (2 - len(people))]
