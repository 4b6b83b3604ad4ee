"""What the figures need of SQLite: the counts that are kept, and what has waited longest.

Fulfils :class:`stationd.ports.figures.CountStore` and :class:`stationd.ports.figures.OldestStore`.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.custody import Custody
from stationd.domain.job import JobState
from stationd.ports.figures import Kept, Oldest

_Q = load("figures")
_BOOKS = load("books")
_KEPT: Final = "event_counts"


class SqliteFigures:
    """Counts that are kept, and ages."""

    def __init__(
        self, writer: Writer, reader: UnitConnection, *, jobs: Sequence[JobState], cards: Sequence[Custody]
    ) -> None:
        """``jobs`` and ``cards`` are the states and places in which the oldest is looked for."""
        self._writer = writer
        self._reader = reader
        self._jobs = jobs
        self._cards = cards

    async def kept(self) -> Kept | None:
        """See :meth:`stationd.ports.figures.CountStore.kept`."""
        row = await self._reader.run(lambda connection: connection.execute(_BOOKS["read_meta"], (_KEPT,)).fetchone())
        if row is None:
            return None
        seq, _, counts = bytes(row[0]).partition(b" ")
        return Kept(seq=int(seq), counts=counts)

    async def keep(self, kept: Kept) -> None:
        """See :meth:`stationd.ports.figures.CountStore.keep`."""
        written = b"%d %b" % (kept.seq, kept.counts)

        def act(transaction: Transaction) -> None:
            transaction.run(_BOOKS["write_meta"], (_KEPT, written))

        await self._writer.once(act)

    async def oldest(self) -> Oldest:
        """See :meth:`stationd.ports.figures.OldestStore.oldest`: it grows with the line, 100,000 cost 3 ms."""

        def unit(connection: sqlite3.Connection) -> Oldest:
            def since(query: str, *parameters: str) -> int | None:
                row = connection.execute(_Q[query], parameters).fetchone()
                return None if row is None else row[0]

            jobs = {
                state: since("oldest_queued") if state is JobState.QUEUED else since("oldest_job", state)
                for state in self._jobs
            }
            cards = {custody: since("oldest_card", custody) for custody in self._cards}
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
            return Oldest(
                jobs={state: at for state, at in jobs.items() if at is not None},
                cards={custody: at for custody, at in cards.items() if at is not None},
                database_bytes=pages * page_bytes,
            )

        return await self._reader.run(unit)
