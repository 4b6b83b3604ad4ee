"""The one writer, committing in groups.

Whatever is waiting when the disk is free goes into one transaction: one fsync for all, no timer, no delay for a lone
request. Requests that wait together are concurrent (none has been answered), so those of one kind are handed to their
operation together, and it can write them in one statement. Answers and events go out after the commit, never before.

When a group fails for a reason that is one request's own (a constraint, a defect), the whole is rolled back and each
request runs alone, so that only the bad one fails. When the disk fails, all fail: nothing was written. When it is full,
space that was kept back is given for what cannot wait (the outcome of a card), and nothing else is taken until that
space can be kept back again.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from stationd.adapters.sqlite.connection import UnitConnection, read_only, translate
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.reserve import Reserve
from stationd.adapters.sqlite.transaction import Books, Transaction
from stationd.domain.blanks import Account, at_hand
from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.domain.rationing import Place, Stock
from stationd.ports.clock import Clock

_log = logging.getLogger(__name__)

A = TypeVar("A")
R = TypeVar("R")
Operation = Callable[[Transaction, Sequence[A]], Sequence[R]]
"""Carries out requests of one kind inside a transaction: one result for each, in their order.

It must be repeatable: after a rollback it is called again.
"""

MAX_GROUP = 256
"""The most requests in one transaction: bounds the answer time of the first in it."""

_BOOKS = load("books")
_TRY_EVERY_S = 1.0
_MARK = "mark"
_MARK_BYTES = 256 * 1024
"""Room for a few orders: less would call a disk good on which no order fits."""
_FULL = "storage-full"
_HOPELESS = frozenset({"storage-corrupt", "storage-closed"})


@dataclass(slots=True)
class _Request:
    operation: Operation[Any, Any]
    argument: Any
    answer: "asyncio.Future[Any]"
    in_need: Any = None


_Begun = tuple[list[_Request], "asyncio.Future[tuple[list[Any], list[Event]]]", float]


class Writer:
    """Gathers requests on the event loop and commits them in the database thread."""

    def __init__(
        self,
        connection: UnitConnection,
        clock: Clock,
        publish: Callable[[Sequence[Event]], None] = lambda _: None,
        reserve: Reserve | None = None,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._publish = publish
        self._books = Books()
        self._waiting: list[_Request] = []
        self._pump: asyncio.Task[None] | None = None
        self._is_closed = False
        self._trying: asyncio.Task[None] | None = None
        self._reserve = reserve
        self._is_in_need = False
        self._damage: str | None = None
        self.relieved: Callable[[], None] = lambda: None
        """Called when a disk that was full takes everything again."""
        self.trouble: str | None = None
        """The code of the fault that kept the last transaction off the disk, until one that writes has succeeded."""
        self.groups = 0
        """Transactions committed since the start."""
        self.requests = 0
        """Requests carried out since the start."""
        self.committed: Callable[[int, float], None] = lambda _requests, _seconds: None
        """Told of each commit: how many requests were in it, and how long it took."""

    def balances(self) -> Mapping[Account, int]:
        """The ledger as of the last commit; empty before the first."""
        return self._books.balances

    def stock(self, reserve: int) -> Stock:
        """The blanks and who waits for them, as of the last commit."""
        balances, line = self._books.balances, self._books.line
        return Stock(
            at_hand=at_hand(balances),
            promised=line[Place.PROMISED],
            replacements=line[Place.REPLACEMENT],
            rationed=line[Place.RATIONED],
            reserve=reserve,
        )

    def hoppers(self) -> Mapping[str, int]:
        """What the book has in the hopper of each printer, as of the last commit."""
        return self._books.hoppers

    async def apply(self, operation: Operation[A, R], argument: A) -> R:
        """What ``operation`` answers to ``argument``, once it is on the disk.

        Raises :class:`Faulted` when the disk or the file failed, and whatever the operation raised for this request.
        """
        return await self.post(operation, argument)

    def post(self, operation: Operation[A, R], argument: A, *, in_need: A | None = None) -> "asyncio.Future[R]":
        """As :meth:`apply`, as a future: whoever wants to wait for it under shield needs no task for that.

        ``in_need`` is the part of it that must be written even when the disk is full; without one it has to wait.
        Whoever answers it himself before its group is formed takes the request back; cancelling it does not.
        Raises :class:`Faulted` at once when the writer is closed.
        """
        if self._is_closed:
            raise Faulted("storage-closed")
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(operation, argument, answer, in_need))
        if self._pump is None:
            self._pump = asyncio.create_task(self._run(), name="writer")
        return answer

    async def once(self, act: Callable[[Transaction], R]) -> R:
        """What ``act`` answers, once it is on the disk; for what people do, of which there is never many at once."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[R]:
            return [act(transaction) for _ in arguments]

        return await self.apply(operation, None)

    async def touch(self) -> None:
        """A transaction that changes nothing, to see that the writer is at work. Raises :class:`Faulted`."""
        await self.apply(_nothing, None)

    async def aclose(self) -> None:
        """Commit what is waiting, then refuse more. The connection is the caller's to close."""
        self._is_closed = True
        if self._pump is not None:
            await self._pump
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.wait({self._trying})

    async def _run(self) -> None:
        """Commit until nothing waits. The task ends when idle, so that an idle station costs nothing.

        The next group is on its way before the answers of the last go out, so that the disk does not wait for them.
        """
        try:
            begun = self._begin()
            while begun is not None:
                group, committing, began = begun
                try:
                    results, events = await committing
                except Exception as raised:  # noqa: BLE001 - handed to every requester, none is swallowed
                    has_to_go = await self._goes_again(group, raised)
                    begun = self._begun(group) if has_to_go else self._begin()
                else:
                    took_s = self._clock.monotonic() - began
                    begun = self._begin()
                    self._answer(group, results, events, took_s)
                    begun = begun or self._begin()
        finally:
            self._pump = None

    def _begin(self) -> "_Begun | None":
        """Hand the next group to the database thread; ``None`` when nothing waits."""
        while self._waiting:
            group = [each for each in self._waiting[:MAX_GROUP] if not each.answer.done() or each.answer.cancelled()]
            del self._waiting[:MAX_GROUP]
            if self._is_in_need:
                group = _only_what_cannot_wait(group)
            if group:
                return self._begun(group)
        return None

    def _begun(self, group: list[_Request]) -> "_Begun":
        return group, self._connection.begin(partial(self._commit, group)), self._clock.monotonic()

    async def _goes_again(self, group: list[_Request], raised: Exception) -> bool:
        """Whether what cannot wait in a group that failed is tried again; else all in it are told."""
        error = await self._named(translate(raised) if isinstance(raised, sqlite3.Error) else raised)
        self._note_fault(error)
        if await self._falls_back(group, error):
            group[:] = _only_what_cannot_wait(group)
            return True
        _fail(group, error)
        return False

    def _answer(self, group: list[_Request], results: list[Any], events: list[Event], took_s: float) -> None:
        self.groups += 1
        self.requests += len(group)
        self.committed(len(group), took_s)
        if events and not self._is_in_need:
            self._note_success()
        for request, result in zip(group, results, strict=True):
            if request.answer.done():
                continue
            if isinstance(result, _Failure):
                request.answer.set_exception(result.error)
            else:
                request.answer.set_result(result)
        if events:
            self._publish(events)

    async def _named(self, error: Exception) -> Exception:
        """SQLite calls any refused write an error of the disk; a file system that turned read-only is told as that."""
        if self._reserve is None or not (isinstance(error, Faulted) and error.code == "storage-failed"):
            return error
        is_read_only = await asyncio.to_thread(lambda reserve: reserve.is_read_only, self._reserve)
        return read_only() if is_read_only else error

    async def _falls_back(self, group: list[_Request], error: Exception) -> bool:
        """Whether the disk is full, something in the group cannot wait, and there was space to give for it."""
        if self._reserve is None or self._is_in_need or not (isinstance(error, Faulted) and error.code == _FULL):
            return False
        if all(request.in_need is None for request in group):
            return False
        self._is_in_need = await asyncio.to_thread(self._reserve.give)
        if self._is_in_need:
            _log.warning("space that was kept back is given for what the printers did; all else waits")
        return self._is_in_need

    def _note_fault(self, error: Exception) -> None:
        if not isinstance(error, Faulted):
            return
        if self.trouble != error.code:
            _log.error("%s", error.detail)
        self.trouble = error.code
        if self._trying is None and not self._is_closed and error.code not in _HOPELESS:
            self._trying = asyncio.create_task(self._try_again(), name="writer: trying again")

    def _note_success(self) -> None:
        if self.trouble is not None and self.trouble != self._damage:
            _log.warning("the database can be written again (it was: %s)", self.trouble)
        self.trouble = self._damage

    def condemn(self) -> None:
        """The books were found damaged: that is the trouble until the next start, whatever can still be written."""
        self.trouble = self._damage = "storage-corrupt"

    async def _try_again(self) -> None:
        """Write a mark every second until the disk takes it, so that a station without work notices by itself."""
        try:
            while self.trouble is not None:
                await asyncio.sleep(_TRY_EVERY_S)
                if self._reserve is not None and not await asyncio.to_thread(self._reserve.make):
                    continue
                self._is_in_need = False
                with suppress(Faulted):
                    await self.apply(_leave_mark, None)
                    await self.apply(_take_mark_away, None)
                    self._note_success()
                    self.relieved()
        finally:
            self._trying = None

    def _commit(self, group: list[_Request], connection: sqlite3.Connection) -> tuple[list[Any], list[Event]]:
        try:
            return self._transact(group, connection)
        except Exception as error:
            if len(group) == 1 or _is_of_the_machine(error):
                raise
            _log.warning("a group of %d requests was rolled back and is repeated one by one", len(group))
        results: list[Any] = []
        events: list[Event] = []
        for request in group:
            try:
                (result,), more = self._transact([request], connection)
            except Exception as error:  # noqa: BLE001 - becomes the answer to this request
                results.append(_Failure(translate(error) if isinstance(error, sqlite3.Error) else error))
            else:
                results.append(result)
                events.extend(more)
        return results, events

    def _transact(self, group: list[_Request], connection: sqlite3.Connection) -> tuple[list[Any], list[Event]]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            self._books.refresh(connection)
            tick_ms = int(self._clock.monotonic() * 1000)
            transaction = Transaction(connection, self._books, now_ms=self._clock.now_ms(), tick_ms=tick_ms)
            results: list[Any] = [None] * len(group)
            by_operation: dict[Operation[Any, Any], list[int]] = {}
            for index, request in enumerate(group):
                by_operation.setdefault(request.operation, []).append(index)
            for operation, indexes in by_operation.items():
                answers = operation(transaction, [group[index].argument for index in indexes])
                for index, result in zip(indexes, answers, strict=True):
                    results[index] = result
            transaction.flush()
            connection.execute("COMMIT")
        except BaseException:
            self._books.forget()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return results, transaction.events


def _fail(group: Sequence[_Request], error: Exception) -> None:
    for request in group:
        if not request.answer.done():
            request.answer.set_exception(error)


def _only_what_cannot_wait(group: Sequence[_Request]) -> list[_Request]:
    """The requests of a group reduced to what must be written; all others are told that the disk is full."""
    kept = []
    for request in group:
        if request.in_need is not None:
            kept.append(replace(request, argument=request.in_need))
        else:
            _fail([request], Faulted("storage-full", where=""))
    return kept


def _nothing(_: Transaction, arguments: Sequence[None]) -> list[None]:
    return [None for _ in arguments]


def _leave_mark(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
    transaction.run(_BOOKS["write_meta"], (_MARK, bytes(_MARK_BYTES)))
    return [None for _ in arguments]


def _take_mark_away(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
    transaction.run(_BOOKS["delete_meta"], (_MARK,))
    return [None for _ in arguments]


@dataclass(slots=True)
class _Failure:
    error: Exception


def _is_of_the_machine(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and isinstance(translate(error), Faulted)
