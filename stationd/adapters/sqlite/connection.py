"""Connections: aiosqlite, crossed once for a whole unit of work.

aiosqlite runs every statement as a message to its thread, at about 0.1 ms each. A unit of work here is a function of
the plain :class:`sqlite3.Connection` that runs in that thread from beginning to end, so that a batch costs one
crossing. ``aiosqlite.Connection._execute`` is its hook for subclasses to do just that; it and the queue behind it are
used in this one place.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from stationd.domain.errors import Faulted

T = TypeVar("T")

_BUSY_TIMEOUT_S = 5.0
_CACHED_STATEMENTS = 512


class UnitConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs whole units of work in its thread."""

    def begin(self, unit: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """What ``unit`` returns, begun at once; for one caller who opened it and closes it. Raises as SQLite does."""
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if self._running and self._connection is not None:
            self._tx.put_nowait((answer, partial(unit, self._conn)))
        else:
            answer.set_exception(ValueError("the connection is closed"))
        return answer

    async def run(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """What ``unit`` returns. Raises :class:`Faulted` for trouble of the disk or the file."""
        try:
            result: T = await self._execute(unit, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite's own
        except sqlite3.Error as error:
            raise translate(error) from error
        return result

    async def gone(self) -> None:
        """Wait for the thread of a connection that could not be opened; aiosqlite has told it to end."""
        await asyncio.to_thread(self._thread.join)


async def open_writer(path: Path) -> UnitConnection:
    """The one connection that writes: WAL, every commit on the disk before it returns (``synchronous=FULL``)."""

    def connect() -> sqlite3.Connection:
        connection = _connect(f"file:{_quoted(path)}?mode=rwc")
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "secure_delete=ON",
            "wal_autocheckpoint=1000",
            "journal_size_limit=16777216",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return await _opened(path, connect)


async def open_reader(path: Path) -> UnitConnection:
    """A read-only connection; it never waits for the writer and never holds it up."""

    def connect() -> sqlite3.Connection:
        connection = _connect(f"file:{_quoted(path)}?mode=ro")
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        return connection

    return await _opened(path, connect)


async def _opened(path: Path, connect: Callable[[], sqlite3.Connection]) -> UnitConnection:
    connection = UnitConnection(connect, iter_chunk_size=64)
    try:
        _ = await connection
    except sqlite3.Error as error:
        await connection.gone()
        raise translate(error, path) from error
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri,
        uri=True,
        timeout=_BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A plain connection that only reads, beside whoever uses the file; for commands, never on the loop."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


_FAULTS: Mapping[str, str] = {
    "SQLITE_FULL": "storage-full",
    "SQLITE_READONLY": "storage-read-only",
    "SQLITE_IOERR": "storage-failed",
    "SQLITE_CORRUPT": "storage-corrupt",
    "SQLITE_NOTADB": "storage-corrupt/foreign",
    "SQLITE_CANTOPEN": "storage-failed/open",
    "SQLITE_BUSY": "storage-busy",
}


def read_only() -> Faulted:
    """The fault of a file system that takes no writes."""
    return Faulted(_FAULTS["SQLITE_READONLY"], where="")


def translate(error: sqlite3.Error, path: Path | None = None) -> Exception:
    """The fault that an SQLite error means; an error that is no fault of the machine comes back as it is."""
    name: Any = getattr(error, "sqlite_errorname", "") or ""
    for prefix, fault in _FAULTS.items():
        if name.startswith(prefix):
            return Faulted(fault, where=f" ({path})" if path is not None else "")
    return error
