"""The ledger of blanks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.blank_entry import Entry, NewEntry, Pack
from stationd.domain.blank_papers import Day
from stationd.domain.blanks import Balances
from stationd.domain.errors import Refused
from stationd.ports.minutes import Drawn


class CountState(StrEnum):
    """Where a count stands."""

    WAITING = "awaits-second-person"
    BOOKED = "booked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountView:
    """A count as everybody may see it: one that waits tells no figure, so that the second person counts blind.

    ``people`` is how many have counted; ``difference`` is below zero where blanks were missing.
    """

    state: CountState
    at: int
    people: int
    difference: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The balances after an entry, and what came of it: ``entry`` is its number in the ledger, if it moved anything."""

    balances: Balances
    entry: int | None = None
    count: CountView | None = None
    minutes: Drawn | None = None
    approval: str | None = None
    """The request that waits for a second person before anything is booked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The count that waits for a second person, and the last that was booked."""

    waiting: CountView | None
    last: CountView | None


class BlankStore(Protocol):
    """The ledger of blanks."""

    async def balances(self, day: date | None = None) -> Balances:
        """How many blanks are where: now, or at the end of a day."""
        ...

    async def enter(self, entry: NewEntry, actor: Actor, *, second: str | None = None) -> Booked | Refused:
        """Book an entry, or say why it cannot be; ``second`` is the number of an officer who counted with the actor.

        A count of an officer alone waits for a second person; when that one differs, nothing is booked
        (``counts-differ``).
        """
        ...

    async def keep_draft(self, entry: NewEntry) -> str:
        """Keep an entry until a second person has agreed to it; its key, the same for the same entry."""
        ...

    async def forget_drafts(self) -> None:
        """Forget drafts to which nobody agreed for a day: they name people."""
        ...

    async def counts(self) -> Counted:
        """What was counted last."""
        ...

    async def entries(self, before: int | None, limit: int) -> Sequence[Entry]:
        """Up to ``limit`` entries, the newest first, ``before`` the number of an entry."""
        ...

    async def packs(self, after: str, limit: int, *, is_sealed: bool | None) -> Sequence[Pack]:
        """Up to ``limit`` packs by their number, ``after`` one."""
        ...

    async def serial(self, serial: str) -> str | None:
        """The account in which the blank with this serial was last named, or ``None``."""
        ...

    async def day(self, day: date) -> Day:
        """A day of the ledger."""
        ...
