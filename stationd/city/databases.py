"""The databases that the city's books may be in, PostgreSQL and SQLite: one connection each, used by one thread."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

from stationd.domain.errors import Faulted

_LOCK: Final = 0x73746174
"""The advisory lock of the writers: any number that nobody else in the database uses."""
_PARAMETER = re.compile(r":([a-z_]+)")
_BUSY_S: Final = 30.0

Values = Mapping[str, object]


class Cursor(Protocol):
    """What both drivers answer."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows."""
        ...


class Engine(Protocol):
    """One connection to one kind of database; used by one thread."""

    def begin(self) -> None:
        """Begin to write, alone."""
        ...

    def execute(self, sql: str, values: Values) -> Cursor:
        """Run a statement with parameters written ``:name``."""
        ...

    def execute_all(self, waiting: Sequence[tuple[str, Values]]) -> list[Cursor]:
        """Run statements one after the other, in one round trip where there is one."""
        ...

    def commit(self) -> None:
        """Make it last."""
        ...

    def rollback(self) -> None:
        """Undo it."""
        ...

    def has_books(self) -> bool:
        """Whether there are books in it."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


class SqliteEngine:
    """A file, for a trial."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    def begin(self) -> None:
        """See :meth:`Engine.begin`."""
        self._connection.execute("BEGIN IMMEDIATE")

    def execute(self, sql: str, values: Values) -> Cursor:
        """See :meth:`Engine.execute`."""
        return self._connection.execute(sql, dict(values))

    def execute_all(self, waiting: Sequence[tuple[str, Values]]) -> list[Cursor]:
        """See :meth:`Engine.execute_all`."""
        return [self.execute(sql, values) for sql, values in waiting]

    def commit(self) -> None:
        """See :meth:`Engine.commit`."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """See :meth:`Engine.rollback`."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def has_books(self) -> bool:
        """See :meth:`Engine.has_books`."""
        found = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
        return found is not None

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._connection.close()


class PostgresEngine:
    """A PostgreSQL database; a connection that broke is made anew by the next transaction."""

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 - an extra: a trial needs none

        self._psycopg = psycopg
        self._url = url
        self._connection = self._connected()

    def begin(self) -> None:
        """See :meth:`Engine.begin`."""
        if self._connection.broken or self._connection.closed:
            self._connection = self._connected()
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))

    def execute(self, sql: str, values: Values) -> Cursor:
        """See :meth:`Engine.execute`."""
        cursor: Cursor = self._connection.execute(_percent(sql).encode(), dict(values))
        return cursor

    def execute_all(self, waiting: Sequence[tuple[str, Values]]) -> list[Cursor]:
        """See :meth:`Engine.execute_all`."""
        if len(waiting) == 1:
            return [self.execute(*waiting[0])]
        with self._connection.pipeline():
            return [self.execute(sql, values) for sql, values in waiting]

    def commit(self) -> None:
        """See :meth:`Engine.commit`."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """See :meth:`Engine.rollback`."""
        if not (self._connection.broken or self._connection.closed):
            self._connection.execute("ROLLBACK")

    def has_books(self) -> bool:
        """See :meth:`Engine.has_books`."""
        row = self._connection.execute("SELECT to_regclass('station') IS NOT NULL").fetchone()
        return row is not None and bool(row[0])

    def close(self) -> None:
        """See :meth:`Engine.close`."""
        self._connection.close()

    def _connected(self) -> Any:
        try:
            connection = self._psycopg.connect(self._url, autocommit=True, **_PATIENCE)
        except self._psycopg.OperationalError as error:
            raise unreachable(error, _said(error)) from error
        connection.execute("SET synchronous_commit = on")
        return connection


_PASSING: Final = frozenset({"OperationalError", "AdminShutdown", "CrashShutdown", "CannotConnectNow"})
"""What psycopg raises when the server has gone; it is an extra, so they are known by name."""


_PATIENCE: Final[Mapping[str, Any]] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""A server that is gone without a word is noticed within a minute."""


def is_of_database(error: BaseException) -> bool:
    """Whether a database raised it."""
    return isinstance(error, sqlite3.Error) or type(error).__module__.startswith("psycopg.")


def _said(error: BaseException) -> str:
    """The reason that PostgreSQL gives for not letting somebody in: it names a database and a user, no more."""
    return str(error).strip().partition("\n")[0].rpartition("failed: ")[2]


def is_passing(error: BaseException) -> bool:
    """Whether it is the database's trouble and not that of what was asked of it."""
    return isinstance(error, sqlite3.OperationalError) or type(error).__name__ in _PASSING


def unreachable(error: BaseException, said: str = "") -> Faulted:
    """What is raised when the books cannot be used; ``said`` is the database's reason."""
    return Faulted(
        "books-unreachable",
        f"cannot reach the books: {said or type(error).__name__}",
        fix="look at books.database, and at the server that it names",
    )


@cache
def _percent(sql: str) -> str:
    """The statement with parameters as psycopg wants them."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))
