"""Forgetting persons whose time is over: found beside the writer, deleted by it in small groups.

``secure_delete`` overwrites what is deleted, the wrapped key of a sealed value with it; the log is cut off afterwards,
so that no older page stays in it.
"""

import sqlite3
from functools import partial
from typing import Final

from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.retention import Deadlines

_Q = load("retention")
ROWS_AT_ONCE: Final = 200
_CLASSES: Final = (
    ("holders", "due_holders", "forget_holder"),
    ("holders", "due_foreign", "forget_foreign"),
    ("holders", "due_lists", "forget_list"),
    ("holders", "due_files", "forget_file"),
    ("proxies", "due_proxies", "forget_proxy"),
    ("remarks", "due_decisions", "forget_judgement"),
    ("remarks", "due_decisions", "forget_decision"),
    ("remarks", "due_surrenders", "forget_surrender"),
    ("remarks", "due_reasons", "forget_reason"),
)


class SqliteForgetting:
    """Fulfils :class:`stationd.services.housekeeping.Forgetting` for holders, proxies and traces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def forget(self, deadlines: Deadlines) -> int:
        """Forget what is due, in small steps; how many rows went."""
        writer, reader = self._database.writer, self._database.reader
        times = {"holders": deadlines.holders, "proxies": deadlines.proxies, "remarks": deadlines.remarks}
        total = 0
        for kind, due, forget in _CLASSES:
            before, last = times[kind], 0
            while rows := await reader.run(partial(_due, due, last, before)):
                last = rows[-1]
                total += await writer.once(partial(_forget, kind, forget, rows, before))
        while gone := await writer.once(
            lambda transaction: transaction.run(_Q["forget_traces"], (deadlines.traces, ROWS_AT_ONCE))
        ):
            total += gone
        return total

    async def fold(self) -> None:
        """Cut off the log."""
        await self._database.fold()


def _due(query: str, last: int, before_ms: int, connection: sqlite3.Connection) -> list[int]:
    return [seq for (seq,) in connection.execute(_Q[query], (last, before_ms, ROWS_AT_ONCE))]


def _forget(kind: str, query: str, rows: list[int], before_ms: int, transaction: Transaction) -> int:
    gone = sum(transaction.run(_Q[query], (row,)) for row in rows)
    if gone:
        told = {"class": kind, "count": gone, "before": before_ms, "actor": "station"}
        transaction.event("retention.applied", "station", told)
    return gone
