"""Keeping the book of blanks."""

from stationd.domain.authority import Actor
from stationd.domain.blanks import Balances, EntryKind
from stationd.domain.errors import Refused
from stationd.ports.blanks import BlankStore


class Blanks:
    """Balances and entries."""

    def __init__(self, store: BlankStore) -> None:
        self._store = store

    async def balances(self) -> Balances:
        """How many blanks are where."""
        return await self._store.balances()

    async def enter(self, kind: EntryKind, quantity: int, note: str, *, actor: Actor) -> Balances:
        """Book an entry; the balances after it.

        Raises :class:`Refused` (``quantity-out-of-range``, ``blanks-not-there``) with nothing booked.
        """
        answer = await self._store.enter(kind, quantity, note, actor)
        if isinstance(answer, Refused):
            raise answer
        return answer
