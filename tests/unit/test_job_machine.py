"""The job machine, pair by pair against a table written out by hand, and over random lives of jobs."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.blanks import JOB_MOVEMENTS, Account
from stationd.domain.job import JobState
from stationd.domain.job_machine import (
    BEGINNINGS,
    FINAL,
    REVOCATIONS,
    TABLE,
    VERDICT_EVENTS,
    BlankMove,
    JobEvent,
    Step,
    next_state,
    step,
)

# What is allowed, by hand: state, event, next state, next state when the tries are used up, what the blank does.
ALLOWED = """
queued     deferred         deferred   deferred   -
queued     moved_ahead      queued     queued     -
queued     claimed          printing   printing   reserve
queued     cancelled        cancelled  cancelled  -
queued     set_aside        failed     failed     -
deferred   admitted         queued     queued     -
deferred   released         queued     queued     -
deferred   moved_ahead      queued     queued     -
deferred   cancelled        cancelled  cancelled  -
deferred   set_aside        failed     failed     -
printing   card_printed     printed    printed    issue
printing   nothing_printed  queued     failed     give_back
printing   card_spoiled     queued     failed     spoil
printing   outcome_unknown  uncertain  uncertain  -
uncertain  card_printed     printed    printed    issue
uncertain  nothing_printed  queued     failed     give_back
uncertain  card_spoiled     queued     failed     spoil
failed     retried          queued     queued     -
failed     cancelled        cancelled  cancelled  -
failed     set_aside        failed     failed     -
failed     questioned       uncertain  uncertain  reserve
printed    card_printed_revoked     uncertain  uncertain  unissue
queued     nothing_printed_revoked  uncertain  uncertain  reserve
queued     card_spoiled_revoked     uncertain  uncertain  unspoil
failed     card_spoiled_revoked     uncertain  uncertain  unspoil
"""

EXPECTED = {(row[0], row[1]): row[2:] for row in (line.split() for line in ALLOWED.strip().splitlines())}
PAIRS = [(state, event) for state in JobState for event in JobEvent]
WITH_A_BLANK = {JobState.PRINTING, JobState.UNCERTAIN}


def test_the_table_written_by_hand_names_only_states_and_events_that_exist():
    assert set(EXPECTED) <= {(str(state), str(event)) for state, event in PAIRS}
    assert len(EXPECTED) == len(ALLOWED.strip().splitlines())


@pytest.mark.parametrize(("state", "event"), PAIRS, ids=str)
def test_every_pair_of_state_and_event_does_what_the_table_says(state, event):
    expected = EXPECTED.get((str(state), str(event)))
    found = step(state, event)
    if expected is None:
        assert found is None
        assert next_state(state, event) is None
        assert next_state(state, event, used_up=True) is None
        return
    usual, used_up, blank = expected
    assert isinstance(found, Step)
    assert next_state(state, event) == usual
    assert next_state(state, event, used_up=True) == used_up
    assert (found.blank or "-") == blank


def test_a_job_begins_queued_or_deferred_and_accepted_never_happens_twice():
    assert {JobState.QUEUED, JobState.DEFERRED} == BEGINNINGS
    assert not [pair for pair in TABLE if pair[1] is JobEvent.ACCEPTED]


def test_only_cancelled_is_final_and_printed_is_left_only_by_second_thoughts():
    assert {JobState.CANCELLED} == FINAL
    assert [event for state, event in TABLE if state is JobState.PRINTED] == [JobEvent.CARD_PRINTED_REVOKED]


def test_every_verdict_can_be_revoked_and_that_puts_the_card_in_question_again():
    assert set(REVOCATIONS) == set(VERDICT_EVENTS)
    for event in REVOCATIONS.values():
        assert {row.to for (_, each), row in TABLE.items() if each is event} == {JobState.UNCERTAIN}


def test_a_card_that_may_exist_cannot_be_cancelled():
    for state in WITH_A_BLANK:
        assert step(state, JobEvent.CANCELLED) is None


def test_uncertain_is_left_only_by_knowledge():
    leading_out = {event for state, event in TABLE if state is JobState.UNCERTAIN}
    assert leading_out == {JobEvent.CARD_PRINTED, JobEvent.NOTHING_PRINTED, JobEvent.CARD_SPOILED}


def may_happen(life, event):
    """Whether the store lets the event through: a verdict is revoked only after it fell, and once."""
    if event not in REVOCATIONS.values():
        return True
    verdict = {revoked: VERDICT_EVENTS[verdict] for verdict, revoked in REVOCATIONS.items()}[event]
    return bool(life.path) and life.path[-1][:2] == (JobState.UNCERTAIN, verdict)


events = st.lists(st.tuples(st.sampled_from(JobEvent), st.booleans()), max_size=60)


class Life:
    """A job and its blanks, kept in step with what the machine allows."""

    def __init__(self, state):
        self.state = state
        self.path = []
        self.ledger = Counter({Account.SAFE: 100})

    def meet(self, event, *, used_up):
        row = step(self.state, event)
        following = next_state(self.state, event, used_up=used_up)
        assert (row is None) == (following is None)
        if row is None:
            return
        if row.blank is not None:
            movement = JOB_MOVEMENTS[row.blank]
            self.ledger[movement.source] -= movement.quantity
            self.ledger[movement.target] += movement.quantity
        self.path.append((self.state, event, following))
        self.state = following


@given(beginning=st.sampled_from(sorted(BEGINNINGS)), happenings=events)
def test_in_every_life_blanks_add_up_and_a_card_is_printed_at_most_once(beginning, happenings):
    life = Life(beginning)
    for event, used_up in happenings:
        before = life.state
        if not may_happen(life, event):
            continue
        life.meet(event, used_up=used_up)

        assert sum(life.ledger.values()) == 100
        assert min(life.ledger.values()) >= 0
        assert life.ledger[Account.PRINTER] == (1 if life.state in WITH_A_BLANK else 0)
        assert life.ledger[Account.ISSUED] == (1 if life.state is JobState.PRINTED else 0)
        if before in FINAL:
            assert life.state is before
        if before is JobState.UNCERTAIN and life.state is not JobState.UNCERTAIN:
            assert event in {JobEvent.CARD_PRINTED, JobEvent.NOTHING_PRINTED, JobEvent.CARD_SPOILED}
    steps = Counter(event for _, event, _ in life.path)
    standing = {event: steps[event] - steps[REVOCATIONS[verdict]] for verdict, event in VERDICT_EVENTS.items()}
    assert standing[JobEvent.CARD_PRINTED] <= 1
    assert standing[JobEvent.CARD_SPOILED] == life.ledger[Account.SPOILED]
    settled = sum(standing.values())
    begun = steps[JobEvent.CLAIMED] + steps[JobEvent.QUESTIONED]
    assert begun == settled + (1 if life.state in WITH_A_BLANK else 0)


@given(happenings=events)
def test_no_event_is_refused_for_its_tries(happenings):
    for event, _ in happenings:
        for state in JobState:
            assert (next_state(state, event) is None) == (next_state(state, event, used_up=True) is None)


def test_every_state_can_be_reached_and_every_blank_move_is_used():
    reached = set(BEGINNINGS)
    for _ in JobState:
        for (state, _), row in TABLE.items():
            if state in reached:
                reached |= {row.to, row.when_used_up or row.to}
    assert reached == set(JobState)
    assert {row.blank for row in TABLE.values()} - {None} == set(BlankMove)
