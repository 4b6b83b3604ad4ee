"""What the city said of its orders, and what became of them: fulfils :class:`stationd.ports.city.Inbox`.

The rule is :mod:`stationd.domain.fence`; here it is asked inside the transaction that writes its answer, with the event
that tells the city beside it.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.city_fences import give_back, held_of, let_go
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import CITY
from stationd.domain.city_link import (
    LINK_REFUSED,
    ORDER_KEPT,
    ORDER_RECEIVED,
    ORDER_REFUSED,
    ORDER_RETURNED,
    ORDER_TAKEN,
    Offer,
    Word,
)
from stationd.domain.errors import Refused
from stationd.domain.fence import Act, Answer, Arrival, Held, Stage, arrived, granted, refused, taken_back
from stationd.domain.ids import seq_of
from stationd.domain.job import Job, JobState
from stationd.domain.job_machine import JobEvent
from stationd.domain.why import FROM_BACKUP
from stationd.ports.city import DueOrder

_Q = load("city")
_JOBS = load("jobs")
_BEGUN: Final = frozenset({JobState.PRINTING, JobState.UNCERTAIN, JobState.PRINTED})


class SqliteCityOrders:
    """Orders from the city until they are jobs, and the fences of all that ever came."""

    def __init__(self, writer: Writer, reader: UnitConnection) -> None:
        self._writer = writer
        self._reader = reader

    async def offer(self, offer: Offer, message: bytes) -> Arrival:
        """See :meth:`stationd.ports.city.Inbox.offer`."""
        return await self._writer.once(lambda transaction: _offer(transaction, offer, message))

    async def word(self, word: Word) -> Arrival:
        """See :meth:`stationd.ports.city.Inbox.word`."""
        act = _leave if word.act is Act.LEAVE else _recall
        return await self._writer.once(lambda transaction: act(transaction, word))

    async def due(self, limit: int) -> Sequence[DueOrder]:
        """See :meth:`stationd.ports.city.Inbox.due`."""

        def unit(connection: sqlite3.Connection) -> list[DueOrder]:
            return [DueOrder(*row) for row in connection.execute(_Q["due"], (limit,))]

        return await self._reader.run(unit)

    async def taken(self, due: DueOrder, job_id: str) -> None:
        """See :meth:`stationd.ports.city.Inbox.taken`."""
        await self._writer.once(lambda transaction: _taken(transaction, due, job_id))

    async def refuse(self, due: DueOrder, code: str) -> None:
        """See :meth:`stationd.ports.city.Inbox.refuse`."""

        def act(transaction: Transaction) -> None:
            job = _live(transaction, due.order)
            if job is not None:  # made at the counter, or by a run that was killed: a card may come of it
                _taken(transaction, due, job.id)
                return
            held = held_of(transaction, due.order)
            if held.fence == due.fence and held.stage is Stage.GRANTED:
                _put(transaction, due.order, refused(held))
                transaction.event(ORDER_REFUSED, due.offer, {"fence": due.fence, "code": code})

        await self._writer.once(act)

    async def let_go(self) -> bool:
        """See :meth:`stationd.ports.city.Inbox.let_go`."""
        return await self._writer.once(_let_go)

    async def audit(self, code: str, count: int) -> None:
        """See :meth:`stationd.ports.city.Inbox.audit`."""
        await self._writer.once(
            lambda transaction: transaction.event(LINK_REFUSED, CITY.name, {"code": code, "count": count})
        )


def _offer(transaction: Transaction, offer: Offer, message: bytes) -> Arrival:
    held, arrival = arrived(held_of(transaction, offer.order), offer.fence)
    if arrival is Arrival.TAKEN:
        row = (offer.order, held.fence, held.stage, held.floor, offer.id, message, transaction.now_ms)
        transaction.run(_Q["put_offer"], row)
        transaction.event(ORDER_RECEIVED, offer.id, {"fence": offer.fence})
    return arrival


def _taken(transaction: Transaction, due: DueOrder, job_id: str) -> None:
    if not transaction.run(_Q["put_job"], (seq_of(job_id), due.order, due.fence)):
        return
    transaction.event(ORDER_TAKEN, due.offer, {"fence": due.fence, "job": job_id})
    row = transaction.row(_JOBS["by_id"], (seq_of(job_id), job_id))
    if row is not None and (job := job_of(row)).state is JobState.CANCELLED:  # before the order knew of it
        give_back(transaction, job, JobEvent.CANCELLED)


def _leave(transaction: Transaction, word: Word) -> Arrival:
    before = held_of(transaction, word.order)
    held = granted(before, word.fence)
    if held == before:
        return Arrival.REPEATED
    _put(transaction, word.order, held)
    return Arrival.TAKEN


def _recall(transaction: Transaction, word: Word) -> Arrival:
    row = transaction.row(_Q["held"], (word.order,))
    if row is not None and row[4] == word.id:
        return Arrival.REPEATED
    before, job = held_of(transaction, word.order), _live(transaction, word.order)
    has_begun = job is not None and _is_begun(job)
    held, answer = taken_back(before, word.fence, has_begun=has_begun)
    is_kept = answer is Answer.KEPT and job is not None and job.state is not JobState.PRINTED
    stage = None if held.stage is None else held.stage.value
    now = transaction.now_ms
    transaction.run(_Q["put_recall"], (word.order, held.fence, stage, held.floor, word.id, is_kept, now))
    if answer is Answer.KEPT and job is not None:
        transaction.event(ORDER_KEPT, word.id, {"fence": word.fence, "state": job.state, "job": job.id})
        return Arrival.TAKEN
    if job is not None and not has_begun and held.fence < word.fence:
        _cancel(transaction, job)
    transaction.event(ORDER_RETURNED, word.id, {"fence": word.fence})
    return Arrival.TAKEN


def _let_go(transaction: Transaction) -> bool:
    rows = transaction.rows(_Q["kept"])
    for order, floor, recall in rows:
        job = _live(transaction, order)
        if job is not None and job.state is not JobState.PRINTED and _is_begun(job):
            continue
        if job is not None and job.state is JobState.PRINTED:
            transaction.run(_Q["keep_no_more"], (order,))
            continue
        let_go(transaction, order, floor, recall)
        if job is not None:
            _cancel(transaction, job)
    return bool(transaction.rows(_Q["kept"]))


def _is_begun(job: Job) -> bool:
    """Whether a card of it may exist, or come: in a printer, in doubt, made, or as a restored book has it."""
    return job.state in _BEGUN or (job.state is JobState.FAILED and FROM_BACKUP in job.reasons)


def _cancel(transaction: Transaction, job: Job) -> None:
    """The rows of the order say already that it is not begun any more."""
    door = Advance(transaction)
    after = door.change(job, JobEvent.CANCELLED, actor=CITY.name)
    if isinstance(after, Refused):
        raise after
    door.flush()


def _put(transaction: Transaction, order: str, held: Held) -> None:
    stage = None if held.stage is None else held.stage.value
    transaction.run(_Q["put_stage"], (stage, transaction.now_ms, stage, order))


def _live(transaction: Transaction, order: str) -> Job | None:
    row = transaction.row(_Q["live_job"], (order,))
    return None if row is None else job_of(row)
