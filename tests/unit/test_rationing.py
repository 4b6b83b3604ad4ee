"""Rationing: first-timers before replacements while blanks are short, and nobody forgotten afterwards."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.dispatch import LOWEST_RANK, ServiceClass, ahead, class_of, is_moved, rank_of, released
from stationd.domain.job import JobState
from stationd.domain.rationing import (
    BLANKS_SHORT,
    SURRENDER_MISSING,
    History,
    Place,
    RationRule,
    Stock,
    expected_day,
    place_of,
    reserve_of,
)

PLENTY = Stock(at_hand=100, promised=10, replacements=0, rationed=0, reserve=50)


@pytest.mark.parametrize(
    ("change", "is_short", "room", "to_defer", "to_admit", "defers_new"),
    [
        ({}, False, 40, 0, 0, False),
        ({"at_hand": 60}, True, 0, 0, 0, True),  # fallen to the reserve
        ({"at_hand": 61}, False, 1, 0, 0, False),
        ({"at_hand": 60, "replacements": 7}, True, 0, 7, 0, True),
        ({"replacements": 39, "rationed": 5}, False, 40, 0, 1, True),  # one blank for the oldest of five
        ({"replacements": 10, "rationed": 5}, False, 40, 0, 5, False),  # all come back, and a new one behind them
        ({"replacements": 35, "rationed": 5}, False, 40, 0, 5, True),  # all come back, and nothing is left
        ({"replacements": 70}, False, 40, 0, 0, False),  # they stay in line until the stock has fallen
        ({"at_hand": 5, "rationed": 3}, True, 0, 0, 0, True),  # more first-timers than blanks
    ],
)
def test_what_the_blanks_allow(change, is_short, room, to_defer, to_admit, defers_new):
    stock = replace(PLENTY, **change)
    assert (stock.is_short, stock.room, stock.to_defer, stock.to_admit, stock.defers_new) == (
        is_short,
        room,
        to_defer,
        to_admit,
        defers_new,
    )


@pytest.mark.parametrize(
    ("state", "rank", "reasons", "place"),
    [
        (JobState.QUEUED, 4, (), Place.PROMISED),
        (JobState.DEFERRED, 4, ("held",), Place.PROMISED),
        (JobState.QUEUED, 5, (), Place.REPLACEMENT),
        (JobState.QUEUED, 6, (), Place.PROMISED),  # released by two officers
        (JobState.QUEUED, -1, (), Place.PROMISED),  # moved ahead by two officers
        (JobState.DEFERRED, 5, (BLANKS_SHORT,), Place.RATIONED),
        (JobState.DEFERRED, 5, (SURRENDER_MISSING,), None),
        (JobState.DEFERRED, 5, ("held",), None),
        (JobState.PRINTING, 4, (), None),
        (JobState.FAILED, 5, (), None),
    ],
)
def test_who_waits_for_a_blank_and_with_what_claim(state, rank, reasons, place):
    assert place_of(state, rank, reasons) is place


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(0, 10**5))
def test_places_that_officers_changed_are_nobody_elses(seq, turn, ageing):
    usual = {rank_of(seq + gap, kind, ageing=ageing) for gap in (0, ageing) for kind in (0, 1)}
    place, head = released(rank_of(seq, ServiceClass.REPLACEMENT, ageing=ageing)), ahead(turn)
    assert not {place, head} & usual
    assert (class_of(place), class_of(head)) == (ServiceClass.RELEASED, ServiceClass.AHEAD)
    assert is_moved(place)
    assert is_moved(head)
    assert not any(is_moved(rank) for rank in usual)
    assert LOWEST_RANK < head < min(usual)
    assert head < ahead(turn + 1)


def test_the_reserve_follows_the_stations_own_weeks_where_it_is_asked_to():
    history = History(firsts={100: 20, 98: 10, 50: 999}, received={}, today=100)
    assert history.firsts_a_day == 10  # thirty in three days
    assert reserve_of(RationRule(reserve_for_first=50), history) == 50
    assert reserve_of(RationRule(reserve_for_first=50, reserve_days=7), history) == 70
    assert reserve_of(RationRule(reserve_for_first=90, reserve_days=7), history) == 90
    assert History(firsts={50: 9}, received={}, today=100).firsts_a_day == 0


DELIVERIES = {10: 500, 40: 500, 70: 500}


@pytest.mark.parametrize(
    ("received", "firsts", "today", "before", "expected"),
    [
        (DELIVERIES, {}, 80, 0, 100),  # the next delivery
        (DELIVERIES, {}, 80, 500, 130),  # more come back before it than one delivery holds
        (DELIVERIES, {80: 10}, 80, 0, 100),  # two hundred first-timers until then
        (DELIVERIES, {80: 30}, 80, 0, None),  # they use all of it up
        ({10: 500, 40: 500}, {}, 80, 0, None),  # too few to tell
        (DELIVERIES | {71: 0}, {}, 80, 0, 100),
        (DELIVERIES, {}, 105, 0, 106),  # a few days late
        (DELIVERIES, {}, 131, 0, None),  # so late that the habit is none
        ({}, {}, 80, 0, None),
    ],
)
def test_a_day_is_expected_where_deliveries_tell_one(received, firsts, today, before, expected):
    stock = Stock(at_hand=50, promised=0, replacements=0, rationed=before + 1, reserve=50)
    assert expected_day(stock, before, History(firsts=firsts, received=received, today=today)) == expected


class Line:
    """A line served by the rules alone: the model that the store is held to elsewhere."""

    def __init__(self, reserve: int) -> None:
        self.stock = Stock(at_hand=0, promised=0, replacements=0, rationed=0, reserve=reserve)
        self.firsts: list[int] = []
        self.queued: list[int] = []
        self.deferred: list[int] = []
        self.served: list[int] = []

    def look(self) -> Stock:
        self.stock = replace(
            self.stock, promised=len(self.firsts), replacements=len(self.queued), rationed=len(self.deferred)
        )
        return self.stock

    def submit(self, number: int, *, is_first: bool) -> None:
        if is_first:
            self.firsts.append(number)
        else:
            (self.deferred if self.look().defers_new else self.queued).append(number)

    def receive(self, quantity: int) -> None:
        self.stock = replace(self.stock, at_hand=self.stock.at_hand + quantity)

    def settle(self) -> None:
        while True:
            stock = self.look()
            if stock.to_defer:
                self.deferred = sorted(self.deferred + self.queued)
                self.queued = []
            elif stock.to_admit:
                self.queued += self.deferred[: stock.to_admit]
                self.deferred = self.deferred[stock.to_admit :]
            else:
                return

    def serve(self) -> int | None:
        """A printer takes one, first come first served as far as the blanks allow it."""
        stock = self.look()
        may = self.firsts + (self.queued if stock.room else [])
        if not stock.at_hand or not may:
            return None
        number = min(may)
        (self.firsts if number in self.firsts else self.queued).remove(number)
        self.stock = replace(self.stock, at_hand=stock.at_hand - 1)
        self.served.append(number)
        return number


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("first"), st.just(0)),
        st.tuples(st.just("replacement"), st.just(0)),
        st.tuples(st.just("blanks"), st.integers(1, 12)),
        st.tuples(st.just("settle"), st.just(0)),
        st.tuples(st.just("serve"), st.just(0)),
    ),
    max_size=80,
)


@given(st.integers(0, 5), ACTS)
def test_in_any_order_of_orders_and_deliveries_a_shortage_serves_first_timers_and_starves_nobody_after(reserve, acts):
    line, submitted = Line(reserve), 0
    for act, quantity in acts:
        if act in {"first", "replacement"}:
            submitted += 1
            line.submit(submitted, is_first=act == "first")
        elif act == "blanks":
            line.receive(quantity)
        elif act == "settle":
            line.settle()
        else:
            before = line.look()
            is_first = (number := line.serve()) in range(1, submitted + 1) and len(line.firsts) < before.promised
            if number is not None and not is_first:
                # Every first-timer in line, and the reserve besides, still has a blank.
                assert line.stock.at_hand >= len(line.firsts) + reserve
            elif number is None and before.at_hand:
                assert not before.promised
        assert line.look().at_hand >= 0
    line.receive(submitted + reserve)
    while line.settle() or line.serve() is not None:
        pass
    assert sorted(line.served) == list(range(1, submitted + 1))
