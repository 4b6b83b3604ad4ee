"""Blanks and who waits for them, as the store keeps and changes it."""

from dataclasses import dataclass
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Job
from stationd.domain.order import Surrendered
from stationd.domain.rationing import History, Stock


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationed:
    """One step: how many replacements left the line or came back, and the stock after it."""

    deferred: int
    admitted: int
    stock: Stock


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """What people changed about the place of a job.

    Its own ``change`` (``moved_ahead``, ``released``), if any, and how many were moved ahead of it while it waited.
    """

    change: str | None
    overtaken_by: int


class RationStore(Protocol):
    """The line and the blanks."""

    def stock(self) -> Stock:
        """As of the last commit."""
        ...

    async def ration(self) -> Rationed:
        """One step towards what the blanks allow; nothing is left to do when it moved nobody."""
        ...

    async def before(self, job: Job) -> int:
        """How many rationed jobs come back before this one."""
        ...

    async def history(self) -> History:
        """The station's own last weeks."""
        ...

    async def forget_history(self) -> None:
        """Forget the days that no forecast looks at."""
        ...

    async def changes(self, job: Job) -> OrderChange:
        """What people changed about the place of a job."""
        ...

    async def surrender(self, job_id: str, card: Surrendered, actor: Actor) -> Job | Refused:
        """The damaged card has come back: ``job-unknown``, ``surrender-not-awaited``."""
        ...
