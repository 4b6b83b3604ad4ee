"""The ring of keys in the database, and wrapping sealed values anew when the station key was changed.

Changing it has three parts, each complete after a crash in any of them. *Begin* (``stationd key rotate``, beside a
running station): the ring gets a new generation, and is stored once more, under the next station key. *Wrap*: the
station finds the new generation, seals with it, and wraps what is older anew, some rows at a time; when a whole pass
found nothing older, the old generations go. *Settle*: once the station has been given the next key, the ring under the
old one goes, and the old key opens nothing any more.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stationd.adapters.seal import WRAPPING_BYTES, StationSeal, is_wrapped, unwrap, with_new_generation, wrap
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.errors import Faulted, Refused

_Q = load("keyring")
_BOOKS = load("books")
KEY_CHECK: Final = "seal_check"
NEXT_CHECK: Final = "seal_next"
ROWS_AT_ONCE: Final = 64
_BARE: Final = frozenset({"sealed", "proxy"})
"""Columns that may hold values from before they had keys of their own."""


def seal_of(connection: sqlite3.Connection, key: bytes) -> StationSeal:
    """The seal of a station whose database this is. Raises :class:`Faulted` (``key-wrong``)."""
    seal = StationSeal(key)
    known = connection.execute(_BOOKS["read_meta"], (KEY_CHECK,)).fetchone()
    if connection.execute(_Q["has_ring"]).fetchone() and connection.execute(_Q["has_rows"]).fetchone():
        stored = dict(connection.execute(_Q["ring"], (seal.check_value(),)).fetchall())
        if stored:
            seal.adopt(unwrap(key, stored))
            return seal
    elif known is None or known[0] == seal.check_value():
        return seal
    raise Faulted(
        "key-wrong",
        "cannot open the personal data: the station key is not the one it was sealed with",
        fix="put the key of this station back (credential station.key, or station.key in the state directory)",
    )


def begin_rotation(transaction: Transaction, key: bytes, next_key: bytes, actor: str) -> Refused | None:
    """Store the ring, with a new generation, under both station keys; ``key-rotating`` while a change is under way."""
    seal, following = StationSeal(key), StationSeal(next_key)
    stored = dict(transaction.rows(_Q["ring"], (seal.check_value(),)))
    ring = unwrap(key, stored) if stored else seal.ring
    announced = transaction.row(_BOOKS["read_meta"], (NEXT_CHECK,))
    if announced is not None or len(ring.generations) > 1:
        return Refused(
            "key-rotating",
            "cannot change the station key: the last change of it is not finished",
            fix="let stationd run until it is (stationd key status)",
        )
    ring = with_new_generation(ring)
    transaction.run(_Q["drop_ring_of"], (seal.check_value(),))
    for each in (key, next_key):
        check = StationSeal(each).check_value()
        for generation, wrapped in wrap(each, ring).items():
            transaction.run(_Q["insert_ring"], (check, generation, wrapped))
    transaction.run(_BOOKS["write_meta"], (NEXT_CHECK, following.check_value()))
    transaction.event("key.rotation_begun", "station", {"generation": ring.newest, "actor": actor})
    return None


def change_under_way(connection: sqlite3.Connection) -> tuple[bool, int]:
    """Whether the station still waits for its next key, and how many generations of keys are in use."""
    is_awaited = connection.execute(_BOOKS["read_meta"], (NEXT_CHECK,)).fetchone() is not None
    return is_awaited, max(1, connection.execute(_Q["generations"]).fetchone()[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column that may hold sealed values."""

    table: str
    name: str
    key: tuple[str, ...]
    is_bare: bool

    @property
    def identity(self) -> str:
        """The condition that finds one row."""
        return " AND ".join(f'"{column}" = ?' for column in self.key)

    @property
    def after(self) -> str:
        """Query of the next rows: key, and the beginning of the value."""
        key = ", ".join(f'"{column}"' for column in self.key)
        marks = ", ".join("?" * len(self.key))
        return (
            f'SELECT {key}, substr("{self.name}", 1, {WRAPPING_BYTES}) FROM "{self.table}" '  # noqa: S608 - own schema
            f'WHERE "{self.name}" IS NOT NULL AND (? OR ({key}) > ({marks})) ORDER BY {key} LIMIT {ROWS_AT_ONCE}'
        )


@dataclass(slots=True)
class _Pass:
    """How far one pass over all columns is."""

    columns: list[_Column]
    last: tuple[object, ...] | None = None
    found: int = 0


class SqliteKeyring:
    """The keys of a running station: fulfils :class:`stationd.services.rekeying.Keyring`."""

    def __init__(self, database: Database, seal: StationSeal, load_key: Callable[[], bytes]) -> None:
        """``load_key`` reads the station key, once more when it is being changed."""
        self._database = database
        self._seal = seal
        self._load_key = load_key
        self._key = load_key()
        self._pass: _Pass | None = None

    async def refresh(self) -> bool:
        """Take over a ring that was changed beside us, settle a change of the key; whether older keys are in use."""
        announced = await self._database.remembered(NEXT_CHECK)
        if announced is not None:
            key = await asyncio.to_thread(self._load_key)
            if StationSeal(key).check_value() == announced:
                await self._database.writer.once(lambda transaction: _settle(transaction, key))
                self._key = key
        newest = await self._database.reader.run(lambda connection: connection.execute(_Q["newest"]).fetchone()[0])
        if newest is not None and newest != self._seal.ring.newest:
            self._seal.adopt((await self._database.reader.run(self._read)).ring)
        return len(self._seal.ring.generations) > 1

    async def step(self) -> int:
        """Wrap some rows anew; how many were looked at. After a pass that found none, the old keys are dropped."""
        reader = self._database.reader
        if self._pass is None:
            self._pass = _Pass(await reader.run(_sealed_columns))
        at = self._pass
        if not at.columns:
            self._pass = None
            if not at.found:
                await self._database.writer.once(self._drop_old)
                self._seal.adopt((await reader.run(self._read)).ring)
            return 0
        column = at.columns[0]
        last = at.last
        rows = await reader.run(
            lambda connection: connection.execute(
                column.after, (last is None, *(last or (None,) * len(column.key)))
            ).fetchall()
        )
        old = [row[:-1] for row in rows if self._is_old(row[-1], column)]
        if old:
            await self._database.writer.once(lambda transaction: self._rewrap(transaction, column, old))
        at.found += len(old)
        at.last = rows[-1][:-1] if rows else None
        if len(rows) < ROWS_AT_ONCE:
            at.columns.pop(0)
            at.last = None
        return len(rows)

    def _read(self, connection: sqlite3.Connection) -> StationSeal:
        return seal_of(connection, self._key)

    def _is_old(self, start: bytes, column: _Column) -> bool:
        return (column.is_bare or is_wrapped(start)) and not self._seal.is_newest(start)

    def _rewrap(self, transaction: Transaction, column: _Column, keys: Sequence[tuple[object, ...]]) -> None:
        table, name = f'"{column.table}"', f'"{column.name}"'
        for key in keys:
            row = transaction.row(f"SELECT {name} FROM {table} WHERE {column.identity}", key)  # noqa: S608 - own schema
            if row is None or row[0] is None or not self._is_old(row[0], column):
                continue
            made = self._seal.rewrapped(row[0][:WRAPPING_BYTES])
            if made is None:
                continue
            wrapping, replaced = made
            if replaced and column.key == ("rowid",):
                transaction.overwrite(column.table, column.name, key[0], wrapping)
            else:
                value = wrapping + row[0][replaced:]
                transaction.run(f"UPDATE {table} SET {name} = ? WHERE {column.identity}", (value, *key))  # noqa: S608

    def _drop_old(self, transaction: Transaction) -> None:
        newest = self._seal.ring.newest
        if transaction.run(_Q["drop_generations"], (newest,)):
            transaction.event("key.rewrapped", "station", {"generation": newest, "actor": "station"})


def _settle(transaction: Transaction, key: bytes) -> None:
    check = StationSeal(key).check_value()
    transaction.run(_BOOKS["write_meta"], (KEY_CHECK, check))
    transaction.run(_BOOKS["delete_meta"], (NEXT_CHECK,))
    transaction.run(_Q["drop_rings_but"], (check,))
    transaction.event("key.rotated", "station", {"actor": "station"})


def _sealed_columns(connection: sqlite3.Connection) -> list[_Column]:
    found = []
    for table, has_no_rowid in connection.execute(_Q["tables"]).fetchall():
        columns = connection.execute(_Q["columns"], (table,)).fetchall()
        key = tuple(name for name, _, place in columns if place) if has_no_rowid else ("rowid",)
        for name, kind, place in columns:
            if kind == "BLOB" and not place and table not in {"seal_key", "event", "blank_entry"}:
                found.append(_Column(table=table, name=name, key=key, is_bare=name in _BARE))
    return found
