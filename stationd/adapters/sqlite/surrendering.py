"""The damaged card that came back: recorded, and its replacement let into the line as far as the blanks allow."""

from collections.abc import Callable, Sequence

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.authority import STATION
from stationd.domain.errors import Refused
from stationd.domain.ids import seq_of
from stationd.domain.job import Job
from stationd.domain.job_machine import JobEvent
from stationd.domain.order import Surrendered
from stationd.domain.rationing import BLANKS_SHORT, SURRENDER_MISSING

_Q = load("jobs")

Brought = tuple[str, Surrendered, str]
"""The id of a job, the card that came back for it, and the name of the actor."""


def surrendering(reserve: Callable[[], int]) -> Callable[[Transaction, Sequence[Brought]], list[Job | Refused]]:
    """The operation; ``reserve``: the blanks that are kept for first-timers now."""

    def operation(transaction: Transaction, brought: Sequence[Brought]) -> list[Job | Refused]:
        return [_one(transaction, *each, reserve=reserve()) for each in brought]

    return operation


def _one(transaction: Transaction, job_id: str, card: Surrendered, actor: str, *, reserve: int) -> Job | Refused:
    row = transaction.row(_Q["by_id"], (seq_of(job_id), job_id))
    if row is None:
        return Refused("job-unknown")
    job = job_of(row)
    if SURRENDER_MISSING not in job.reasons:
        return Refused("surrender-not-awaited", kind=job.kind, state=job.state)
    transaction.run_many(_Q, "insert_surrenders", [(job.seq, transaction.now_ms, actor, card.card, card.note)])
    transaction.event("surrender.recorded", job.id, {"card": card.card, "actor": actor})
    is_put_off = transaction.stock(reserve).defers_new
    door = Advance(transaction)
    after = door.change(job, JobEvent.ADMITTED, actor=actor)
    door.flush()
    if isinstance(after, Job) and is_put_off:
        after = door.change(after, JobEvent.DEFERRED, actor=STATION.name, reasons=(BLANKS_SHORT,))
        door.flush()
    return after
