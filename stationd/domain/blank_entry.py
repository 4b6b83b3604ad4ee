"""What a person enters in the book of blanks: which facts belong to which kind, packs, serials, corrections.

Categories of ruined blanks and cards, and their destruction before witnesses: circular 470.13/11176/SJ of 13 December
2018 of the Ministry of Home Affairs, on the keeping of damaged or invalid KTP-el.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from stationd.domain.blanks import CORRECTABLE, Account, EntryKind, Movement, quantity_refusal, taken
from stationd.domain.errors import Refused

WITNESSES: Final = 2

DESTRUCTION: Final = "blanks.destruction"
"""The kind of request in which two officers agree to a destruction."""


class Category(StrEnum):
    """Why a blank or a card is of no use any more."""

    FACTORY_BAD = "factory-bad"
    STATUS_CHANGE = "status-change"
    DAMAGED_IN_USE = "damaged-in-use"
    FOUND_LOST = "found-lost"
    PRINTER_SPOIL = "printer-spoil"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPack:
    """A sealed pack of a delivery: its number, how many it holds, and the serials on its label."""

    number: str
    quantity: int
    first_serial: str | None = None
    last_serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A pack as the book knows it; ``found`` is how many were in it when it was opened."""

    number: str
    quantity: int
    first_serial: str | None
    last_serial: str | None
    is_sealed: bool
    received: int
    opened: int | None = None
    found: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of a destruction: so many of one category."""

    category: Category
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A person who sees a destruction."""

    name: str
    nip: str = ""
    office: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry as it is asked for; what belongs to another kind is ``None`` or empty."""

    kind: EntryKind
    quantity: int
    note: str = ""
    source: Account | None = None
    category: Category | None = None
    printer: str | None = None
    serials: tuple[str, ...] = ()
    delivery_note: str | None = None
    packs: tuple[NewPack, ...] = ()
    pack: str | None = None
    corrects: int | None = None
    hoppers: Mapping[str, int] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    witnesses: tuple[Witness, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as it stands in the ledger. ``detail`` are its further facts; ``corrected_by`` the entry after it."""

    seq: int
    at: int
    source: Account
    target: Account
    quantity: int
    cause: str
    job: int | None
    actor: str
    note: str
    detail: Mapping[str, object]
    corrected_by: int | None = None

    @property
    def serials(self) -> tuple[str, ...]:
        """The serials that it names."""
        found = self.detail.get("serials", ())
        return tuple(map(str, found)) if isinstance(found, list | tuple) else ()

    @property
    def printer(self) -> str | None:
        """The printer whose hopper it is about."""
        found = self.detail.get("printer")
        return None if found is None else str(found)


_NAMERS: Final = frozenset(CORRECTABLE)
_BELONGS: Final[Mapping[str, frozenset[EntryKind]]] = {
    "source": frozenset({EntryKind.SPOILED, EntryKind.QUARANTINED, EntryKind.RETURNED, EntryKind.DESTROYED}),
    "category": frozenset({EntryKind.SPOILED, EntryKind.QUARANTINED}),
    "printer": frozenset({EntryKind.LOADED, EntryKind.UNLOADED, EntryKind.SPOILED, EntryKind.QUARANTINED}),
    "serials": _NAMERS,
    "delivery_note": frozenset({EntryKind.RECEIVED, EntryKind.RETURNED}),
    "packs": frozenset({EntryKind.RECEIVED}),
    "pack": frozenset({EntryKind.OPENED}),
    "corrects": frozenset({EntryKind.CORRECTED}),
    "hoppers": frozenset({EntryKind.COUNTED}),
    "items": frozenset({EntryKind.DESTROYED}),
    "witnesses": frozenset({EntryKind.DESTROYED}),
}
_NEEDED: Final[Mapping[EntryKind, str]] = {
    EntryKind.OPENED: "pack",
    EntryKind.LOADED: "printer",
    EntryKind.UNLOADED: "printer",
    EntryKind.CORRECTED: "corrects",
}


def entry_refusal(entry: NewEntry) -> Refused | None:
    """Why the entry makes no sense by itself, whatever is in the book; ``None`` when it does."""
    kind = entry.kind
    refused = quantity_refusal(kind, entry.quantity)
    if refused is not None:
        return refused
    for name, kinds in _BELONGS.items():
        if getattr(entry, name) and kind not in kinds:
            return _inconsistent(kind, name, "entry-inconsistent/foreign")
    needed = _NEEDED.get(kind)
    if needed is not None and getattr(entry, needed) is None:
        return _inconsistent(kind, needed, "entry-inconsistent/missing")
    is_from_hopper = entry.source is Account.LOADED or kind in {EntryKind.LOADED, EntryKind.UNLOADED}
    if is_from_hopper != (entry.printer is not None):
        return _inconsistent(kind, "printer", "entry-inconsistent/printer")
    return _lists_refusal(entry)


def _lists_refusal(entry: NewEntry) -> Refused | None:
    kind, serials = entry.kind, entry.serials
    if len(set(serials)) != len(serials):
        return _inconsistent(kind, "serials", "entry-inconsistent/serial-twice")
    if len(serials) > entry.quantity:
        return _inconsistent(kind, "serials", "entry-inconsistent/many-serials")
    numbers = [pack.number for pack in entry.packs]
    if len(set(numbers)) != len(numbers):
        return _inconsistent(kind, "packs", "entry-inconsistent/pack-twice")
    if any((pack.first_serial is None) != (pack.last_serial is None) for pack in entry.packs):
        return _inconsistent(kind, "packs", "entry-inconsistent/pack-serials")
    if entry.packs and sum(pack.quantity for pack in entry.packs) != entry.quantity:
        return _inconsistent(kind, "packs", "entry-inconsistent/pack-sum")
    if entry.items and sum(item.quantity for item in entry.items) != entry.quantity:
        return _inconsistent(kind, "items", "entry-inconsistent/item-sum")
    return None


def witness_refusal(entry: NewEntry) -> Refused | None:
    """Why nothing can be destroyed with these witnesses, or ``None``."""
    names = {witness.name.casefold() for witness in entry.witnesses}
    if len(names) >= WITNESSES:
        return None
    return Refused("witnesses-needed", field="witnesses", witnesses=WITNESSES)


def serials_refusal(
    kind: EntryKind, source: Account, serials: Collection[str], known: Mapping[str, str]
) -> Refused | None:
    """Why blanks with these serials cannot be taken from ``source``, or ``None``.

    ``known`` tells where serials are that were named before. A serial that was never named may be anywhere.
    """
    for place, serial in enumerate(serials):
        account = known.get(serial)
        if account is not None and account != source:
            return Refused(
                "serial-elsewhere", field=f"serials[{place}]", kind=kind, account=Account(account), source=source
            )
    return None


def opening(pack: Pack | None, found: int, balances: Mapping[Account, int]) -> Movement | Refused | None:
    """What opening a pack means: nothing when it held what its label says, else the difference is missing."""
    if pack is None:
        return Refused("pack-unknown", field="pack")
    if not pack.is_sealed:
        return Refused("pack-opened", field="pack")
    if found == pack.quantity:
        return None
    if found > pack.quantity:
        movement = Movement(Account.MISSING, Account.SAFE, found - pack.quantity)
        return taken(EntryKind.COUNTED, movement, balances)
    return taken(EntryKind.OPENED, Movement(Account.SAFE, Account.MISSING, pack.quantity - found), balances)


def correction(
    entry: Entry | None, right: int, balances: Mapping[Account, int], *, hopper: int | None = None
) -> Movement | Refused:
    """The movement that makes an entry mean ``right`` blanks; the entry itself stays as it was written.

    ``hopper`` is what its printer's hopper holds, where the entry is about one.
    """
    if entry is None:
        return Refused("entry-unknown", field="corrects")
    if entry.corrected_by is not None:
        return Refused("entry-corrected", field="corrects", see=str(entry.corrected_by))
    if entry.cause not in CORRECTABLE:
        return Refused("entry-not-correctable/cause", field="corrects", cause=entry.cause)
    wrong = entry.quantity - right
    if wrong == 0:
        return Refused("entry-not-correctable/same", field="quantity")
    if right and (entry.serials or entry.detail.get("packs")):
        return Refused("entry-not-correctable/named", field="quantity")
    if wrong > 0:
        return taken(EntryKind.CORRECTED, Movement(entry.target, entry.source, wrong), balances, hopper=hopper)
    return taken(EntryKind.CORRECTED, Movement(entry.source, entry.target, -wrong), balances, hopper=hopper)


def _inconsistent(kind: EntryKind, field_: str, name: str) -> Refused:
    return Refused(name, field=field_, kind=kind, which=field_)
