"""The ledger of blanks: double entry, so that every blank is somewhere, always.

``received = safe + printer + issued + spoiled + quarantined + returned + destroyed + missing``. Blanks come from the
account ``centre``, whose balance is minus what was received; every movement takes from one account and gives to
another, so the sum over all accounts is zero and cannot become anything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stationd.domain.errors import Refused
from stationd.domain.job_machine import BlankMove


class Account(StrEnum):
    """Where a blank can be. ``printer`` holds those reserved for an attempt whose outcome is not known yet."""

    CENTRE = "centre"
    SAFE = "safe"
    PRINTER = "printer"
    ISSUED = "issued"
    SPOILED = "spoiled"
    QUARANTINED = "quarantined"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    MISSING = "missing"


class EntryKind(StrEnum):
    """What a person may enter in the book."""

    RECEIVED = "received"
    SPOILED = "spoiled"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    COUNTED = "counted"


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
    """How many blanks are where; ``at_hand`` can be printed now, ``is_low`` says that it is time to order."""

    received: int
    safe: int
    printer: int
    issued: int
    spoiled: int
    quarantined: int
    returned: int
    destroyed: int
    missing: int
    is_low: bool = False

    @property
    def at_hand(self) -> int:
        """Blanks in the safe that no job has reserved."""
        return self.safe

    @property
    def is_balanced(self) -> bool:
        """Whether every blank received is somewhere."""
        elsewhere = self.issued + self.spoiled + self.quarantined + self.returned + self.destroyed + self.missing
        return self.received == self.safe + self.printer + elsewhere


JOB_MOVEMENTS = {
    BlankMove.RESERVE: Movement(Account.SAFE, Account.PRINTER, 1),
    BlankMove.ISSUE: Movement(Account.PRINTER, Account.ISSUED, 1),
    BlankMove.SPOIL: Movement(Account.PRINTER, Account.SPOILED, 1),
    BlankMove.GIVE_BACK: Movement(Account.PRINTER, Account.SAFE, 1),
    BlankMove.UNISSUE: Movement(Account.ISSUED, Account.PRINTER, 1),
    BlankMove.UNSPOIL: Movement(Account.SPOILED, Account.PRINTER, 1),
}
"""What the transitions of a job do to the ledger."""

_ENTERED = {
    EntryKind.RECEIVED: (Account.CENTRE, Account.SAFE),
    EntryKind.SPOILED: (Account.SAFE, Account.SPOILED),
    EntryKind.RETURNED: (Account.SAFE, Account.RETURNED),
    EntryKind.DESTROYED: (Account.SPOILED, Account.DESTROYED),
}


def movement_for(kind: EntryKind, quantity: int, balances: Mapping[Account, int]) -> Movement | Refused | None:
    """The movement that an entry means, ``None`` when a count found what the book says, or why it cannot be entered.

    A count compares the safe with the book and books the difference as missing, or brings missing blanks back; it
    cannot make blanks out of nothing: a surplus beyond what was missed is a delivery that was never entered.
    """
    if quantity < 0 or quantity > MAX_QUANTITY or (quantity == 0 and kind is not EntryKind.COUNTED):
        lowest = 0 if kind is EntryKind.COUNTED else 1
        return Refused(
            "quantity-out-of-range",
            f"cannot enter {kind}: quantity must be a whole number from {lowest} to {MAX_QUANTITY}",
            field="quantity",
        )
    if kind is EntryKind.COUNTED:
        difference = balances.get(Account.SAFE, 0) - quantity
        if difference == 0:
            return None
        if difference > 0:
            return Movement(Account.SAFE, Account.MISSING, difference)
        return _taken_from(kind, Movement(Account.MISSING, Account.SAFE, -difference), balances)
    source, target = _ENTERED[kind]
    return _taken_from(kind, Movement(source, target, quantity), balances)


def _taken_from(kind: EntryKind, movement: Movement, balances: Mapping[Account, int]) -> Movement | Refused:
    there = balances.get(movement.source, 0)
    if movement.source is not Account.CENTRE and there < movement.quantity:
        return Refused(
            "blanks-not-there",
            f"cannot enter {kind}: {movement.quantity} blanks asked from {movement.source}, {there} are there",
            field="quantity",
            fix="enter the delivery first" if kind is EntryKind.COUNTED else "count again",
        )
    return movement
