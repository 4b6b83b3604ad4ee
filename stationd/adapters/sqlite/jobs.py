"""The durable queue over SQLite: fulfils :class:`stationd.ports.jobs.JobStore`."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from weakref import WeakValueDictionary

from stationd.adapters.sqlite.accepting import Accepting
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.controlling import Controlling
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.restored import RESTORED_AT
from stationd.adapters.sqlite.rows import attempt_of, job_of, opened_document
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.turning import Turning, mark_sent, open_at_device
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.errors import Refused
from stationd.domain.ids import seq_of
from stationd.domain.job import Attempt, Job, JobState
from stationd.domain.order import Document, TemplateDocument
from stationd.domain.rationing import NO_RESERVE
from stationd.ports.clock import Entropy
from stationd.ports.jobs import Acceptance, Accepted, Control, Decision, OpenAttempt, Turn, Turned
from stationd.ports.printers import Opened
from stationd.ports.seal import Seal

_Q = load("jobs")
_BOOKS = load("books")
_FORGET_AT_ONCE = 500


class SqliteJobs:
    """Jobs, attempts and documents; every change goes through the one writer."""

    def __init__(  # noqa: PLR0913 - its collaborators and the keys of its rules, each by its name
        self,
        writer: Writer,
        reader: UnitConnection,
        seal: Seal,
        entropy: Entropy,
        *,
        max_tries: int,
        ageing: int,
        reach: int = 100,
        stop_after_spoils: int = 0,
        second_thoughts_s: int = 900,
        reserve: Callable[[], int] = lambda: NO_RESERVE,
    ) -> None:
        """The keys of ``[queue]`` in the configuration; ``stop_after_spoils`` 0 never stops a printer.

        ``reserve``: the blanks that are kept for first-timers now.
        """
        self._seal = seal
        self._writer = writer
        self._reader = reader
        self._accepting = Accepting(seal, entropy, ageing=ageing, reserve=reserve)
        self._turning = Turning(
            seal, entropy, max_tries=max_tries, reach=reach, stop_after_spoils=stop_after_spoils, reserve=reserve
        )
        self._notes: WeakValueDictionary[str, asyncio.Future[None]] = WeakValueDictionary()
        self._controlling = Controlling(entropy, max_tries=max_tries, second_thoughts_s=second_thoughts_s)

    def accept(self, acceptance: Acceptance) -> Awaitable[Accepted | Refused]:
        """See :meth:`stationd.ports.jobs.JobStore.accept`."""
        return self._writer.post(self._accepting, acceptance)

    def turn(self, turn: Turn) -> Awaitable[Turned]:
        """See :meth:`stationd.ports.jobs.JobStore.turn`."""
        if turn.settling is not None:
            note = self._notes.pop(turn.settling.attempt.id, None)
            if note is not None and not note.done():
                note.set_result(None)  # the settlement says the same: the note need not be written before it
        in_need = None if turn.settling is None else Turn(settling=turn.settling)
        return self._writer.post(self._turning, turn, in_need=in_need)

    def opened(self, attempt: Attempt, opened: Opened) -> Awaitable[Attempt]:
        """See :meth:`stationd.ports.jobs.JobStore.opened`."""
        return self._writer.post(open_at_device, (attempt, opened))

    def sent(self, attempt: Attempt) -> Awaitable[None]:
        """See :meth:`stationd.ports.jobs.JobStore.sent`."""
        note = self._notes[attempt.id] = self._writer.post(mark_sent, attempt)
        return note

    async def control(self, control: Control) -> Job | Refused:
        """See :meth:`stationd.ports.jobs.JobStore.control`."""
        return await self._writer.apply(self._controlling, control)

    async def read(self, job_id: str) -> Job | None:
        """See :meth:`stationd.ports.jobs.JobStore.read`."""

        def unit(connection: sqlite3.Connection) -> Job | None:
            row = connection.execute(_Q["by_id"], (seq_of(job_id), job_id)).fetchone()
            return job_of(row) if row is not None else None

        return await self._reader.run(unit)

    async def in_question(self, job_id: str) -> OpenAttempt | None:
        """See :meth:`stationd.ports.jobs.JobStore.in_question`."""

        def unit(connection: sqlite3.Connection) -> OpenAttempt | None:
            job = connection.execute(_Q["by_id"], (seq_of(job_id), job_id)).fetchone()
            row = connection.execute(_Q["in_question"], (seq_of(job_id),)).fetchone() if job is not None else None
            if row is None:
                return None
            return OpenAttempt(job=job_of(job), attempt=attempt_of(row, job_id), reason=row[8])

        return await self._reader.run(unit)

    async def decisions(self, job_id: str) -> Sequence[Decision]:
        """See :meth:`stationd.ports.jobs.JobStore.decisions`."""

        def unit(connection: sqlite3.Connection) -> list[Decision]:
            rows = connection.execute(_Q["decisions"], (seq_of(job_id),))
            return [Decision(at=at, decision=decision, actor=actor, note=note) for at, decision, actor, note in rows]

        return await self._reader.run(unit)

    async def document(self, job_id: str) -> Document | TemplateDocument | None:
        """See :meth:`stationd.ports.jobs.JobStore.document`."""

        def unit(connection: sqlite3.Connection) -> tuple[str, bytes] | None:
            if connection.execute(_Q["by_id"], (seq_of(job_id), job_id)).fetchone() is None:
                return None
            row: tuple[str, bytes] | None = connection.execute(_Q["document"], (seq_of(job_id),)).fetchone()
            return row

        row = await self._reader.run(unit)
        return None if row is None else opened_document(self._seal, *row, job_id)

    async def upcoming(self, profiles: Sequence[str], at_ms: int, limit: int) -> Sequence[str]:
        """See :meth:`stationd.ports.jobs.JobStore.upcoming`."""

        def unit(connection: sqlite3.Connection) -> list[str]:
            found: list[tuple[int, str]] = []
            for profile in profiles:
                found += connection.execute(_Q["upcoming"], (profile, at_ms, limit)).fetchall()
            return [job_id for _, job_id in sorted(found)[:limit]]

        return await self._reader.run(unit)

    async def page(self, state: JobState | None, after: int, limit: int) -> Sequence[Job]:
        """See :meth:`stationd.ports.jobs.JobStore.page`."""

        def unit(connection: sqlite3.Connection) -> list[Job]:
            if state is None:
                rows = connection.execute(_Q["page_all"], (after, limit))
            elif state is JobState.PRINTED:
                rows = connection.execute(_Q["page_printed"], (after, limit))
            elif state is JobState.QUEUED:
                rows = connection.execute(_Q["page_queued"], (after, limit))
            else:
                rows = connection.execute(_Q["page_aside"], (state, after, limit))
            return [job_of(row) for row in rows]

        return await self._reader.run(unit)

    async def find(self, *, receipt: str | None = None, order: str | None = None) -> Job | None:
        """See :meth:`stationd.ports.jobs.JobStore.find`."""
        query, value = ("by_receipt", receipt) if receipt is not None else ("by_order", order)
        row = await self._reader.run(lambda connection: connection.execute(_Q[query], (value,)).fetchone())
        return None if row is None else job_of(row)

    async def ranks(self) -> Sequence[tuple[int, str]]:
        """See :meth:`stationd.ports.jobs.JobStore.ranks`."""
        return await self._reader.run(lambda connection: connection.execute(_Q["ranks"]).fetchall())

    async def counts(self) -> Mapping[JobState, int]:
        """See :meth:`stationd.ports.jobs.JobStore.counts`."""

        def unit(connection: sqlite3.Connection) -> dict[JobState, int]:
            kept = dict(connection.execute(_BOOKS["tallies"], ("job_state",)).fetchall())
            return {state: kept.get(state.value, 0) for state in JobState}

        return await self._reader.run(unit)

    async def open_attempts(self) -> Sequence[OpenAttempt]:
        """See :meth:`stationd.ports.jobs.JobStore.open_attempts`."""

        def unit(connection: sqlite3.Connection) -> list[OpenAttempt]:
            found = []
            for row in connection.execute(_Q["all_open"]):
                job = job_of(row[9:])
                found.append(OpenAttempt(job=job, attempt=attempt_of(row, job.id), reason=row[8]))
            return found

        return await self._reader.run(unit)

    async def strays(self, printer: str, held: Sequence[str]) -> Sequence[Attempt]:
        """See :meth:`stationd.ports.jobs.JobStore.strays`."""

        def unit(connection: sqlite3.Connection) -> list[Attempt]:
            was_restored = connection.execute(_BOOKS["read_meta"], (RESTORED_AT,)).fetchone() is not None
            found = []
            for attempt in held:
                seq = seq_of(attempt)
                if not seq:
                    continue
                row = connection.execute(_Q["attempt_of_id"], (seq, attempt)).fetchone()
                if row is None and was_restored:
                    found.append(_lost(attempt, printer))
                elif row is not None and row[9] is not None:
                    found.append(attempt_of(row, row[8]))
            return found

        return await self._reader.run(unit)

    async def clear_delays(self) -> None:
        """At start: waits for a next try were measured by the clock of a run that is over."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            transaction.run(_Q["clear_delays"])
            return [None for _ in arguments]

        await self._writer.apply(operation, None)

    async def forget(self, *, keys_before_ms: int, documents_before_ms: int) -> int:
        """Delete idempotency keys, and documents of finished jobs, older than these times; how many rows went.

        It looks with the reader and deletes in small groups, so that no request waits long.
        """
        total = 0
        async for keys in self._old_keys(keys_before_ms):
            total += await self._writer.apply(_forget_keys, keys)
        while gone := await self._writer.apply(_forget_documents, documents_before_ms):
            total += gone
        return total

    async def _old_keys(self, before_ms: int) -> AsyncIterator[list[tuple[str, str, int]]]:
        last = ("", "")
        while True:
            rows = await self._reader.run(partial(_keys_after, last))
            if not rows:
                return
            last = rows[-1][:2]
            old = [(caller, key, before_ms) for caller, key, at in rows if at < before_ms]
            if old:
                yield old


def _lost(attempt: str, printer: str) -> Attempt:
    """An attempt of which nothing is known any more but what the device calls it."""
    return Attempt(
        id=attempt, job="", number=0, printer=printer, remote_id=None, incarnation=None, counter=None, opened_at=0
    )


def _keys_after(last: tuple[str, str], connection: sqlite3.Connection) -> list[tuple[str, str, int]]:
    return connection.execute(_Q["keys_after"], (*last, _FORGET_AT_ONCE)).fetchall()


def _forget_keys(transaction: Transaction, groups: Sequence[list[tuple[str, str, int]]]) -> list[int]:
    return [sum(transaction.run(_Q["forget_keys"], key) for key in keys) for keys in groups]


def _forget_documents(transaction: Transaction, times: Sequence[int]) -> list[int]:
    return [transaction.run(_Q["forget_documents"], (before_ms, _FORGET_AT_ONCE)) for before_ms in times]
