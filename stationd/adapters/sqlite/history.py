"""Counts by day over SQLite, made from the event table: fulfils :class:`stationd.ports.history.HistoryStore`.

They can be made anew at any time; the events up to the one kept in ``meta`` are in them.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.ports.history import Counted

_Q = load("notices")
_BOOKS = load("books")
_MARK: Final = "history_seq"
_COUNTS: Final[Mapping[str, tuple[Counted, int]]] = {
    "job.card_printed": (Counted.PRINTED, 1),
    "job.card_printed_revoked": (Counted.PRINTED, -1),
    "card.handed_over": (Counted.FETCHED, 1),
    "card.hand_over_undone": (Counted.FETCHED, -1),
}


class SqliteHistory:
    """What was printed and fetched."""

    def __init__(self, writer: Writer, reader: UnitConnection) -> None:
        self._writer = writer
        self._reader = reader

    async def gather(self, day_of: Callable[[int], date], limit: int) -> int:
        """See :meth:`stationd.ports.history.HistoryStore.gather`."""
        kept = await self._reader.run(lambda connection: connection.execute(_BOOKS["read_meta"], (_MARK,)).fetchone())
        mark = 0 if kept is None else int(kept[0])
        happened = await self._reader.run(
            lambda connection: connection.execute(_Q["happened"], (mark, limit)).fetchall()
        )
        if not happened:
            return 0
        counts: Counter[tuple[int, str]] = Counter()
        for _, at, kind in happened:
            what, by = _COUNTS.get(kind, (None, 0))
            if what is not None:
                counts[day_of(at).toordinal(), what] += by

        def act(transaction: Transaction) -> None:
            for (day, what), count in counts.items():
                transaction.run(_Q["add_day"], (day, what, count))
            transaction.run(_BOOKS["write_meta"], (_MARK, str(happened[-1][0]).encode()))

        await self._writer.once(act)
        return len(happened)

    async def days(self, what: Counted, since: date) -> Mapping[date, int]:
        """See :meth:`stationd.ports.history.HistoryStore.days`."""
        rows = await self._reader.run(
            lambda connection: connection.execute(_Q["days"], (what, since.toordinal())).fetchall()
        )
        return {date.fromordinal(day): count for day, count in rows}
