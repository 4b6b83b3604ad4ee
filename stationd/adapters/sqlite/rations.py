"""The line and the blanks over SQLite: fulfils :class:`stationd.ports.rationing.RationStore`."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rationing import Rationing
from stationd.adapters.sqlite.surrendering import surrendering
from stationd.adapters.sqlite.transaction import DAY_MS, FIRSTS_BY_DAY, RECEIVED_BY_DAY, Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Job, JobState
from stationd.domain.order import Surrendered
from stationd.domain.rationing import History, Stock
from stationd.ports.clock import Clock
from stationd.ports.rationing import OrderChange, Rationed

_Q = load("rationing")
_BOOKS = load("books")

HISTORY_DAYS: Final = 730
"""How long the days are kept: deliveries may be months apart."""


class SqliteRations:
    """Steps of rationing, and what explains them."""

    def __init__(self, writer: Writer, reader: UnitConnection, clock: Clock, reserve: Callable[[], int]) -> None:
        """``reserve``: the blanks that are kept for first-timers now."""
        self._writer = writer
        self._reader = reader
        self._clock = clock
        self._reserve = reserve
        self._rationing = Rationing(reserve)
        self._surrendering = surrendering(reserve)

    def stock(self) -> Stock:
        """See :meth:`stationd.ports.rationing.RationStore.stock`."""
        return self._writer.stock(self._reserve())

    async def ration(self) -> Rationed:
        """See :meth:`stationd.ports.rationing.RationStore.ration`."""
        return await self._writer.apply(self._rationing, None)

    async def before(self, job: Job) -> int:
        """See :meth:`stationd.ports.rationing.RationStore.before`."""
        return await self._reader.run(
            lambda connection: int(connection.execute(_Q["rationed_before"], (job.rank,)).fetchone()[0])
        )

    async def history(self) -> History:
        """See :meth:`stationd.ports.rationing.RationStore.history`."""
        today = self._clock.now_ms() // DAY_MS
        return await self._reader.run(lambda connection: history(connection, today))

    async def forget_history(self) -> None:
        """See :meth:`stationd.ports.rationing.RationStore.forget_history`."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            transaction.run(_Q["forget_history"], (transaction.now_ms // DAY_MS - HISTORY_DAYS,))
            return [None for _ in arguments]

        await self._writer.apply(operation, None)

    async def changes(self, job: Job) -> OrderChange:
        """See :meth:`stationd.ports.rationing.RationStore.changes`."""
        until = self._clock.now_ms() if job.state in _WAITS else job.updated_at

        def unit(connection: sqlite3.Connection) -> OrderChange:
            own = connection.execute(_Q["is_changed"], (job.seq,)).fetchone()
            (others,) = connection.execute(_Q["changes_since"], (job.created_at, job.rank, job.seq, until)).fetchone()
            return OrderChange(change=None if own is None else own[0], overtaken_by=others)

        return await self._reader.run(unit)

    async def surrender(self, job_id: str, card: Surrendered, actor: Actor) -> Job | Refused:
        """See :meth:`stationd.ports.rationing.RationStore.surrender`."""
        return await self._writer.apply(self._surrendering, (job_id, card, actor.name))


_WAITS = frozenset({JobState.QUEUED, JobState.DEFERRED, JobState.PRINTING, JobState.UNCERTAIN, JobState.FAILED})


def history(connection: sqlite3.Connection, today: int) -> History:
    """The days that are kept, up to ``today`` (days since the epoch)."""

    def days(name: str) -> dict[int, int]:
        rows = connection.execute(_Q["history"], (name, today - HISTORY_DAYS))
        return {day: count for label, count in rows if (day := int(label)) <= today}

    return History(firsts=days(FIRSTS_BY_DAY), received=days(RECEIVED_BY_DAY), today=today)
