"""Changing the order of service, as two officers agreed: at the head of the line, or out of rationing."""

from typing import Final

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.dispatch import ahead, released
from stationd.domain.errors import Refused
from stationd.domain.ids import seq_of
from stationd.domain.job import Job
from stationd.domain.job_machine import JobEvent
from stationd.domain.precedence import move_refusal, release_refusal
from stationd.domain.second_person import Approval

_Q = load("rationing")
_JOBS = load("jobs")

ORDER_CHANGE: Final = "order_change"
"""The name of the tally of changes."""


def move_ahead(transaction: Transaction, approval: Approval) -> Job | Refused:
    """The job at the head of the line, behind those who were moved there before."""
    return _change(transaction, approval, JobEvent.MOVED_AHEAD)


def release(transaction: Transaction, approval: Approval) -> Job | Refused:
    """The job in its place in the line, with a blank promised to it like to a first-timer."""
    return _change(transaction, approval, JobEvent.RELEASED)


def _change(transaction: Transaction, approval: Approval, event: JobEvent) -> Job | Refused:
    row = transaction.row(_JOBS["by_id"], (seq_of(approval.subject), approval.subject))
    if row is None:
        return Refused("job-unknown")
    job = job_of(row)
    is_release = event is JobEvent.RELEASED
    refused = release_refusal(job) if is_release else move_refusal(job)
    if refused is not None:
        return refused
    officers = {"first": approval.first, "second": approval.second, "approval": approval.id}
    door = Advance(transaction)
    after = door.change(
        job,
        event,
        actor=f"officer-{approval.first}",
        rank=released(job.rank) if is_release else ahead(approval.seq),
        not_before=job.not_before,
        data=officers,
    )
    if isinstance(after, Refused):
        return after
    door.flush()
    change = (job.seq, transaction.now_ms, event, job.rank, after.rank, approval.seq)
    transaction.run(_Q["insert_change"], change)
    names = f"officer-{approval.first}, officer-{approval.second}"
    transaction.run(_JOBS["insert_decision"], (job.seq, transaction.now_ms, event, names, approval.reason))
    transaction.tally(ORDER_CHANGE, event, 1)
    return after
