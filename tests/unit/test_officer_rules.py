"""Who may print: decrees and their days, sessions and their ends, PINs and what wrong ones cost."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.officer import (
    Officer,
    Standing,
    able,
    days_left,
    entry_refusal,
    is_officer_number,
    may_print,
    reckoned,
    standing,
)
from stationd.domain.session import (
    FREE_TRIES,
    LONGEST_DELAY_S,
    Session,
    SessionEnd,
    SessionRules,
    delay_s,
    pin_refusal,
    session_end,
    wait_s,
)

HERE = frozenset({"16.71.07", "16.71.16"})
BEGIN, END = date(2026, 1, 1), date(2026, 12, 31)
OFFICER = Officer(
    number="199901012026011001",
    name="Petugas Contoh",
    decree="SK Contoh 1/2026",
    region="16.71.07",
    valid_from=BEGIN,
    valid_until=END,
    added_on=BEGIN,
)
DAYS = st.dates(date(2020, 1, 1), date(2035, 1, 1))


@pytest.mark.parametrize(
    ("changes", "on", "expected"),
    [
        ({}, BEGIN, Standing.APPOINTED),
        ({}, END, Standing.APPOINTED),
        ({}, BEGIN - timedelta(days=1), Standing.NOT_YET),
        ({}, END + timedelta(days=1), Standing.ENDED),
        ({"region": "16.71.16"}, BEGIN, Standing.APPOINTED),
        ({"region": "16.71.08"}, BEGIN, Standing.ELSEWHERE),
        ({"is_revoked": True}, BEGIN, Standing.REVOKED),
        ({"valid_until": BEGIN}, BEGIN, Standing.APPOINTED),
    ],
)
def test_an_officer_may_print_from_the_first_to_the_last_day_of_the_decree_and_only_here(changes, on, expected):
    officer = replace(OFFICER, **changes)
    assert standing(officer, on, HERE) is expected
    refused = may_print(officer, on, HERE)
    assert (refused is None) == (expected is Standing.APPOINTED)
    if refused is not None:
        assert refused.code == "officer-not-appointed"
        assert expected.words.en in refused.detail
    assert able([officer], on, HERE) == ((officer,) if expected is Standing.APPOINTED else ())


def test_every_standing_is_said_in_two_languages():
    assert [each for each in Standing if not each.words.en or each.words.en == each.words.id] == []


@pytest.mark.parametrize(
    ("on", "left"),
    [(END - timedelta(days=31), None), (END - timedelta(days=30), 30), (END, 0), (END + timedelta(days=1), None)],
)
def test_an_end_is_announced_for_thirty_days(on, left):
    assert days_left(OFFICER, on) == left


@given(today=DAYS, known=st.none() | DAYS, entered=st.none() | DAYS)
def test_a_clock_that_is_not_trusted_ends_and_begins_no_decree_by_itself(today, known, entered):
    assert reckoned(today, is_trusted=True, last_trusted=known, entered=entered) == today
    if known is not None or entered is not None:
        tomorrow = today + timedelta(days=400)
        days = {reckoned(day, is_trusted=False, last_trusted=known, entered=entered) for day in (today, tomorrow)}
        assert days == {known or entered}
    else:
        assert reckoned(today, is_trusted=False, last_trusted=None, entered=None) == today


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"number": "123"}, "officer-invalid", "number"),
        ({"number": "19990101202601100A"}, "officer-invalid", "number"),
        ({"name": "  "}, "officer-invalid", "name"),
        ({"name": "Dua\nBaris"}, "officer-invalid", "name"),
        ({"name": "x" * 201}, "officer-invalid", "name"),
        ({"decree": ""}, "officer-invalid", "decree"),
        ({"region": "16.71.08"}, "officer-invalid", "region"),
        ({"valid_until": BEGIN - timedelta(days=1)}, "decree-dates-wrong", "valid_until"),
        ({"valid_until": date(2037, 1, 1)}, "decree-dates-wrong", "valid_until"),
    ],
)
def test_a_decree_that_cannot_be_is_refused_with_the_field_at_fault(changes, code, field):
    refused = entry_refusal(replace(OFFICER, **changes), HERE)
    assert (refused.code, refused.field) == (code, field)


def test_a_good_decree_is_taken():
    assert entry_refusal(OFFICER, HERE) is None


@pytest.mark.parametrize("number", ["", "1" * 17, "1" * 19, "१" * 18, "1" * 17 + "\n"])
def test_a_number_has_eighteen_ascii_digits(number):
    assert not is_officer_number(number)


# ------------------------------------------------------------------------------------------------------- sessions

RULES = SessionRules(lifetime_s=100, idle_s=10)
SESSION = Session(officer=OFFICER.number, begun=1000, used=1000, expires_at=5_000_000)


@pytest.mark.parametrize(
    ("now", "now_ms", "is_trusted", "is_on_duty", "expected"),
    [
        (1009.9, 0, False, False, None),
        (1010, 0, False, False, SessionEnd.IDLE),
        (1010, 0, False, True, None),
        (1099, 0, False, True, None),
        (1100, 0, False, True, SessionEnd.EXPIRED),
        (1001, 5_000_000, True, True, SessionEnd.EXPIRED),
        (1001, 5_000_000, False, True, None),
        (1001, 4_999_999, True, False, None),
    ],
)
def test_a_session_ends_by_the_clock_that_never_goes_back_and_by_a_trusted_one(
    now, now_ms, is_trusted, is_on_duty, expected
):
    found = session_end(SESSION, RULES, now=now, now_ms=now_ms, is_trusted=is_trusted, is_on_duty=is_on_duty)
    assert found is expected


# ----------------------------------------------------------------------------------------------------- wrong PINs


def test_the_wait_grows_and_is_bounded():
    delays = [delay_s(failures) for failures in range(40)]
    assert delays[:FREE_TRIES] == [0] * FREE_TRIES
    assert delays[FREE_TRIES : FREE_TRIES + 4] == [30, 60, 120, 240]
    assert delays == sorted(delays)
    assert max(delays) == LONGEST_DELAY_S == delay_s(10**9)


def test_a_day_of_guessing_tries_less_than_forty_pins():
    failures, now = 0, 0.0
    while now < 86_400:
        now += max(wait_s(failures, now, now), 0.05)
        failures += 1
    assert failures < 40


@given(failures=st.integers(0, 100), since=st.floats(0, 1e6), later=st.floats(0, 1e6))
def test_a_wait_is_over_exactly_when_it_is_over(failures, since, later):
    waits = wait_s(failures, since, since + later)
    assert waits >= 0
    assert (waits == 0) == (since + later >= since + delay_s(failures))


@pytest.mark.parametrize(
    "pin", ["", "12345", "111111", "123456", "654321", "345678", "199901", "026011", "x" * 65, "rahasia\n", "aaaaaa"]
)
def test_a_pin_that_others_would_guess_is_refused(pin):
    refused = pin_refusal(pin, OFFICER.number)
    assert (refused.code, refused.field) == ("pin-too-easy", "pin")
    assert not pin or pin not in refused.detail or pin == "123456"


@pytest.mark.parametrize("pin", ["402817", "rahasia", "kata sandi panjang", "135790"])
def test_a_decent_pin_is_taken(pin):
    assert pin_refusal(pin, OFFICER.number) is None
