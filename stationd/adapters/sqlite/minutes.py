"""The register of minutes over SQLite: fulfils :class:`stationd.ports.minutes.MinutesStore`.

Whoever does what minutes are about draws them up in the transaction of the act itself, so that neither is ever there
without the other. The content is sealed, for it names people; the register is a chain of hashes like the ledger.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from stationd.adapters.seal import lasting
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.events import GENESIS, linked
from stationd.domain.ids import ID_RANDOM_BITS, job_id, seq_of
from stationd.domain.minutes import Minutes, Numbering
from stationd.ports.clock import Entropy
from stationd.ports.minutes import Drawn
from stationd.ports.seal import Seal

_Q = load("minutes")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Minutes).decode


class SqliteMinutes:
    """Minutes that were drawn up."""

    def __init__(
        self,
        writer: Writer,
        reader: UnitConnection,
        seal: Seal,
        entropy: Entropy,
        *,
        station: str,
        numbering: Numbering | None = None,
    ) -> None:
        """``station`` is the identifier that stands in numbers."""
        self._writer = writer
        self._reader = reader
        self._seal = seal
        self._entropy = entropy
        self._station = station
        self._numbering = numbering or Numbering()

    def draw(self, transaction: Transaction, draft: Minutes, subject: str) -> Drawn:
        """Number the draft and keep it, inside the transaction of what it is about."""
        last = transaction.row(_Q["last"])
        seq, previous = (1, GENESIS) if last is None else (last[0] + 1, last[1])
        day = draft.on.isoformat()
        (sequence,) = transaction.rows(_Q["last_of_year"], (draft.on.year,))[0]
        number = self._free_number(transaction, draft, sequence + 1)
        id_ = job_id(transaction.now_ms, seq, self._entropy.bits(ID_RANDOM_BITS))
        sealed = self._seal.seal(_encode(replace(draft, number=number)), place=sealed_place(id_))
        row = (seq, id_, transaction.now_ms, draft.kind, draft.on.year, sequence + 1, number, day, subject, sealed)
        transaction.run(_Q["insert"], (*row, link(previous, row)))
        transaction.event("minutes.drawn_up", id_, {"kind": draft.kind, "number": number, "about": subject})
        return Drawn(seq=seq, id=id_, at=transaction.now_ms, kind=draft.kind, number=number, day=day, subject=subject)

    def _free_number(self, transaction: Transaction, draft: Minutes, sequence: int) -> str:
        """The number by the office's pattern; where an older pattern gave it away already, with a stroke behind it."""
        number = self._numbering.number(sequence, kind=draft.kind, station=self._station, on=draft.on)
        while transaction.row(_Q["by_number"], (number,)) is not None:
            number += "'"
        return number

    async def draw_up(self, draft: Minutes, subject: str) -> Drawn:
        """See :meth:`stationd.ports.minutes.MinutesStore.draw_up`."""

        def act(transaction: Transaction) -> Drawn:
            row = transaction.row(_Q["last_about"], (draft.kind, subject))
            if row is not None:
                drawn = _drawn(row[:-1])
                if replace(self._opened(drawn.id, row[-1]), number="") == draft:
                    return drawn
            return self.draw(transaction, draft, subject)

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[Drawn]:
            return [act(transaction) for _ in arguments]

        return await self._writer.apply(operation, None)

    async def page(self, kind: str | None, before: int | None, limit: int) -> Sequence[Drawn]:
        """See :meth:`stationd.ports.minutes.MinutesStore.page`."""
        return await self._reader.run(
            lambda connection: [_drawn(row) for row in connection.execute(_Q["page"], (kind, before, limit))]
        )

    async def read(self, minutes_id: str) -> Minutes | None:
        """See :meth:`stationd.ports.minutes.MinutesStore.read`."""

        def unit(connection: sqlite3.Connection) -> Minutes | None:
            row = connection.execute(_Q["by_seq"], (seq_of(minutes_id),)).fetchone()
            return self._opened(minutes_id, row[1]) if row is not None and row[0] == minutes_id else None

        return await self._reader.run(unit)

    async def by_number(self, number: str) -> Drawn | None:
        """See :meth:`stationd.ports.minutes.MinutesStore.by_number`."""

        def unit(connection: sqlite3.Connection) -> Drawn | None:
            row = connection.execute(_Q["by_number"], (number,)).fetchone()
            return None if row is None else _drawn(row)

        return await self._reader.run(unit)

    def _opened(self, id_: str, sealed: bytes) -> Minutes:
        return _decode(self._seal.open(sealed, place=sealed_place(id_)))


def sealed_place(id_: str) -> str:
    """Where the content of minutes is sealed to."""
    return f"minutes:sealed:{id_}"


def link(previous: bytes, row: Sequence[object]) -> bytes:
    """The hash of a row of the register after ``previous``; the sealed content is its last column.

    The wrapped key before the content is left out: it changes with the station key.
    """
    *columns, sealed = row
    return linked(previous, [*columns, lasting(sealed).hex() if isinstance(sealed, bytes) else sealed])


def _drawn(row: Sequence[object]) -> Drawn:
    seq, id_, at, kind, number, day, subject = row
    return msgspec.convert(
        {"seq": seq, "id": id_, "at": at, "kind": kind, "number": number, "day": day, "subject": subject}, Drawn
    )


Draw = Callable[[Transaction, Minutes, str], Drawn]
"""Draws minutes up inside the transaction of the act that they are about."""
