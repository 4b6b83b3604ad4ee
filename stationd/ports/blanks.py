"""The ledger of blanks."""

from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.blanks import Balances, EntryKind
from stationd.domain.errors import Refused


class BlankStore(Protocol):
    """The ledger of blanks."""

    async def balances(self) -> Balances:
        """How many blanks are where."""
        ...

    async def enter(self, kind: EntryKind, quantity: int, note: str, actor: Actor) -> Balances | Refused:
        """Book an entry; ``quantity-out-of-range`` or ``blanks-not-there`` when it cannot be."""
        ...
