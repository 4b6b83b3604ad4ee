"""The city's books: PostgreSQL, or SQLite for a trial, behind one connection in one thread.

A unit of work is a plain function of a :class:`Transaction`; what it returns is committed with it. Writers exclude each
other from their first statement on, over processes as well: SQLite by its own lock (``BEGIN IMMEDIATE``), PostgreSQL by
an advisory lock. A city's load is a few transactions a second, so that no rule here has to think of two at a time.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from stationd.domain.errors import Faulted

VERSION: Final = "1"
_LOCK: Final = 0x73746174
"""The advisory lock of the writers: any number that nobody else in the database uses."""
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_PARAMETER = re.compile(r":([a-z_]+)")
_BUSY_S: Final = 30.0

T = TypeVar("T")

Values = Mapping[str, object]


@cache
def statements() -> Mapping[str, str]:
    """The statements of ``queries.sql`` by name; parameters are written ``:name``."""
    text = (files("stationd.city") / "queries.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return {name: body.strip().rstrip(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


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


class Transaction:
    """What a unit of work may do; ``now_ms`` stamps everything in it."""

    def __init__(self, engine: Engine, now_ms: int) -> None:
        self._engine = engine
        self.now_ms = now_ms

    def rows(self, name: str, /, **values: object) -> list[Any]:
        """All rows of a query."""
        return self._engine.execute(statements()[name], values).fetchall()

    def row(self, name: str, /, **values: object) -> Any | None:
        """The first row of a query, or ``None``."""
        found = self.rows(name, **values)
        return found[0] if found else None

    def run(self, name: str, /, **values: object) -> int:
        """Run a statement; how many rows it changed."""
        return self._engine.execute(statements()[name], values).rowcount

    def tried(self, act: Callable[[], T]) -> T | Exception:
        """What an act answers, or the error that it died of, and then nothing of it is written.

        Raises what has nothing to do with the act: the database has gone.
        """
        self._engine.execute("SAVEPOINT trying", {})
        try:
            answer = act()
        except Exception as error:
            if isinstance(error, Faulted) or is_passing(error):
                raise
            self._engine.execute("ROLLBACK TO SAVEPOINT trying", {})
            self._engine.execute("RELEASE SAVEPOINT trying", {})
            return error
        self._engine.execute("RELEASE SAVEPOINT trying", {})
        return answer


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
            raise _unreachable(error, _said(error)) from error
        connection.execute("SET synchronous_commit = on")
        return connection


class Books:
    """The city's books. Every call runs in the one thread that has the connection."""

    def __init__(self, url: str, clock: Callable[[], int]) -> None:
        """``url``: ``sqlite:PATH`` or ``postgresql://…``; ``clock`` gives Unix milliseconds."""
        self._url = url
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="books")
        self._engine: Engine | None = None

    async def open(self) -> None:
        """Connect, and make the books where there are none.

        Raises ``Faulted``: ``books-unreachable``, ``books-newer``.
        """
        await self._in_thread(self._open)

    async def look(self) -> bool:
        """Connect, and make nothing; whether there are books. Raises as :meth:`open`."""
        return await self._in_thread(self._look)

    async def run(self, unit: Callable[[Transaction], T]) -> T:
        """What a unit of work answers, once that is committed. Raises ``Faulted`` (``books-unreachable``)."""
        return await self._in_thread(lambda: self._run(unit))

    async def turn(self) -> None:
        """Return once everything that was asked before has been done."""
        await self._in_thread(lambda: None)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._engine is not None:
            await self._in_thread(self._engine.close)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _connected(self) -> Engine:
        kind, _, rest = self._url.partition(":")
        try:
            engine = self._engine = SqliteEngine(rest) if kind == "sqlite" else PostgresEngine(self._url)
        except (sqlite3.Error, ModuleNotFoundError) as error:
            raise _unreachable(error) from error
        return engine

    def _look(self) -> bool:
        kind, _, rest = self._url.partition(":")
        if kind == "sqlite" and not Path(rest).exists():
            return False
        engine = self._connected()
        engine.begin()
        try:
            has_books = engine.has_books()
            if has_books:
                _check_version(engine)
        finally:
            engine.rollback()
        return has_books

    def _open(self) -> None:
        engine = self._connected()
        engine.begin()
        try:
            if not engine.has_books():
                for statement in (files("stationd.city") / "schema.sql").read_text(encoding="utf-8").split(";\n"):
                    if statement.strip():
                        engine.execute(statement, {})
                engine.execute(statements()["set_version"], {"value": VERSION})
            _check_version(engine)
            engine.commit()
        except BaseException as error:
            engine.rollback()
            if _is_of_database(error):
                fix = "its user must own it: createdb --owner stationd-city stationd-city"
                raise Faulted("books-unusable", f"cannot use the books: {type(error).__name__}", fix=fix) from error
            raise

    def _run(self, unit: Callable[[Transaction], T]) -> T:
        engine = self._engine
        if engine is None:
            raise AssertionError("the books are opened before they are used")
        try:
            engine.begin()
            answer = unit(Transaction(engine, self._clock()))
            engine.commit()
        except BaseException as error:
            engine.rollback()
            if is_passing(error):
                raise _unreachable(error) from error
            if _is_of_database(error):  # its text may repeat what was to be written
                raise Faulted("books-unusable", f"cannot use the books: {type(error).__name__}") from None
            raise
        return answer


def _check_version(engine: Engine) -> None:
    found = engine.execute(statements()["version"], {}).fetchall()[0][0]
    if found != VERSION:
        raise Faulted(
            "books-newer",
            f"cannot use the books: they have version {found}, this program knows {VERSION}",
            fix="use the program that has made them",
        )


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


def _is_of_database(error: BaseException) -> bool:
    return isinstance(error, sqlite3.Error) or type(error).__module__.startswith("psycopg.")


def _said(error: BaseException) -> str:
    """The reason that PostgreSQL gives for not letting somebody in: it names a database and a user, no more."""
    return str(error).strip().partition("\n")[0].rpartition("failed: ")[2]


def is_passing(error: BaseException) -> bool:
    """Whether it is the database's trouble and not that of what was asked of it."""
    return isinstance(error, sqlite3.OperationalError) or type(error).__name__ in _PASSING


def _unreachable(error: BaseException, said: str = "") -> Faulted:
    return Faulted(
        "books-unreachable",
        f"cannot reach the books: {said or type(error).__name__}",
        fix="look at books.database, and at the server that it names",
    )


@cache
def _percent(sql: str) -> str:
    """The statement with parameters as psycopg wants them."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))
