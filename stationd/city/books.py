"""The city's books: PostgreSQL, or SQLite for a trial, behind one connection in one thread.

A unit of work is a plain function of a :class:`Transaction`; what it returns is committed with it. Writers exclude each
other from their first statement on, over processes as well: SQLite by its own lock (``BEGIN IMMEDIATE``), PostgreSQL by
an advisory lock. A city's load is a few transactions a second, so that no rule here has to think of two at a time.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

from stationd.city.databases import (
    Cursor,
    Engine,
    PostgresEngine,
    SqliteEngine,
    Values,
    is_of_database,
    is_passing,
    unreachable,
)
from stationd.domain.errors import Faulted

VERSION: Final = "1"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_TOLD_AT_ONCE: Final = 256

T = TypeVar("T")


@cache
def statements() -> Mapping[str, str]:
    """The statements of ``queries.sql`` by name; parameters are written ``:name``."""
    text = (files("stationd.city") / "queries.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)
    return {name: body.strip().rstrip(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


class Transaction:
    """What a unit of work may do; ``now_ms`` stamps everything in it."""

    def __init__(self, engine: Engine, now_ms: int) -> None:
        self._engine = engine
        self._waiting: list[tuple[str, Values]] = []
        self.now_ms = now_ms

    def rows(self, name: str, /, **values: object) -> list[Any]:
        """All rows of a query."""
        return self._execute((statements()[name], values))[0].fetchall()

    def row(self, name: str, /, **values: object) -> Any | None:
        """The first row of a query, or ``None``."""
        found = self.rows(name, **values)
        return found[0] if found else None

    def run(self, name: str, /, **values: object) -> int:
        """Run a statement; how many rows it changed."""
        return self._execute((statements()[name], values))[0].rowcount

    def run_each(self, name: str, each: Sequence[Values], /) -> list[int]:
        """Run a statement once for each of these values; how many rows each time."""
        sql = statements()[name]
        return [cursor.rowcount for cursor in self._execute(*((sql, values) for values in each))] if each else []

    def tell(self, name: str, /, **values: object) -> None:
        """Run a statement of which nobody asks the answer: before the next one that is asked, or with the commit.

        What it dies of is raised there.
        """
        self._waiting.append((statements()[name], values))
        if len(self._waiting) >= _TOLD_AT_ONCE:
            self.settle()

    def settle(self) -> None:
        """Run what waits."""
        if self._waiting:
            self._execute()

    def tried(self, act: Callable[[], T]) -> T | Exception:
        """What an act answers, or the error that it died of, and then nothing of it is written.

        Raises what has nothing to do with the act: the database has gone.
        """
        self._execute(("SAVEPOINT trying", {}))
        try:
            answer = act()
            self.settle()
        except Exception as error:
            self._waiting.clear()
            if isinstance(error, Faulted) or is_passing(error):
                raise
            self._execute(("ROLLBACK TO SAVEPOINT trying", {}), ("RELEASE SAVEPOINT trying", {}))
            return error
        self._execute(("RELEASE SAVEPOINT trying", {}))
        return answer

    def _execute(self, *asked: tuple[str, Values]) -> list[Cursor]:
        """The cursors of what is asked; what waits is run before."""
        waiting, self._waiting = self._waiting, []
        return self._engine.execute_all([*waiting, *asked])[len(waiting) :]


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
            raise unreachable(error) from error
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
            if is_of_database(error):
                fix = "its user must own it: createdb --owner stationd-city stationd-city"
                raise Faulted("books-unusable", f"cannot use the books: {type(error).__name__}", fix=fix) from error
            raise

    def _run(self, unit: Callable[[Transaction], T]) -> T:
        engine = self._engine
        if engine is None:
            raise AssertionError("the books are opened before they are used")
        try:
            engine.begin()
            transaction = Transaction(engine, self._clock())
            answer = unit(transaction)
            transaction.settle()
            engine.commit()
        except BaseException as error:
            engine.rollback()
            if is_passing(error):
                raise unreachable(error) from error
            if is_of_database(error):  # its text may repeat what was to be written
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
