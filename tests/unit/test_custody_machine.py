"""The custody machine: every pair of place and event, and random lives of cards."""

from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.custody import (
    BEGINNINGS,
    FINAL,
    HELD_HERE,
    REVOCABLE,
    TABLE,
    Custody,
    CustodyEvent,
    Place,
    next_custody,
)

LEAVES = {CustodyEvent.TAKEN_BACK}


def test_every_pair_is_in_the_table_or_refused():
    for custody in Custody:
        for event in CustodyEvent:
            assert next_custody(custody, event) == TABLE.get((custody, event))


def test_every_event_but_the_taking_back_has_a_row_and_every_place_is_reached():
    assert {event for _, event in TABLE} == set(CustodyEvent) - LEAVES
    assert set(TABLE.values()) | BEGINNINGS == set(Custody)


def test_only_a_destroyed_card_stays_where_it_is_for_ever():
    assert {Custody.DESTROYED} == FINAL


def test_a_card_that_somebody_has_seen_is_never_taken_back():
    assert {Custody.PRINTED} == REVOCABLE
    assert Custody.PRINTED not in TABLE.values()


def test_only_a_card_in_hand_is_handed_over():
    givers = {state for (state, event) in TABLE if event is CustodyEvent.HANDED_OVER}
    assert givers == {Custody.CHECKED, Custody.RECEIVED, Custody.ON_SHELF}


def test_a_card_in_transit_comes_back_by_knowledge_only():
    out = {event for (state, event) in TABLE if state is Custody.IN_TRANSIT}
    assert out == {CustodyEvent.UNPACKED, CustodyEvent.TRANSFERRED, CustodyEvent.MISSED, CustodyEvent.RECEIVED}


def test_a_card_that_is_not_here_comes_here_only_out_of_a_packet_or_a_find_or_a_pair_of_officers():
    ways = {event for (state, event), after in TABLE.items() if state not in HELD_HERE and after in HELD_HERE}
    assert ways == {
        CustodyEvent.UNPACKED,
        CustodyEvent.RECEIVED,
        CustodyEvent.FOUND,
        CustodyEvent.HAND_OVER_UNDONE,
    }


@given(st.sampled_from(sorted(BEGINNINGS)), st.lists(st.sampled_from(list(CustodyEvent)), max_size=30))
def test_a_random_life_is_always_in_exactly_one_place(begin, events):
    custody, given_out = begin, 0
    for event in events:
        after = next_custody(custody, event)
        if after is None:
            continue
        given_out += (event is CustodyEvent.HANDED_OVER) - (event is CustodyEvent.HAND_OVER_UNDONE)
        custody = after
        assert given_out == (custody is Custody.HANDED_OVER)


def test_a_place_is_told_as_it_is_typed():
    assert (str(Place(box="A3", slot=17)), str(Place(box="A3"))) == ("A3/17", "A3")
