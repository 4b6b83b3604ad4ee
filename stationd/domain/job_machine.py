"""The job machine: what may happen to a print job, as one table.

Theory. A card is a legal document made from a scarce blank, so the machine is built around one question: *may a card
exist?* Before ``claimed`` it cannot: nothing has left for a device. From ``claimed`` on it can, and only knowledge
takes a job out of ``printing``: that a card was printed, that certainly nothing was printed, that a blank was spoiled,
or that nobody can tell. "Nobody can tell" is a state of its own, ``uncertain``, and no clock, restart or retry leads
out of it: only evidence or a person does. That is why there is no edge from ``printing`` or ``uncertain`` to
``cancelled``, and why a time-out is not an event.

A blank travels with the job. ``claimed`` reserves one in the same transaction; the outcome issues it, spoils it or
gives it back; an uncertain job keeps its blank reserved, because it may be inside a finished card.

A person may be wrong, too. A verdict can be *revoked*: the job is uncertain again and its blank in question again, by a
counter-movement in the ledger, until the new verdict falls in the same transaction. That is why ``printed`` is left by
``card_printed_revoked`` and by nothing else, and only when a person's verdict led into it: evidence of a device is
never revoked. A job that was claimed again in the meantime is ``printing``, and nothing is revoked there.

Tries are the job's own failures. Trouble of the printer (no media, cover open, off-line) is not the job's fault and
uses none up. ``retried`` by an officer starts the count afresh.

A book that was restored from a backup is older than the world: whatever waits or has failed in it may have been printed
since. So it is ``set_aside`` at the first start, and no card comes of it before a person has looked: it is ``retried``
or ``cancelled`` as any failed job, or ``questioned`` by a verdict, which puts it where a verdict can fall, its blank in
question.

Two officers may change the order of service: ``released`` takes a job out of rationing, ``moved_ahead`` puts it at the
head of the line. Both are events of their own, so that the book tells them from what the rules did.

The order of states in the table is the order of a job's life. Anything that is not in the table is refused with the
code ``job-state``; the tests walk every pair.
"""

from dataclasses import dataclass
from enum import StrEnum

from stationd.domain.job import JobState, Verdict


class JobEvent(StrEnum):
    """What can happen to a job, in the past tense."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    ADMITTED = "admitted"
    RELEASED = "released"
    MOVED_AHEAD = "moved_ahead"
    CLAIMED = "claimed"
    CARD_PRINTED = "card_printed"
    NOTHING_PRINTED = "nothing_printed"
    CARD_SPOILED = "card_spoiled"
    OUTCOME_UNKNOWN = "outcome_unknown"
    RETRIED = "retried"
    CANCELLED = "cancelled"
    SET_ASIDE = "set_aside"
    QUESTIONED = "questioned"
    CARD_PRINTED_REVOKED = "card_printed_revoked"
    NOTHING_PRINTED_REVOKED = "nothing_printed_revoked"
    CARD_SPOILED_REVOKED = "card_spoiled_revoked"


class BlankMove(StrEnum):
    """What a transition does with the blank that belongs to the job."""

    RESERVE = "reserve"
    ISSUE = "issue"
    SPOIL = "spoil"
    GIVE_BACK = "give_back"
    UNISSUE = "unissue"
    UNSPOIL = "unspoil"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of the table: the state that follows, and what becomes of the blank.

    ``when_used_up`` is the state instead of ``to`` when the event used up the last try.
    """

    to: JobState
    when_used_up: JobState | None = None
    blank: BlankMove | None = None


_Q, _D, _P, _U = JobState.QUEUED, JobState.DEFERRED, JobState.PRINTING, JobState.UNCERTAIN
_DONE, _F, _X = JobState.PRINTED, JobState.FAILED, JobState.CANCELLED
_E = JobEvent

BEGINNINGS = frozenset({_Q, _D})
"""The states in which ``accepted`` may leave a new job."""

TABLE: dict[tuple[JobState, JobEvent], Step] = {
    (_Q, _E.DEFERRED): Step(to=_D),
    (_Q, _E.MOVED_AHEAD): Step(to=_Q),
    (_Q, _E.CLAIMED): Step(to=_P, blank=BlankMove.RESERVE),
    (_Q, _E.CANCELLED): Step(to=_X),
    (_Q, _E.SET_ASIDE): Step(to=_F),
    (_D, _E.ADMITTED): Step(to=_Q),
    (_D, _E.RELEASED): Step(to=_Q),
    (_D, _E.MOVED_AHEAD): Step(to=_Q),
    (_D, _E.CANCELLED): Step(to=_X),
    (_D, _E.SET_ASIDE): Step(to=_F),
    (_P, _E.CARD_PRINTED): Step(to=_DONE, blank=BlankMove.ISSUE),
    (_P, _E.NOTHING_PRINTED): Step(to=_Q, when_used_up=_F, blank=BlankMove.GIVE_BACK),
    (_P, _E.CARD_SPOILED): Step(to=_Q, when_used_up=_F, blank=BlankMove.SPOIL),
    (_P, _E.OUTCOME_UNKNOWN): Step(to=_U),
    (_U, _E.CARD_PRINTED): Step(to=_DONE, blank=BlankMove.ISSUE),
    (_U, _E.NOTHING_PRINTED): Step(to=_Q, when_used_up=_F, blank=BlankMove.GIVE_BACK),
    (_U, _E.CARD_SPOILED): Step(to=_Q, when_used_up=_F, blank=BlankMove.SPOIL),
    (_F, _E.RETRIED): Step(to=_Q),
    (_F, _E.CANCELLED): Step(to=_X),
    (_F, _E.SET_ASIDE): Step(to=_F),
    (_F, _E.QUESTIONED): Step(to=_U, blank=BlankMove.RESERVE),
    (_DONE, _E.CARD_PRINTED_REVOKED): Step(to=_U, blank=BlankMove.UNISSUE),
    (_Q, _E.NOTHING_PRINTED_REVOKED): Step(to=_U, blank=BlankMove.RESERVE),
    (_Q, _E.CARD_SPOILED_REVOKED): Step(to=_U, blank=BlankMove.UNSPOIL),
    (_F, _E.CARD_SPOILED_REVOKED): Step(to=_U, blank=BlankMove.UNSPOIL),
}

VERDICT_EVENTS = {
    Verdict.PRINTED: JobEvent.CARD_PRINTED,
    Verdict.NOT_PRINTED: JobEvent.NOTHING_PRINTED,
    Verdict.SPOILED: JobEvent.CARD_SPOILED,
}
"""What a person's verdict on an uncertain card means to the machine."""

REVOCATIONS = {
    Verdict.PRINTED: JobEvent.CARD_PRINTED_REVOKED,
    Verdict.NOT_PRINTED: JobEvent.NOTHING_PRINTED_REVOKED,
    Verdict.SPOILED: JobEvent.CARD_SPOILED_REVOKED,
}
"""What taking a verdict back means to the machine."""

FINAL = frozenset(JobState) - {state for state, _ in TABLE}
"""States that nothing leads out of."""


def step(state: JobState, event: JobEvent) -> Step | None:
    """The row for an event in a state, or ``None`` when the table does not allow it."""
    return TABLE.get((state, event))


def next_state(state: JobState, event: JobEvent, *, used_up: bool = False) -> JobState | None:
    """The state that follows, or ``None`` when the table does not allow the event.

    ``used_up`` says that the job has no try left after this event.
    """
    row = TABLE.get((state, event))
    if row is None:
        return None
    return row.when_used_up if used_up and row.when_used_up is not None else row.to
