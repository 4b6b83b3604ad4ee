"""The durable queue over SQLite: fulfils :class:`stationd.ports.JobStore`."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from stationd.adapters.sqlite.accepting import Accepting
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.controlling import Controlling
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import attempt_of, job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.turning import Turning, open_at_device
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.errors import Refused
from stationd.domain.job import Attempt, Job, JobState
from stationd.ports import Acceptance, Accepted, Control, Entropy, OpenAttempt, Opened, Seal, Turn, Turned

_Q = load("jobs")
_BOOKS = load("books")
_FORGET_AT_ONCE = 500


class SqliteJobs:
    """Jobs, attempts and documents; every change goes through the one writer."""

    def __init__(
        self,
        writer: Writer,
        reader: UnitConnection,
        seal: Seal,
        entropy: Entropy,
        *,
        max_tries: int,
        ageing: int,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._accepting = Accepting(seal, entropy, ageing=ageing)
        self._turning = Turning(seal, entropy, max_tries=max_tries)
        self._controlling = Controlling(max_tries=max_tries)

    async def accept(self, acceptance: Acceptance) -> Accepted | Refused:
        """See :meth:`stationd.ports.JobStore.accept`."""
        return await self._writer.apply(self._accepting, acceptance)

    async def turn(self, turn: Turn) -> Turned:
        """See :meth:`stationd.ports.JobStore.turn`."""
        return await self._writer.apply(self._turning, turn)

    async def opened(self, attempt: Attempt, opened: Opened) -> Attempt:
        """See :meth:`stationd.ports.JobStore.opened`."""
        is_open = await self._writer.apply(open_at_device, (attempt, opened))
        if not is_open:
            raise RuntimeError("an attempt was settled while its document was still here")
        return replace(attempt, remote_id=opened.remote_id, incarnation=opened.incarnation, counter=opened.counter)

    async def control(self, control: Control) -> Job | Refused:
        """See :meth:`stationd.ports.JobStore.control`."""
        return await self._writer.apply(self._controlling, control)

    async def read(self, job_id: str) -> Job | None:
        """See :meth:`stationd.ports.JobStore.read`."""

        def unit(connection: sqlite3.Connection) -> Job | None:
            row = connection.execute(_Q["by_id"], (job_id,)).fetchone()
            return job_of(row) if row is not None else None

        return await self._reader.run(unit)

    async def known_of(self, job_id: str) -> str | None:
        """See :meth:`stationd.ports.JobStore.known_of`."""

        def unit(connection: sqlite3.Connection) -> str | None:
            row = connection.execute(_Q["known_of"], (job_id,)).fetchone()
            return row[0] if row is not None else None

        return await self._reader.run(unit)

    async def page(self, state: JobState | None, after: int, limit: int) -> Sequence[Job]:
        """See :meth:`stationd.ports.JobStore.page`."""

        def unit(connection: sqlite3.Connection) -> list[Job]:
            if state is None:
                rows = connection.execute(_Q["page_all"], (after, limit))
            elif state is JobState.PRINTED:
                rows = connection.execute(_Q["page_printed"], (after, limit))
            else:
                rows = connection.execute(_Q["page_unprinted"], (state, after, limit))
            return [job_of(row) for row in rows]

        return await self._reader.run(unit)

    async def ranks(self) -> Sequence[int]:
        """See :meth:`stationd.ports.JobStore.ranks`."""
        return await self._reader.run(lambda connection: [row[0] for row in connection.execute(_Q["ranks"])])

    async def counts(self) -> Mapping[JobState, int]:
        """See :meth:`stationd.ports.JobStore.counts`."""

        def unit(connection: sqlite3.Connection) -> dict[JobState, int]:
            kept = dict(connection.execute(_BOOKS["tallies"], ("job_state",)).fetchall())
            return {state: kept.get(state.value, 0) for state in JobState}

        return await self._reader.run(unit)

    async def open_attempts(self) -> Sequence[OpenAttempt]:
        """See :meth:`stationd.ports.JobStore.open_attempts`."""

        def unit(connection: sqlite3.Connection) -> list[OpenAttempt]:
            found = []
            for row in connection.execute(_Q["all_open"]):
                job = job_of(row[8:])
                found.append(OpenAttempt(job=job, attempt=attempt_of(row, job.id), reason=row[7]))
            return found

        return await self._reader.run(unit)

    async def clear_delays(self) -> None:
        """At start: waits for a next try were measured by the clock of a run that is over."""

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[None]:
            transaction.run(_Q["clear_delays"])
            return [None for _ in arguments]

        await self._writer.apply(operation, None)

    async def forget(self, *, keys_before_ms: int, documents_before_ms: int) -> int:
        """Delete idempotency keys and documents of finished jobs older than these times, some at a time.

        How many rows went; fewer than are due when there are many, so that no request waits long.
        """

        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[int]:
            keys = transaction.run(_Q["forget_keys"], (keys_before_ms, _FORGET_AT_ONCE))
            documents = transaction.run(_Q["forget_documents"], (documents_before_ms, _FORGET_AT_ONCE))
            return [keys + documents for _ in arguments]

        return await self._writer.apply(operation, None)
