"""No card twice in the city: the rule of who may make the card of an order, in every order of events."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stationd.domain.fence import (
    Act,
    Answer,
    Arrival,
    Assignment,
    Held,
    Hold,
    Stage,
    arrived,
    asked,
    begun_at,
    granted,
    made_at,
    offered,
    printed,
    recall_fence,
    recalled,
    refused,
    returned,
    taken_back,
    written_off,
)

STATIONS = ("first", "second", "third")


@dataclass
class Place:
    """A station as the rule sees it; ``card`` is the fence of a card that was begun."""

    held: Held = field(default_factory=Held)
    begun: int | None = None


class City(RuleBasedStateMachine):
    """A city with three stations and one order; every message may be lost, late, repeated and out of order."""

    def __init__(self):
        super().__init__()
        self.order = Assignment()
        self.places = {name: Place() for name in STATIONS}
        self.down = []
        self.up = []
        self.cards = []
        self.given = 0

    # ------------------------------------------------------------------------------------------------------ the city

    @rule(station=st.sampled_from(STATIONS))
    def give(self, station):
        given = offered(self.order, station)
        if given is not None:
            assert given.fence > self.given
            self.given = given.fence
            self.order = given
            self.down.append((station, "offer", given.fence))

    @rule()
    def take_back(self):
        before = self.order
        self.order = recalled(before)
        if before.station is not None:
            self.down.append((before.station, Act.RECALL, recall_fence(before)))

    @precondition(lambda self: self.up)
    @rule(data=st.data(), is_repeated=st.booleans())
    def hear(self, data, is_repeated):
        place = data.draw(st.integers(0, len(self.up) - 1))
        station, what, fence = self.up[place] if is_repeated else self.up.pop(place)
        if what == "asks":
            self.order, act, answer = asked(self.order, station, fence)
            self.down.append((station, act, answer))
        elif what == "returned":
            self.order = returned(self.order, station, fence)
        else:
            self.order = printed(self.order, station, fence)

    # -------------------------------------------------------------------------------------------------- the stations

    @precondition(lambda self: self.down)
    @rule(data=st.data(), is_repeated=st.booleans())
    def deliver(self, data, is_repeated):
        index = data.draw(st.integers(0, len(self.down) - 1))
        station, what, fence = self.down[index] if is_repeated else self.down.pop(index)
        place = self.places[station]
        if what == "offer":
            place.held, arrival = arrived(place.held, fence)
            assert arrival is not Arrival.BUSY, "a city never gives an order again before it was given back"
            if arrival is Arrival.TAKEN:
                self.up.append((station, "asks", fence))
        elif what is Act.LEAVE:
            place.held = granted(place.held, fence)
        else:
            place.held, answer = taken_back(place.held, fence, has_begun=place.begun == place.held.fence)
            if answer is Answer.RETURNED:
                self.up.append((station, "returned", fence))

    @rule(station=st.sampled_from(STATIONS))
    def begin(self, station):
        place = self.places[station]
        if place.held.may_begin and place.begun != place.held.fence:
            place.begun = place.held.fence
            self.cards.append(station)
            self.up.append((station, "printed", place.held.fence))

    @rule(station=st.sampled_from(STATIONS))
    def find_it_unprintable(self, station):
        place = self.places[station]
        if place.held.may_begin and place.begun != place.held.fence:
            place.held = refused(place.held)
            self.up.append((station, "returned", place.held.fence + 1))

    @precondition(lambda self: self.up or self.down)
    @rule()
    def lose(self):
        (self.up or self.down).pop()

    @invariant()
    def one_card_at_most(self):
        assert len(self.cards) <= 1
        assert sum(place.held.may_begin for place in self.places.values()) <= 1


TestNeverTwoCards = City.TestCase
TestNeverTwoCards.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_the_first_station_refuses_an_order_that_was_given_to_another_though_it_was_off_line_meanwhile():
    order = offered(Assignment(), "first")
    late = order.fence
    order = offered(recalled(order), "second")
    assert (order.station, order.fence) == ("second", late + 1)

    first, arrival = arrived(Held(), late)  # it comes back and finds the order in its stream
    assert arrival is Arrival.TAKEN
    assert not first.may_begin
    assert asked(order, "first", late) == (order, Act.RECALL, late + 1)
    first, answer = taken_back(first, late + 1, has_begun=False)
    assert answer is Answer.RETURNED
    assert not granted(first, late).may_begin
    assert arrived(first, late)[1] is Arrival.RECALLED


def test_an_order_with_leave_moves_only_after_its_station_has_given_it_back():
    order, act, _ = asked(offered(Assignment(), "first"), "first", 1)
    assert act is Act.LEAVE
    assert offered(order, "second") is None
    order = recalled(order)
    assert order.hold is Hold.RECALLED
    assert offered(order, "second") is None
    assert recalled(order) == order
    order = returned(order, "first", 2)
    assert offered(order, "second") == Assignment(2, "second", Hold.OFFERED)


def test_what_is_void_stays_void():
    held, answer = taken_back(Held(floor=5), 3, has_begun=False)
    assert (held.floor, answer) == (5, Answer.RETURNED), "an old recall lowers no floor"
    void = Held(fence=1, stage=Stage.RECEIVED, floor=2)
    assert granted(void, 1) == void


def test_leave_for_another_fence_is_no_leave():
    held, _ = arrived(Held(), 2)
    assert granted(held, 1) == held
    assert granted(taken_back(held, 3, has_begun=False)[0], 2).stage is Stage.RETURNED


def test_leave_is_given_to_the_fence_that_stands_and_to_no_order_that_was_asked_back():
    again = offered(recalled(offered(Assignment(), "first")), "first")
    assert recall_fence(again) > again.fence
    assert asked(again, "first", 1) == (again, Act.RECALL, 2), "an old question of the same station"
    assert asked(again, "second", 2) == (again, Act.RECALL, 3), "whatever fence another station says it has"
    back = recalled(asked(again, "first", 2)[0])
    assert asked(back, "first", 2) == (back, Act.RECALL, 3)


def test_no_other_station_and_no_old_word_gives_an_order_back():
    order, _, _ = asked(Assignment(5, "first", Hold.OFFERED), "first", 5)
    assert returned(order, "second", 99) == order, "whatever another station says"
    assert returned(order, "first", 5) == order, "a word about an earlier fence of the same station"


def test_an_order_that_cannot_be_printed_here_comes_back_only_under_a_higher_fence():
    held = refused(granted(arrived(Held(), 1)[0], 1))
    assert not granted(held, 1).may_begin
    assert arrived(held, 1)[1] is Arrival.REPEATED
    assert arrived(held, 2)[1] is Arrival.TAKEN
    assert arrived(Held(2, Stage.RECEIVED), 1) == (Held(2, Stage.RECEIVED), Arrival.RECALLED), "late, and of no use"


def test_a_card_that_was_begun_is_kept_and_one_that_came_to_nothing_is_returned_then():
    held = granted(arrived(Held(), 1)[0], 1)
    held, answer = taken_back(held, 2, has_begun=True)
    assert answer is Answer.KEPT
    assert not held.may_begin
    held, answer = taken_back(held, 2, has_begun=False)
    assert (held.stage, answer) == (Stage.RETURNED, Answer.RETURNED)


def test_a_printed_order_is_nobodys_any_more():
    order, _, _ = asked(offered(Assignment(), "first"), "first", 1)
    assert printed(order, "second", 1) == order
    order = printed(order, "first", 1)
    assert order.hold is Hold.SETTLED
    assert offered(order, "second") is None
    assert recalled(order) == order
    assert returned(order, "first", 2) == order
    assert asked(order, "first", 1)[1] is Act.RECALL


def test_a_station_with_a_card_under_way_takes_the_order_under_no_other_fence():
    held = granted(arrived(Held(), 1)[0], 1)
    assert arrived(held, 2) == (held, Arrival.BUSY)
    assert arrived(held, 1) == (held, Arrival.REPEATED)


def test_a_recall_of_an_earlier_fence_leaves_the_order_alone():
    held = granted(arrived(Held(), 5)[0], 5)
    after, answer = taken_back(held, 5, has_begun=True)
    assert answer is Answer.RETURNED
    assert after.may_begin


@pytest.mark.parametrize("hold", [Hold.FREE, Hold.OFFERED, Hold.GRANTED, Hold.SETTLED])
def test_only_an_order_that_was_recalled_is_written_off(hold):
    order = Assignment(3, "first", hold)
    assert written_off(order) == order
    assert written_off(Assignment(3, "first", Hold.RECALLED)) == Assignment(3)


@pytest.mark.parametrize(
    ("hold", "begun_here", "begun_there", "made_here", "made_there"),
    [
        (Hold.FREE, Hold.FREE, Hold.FREE, Hold.SETTLED, Hold.SETTLED),
        (Hold.OFFERED, Hold.GRANTED, Hold.FREE, Hold.SETTLED, Hold.SETTLED),
        (Hold.GRANTED, Hold.GRANTED, Hold.RECALLED, Hold.SETTLED, Hold.RECALLED),
        (Hold.RECALLED, Hold.RECALLED, Hold.RECALLED, Hold.SETTLED, Hold.RECALLED),
        (Hold.SETTLED, Hold.SETTLED, Hold.SETTLED, Hold.SETTLED, Hold.SETTLED),
    ],
)
def test_no_leave_is_given_beside_a_counter_that_has_the_order(hold, begun_here, begun_there, made_here, made_there):
    order = Assignment(3, None if hold is Hold.FREE else "first", hold)
    assert begun_at(order, "first").hold is begun_here
    assert begun_at(order, "second").hold is begun_there
    assert made_at(order, "first").hold is made_here
    after = made_at(order, "second")
    assert after.hold is made_there
    assert after.station == (order.station if made_there is Hold.RECALLED or hold is Hold.SETTLED else "second")
