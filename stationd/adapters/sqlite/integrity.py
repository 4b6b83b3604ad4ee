"""Reading the database through in steps: some rows of the chain of events, or one table's pages and indexes, at a time.

It has a connection of its own, so that nobody waits for it, and no step keeps a snapshot for long, so that the log can
be folded.
"""

import sqlite3
import time
from collections.abc import Sequence
from typing import Final

from stationd.adapters.sqlite.connection import UnitConnection, open_reader
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.queries import load
from stationd.domain.events import GENESIS, linked

_Q = load("integrity")
ROWS_AT_ONCE: Final = 2000
_BUDGET_S: Final = 1.0
_LOOK_EVERY_INSTRUCTIONS: Final = 20_000


class SqliteExamination:
    """Fulfils :class:`stationd.services.integrity.Examination`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: UnitConnection | None = None
        self._tables: list[str] = []
        self._last: tuple[int, bytes] | None = (0, GENESIS)
        """How far the chain of events was followed; ``None``: to its end, and the tables' turn it is."""

    async def step(self) -> Sequence[str]:
        """Look at the next part; what is wrong with it. Raises ``Faulted``."""
        if self._connection is None:
            self._connection = await open_reader(self._database.path)
        if self._last is not None:
            last = self._last
            found, self._last = await self._connection.run(lambda connection: _follow(connection, *last))
            if self._last is None:
                self._tables = await self._connection.run(_tables)
            return found
        table = self._tables.pop()
        if not self._tables:
            self._last = (0, GENESIS)
        return await self._connection.run(lambda connection: _look_at(connection, table))

    async def aclose(self) -> None:
        """Close its connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _tables(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute(_Q["tables"])]


def _follow(connection: sqlite3.Connection, seq: int, previous: bytes) -> tuple[list[str], tuple[int, bytes] | None]:
    """Follow the chain from a row; what is wrong, and how far it is, or ``None`` at its end or where it breaks."""
    rows = connection.execute(_Q["events_after"], (seq, ROWS_AT_ONCE)).fetchall()
    for *row, hash_ in rows:
        if row[0] != seq + 1:
            return [f"event row {seq + 1} is missing"], None
        if linked(previous, row) != hash_:
            return [f"event row {row[0]} was edited, or the row before it was"], None
        seq, previous = row[0], hash_
    return [], (seq, previous) if len(rows) == ROWS_AT_ONCE else None


def _look_at(connection: sqlite3.Connection, table: str) -> list[str]:
    """What is wrong with a table's pages and indexes, as far as the time for one step goes."""
    deadline = time.monotonic() + _BUDGET_S
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _LOOK_EVERY_INSTRUCTIONS)
    try:
        lines = connection.execute(f'PRAGMA integrity_check("{table}")').fetchall()
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            return []
        raise
    finally:
        connection.set_progress_handler(None, 0)
    return [f"table {table}: {line.splitlines()[-1]}" for (line,) in lines if line != "ok"]
