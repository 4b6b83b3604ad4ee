"""The clock of notices: three that count within six consecutive months, never two in one interval, never a fourth."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain import notice_machine
from stationd.domain.notice_machine import OPEN, PERHAPS, TABLE, NoticeEvent, NoticeState
from stationd.domain.notices import (
    UNREACHABLE,
    NoticeRules,
    Plan,
    SendingHours,
    Told,
    Trouble,
    may_tell,
    minutes,
    months_after,
    plan,
)

SHELVED = date(2026, 7, 1)
RULES = NoticeRules()
D, F, S, U = NoticeState.DELIVERED, NoticeState.FAILED, NoticeState.SENT, NoticeState.UNKNOWN


def told(*history):
    return [Told(SHELVED + timedelta(days=day), state) for day, state in history]


def days(plan_):
    return tuple(None if day is None else (day - SHELVED).days for day in (plan_.notice_on, plan_.transfer_on))


def test_the_first_notice_falls_due_when_the_card_is_on_the_shelf():
    assert plan(SHELVED, [], RULES) == Plan(notice_on=SHELVED, transfer_on=None, trouble=None, told=0, counted=0)
    assert days(plan(SHELVED, [], NoticeRules(first_after_days=3))) == (3, None)


def test_reminders_follow_at_the_configured_intervals_the_last_of_them_for_ever():
    rules = NoticeRules(reminders_days=(10, 20), count=9)
    assert days(plan(SHELVED, told((0, D)), rules)) == (10, None)
    assert days(plan(SHELVED, told((0, D), (10, D)), rules)) == (30, None)
    assert days(plan(SHELVED, told((0, D), (10, D), (30, D)), rules)) == (50, None)


def test_after_three_delivered_within_six_months_the_card_is_due_for_transfer_and_nobody_is_told_again():
    found = plan(SHELVED, told((0, D), (30, D), (60, D)), RULES)
    assert days(found) == (None, 74)
    assert found.counted == 3


def test_delivered_notices_count_and_attempts_do_not():
    found = plan(SHELVED, told((0, D), (30, F), (31, D), (61, U), (91, D)), RULES)
    assert days(found)[1] == 91 + 14
    assert days(plan(SHELVED, told((0, D), (30, D), (60, F)), RULES)) == (61, None)


def test_what_was_told_twice_on_one_day_counts_once():
    found = plan(SHELVED, told((0, D), (0, D), (0, D)), NoticeRules(count=2))
    assert found.counted == 1
    assert found.transfer_on is None


def test_three_that_are_spread_over_more_than_six_consecutive_months_do_not_count_together():
    rules = NoticeRules(reminders_days=(30, 160))
    found = plan(SHELVED, told((0, D), (30, D), (190, D)), rules)
    assert found.transfer_on is None
    assert found.trouble is None
    # the second, third and fourth do: from 31 July to 30 January
    assert plan(SHELVED, told((0, D), (30, D), (190, D), (212, D)), rules).transfer_on is not None


def test_what_a_way_without_reports_accepted_counts_only_where_the_configuration_says_so():
    history = told((0, S), (30, S), (60, S))
    assert plan(SHELVED, history, RULES).transfer_on is None
    assert plan(SHELVED, history, RULES).trouble is Trouble.UNCONFIRMED
    assert days(plan(SHELVED, history, NoticeRules(has_accepted_count=True))) == (None, 74)


def test_an_unknown_notice_waits_for_the_next_reminder_and_is_not_sent_again():
    assert days(plan(SHELVED, told((0, U)), RULES)) == (30, None)


def test_with_three_that_may_have_arrived_the_next_waits_until_the_oldest_is_six_months_old():
    found = plan(SHELVED, told((0, U), (30, D), (60, D)), RULES)
    assert found.notice_on == date(2027, 1, 1)
    assert found.trouble is Trouble.UNCONFIRMED


def test_a_failed_notice_is_tried_again_after_growing_pauses_until_the_number_is_an_officers_business():
    assert days(plan(SHELVED, told((0, F)), RULES)) == (1, None)
    assert days(plan(SHELVED, told((0, F), (1, F)), RULES)) == (4, None)
    found = plan(SHELVED, told((0, F), (1, F), (4, F)), RULES)
    assert found.trouble is Trouble.FAILS
    assert days(found) == (None, None)
    assert plan(SHELVED, told((0, F), (1, F), (4, D)), RULES).trouble is None


def test_a_pause_after_a_failure_never_shortens_an_interval():
    assert days(plan(SHELVED, told((0, D), (30, F)), RULES)) == (31, None)
    assert days(plan(SHELVED, told((0, D), (3, F)), RULES)) == (30, None)


@pytest.mark.parametrize("trouble", sorted(UNREACHABLE))
def test_without_a_usable_number_nothing_falls_due(trouble):
    found = plan(SHELVED, [], RULES, number=trouble)
    assert found.notice_on is None
    assert found.trouble is trouble


def test_six_consecutive_months_are_calendar_months():
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_after(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert months_after(date(2026, 12, 1), 1) == date(2027, 1, 1)
    assert months_after(date(2099, 8, 30), 6) == date(2100, 2, 28)
    assert months_after(date(1999, 8, 30), 6) == date(2000, 2, 29)


def test_rules_that_never_lead_to_a_transfer_are_known():
    assert RULES.can_transfer
    assert not NoticeRules(reminders_days=(100, 100)).can_transfer


def test_whoever_sends_out_of_turn_is_told_from_when_it_may_be():
    assert may_tell([], SHELVED, RULES) is None
    assert may_tell(told((0, F)), SHELVED, RULES) is None
    assert may_tell(told((0, D)), SHELVED + timedelta(days=29), RULES) == SHELVED + timedelta(days=30)
    assert may_tell(told((0, D)), SHELVED + timedelta(days=30), RULES) is None
    three = told((0, U), (30, U), (60, U))
    assert may_tell(three, SHELVED + timedelta(days=100), RULES) == date(2027, 1, 1)
    assert may_tell(three, date(2027, 1, 1), RULES) is None


# ------------------------------------------------------------------------------------------------- the limits hold

rules_ = st.builds(
    NoticeRules,
    first_after_days=st.integers(0, 5),
    reminders_days=st.lists(st.integers(1, 90), min_size=1, max_size=3).map(tuple),
    retry_days=st.lists(st.integers(1, 9), min_size=1, max_size=3).map(tuple),
    give_up_after=st.integers(1, 5),
    count=st.integers(1, 4),
    grace_days=st.integers(0, 20),
    has_accepted_count=st.booleans(),
)


@given(rules=rules_, fates=st.lists(st.sampled_from([D, F, S, U, F]), max_size=30), lags=st.lists(st.integers(0, 9)))
def test_never_two_notices_in_one_interval_and_never_a_fourth_in_the_window(rules, fates, lags):
    history = []
    for number, fate in enumerate(fates):
        found = plan(SHELVED, history, rules)
        if found.notice_on is None:
            assert found.transfer_on is not None or found.trouble in UNREACHABLE
            break
        assert not history or found.notice_on > history[-1].on
        on = found.notice_on + timedelta(days=lags[number] if number < len(lags) else 0)
        assert may_tell(history, on, rules) is None
        history.append(Told(on, fate))
    perhaps = [each.on for each in history if each.state in PERHAPS]
    for number, (one, other) in enumerate(itertools.pairwise(perhaps), start=1):
        assert (other - one).days >= rules.interval(number)
    for first, last in zip(perhaps, perhaps[rules.count :], strict=False):
        assert last >= months_after(first, rules.months)


@given(history=st.lists(st.tuples(st.integers(1, 60), st.sampled_from([D, F, S, U])), max_size=12))
def test_a_late_delivery_report_never_brings_an_earlier_notice(history):
    """Reports only settle what was sent: knowing more of the past may end the reminders, never hasten them."""
    on, told_ = SHELVED, []
    for gap, state in history:
        told_.append(Told(on := on + timedelta(days=gap), state))
    before = plan(SHELVED, told_, RULES)
    for place, each in enumerate(told_):
        if each.state in {U, S}:
            after = plan(SHELVED, [*told_[:place], Told(each.on, D), *told_[place + 1 :]], RULES)
            if before.notice_on is not None and after.notice_on is not None:
                assert after.notice_on >= before.notice_on


# -------------------------------------------------------------------------------------------------- one notice's life


@pytest.mark.parametrize("event", NoticeEvent)
@pytest.mark.parametrize("state", NoticeState)
def test_every_state_answers_every_event(state, event):
    assert notice_machine.after(state, event) == TABLE.get((state, event))


def test_nothing_leads_back_to_sending():
    assert NoticeState.INTENDED not in TABLE.values()


def test_only_an_open_notice_can_change():
    assert {state for state, _ in TABLE} == OPEN


def test_a_report_may_come_before_the_answer_and_the_answer_then_says_nothing_new():
    assert notice_machine.after(NoticeState.INTENDED, NoticeEvent.DELIVERY_REPORTED) is D
    assert notice_machine.after(D, NoticeEvent.ACCEPTED) is None
    assert notice_machine.after(D, NoticeEvent.LOST) is None


# --------------------------------------------------------------------------------------------------- hours and numbers

FRIDAY = date(2026, 7, 3)


def test_nothing_goes_out_in_quiet_hours_or_on_days_of_rest():
    hours = SendingHours()
    assert not hours.is_open(FRIDAY, 8 * 60 - 1)
    assert hours.is_open(FRIDAY, 8 * 60)
    assert not hours.is_open(FRIDAY, 16 * 60)
    assert not hours.is_open(FRIDAY + timedelta(days=1), 9 * 60)
    assert hours.allowance(FRIDAY, 7 * 60) == 0


def test_the_days_number_is_spread_over_its_hours():
    hours = SendingHours(per_day=100)
    assert hours.allowance(FRIDAY, 8 * 60) == 1
    assert hours.allowance(FRIDAY, 12 * 60) == 51
    assert hours.allowance(FRIDAY, 16 * 60 - 1) == 100
    assert SendingHours(per_day=0).allowance(FRIDAY, 12 * 60) == 0


@given(minute=st.integers(0, 1440), per_day=st.integers(0, 2000))
def test_never_more_than_the_days_number(minute, per_day):
    hours = SendingHours(per_day=per_day)
    assert 0 <= hours.allowance(FRIDAY, minute) <= per_day


@pytest.mark.parametrize(
    ("text", "minute"),
    [
        ("08:00", 480),
        ("24:00", 1440),
        ("00:00", 0),
        ("24:01", None),
        ("8:00", None),
        ("08:60", None),
        ("0800", None),
        ("ab:cd", None),
        ("08:0٣", None),
        ("08:000", None),
        ("", None),
    ],
)
def test_a_time_of_day_is_read_to_the_letter(text, minute):
    assert minutes(text) == minute
