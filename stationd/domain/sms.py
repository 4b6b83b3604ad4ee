"""A short message as the network sees it: its alphabet, its length, its segments.

3GPP TS 23.038, 6.2.1: the default alphabet has 7 bits a character, and ten more characters take two places behind an
escape. TS 23.040, 9.2.3.24.1: one message holds 160 of these, or 70 of UCS-2 where a single character lies outside the
alphabet; a longer one is cut into segments of 153 or 67, and each costs and may be lost like a message of its own.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_LAST_OF_ONE_UNIT: Final = 0xFFFF
"""In UTF-16, which UCS-2 has become."""
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")

_PLAIN: Final = str.maketrans(
    {
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "-",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2026": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "`": "'",
        "\t": " ",
    }
)


class Alphabet(StrEnum):
    """How the characters are sent."""

    GSM7 = "gsm-7"
    UCS2 = "ucs-2"


_SIZES: Final[Mapping[Alphabet, tuple[int, int]]] = {Alphabet.GSM7: (160, 153), Alphabet.UCS2: (70, 67)}
"""Places in a message that stands alone, and in a segment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A text measured: ``places`` are septets or UTF-16 units; ``segments`` is what it costs."""

    alphabet: Alphabet
    places: int
    segments: int


def plain(text: str) -> str:
    """The text with typographic marks replaced by those of the alphabet, so that a dash does not double its price."""
    return text.translate(_PLAIN)


def measure(text: str) -> Measure:
    """How a text is sent. A pair that takes two places is not split over two segments."""
    costs = [1 if char in _BASIC else 2 if char in _EXTENDED else 0 for char in text]
    alphabet = Alphabet.GSM7
    if not all(costs):
        alphabet, costs = Alphabet.UCS2, [1 if ord(char) <= _LAST_OF_ONE_UNIT else 2 for char in text]
    alone, each = _SIZES[alphabet]
    places = sum(costs)
    if places <= alone:
        return Measure(alphabet=alphabet, places=places, segments=1)
    segments, room = 1, each
    for cost in costs:
        if cost > room:
            segments, room = segments + 1, each
        room -= cost
    return Measure(alphabet=alphabet, places=places, segments=segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The messages: the first notice, a reminder, and the last before the card is handed on.

    ``{office}``, ``{hours}`` and ``{receipt}`` are filled in; nothing else of a person is at hand, and never a NIK. Of
    each the first text that fits into one message is taken, else the last.
    """

    first: Sequence[str] = (
        (
            "KTP-el Anda sudah jadi. Ambil di {office}, {hours}. Resi {receipt}. "
            "Bawa bukti diri; bila diwakilkan, hanya oleh keluarga satu KK. Gratis."
        ),
        "KTP-el Anda sudah jadi. Ambil di {office}, {hours}. Resi {receipt}. Bawa bukti diri. Gratis.",
        "KTP-el Anda sudah jadi di {office}. Resi {receipt}. Gratis.",
    )
    reminder: Sequence[str] = (
        (
            "KTP-el Anda belum diambil. Ambil di {office}, {hours}. Resi {receipt}. "
            "Bawa bukti diri; bila diwakilkan, hanya oleh keluarga satu KK. Gratis."
        ),
        "KTP-el Anda belum diambil. Ambil di {office}, {hours}. Resi {receipt}. Bawa bukti diri. Gratis.",
        "KTP-el Anda belum diambil di {office}. Resi {receipt}. Gratis.",
    )
    last: Sequence[str] = (
        (
            "Pemberitahuan terakhir: KTP-el Anda di {office} belum diambil dan akan diserahkan ke kecamatan domisili. "
            "Resi {receipt}. Gratis."
        ),
        "Terakhir: KTP-el Anda di {office} akan diserahkan ke kecamatan domisili. Resi {receipt}. Gratis.",
        "Terakhir: ambil KTP-el Anda di {office}. Resi {receipt}. Gratis.",
    )

    def choose(self, told: int, count: int) -> Sequence[str]:
        """The texts for a notice after ``told`` others, of ``count`` in all."""
        if told + 1 >= count:
            return self.last
        return self.reminder if told else self.first


FIELDS: Final = frozenset({"office", "hours", "receipt"})


def filled(texts: Sequence[str], fields: Mapping[str, str]) -> str:
    """The first of the texts that fits into one message once it is filled in, else the last."""
    message = ""
    for text in texts:
        message = plain(text.format_map(fields))
        if measure(message).segments == 1:
            break
    return message


def unknown_fields(text: str) -> tuple[str, ...] | None:
    """Fields in a text that nothing can fill in; ``None`` when its braces do not match."""
    found: list[str] = []
    rest = text
    while rest:
        before, brace, rest = rest.partition("{")
        if "}" in before:
            return None
        if not brace:
            break
        name, closing, rest = rest.partition("}")
        if not closing or "{" in name:
            return None
        if name not in FIELDS:
            found.append(name)
    return tuple(found)


def rupiah(text: str) -> int | None:
    """The first amount in rupiah that a text names, as operators write their credit: ``Rp 12.500``, ``Rp12500,00``."""
    found = re.search(r"\bRp\.?\s*([0-9][0-9.]*)", text, re.IGNORECASE)
    return int(found[1].replace(".", "")) if found else None
