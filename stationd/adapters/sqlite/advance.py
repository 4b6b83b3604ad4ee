"""The one door through which a stored job changes its state.

It asks the table of :mod:`stationd.domain.job_machine`, moves the blank, keeps the count, appends the event, and
gathers the rows so that many jobs are updated by one statement. The card that a job brought comes into the books here
as well, and leaves them when the verdict that it was printed is revoked.
"""

from collections.abc import Mapping

from stationd.adapters.sqlite.city_fences import give_back
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.blanks import job_movement
from stationd.domain.custody import REVOCABLE, Custody
from stationd.domain.errors import Refused
from stationd.domain.job import Evidence, Job, JobKind, JobState
from stationd.domain.job_machine import REVOCATIONS, BlankMove, JobEvent, next_state, step
from stationd.domain.rationing import place_of

_Q = load("jobs")
_CARDS = load("cards")
_REVOKED = frozenset(REVOCATIONS.values())
_ENDED = frozenset({JobState.PRINTED, JobState.CANCELLED})
_BEGIN_ATTEMPTS = frozenset({JobEvent.CLAIMED, JobEvent.QUESTIONED})


class Advance:
    """Changes of one transaction; :meth:`flush` writes the rows."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._rows: list[tuple[object, ...]] = []
        self._ends: list[tuple[object, ...]] = []
        self._cards: list[tuple[object, ...]] = []

    def change(  # noqa: PLR0913 - the columns that may change, each by its name
        self,
        job: Job,
        event: JobEvent,
        *,
        actor: str,
        is_used_up: bool = False,
        tries: int | None = None,
        printer: str | None = None,
        evidence: Evidence | None = None,
        not_before: int = 0,
        rank: int | None = None,
        reasons: tuple[str, ...] = (),
        data: Mapping[str, object] | None = None,
    ) -> Job | Refused:
        """The job after the event, or ``job-state`` when the table does not allow it.

        ``verdict-final`` for a card that somebody has seen since: see :mod:`stationd.domain.custody`.
        """
        row = step(job.state, event)
        state = next_state(job.state, event, used_up=is_used_up)
        if row is None or state is None:
            return Refused("job-state", state=job.state, event=event)
        now = self._transaction.now_ms
        if event is JobEvent.CARD_PRINTED:
            self._cards.append((job.seq, now, now))
            self._transaction.tally("card_custody", Custody.PRINTED, 1)
        elif event is JobEvent.CARD_PRINTED_REVOKED and (seen := self._take_back(job)) is not None:
            return seen
        after = Job(  # dataclasses.replace() costs twice as much, at every card
            seq=job.seq,
            id=job.id,
            receipt=job.receipt,
            order=job.order,
            kind=job.kind,
            profile=job.profile,
            state=state,
            reasons=reasons,
            rank=job.rank if rank is None else rank,
            tries=job.tries if tries is None else tries,
            attempts=job.attempts + (event in _BEGIN_ATTEMPTS),
            printer=printer if printer is not None else job.printer,
            evidence=None if event in _REVOKED else evidence if evidence is not None else job.evidence,
            not_before=not_before,
            created_at=job.created_at,
            updated_at=now,
        )
        self._transaction.keep_in_hand(after)
        if row.blank is not None:
            self._move_blank(row.blank, event, after, actor)
        self._transaction.tally("job_state", job.state, -1)
        self._transaction.tally("job_state", state, 1)
        self._take_place(job, after)
        facts: dict[str, object] = {"state": state, "from": job.state, "kind": job.kind, "rank": after.rank}
        if after.rank != job.rank:
            facts["rank_before"] = job.rank
        facts["profile"] = job.profile
        if after.printer is not None:
            facts["printer"] = after.printer
        if evidence is not None:
            facts["evidence"] = evidence
        if reasons:
            facts["reasons"] = reasons
        facts["actor"] = actor
        if data:
            facts.update(data)
        self._transaction.event(f"job.{event}", job.id, facts)
        give_back(self._transaction, job, event)
        has_ended = state in _ENDED or job.state in _ENDED
        (self._ends if has_ended else self._rows).append(
            (
                job.seq,
                state,
                " ".join(reasons),
                after.tries,
                after.attempts,
                after.printer,
                after.evidence,
                not_before,
                now,
            )
        )
        return after

    def flush(self) -> None:
        """Write the changed rows."""
        if self._rows:
            self._transaction.run_many(_Q, "update_jobs", self._rows)
            self._rows.clear()
        if self._ends:
            self._transaction.run_many(_Q, "end_jobs", self._ends)
            self._ends.clear()
        if self._cards:
            self._transaction.run_many(_CARDS, "insert_cards", self._cards)
            self._cards.clear()

    def _take_place(self, before: Job, after: Job) -> None:
        """Keep who waits for blanks, the rank, and whose card holds: a printed replacement takes the other's place."""
        left = place_of(before.state, before.rank, before.reasons)
        taken = place_of(after.state, after.rank, after.reasons)
        if left is not taken:
            self._transaction.take_place(left, -1)
            self._transaction.take_place(taken)
        if after.rank != before.rank:
            self._transaction.run(_Q["set_rank"], (after.rank, before.seq))
        if after.state is JobState.PRINTED and after.kind is not JobKind.FIRST:
            self._transaction.run(_Q["replace_standing"], (after.seq,))

    def _take_back(self, job: Job) -> Refused | None:
        """Take the card out of the books again, unless somebody has seen it."""
        for custody in REVOCABLE:
            if self._transaction.run(_CARDS["take_back"], (job.seq, custody)):
                self._transaction.tally("card_custody", custody, -1)
                return None
        (custody,) = self._transaction.rows(_CARDS["custody_of"], (job.seq,))[0]
        return Refused("verdict-final/card", custody=Custody(custody))

    def _move_blank(self, move: BlankMove, event: JobEvent, job: Job, actor: str) -> None:
        printer = job.printer
        hopper = None if printer is None else self._transaction.hopper(printer)
        self._transaction.move(job_movement(move, hopper), cause=event, actor=actor, job=job.seq, printer=printer)
        self._transaction.tally("blank_move", move, 1)
