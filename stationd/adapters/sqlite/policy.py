"""One job and all that the rationing policy goes by, read in one snapshot and changed nowhere."""

import sqlite3
from dataclasses import dataclass

from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rations import history
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import LINE
from stationd.domain.blanks import at_hand
from stationd.domain.ids import read_receipt, seq_of
from stationd.domain.job import Job
from stationd.domain.precedence import is_rationed
from stationd.domain.rationing import History, Place, Stock

_Q = load("rationing")
_JOBS = load("jobs")
_BOOKS = load("books")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The job, the stock with a reserve of 0, how many rationed jobs come back before it, and the history."""

    job: Job
    stock: Stock
    before: int
    history: History


def look(connection: sqlite3.Connection, name: str, today: int) -> Sight | None:
    """All about the job with this id, receipt or order reference, on a day (since the epoch); ``None``: no such job."""
    connection.execute("BEGIN")
    try:
        row = connection.execute(_JOBS["by_id"], (seq_of(name), name)).fetchone()
        row = row or connection.execute(_Q["by_name"], (read_receipt(name) or name,)).fetchone()
        row = row or connection.execute(_Q["by_name"], (name,)).fetchone()
        if row is None:
            return None
        job = job_of(row)
        balances = dict(connection.execute(_BOOKS["balances"]).fetchall())
        line = dict(connection.execute(_BOOKS["tallies"], (LINE,)).fetchall())
        before = connection.execute(_Q["rationed_before"], (job.rank,)).fetchone()[0] if is_rationed(job) else 0
        stock = Stock(
            at_hand=at_hand(balances),
            promised=line.get(Place.PROMISED, 0),
            replacements=line.get(Place.REPLACEMENT, 0),
            rationed=line.get(Place.RATIONED, 0),
            reserve=0,
        )
        return Sight(job=job, stock=stock, before=before, history=history(connection, today))
    finally:
        connection.execute("ROLLBACK")
