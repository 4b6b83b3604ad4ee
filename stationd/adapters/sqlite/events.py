"""The record of events over SQLite: fulfils :class:`stationd.ports.events.EventLog`."""

import sqlite3
from collections.abc import Sequence

import msgspec

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.domain.events import GENESIS, Event
from stationd.domain.position import Position

_Q = load("events")
_BOOKS = load("books")


class SqliteEvents:
    """Events by number, over a reading connection."""

    def __init__(self, reader: UnitConnection) -> None:
        self._reader = reader

    async def last(self) -> Position:
        """See :meth:`stationd.ports.events.EventLog.last`."""

        def unit(connection: sqlite3.Connection) -> Position:
            row = connection.execute(_BOOKS["last_event"]).fetchone()
            return Position.of(row[0], row[1]) if row is not None else Position.of(0, GENESIS)

        return await self._reader.run(unit)

    async def hash_at(self, seq: int) -> bytes | None:
        """See :meth:`stationd.ports.events.EventLog.hash_at`."""
        if seq == 0:
            return GENESIS

        def unit(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute(_Q["hash_at"], (seq,)).fetchone()
            return row[0] if row is not None else None

        return await self._reader.run(unit)

    async def after(self, seq: int, limit: int) -> Sequence[Event]:
        """See :meth:`stationd.ports.events.EventLog.after`."""

        def unit(connection: sqlite3.Connection) -> list[Event]:
            return [
                Event(number, at, kind, subject, msgspec.json.decode(data), hash_)
                for number, at, kind, subject, data, hash_ in connection.execute(_Q["events_after"], (seq, limit))
            ]

        return await self._reader.run(unit)
