"""The forecast: what it learns, what it refuses to guess, and that its error is that of the past."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.rush import Season, Year, forecast

MONDAY = date(2026, 6, 1)
SCHOOL = Season(name="school-year", title="Tahun ajaran baru", begins=(7, 1), ends=(7, 31))
HIRING = Season(name="hiring", title="Musim lamaran kerja", begins=(12, 15), ends=(1, 31))


def days(first, count):
    return [first + timedelta(days=number) for number in range(count)]


def steady(first, count, per_day=30):
    return {day: per_day for day in days(first, count) if day.weekday() < 5}


def test_a_steady_office_expects_what_it_always_had_and_is_off_by_nothing():
    found = forecast(steady(MONDAY - timedelta(weeks=20), 140), Year(), MONDAY, 3)
    assert [(week.begins, week.expected, week.error) for week in found] == [
        (MONDAY + timedelta(weeks=number), 150.0, 0.0) for number in (1, 2, 3)
    ]


def test_with_less_than_two_weeks_nothing_is_forecast():
    assert forecast({}, Year(), MONDAY, 3) == ()
    assert forecast({MONDAY: 5}, Year(), MONDAY, 3) == ()
    assert forecast(steady(MONDAY - timedelta(days=13), 13), Year(), MONDAY, 3) == ()
    assert len(forecast(steady(MONDAY - timedelta(days=14), 14), Year(), MONDAY, 3)) == 3


def test_with_too_little_past_the_error_is_not_known():
    (week,) = forecast(steady(MONDAY - timedelta(days=14), 14), Year(), MONDAY, 1)
    assert week.expected == 150.0
    assert week.error is None


def test_each_weekday_has_its_own_average():
    history = {day: 10 * (day.weekday() + 1) for day in days(MONDAY - timedelta(weeks=8), 56) if day.weekday() < 5}
    (week,) = forecast(history, Year(), MONDAY, 1)
    assert week.expected == 10 + 20 + 30 + 40 + 50


def test_closed_days_expect_nothing_and_teach_nothing():
    holiday = MONDAY + timedelta(days=8)
    past_holiday = MONDAY - timedelta(weeks=2)
    history = steady(MONDAY - timedelta(weeks=20), 140) | {past_holiday: 0}
    (week,) = forecast(history, Year(closed=frozenset({holiday, past_holiday})), MONDAY, 1)
    assert week.expected == 120.0


def test_a_season_that_was_lived_through_is_expected_again():
    first = date(2025, 1, 6)
    history = {
        day: 90 if SCHOOL.holds(day) else 30
        for day in days(first, (date(2026, 6, 29) - first).days)
        if day.weekday() < 5
    }
    found = forecast(history, Year(seasons=(SCHOOL,)), date(2026, 6, 25), 8)
    inside, outside = found[1], found[-1]
    assert (inside.begins, inside.seasons) == (date(2026, 7, 6), ("school-year",))
    assert inside.expected == pytest.approx(450.0)
    assert outside.seasons == ()
    assert outside.expected == pytest.approx(150.0)


def test_a_season_that_was_never_lived_through_is_not_guessed():
    history = steady(date(2026, 3, 2), 110)
    found = forecast(history, Year(seasons=(SCHOOL,)), date(2026, 6, 20), 3)
    assert [round(week.expected) for week in found] == [150, 150, 150]


def test_a_season_without_any_work_beside_it_has_no_ratio():
    only = {day: 30 for day in days(date(2025, 7, 1), 31) if day.weekday() < 5}
    found = forecast(only | {date(2026, 6, 19): 0}, Year(seasons=(SCHOOL,)), date(2026, 6, 20), 3)
    assert [week.expected for week in found] == [0.0, 0.0, 0.0]


def test_a_season_may_run_over_the_new_year():
    assert HIRING.holds(date(2026, 12, 15))
    assert HIRING.holds(date(2027, 1, 31))
    assert not HIRING.holds(date(2027, 2, 1))
    assert not SCHOOL.holds(date(2027, 2, 1))


def test_the_error_is_what_the_same_rule_was_off_by():
    """Weeks of 100 and 200 by turns: whoever expects the average of both is off by 50."""
    first = MONDAY - timedelta(weeks=24)
    history = {day: 20 + 20 * ((day - first).days // 7 % 2) for day in days(first, 168) if day.weekday() < 5}
    (week,) = forecast(history, Year(), MONDAY, 1)
    assert week.expected == pytest.approx(150.0)
    assert week.error == pytest.approx(50.0)


@given(
    counts=st.lists(st.integers(0, 400), min_size=14, max_size=200),
    weeks=st.integers(0, 12),
    offset=st.integers(0, 6),
)
def test_what_is_to_come_changes_nothing_of_what_is_expected_and_nothing_is_below_zero(counts, weeks, offset):
    today = MONDAY + timedelta(days=offset)
    history = {today - timedelta(days=number): count for number, count in enumerate(counts, start=1)}
    year = Year(seasons=(SCHOOL, HIRING))
    found = forecast(history, year, today, weeks)
    assert found == forecast(history | dict.fromkeys(days(today, 30), 999), year, today, weeks)
    assert len(found) == weeks
    for week in found:
        assert week.begins.weekday() == 0
        assert week.begins > today
        assert week.expected >= 0
        assert week.error is None or week.error >= 0
