"""The first start on a restored book: what it has in line or in question may have gone on after the backup was made.

A backup is older than the world. A card that it has in line may be in its holder's hand; one that it has in question
may have been settled, tried again and printed, so that even the device's word on *this* attempt says nothing of the
next. No such card may come of a machine's own decision, nor of a routine one: what waits or has failed is set aside, as
failed for this reason, what was in question is uncertain, for a person who knows why. Whoever was signed in then is
signed out, so that nobody is on duty who went home long ago.

:func:`stationd.adapters.sqlite.backup.restore` leaves the mark; the mark goes in the transaction that obeys it.
"""

import logging
from dataclasses import dataclass
from typing import Final

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.city_fences import doubt_all
from stationd.adapters.sqlite.officers import close_session
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import STATION
from stationd.domain.job import JobState
from stationd.domain.job_machine import JobEvent
from stationd.domain.outcome import RESTORED as NOT_KNOWN
from stationd.domain.session import SessionEnd
from stationd.domain.why import FROM_BACKUP

_log = logging.getLogger(__name__)

_BOOKS = load("books")
_JOBS = load("jobs")
_OFFICERS = load("officers")

RESTORED: Final = "restored"
"""The key of the mark in the ``meta`` table."""

RESTORED_AT: Final = "restored_at"
"""The key of when that was obeyed last (Unix milliseconds, decimal): the book has a history that it does not know."""

EVERYTHING: Final = b"everything"
ONLY_IN_QUESTION: Final = b"only in question"
"""What the mark says: the line, too, is put to people, or it was told that nothing was printed since the backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put to people: jobs ``set_aside``, and cards ``in_question``."""

    set_aside: int
    in_question: int


async def put_to_people(writer: Writer) -> Restored | None:
    """Obey the mark of a restore, once; ``None`` where there is none. Before any printer is attended."""
    done = await writer.once(_put_to_people)
    if done is not None:
        _log.warning(
            "the book was restored from a backup: %d orders in line are set aside and %d cards are uncertain until an "
            "officer has looked; count the blanks",
            done.set_aside,
            done.in_question,
        )
    return done


def _put_to_people(transaction: Transaction) -> Restored | None:
    mark = transaction.row(_BOOKS["read_meta"], (RESTORED,))
    if mark is None:
        return None
    in_question = _question(transaction)
    set_aside = 0
    if mark[0] != ONLY_IN_QUESTION:
        set_aside = _set_aside(transaction)
        doubt_all(transaction)
    for hash_, _, _ in transaction.rows(_OFFICERS["sessions"]):
        close_session(transaction, hash_, SessionEnd.REVOKED)
    transaction.event("book.restored", "book", {"set_aside": set_aside, "in_question": in_question})
    transaction.run(_BOOKS["delete_meta"], (RESTORED,))
    transaction.run(_BOOKS["write_meta"], (RESTORED_AT, str(transaction.now_ms).encode()))
    return Restored(set_aside=set_aside, in_question=in_question)


def _question(transaction: Transaction) -> int:
    door = Advance(transaction)
    rows = transaction.rows(_JOBS["all_open"])
    for row in rows:
        job = job_of(row[9:])
        if job.state is JobState.PRINTING:
            after = door.change(
                job,
                JobEvent.OUTCOME_UNKNOWN,
                actor=STATION.name,
                reasons=("outcome-unknown",),
                data={"attempt": row[1]},
            )
            if isinstance(after, Exception):
                raise after
        transaction.run(_JOBS["doubt_attempt"], (NOT_KNOWN, job.seq, row[1]))
    door.flush()
    return len(rows)


def _set_aside(transaction: Transaction) -> int:
    door = Advance(transaction)
    rows = transaction.rows(_JOBS["all_unprinted"])
    for row in rows:
        after = door.change(job_of(row), JobEvent.SET_ASIDE, actor=STATION.name, reasons=(FROM_BACKUP,))
        if isinstance(after, Exception):
            raise after
    door.flush()
    return len(rows)
