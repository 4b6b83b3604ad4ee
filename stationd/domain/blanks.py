"""The ledger of blanks: double entry, so that every blank is somewhere, always.

``received = safe + loaded + printer + issued + spoiled + quarantined + returned + destroyed + missing``. Blanks come
from the account ``centre``, whose balance is minus what was received; every movement takes from one account and gives
to another, so the sum over all accounts is zero and cannot become anything else.

``loaded`` is the sum of the hoppers. An office that does not book the loading prints out of the safe; one that does
prints out of the hopper, and what is given back by a printer whose hopper is in the book goes back into that hopper.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from stationd.domain.errors import Refused
from stationd.domain.job_machine import BlankMove
from stationd.domain.words import Spoken


class Account(Spoken):
    """Where a blank can be.

    ``loaded`` holds those in hoppers, ``printer`` those reserved for an attempt whose outcome is not known yet.
    """

    CENTRE = "centre", "centre", "pusat"
    SAFE = "safe", "safe", "brankas"
    LOADED = "loaded", "loaded", "penampung pencetak"
    PRINTER = "printer", "printer", "sedang dicetak"
    ISSUED = "issued", "issued", "jadi kartu"
    SPOILED = "spoiled", "spoiled", "rusak"
    QUARANTINED = "quarantined", "quarantined", "dikarantina"
    RETURNED = "returned", "returned", "dikembalikan"
    DESTROYED = "destroyed", "destroyed", "dimusnahkan"
    MISSING = "missing", "missing", "hilang"


class EntryKind(Spoken):
    """What a person may enter in the book."""

    RECEIVED = "received", "received", "penerimaan"
    OPENED = "opened", "opened", "pembukaan kemasan"
    LOADED = "loaded", "loaded", "pengisian"
    UNLOADED = "unloaded", "unloaded", "pengosongan"
    SPOILED = "spoiled", "spoiled", "kerusakan"
    QUARANTINED = "quarantined", "quarantined", "karantina"
    RELEASED = "released", "released", "pelepasan karantina"
    RETURNED = "returned", "returned", "pengembalian"
    DESTROYED = "destroyed", "destroyed", "pemusnahan"
    COUNTED = "counted", "counted", "penghitungan"
    CORRECTED = "corrected", "corrected", "koreksi"


MAX_QUANTITY = 100_000
"""More blanks than any station ever holds; a larger figure is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class Movement:
    """``quantity`` blanks from one account to another; never zero, never negative."""

    source: Account
    target: Account
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """How many blanks are where; ``is_low`` says that it is time to order.

    ``hoppers`` tells how many of those ``loaded`` are in which printer; ``days_left`` how long those at hand last at
    the pace of the last days, ``None`` where that cannot be said.
    """

    received: int
    safe: int
    printer: int
    issued: int
    spoiled: int
    quarantined: int
    returned: int
    destroyed: int
    missing: int
    loaded: int = 0
    is_low: bool = False
    hoppers: Mapping[str, int] = field(default_factory=dict)
    days_left: float | None = None

    @property
    def at_hand(self) -> int:
        """Blanks that can be printed now: in the safe and in hoppers, reserved by no job."""
        return self.safe + self.loaded

    @property
    def is_balanced(self) -> bool:
        """Whether every blank received is somewhere."""
        elsewhere = self.issued + self.spoiled + self.quarantined + self.returned + self.destroyed + self.missing
        return self.received == self.safe + self.loaded + self.printer + elsewhere


def at_hand(balances: Mapping[Account, int]) -> int:
    """How many blanks can be printed now."""
    return balances.get(Account.SAFE, 0) + balances.get(Account.LOADED, 0)


JOB_MOVEMENTS = {
    BlankMove.RESERVE: Movement(Account.SAFE, Account.PRINTER, 1),
    BlankMove.ISSUE: Movement(Account.PRINTER, Account.ISSUED, 1),
    BlankMove.SPOIL: Movement(Account.PRINTER, Account.SPOILED, 1),
    BlankMove.GIVE_BACK: Movement(Account.PRINTER, Account.SAFE, 1),
    BlankMove.UNISSUE: Movement(Account.ISSUED, Account.PRINTER, 1),
    BlankMove.UNSPOIL: Movement(Account.SPOILED, Account.PRINTER, 1),
}
"""What the transitions of a job do to the ledger, where no hopper is in the book."""


def job_movement(move: BlankMove, hopper: int | None) -> Movement:
    """The movement of a job's blank, ``hopper`` being what the book has in its printer's hopper, ``None`` if nothing.

    A hopper that is empty in the book does not stop the printer, for a loading may not have been entered yet.
    """
    movement = JOB_MOVEMENTS[move]
    if move is BlankMove.RESERVE and hopper:
        return Movement(Account.LOADED, movement.target, 1)
    if move is BlankMove.GIVE_BACK and hopper is not None:
        return Movement(movement.source, Account.LOADED, 1)
    return movement


CARD_DESTROYED: Final = Movement(Account.ISSUED, Account.DESTROYED, 1)
"""A finished card that two officers destroyed: the blank is burnt with it."""

DESTROYED_CAUSE: Final = "card_destroyed"
"""What the book calls it."""

NOT_PRINTED_ON: Final = frozenset(
    {Account.SPOILED, Account.QUARANTINED, Account.RETURNED, Account.DESTROYED, Account.MISSING}
)
"""Where a blank is of which no good card can be made: one that turns up as a card shows that the book was wrong."""

_SOURCES: Final[Mapping[EntryKind, tuple[tuple[Account, ...], Account]]] = {
    EntryKind.RECEIVED: ((Account.CENTRE,), Account.SAFE),
    EntryKind.LOADED: ((Account.SAFE,), Account.LOADED),
    EntryKind.UNLOADED: ((Account.LOADED,), Account.SAFE),
    EntryKind.SPOILED: ((Account.SAFE, Account.LOADED, Account.QUARANTINED, Account.ISSUED), Account.SPOILED),
    EntryKind.QUARANTINED: ((Account.SAFE, Account.LOADED, Account.SPOILED), Account.QUARANTINED),
    EntryKind.RELEASED: ((Account.QUARANTINED,), Account.SAFE),
    EntryKind.RETURNED: ((Account.SAFE, Account.SPOILED, Account.QUARANTINED), Account.RETURNED),
    EntryKind.DESTROYED: ((Account.SPOILED, Account.QUARANTINED), Account.DESTROYED),
}
"""From where to where each entry moves blanks; the first source is meant where none is named."""

_FIGURES: Final = frozenset({EntryKind.OPENED, EntryKind.COUNTED, EntryKind.CORRECTED})
"""Entries whose quantity is what was found, or what should have been entered: it may be none."""

CORRECTABLE: Final = frozenset(_SOURCES)
"""Entries that a correction may follow. A count is corrected by counting again, a job's movement by a verdict."""


def quantity_refusal(kind: EntryKind, quantity: int) -> Refused | None:
    """Why no such quantity can be entered, or ``None``."""
    lowest = 0 if kind in _FIGURES else 1
    if lowest <= quantity <= MAX_QUANTITY:
        return None
    return Refused("quantity-out-of-range", field="quantity", kind=kind, lowest=lowest, most=MAX_QUANTITY)


def source_of(kind: EntryKind, named: Account | None) -> Account | Refused:
    """The account that an entry takes from: the ``named`` one if the kind allows it."""
    sources, _ = _SOURCES[kind]
    if named is not None and named not in sources:
        return Refused("entry-inconsistent/source", field="source", kind=kind, named=named, allowed=sources)
    return named or sources[0]


def movement_for(
    kind: EntryKind,
    quantity: int,
    balances: Mapping[Account, int],
    *,
    source: Account | None = None,
    hopper: int | None = None,
) -> Movement | Refused | None:
    """The movement that an entry means, ``None`` when a count found what the book says, or why it cannot be entered.

    A count compares the safe with the book and books the difference as missing, or brings missing blanks back; it
    cannot make blanks out of nothing: a surplus beyond what was missed is a delivery that was never entered. Where
    ``hopper`` is given, blanks that are loaded are taken from that one. Packs and corrections have rules of their own
    (:mod:`stationd.domain.blank_entry`).
    """
    refused = quantity_refusal(kind, quantity)
    if refused is not None:
        return refused
    if kind is EntryKind.COUNTED:
        return counted_movement(Account.SAFE, quantity, balances.get(Account.SAFE, 0), balances)
    taken_from = source_of(kind, source)
    if isinstance(taken_from, Refused):
        return taken_from
    return taken(kind, Movement(taken_from, _SOURCES[kind][1], quantity), balances, hopper=hopper)


def counted_movement(
    place: Account, found: int, booked: int, balances: Mapping[Account, int]
) -> Movement | Refused | None:
    """What brings the book to what was found at a place; ``None`` when it says so already."""
    difference = booked - found
    if difference == 0:
        return None
    if difference > 0:
        return Movement(place, Account.MISSING, difference)
    return taken(EntryKind.COUNTED, Movement(Account.MISSING, place, -difference), balances)


def taken(
    kind: EntryKind, movement: Movement, balances: Mapping[Account, int], *, hopper: int | None = None
) -> Movement | Refused:
    """The movement, if so many blanks are where it takes them from."""
    there = balances.get(movement.source, 0)
    if movement.source is Account.LOADED and hopper is not None:
        there = hopper
    if movement.source is not Account.CENTRE and there < movement.quantity:
        name = "blanks-not-there/delivery" if kind is EntryKind.COUNTED else "blanks-not-there"
        asked, source = movement.quantity, movement.source
        return Refused(name, field="quantity", kind=kind, asked=asked, source=source, there=there)
    return movement
