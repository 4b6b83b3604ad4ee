"""The event table as the outbox of the city link: fulfils :class:`stationd.ports.city.Outbox`."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import opened_holder
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.city_link import PARTICULARS_OF, Enclosure, Fact, Particulars
from stationd.domain.ids import seq_of
from stationd.ports.city import Backlog
from stationd.ports.seal import Seal

_Q = load("city")
_EVENTS = load("events")
_BOOKS = load("books")

_PACKED: Final = "transfer.packed"
_SETTLED: Final = "transfer.settled"


class SqliteOutbox:
    """Rows of the event table as facts, with what goes with them; over a reading connection."""

    def __init__(self, writer: Writer, reader: UnitConnection, seal: Seal, *, station: str) -> None:
        self._writer = writer
        self._reader = reader
        self._seal = seal
        self._station = station

    async def sent(self) -> int:
        """See :meth:`stationd.ports.city.Outbox.sent`."""
        row = await self._reader.run(lambda connection: connection.execute(_Q["sent"]).fetchone())
        return 0 if row is None else int(row[0])

    async def remember(self, seq: int) -> None:
        """See :meth:`stationd.ports.city.Outbox.remember`.

        It is no event: an event for each acknowledgement would have to be acknowledged in its turn, without end.
        """
        await self._writer.once(lambda transaction: transaction.run(_Q["remember_sent"], (seq, transaction.now_ms)))

    async def after(self, seq: int, limit: int) -> Sequence[Fact]:
        """See :meth:`stationd.ports.city.Outbox.after`."""

        def unit(connection: sqlite3.Connection) -> list[Fact]:
            rows = connection.execute(_EVENTS["events_after"], (seq, limit)).fetchall()
            return [self._fact(connection, row) for row in rows]

        return await self._reader.run(unit)

    async def backlog(self, seq: int) -> Backlog:
        """See :meth:`stationd.ports.city.Outbox.backlog`."""

        def unit(connection: sqlite3.Connection) -> Backlog:
            last = connection.execute(_BOOKS["last_event"]).fetchone()
            oldest = connection.execute(_Q["oldest_after"], (seq,)).fetchone()
            return Backlog(
                rows=max(0, (0 if last is None else last[0]) - seq), oldest_at=None if oldest is None else oldest[0]
            )

        return await self._reader.run(unit)

    def _fact(self, connection: sqlite3.Connection, row: Sequence[Any]) -> Fact:
        seq, at, kind, subject, data, hash_ = row
        return Fact(
            station=self._station,
            seq=seq,
            at=at,
            type=kind,
            subject=subject,
            data=data,
            hash=hash_,
            particulars=self._particulars(connection, subject) if kind == PARTICULARS_OF else None,
            enclosure=_enclosure(connection, kind, subject) if kind in {_PACKED, _SETTLED} else None,
        )

    def _particulars(self, connection: sqlite3.Connection, job_id: str) -> Particulars | None:
        """``None`` when the holder was forgotten before the row was sent."""
        row = connection.execute(_Q["holder_of"], (seq_of(job_id), job_id)).fetchone()
        if row is None:
            return None
        order, receipt, sealed, district, village = row
        holder = opened_holder(self._seal, sealed, f"holder:sealed:{job_id}")
        return Particulars(order=order, receipt=receipt, nik=holder.nik, district=district, village=village)


def _enclosure(connection: sqlite3.Connection, kind: str, transfer_id: str) -> Enclosure | None:
    row = connection.execute(_Q["enclosed"], (transfer_id,)).fetchone()
    if row is None:
        return None
    peer, file, confirmation = row
    enclosed = file if kind == _PACKED else confirmation
    return None if enclosed is None else Enclosure(to=peer, file=enclosed)
