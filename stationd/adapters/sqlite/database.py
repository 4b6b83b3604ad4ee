"""The database as a whole: opened, checked, migrated, and closed in order."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stationd.adapters.sqlite.connection import UnitConnection, open_reader, open_writer, translate
from stationd.adapters.sqlite.migrate import migrate
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.reserve import RESERVE_FILE, Reserve
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.ports.clock import Clock

_Q = load("books")
_CHECK_BUDGET_S = 0.5
_CHECK_EVERY_INSTRUCTIONS = 20_000


class Database:
    """One file, one writer, one reader of its own."""

    def __init__(self, path: Path, writing: UnitConnection, reader: UnitConnection, writer: Writer) -> None:
        self.path = path
        self.writer = writer
        self.reader = reader
        self._writing = writing

    @classmethod
    async def open(
        cls, path: Path, clock: Clock, publish: Callable[[Sequence[Event]], None] = lambda _: None
    ) -> "Database":
        """Open or create the database at ``path``.

        Raises :class:`Faulted` when it is damaged (``storage-corrupt``), newer than this program
        (``storage-too-new``), or cannot be opened; nothing is changed then.
        """
        writing = await open_writer(path)
        try:
            await writing.run(lambda connection: _prepare(connection, path))
            reader = await open_reader(path)
            reserve = Reserve(path.with_name(RESERVE_FILE))
            await writing.run(lambda _: reserve.make())
        except BaseException as error:
            await writing.close()
            if isinstance(error, Faulted) and error.code == "storage-corrupt":
                raise _damaged(path, error.detail) from error
            raise
        return cls(path, writing, reader, Writer(writing, clock, publish, reserve))

    async def aclose(self) -> None:
        """Commit what waits, fold the log into the file, close."""
        await self.writer.aclose()
        await self.reader.close()
        await self._writing.close()

    async def fold(self) -> None:
        """Fold the log into the file and cut it off, so that it keeps nothing of what was deleted."""

        def unit(connection: sqlite3.Connection) -> None:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

        await self._writing.run(unit)

    async def remembered(self, key: str) -> bytes | None:
        """A value of the ``meta`` table, or ``None``."""

        def unit(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute(_Q["read_meta"], (key,)).fetchone()
            return row[0] if row is not None else None

        return await self.reader.run(unit)

    async def remember(self, key: str, value: bytes) -> None:
        """Store a value in the ``meta`` table."""
        await self._writing.run(lambda connection: connection.execute(_Q["write_meta"], (key, value)).rowcount)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check and migrate in the database thread."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables:
            raise Faulted("storage-foreign", f"cannot use {path}: it is a database of another program")
    _check(connection, path)
    migrate(connection, path)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Look the file over for damage, for as long as a start may take; the rest is the background check's work."""
    deadline = time.monotonic() + _CHECK_BUDGET_S
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _CHECK_EVERY_INSTRUCTIONS)
    try:
        findings = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            return
        raise translate(error, path) from error
    finally:
        connection.set_progress_handler(None, 0)
    if findings != ["ok"]:
        raise _damaged(path, "; ".join(finding.splitlines()[-1] for finding in findings[:3]))


def _damaged(path: Path, what: str) -> Faulted:
    return Faulted(
        "storage-corrupt",
        f"cannot use the database {path}: it is damaged ({what})",
        fix=f"keep a copy of {path} and of {path}-wal, then run: stationd restore BACKUP",
    )
