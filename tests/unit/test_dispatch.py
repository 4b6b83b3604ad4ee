"""What a printer takes next: batches, what the supplies finish, rests, and the breaker."""

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.breaker import is_tripped, spoils_after
from stationd.domain.dispatch import (
    Batch,
    Stint,
    can_finish,
    is_too_cold,
    pick,
    rank_of,
)
from stationd.domain.job import Evidence
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Spoiled, Unknown
from stationd.domain.printer import PrinterState, PrinterStatus, Supply
from stationd.domain.profile import KTP_EL, RestRule

# ------------------------------------------------------------------------------------------------------------- batches


def test_a_batch_ends_after_its_size_and_another_profile_begins_a_new_one():
    batch = Batch()
    assert batch.preferred(3) is None
    for cards in (1, 2, 3):
        batch = batch.after("a", 3)
        assert batch == Batch("a", cards)
    assert batch.preferred(3) is None
    assert batch.after("a", 3) == Batch("a", 1)
    assert Batch("a", 1).after("b", 3) == Batch("b", 1)


@pytest.mark.parametrize(
    ("heads", "preferred", "expected"),
    [
        ({"a": 400, "b": 404}, None, "a"),
        ({"a": 400, "b": 404}, "b", "b"),
        ({"a": 400, "b": 440}, "b", "b"),  # ten acceptances later: just within reach
        ({"a": 400, "b": 441}, "b", "a"),
        ({"a": 400}, "b", "a"),
        ({"b": 9_000}, "a", "b"),
    ],
)
def test_a_batch_goes_on_as_far_as_it_reaches(heads, preferred, expected):
    assert pick(heads, preferred=preferred, reach=10) == expected


jobs = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1])), min_size=1, max_size=60)


def served(waiting, *, size, reach, printers):
    """The ranks in the order of service, with what each printer took: every printer takes one card by turns."""
    lines = {}
    for rank, profile in sorted(waiting):
        lines.setdefault(profile, deque()).append(rank)
    order, batches = [], [Batch()] * printers
    while any(lines.values()):
        for printer in range(printers):
            heads = {profile: line[0] for profile, line in lines.items() if line}
            if heads:
                profile = pick(heads, preferred=batches[printer].preferred(size), reach=reach)
                batches[printer] = batches[printer].after(profile, size)
                order.append((lines[profile].popleft(), profile, printer))
    return order


@given(accepted=jobs, size=st.integers(1, 10), reach=st.integers(0, 30), printers=st.integers(1, 4))
def test_nobody_is_overtaken_from_beyond_the_reach_and_nobody_is_left_out(accepted, size, reach, printers):
    waiting = [(rank_of(seq, cls, ageing=5), profile) for seq, (profile, cls) in enumerate(accepted, 1)]
    order = served(waiting, size=size, reach=reach, printers=printers)
    assert sorted((rank, profile) for rank, profile, _ in order) == sorted(waiting)
    left = [rank for rank, _, _ in order]
    for place, rank in enumerate(left):
        for earlier in left[:place]:
            assert earlier - rank <= reach * 4, "somebody from beyond the reach went before"


@given(accepted=jobs, size=st.integers(1, 10), reach=st.integers(0, 30), printers=st.integers(1, 4))
def test_within_a_profile_the_line_keeps_its_order(accepted, size, reach, printers):
    waiting = [(rank_of(seq, cls, ageing=5), profile) for seq, (profile, cls) in enumerate(accepted, 1)]
    order = served(waiting, size=size, reach=reach, printers=printers)
    for profile in "abc":
        ranks = [rank for rank, each, _ in order if each == profile]
        assert ranks == sorted(ranks)


@given(size=st.integers(1, 10), count=st.integers(1, 40))
def test_a_lone_printer_changes_over_once_a_batch_when_profiles_come_mixed(size, count):
    waiting = [(rank_of(seq, 0, ageing=0), "ab"[seq % 2]) for seq in range(1, 2 * count + 1)]
    profiles = [profile for _, profile, _ in served(waiting, size=size, reach=10**6, printers=1)]
    changes = sum(one != other for one, other in pairwise(profiles))
    assert changes <= 2 * -(-count // size)


# ------------------------------------------------------------------------------------------------------------ supplies

USES = {"ribbon": 1.0, "film": 2.0}


@pytest.mark.parametrize(
    ("supply", "under_way", "is_enough"),
    [
        (Supply(name="ribbon", cards=1), 0, True),
        (Supply(name="ribbon", cards=1), 1, False),
        (Supply(name="YMCKO Ribbon", cards=0), 0, False),
        (Supply(name="film", cards=3), 0, True),
        (Supply(name="film", cards=3), 1, False),
        (Supply(name="ribbon", level=0), 0, False),
        (Supply(name="ribbon", level=1), 5, True),
        (Supply(name="ribbon"), 5, True),
        (Supply(name="cleaning roller", cards=0), 0, True),
        (Supply(name="hopper", cards=0), 0, True),  # the machine finds out itself, and spoils nothing
        (Supply(name="hopper", cards=0), 1, False),
        (Supply(name="hopper", cards=2), 1, True),
    ],
)
def test_no_card_is_begun_that_the_supplies_cannot_finish(supply, under_way, is_enough):
    assert can_finish([Supply(name="ribbon", cards=99), supply], USES, under_way=under_way) == is_enough


def test_a_printer_that_is_too_cold_says_so():
    assert is_too_cold(PrinterStatus(state=PrinterState.IDLE, reasons=frozenset({"fuser-under-temp-report"})))
    assert not is_too_cold(PrinterStatus(state=PrinterState.IDLE, reasons=frozenset({"media-low"})))


# ---------------------------------------------------------------------------------------------------------------- rest

RULE = RestRule(cards=3, rest_s=60)


def test_a_printer_rests_after_so_many_cards_in_a_row():
    stint = Stint()
    for number in (1, 2, 3):
        assert stint.room(RULE, in_hand=0, now=number) == 4 - number
        stint = stint.made(RULE, in_hand=0, now=float(number))
    assert stint.rest_left_s(3.0) == 60
    assert stint.room(RULE, in_hand=0, now=62.0) == 0
    assert stint.room(RULE, in_hand=0, now=63.0) == 3
    assert stint.rest_left_s(64.0) == 0


def test_cards_under_way_count_before_they_are_made_and_the_rest_begins_after_the_last():
    stint = Stint(cards=1, last_at=10.0)
    assert stint.room(RULE, in_hand=2, now=11.0) == 0
    stint = stint.made(RULE, in_hand=1, now=12.0)
    assert stint.rest_left_s(12.0) == 0
    stint = stint.made(RULE, in_hand=0, now=14.0)
    assert stint.rest_left_s(14.0) == 60


def test_a_card_that_was_taken_back_makes_nobody_tired():
    assert Stint(cards=2, last_at=5.0).still(RULE, in_hand=0, now=6.0).room(RULE, in_hand=0, now=6.0) == 1
    assert Stint(cards=3, last_at=5.0).still(RULE, in_hand=0, now=6.0).rest_left_s(6.0) == 60


def test_standing_idle_for_as_long_is_a_rest():
    stint = Stint(cards=2, last_at=10.0)
    assert stint.room(RULE, in_hand=0, now=70.0) == 3
    assert stint.made(RULE, in_hand=0, now=70.0).cards == 1


def test_without_a_rule_nobody_rests():
    stint = Stint().made(None, in_hand=0, now=1.0)
    assert stint.room(None, in_hand=9, now=1.0) is None
    assert stint.rest_left_s(1.0) == 0


def test_a_faster_machine_of_a_profile_rests_as_much_shorter():
    assert KTP_EL.at(3.0).rest == RestRule(cards=100, rest_s=180.0)
    assert KTP_EL.at(0.0).rest is None
    assert KTP_EL.at(3.0).nominal_s == 3.0


# ------------------------------------------------------------------------------------------------------------- breaker


@pytest.mark.parametrize(
    ("outcome", "spoils"),
    [
        (Spoiled("jam"), 3),
        (Printed(Evidence.COUNTER), 0),
        (NothingPrinted(Cause.TRANSIENT, "reset"), 2),
        (Unknown("gone"), 2),
    ],
)
def test_only_a_printed_card_shows_that_a_printer_is_well_again(outcome, spoils):
    assert spoils_after(outcome, 2) == spoils


@pytest.mark.parametrize(("spoils", "limit", "tripped"), [(2, 3, False), (3, 3, True), (9, 3, True), (9, 0, False)])
def test_the_breaker_trips_at_its_limit_and_never_without_one(spoils, limit, tripped):
    assert is_tripped(spoils, limit=limit) == tripped
