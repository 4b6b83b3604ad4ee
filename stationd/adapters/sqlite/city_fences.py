"""The fences of the city's orders, as every transaction that touches a job must know them."""

from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.city_link import ORDER_RETURNED
from stationd.domain.errors import Refused
from stationd.domain.fence import Held, Stage
from stationd.domain.job import Job
from stationd.domain.job_machine import JobEvent

_Q = load("city")


def held_of(transaction: Transaction, order: str) -> Held:
    """The order as the city has spoken of it."""
    row = transaction.row(_Q["held"], (order,))
    if row is None:
        return Held()
    return Held(fence=row[0], stage=None if row[1] is None else Stage(row[1]), floor=row[2])


def give_back(transaction: Transaction, job: Job, event: JobEvent) -> None:
    """A job that was cancelled here: if it came of an order of the city's, the order goes back."""
    if event is not JobEvent.CANCELLED:
        return
    row = transaction.row(_Q["of_job"], (job.seq,))
    if row is not None:
        order, fence, floor, offer = row
        transaction.run(_Q["return_of_job"], (transaction.now_ms, order))
        transaction.event(ORDER_RETURNED, offer, {"fence": max(floor, fence + 1)})


def void_of(transaction: Transaction, job: Job) -> tuple[str, int, str] | None:
    """Order, floor and id of the word to answer, of a job whose leave is void by now."""
    row = transaction.row(_Q["void_of_job"], (job.seq,))
    return None if row is None else (row[0], row[1], row[2])


def let_go(transaction: Transaction, order: str, floor: int, word: str) -> None:
    """Say that no card is made of an order below its floor any more; its job is the caller's to cancel."""
    transaction.run(_Q["let_go"], (transaction.now_ms, order))
    transaction.event(ORDER_RETURNED, word, {"fence": floor})


def doubt_all(transaction: Transaction) -> None:
    """The book was restored: what it had leave for may have been made, or given back and made elsewhere, since then.

    A card of it that a person has looked for and not found goes back to the city; one that is no job yet waits for
    leave once more.
    """
    transaction.run(_Q["doubt_leave"], (transaction.now_ms,))
    transaction.run(_Q["withdraw_leave"], (transaction.now_ms,))


def bar_of(transaction: Transaction, order: str) -> Refused | None:
    """Why no job may be made of an order that the city has spoken of; ``None`` for all others."""
    if transaction.row(_Q["held"], (order,)) is None:
        return None
    held = held_of(transaction, order)
    if held.may_begin:
        return None
    return Refused("order-without-leave" if held.stage is Stage.RECEIVED else "order-recalled", field="order")
