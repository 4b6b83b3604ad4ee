"""Rationing in the books: whom a printer may serve in a shortage, and moving replacements out of the line and back."""

from collections.abc import Callable, Sequence
from typing import Final

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.authority import STATION
from stationd.domain.job import Job
from stationd.domain.job_machine import JobEvent
from stationd.domain.rationing import BLANKS_SHORT, Stock
from stationd.ports.rationing import Rationed

_Q = load("rationing")
_JOBS = load("jobs")

AT_ONCE: Final = 200
"""Jobs moved in one transaction: nobody waits long behind it, however many are deferred."""


class Rationing:
    """The operation that brings the line to what the blanks allow, one step at a time."""

    def __init__(self, reserve: Callable[[], int]) -> None:
        """``reserve``: the blanks that are kept for first-timers now."""
        self._reserve = reserve

    def __call__(self, transaction: Transaction, asked: Sequence[None]) -> list[Rationed]:
        """One step; who asks together gets the answer of the same one."""
        stock = transaction.stock(self._reserve())
        deferred = admitted = 0
        if stock.to_defer:
            deferred = _move(transaction, "to_defer", JobEvent.DEFERRED, AT_ONCE, stock)
        elif stock.to_admit:
            admitted = _move(transaction, "to_admit", JobEvent.ADMITTED, min(AT_ONCE, stock.to_admit), stock)
        answer = Rationed(deferred=deferred, admitted=admitted, stock=transaction.stock(self._reserve()))
        return [answer for _ in asked]


def _move(transaction: Transaction, query: str, event: JobEvent, count: int, stock: Stock) -> int:
    door = Advance(transaction)
    rows = transaction.rows(_Q[query], (count,))
    for row in rows:
        moved = door.change(
            job_of(row),
            event,
            actor=STATION.name,
            reasons=(BLANKS_SHORT,) if event is JobEvent.DEFERRED else (),
            data={"free": stock.free, "reserve": stock.reserve},
        )
        if not isinstance(moved, Job):
            raise moved
    door.flush()
    return len(rows)


def rationed_line(transaction: Transaction, profile: str, count: int, room: int) -> list[Job]:
    """The first ``count`` jobs of a profile in the order of service, with no more than ``room`` replacements."""
    at = (profile, transaction.tick_ms)
    is_unpaused = not transaction.rows(_JOBS["halts"])
    rows = transaction.rows(_JOBS["next_spared"], (*at, count, is_unpaused))
    if room:
        rows += transaction.rows(_JOBS["next_replacements"], (*at, min(room, count), is_unpaused))
    return sorted((job_of(row) for row in rows), key=lambda job: job.rank)[:count]
