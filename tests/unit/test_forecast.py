"""When a card will be there, and which printer should make it: the arithmetic against a simulation card by card."""

import heapq

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stationd.domain.forecast import Server, expected_s, may_begin
from stationd.domain.profile import RestRule


def server(name="p", seconds=10.0, *, free_s=0.0, until_rest=None, rest=None, profile="k"):
    return Server(name=name, seconds={profile: seconds}, free_in_s=free_s, until_rest=until_rest, rest=rest)


def card_by_card(servers, count):
    """When the ``count``-th card is out, if every printer always works."""
    outs = [(each.finish_s("k", 1), index, 1) for index, each in enumerate(servers)]
    heapq.heapify(outs)
    out = 0.0
    for _ in range(count):
        out, index, number = heapq.heappop(outs)
        heapq.heappush(outs, (servers[index].finish_s("k", number + 1), index, number + 1))
    return out


rests = st.one_of(st.none(), st.builds(RestRule, cards=st.integers(1, 20), rest_s=st.floats(0.5, 500, allow_nan=False)))


@st.composite
def crews(draw):
    found = []
    for number in range(draw(st.integers(1, 5))):
        rest = draw(rests)
        found.append(
            server(
                f"p{number}",
                draw(st.floats(0.5, 60)),
                free_s=draw(st.floats(0, 100)),
                until_rest=None if rest is None else draw(st.integers(0, rest.cards)),
                rest=rest,
            )
        )
    return found


@given(servers=crews(), ahead=st.integers(0, 300))
def test_the_forecast_is_what_comes_of_working_card_by_card(servers, ahead):
    expected = expected_s(servers, "k", {"k": ahead})
    true = card_by_card(servers, ahead + 1)
    assert expected == pytest.approx(true, rel=0.1, abs=max(each.seconds["k"] for each in servers) * 0.6)


@given(servers=crews(), at_s=st.floats(0, 5000))
def test_a_printer_has_made_as_many_cards_as_are_out(servers, at_s):
    for each in servers:
        made = each.made_by(at_s, each.seconds["k"])
        assert made == 0 or each.finish_s("k", made) <= at_s + 1e-3
        assert each.finish_s("k", made + 1) > at_s - 1e-3


@pytest.mark.parametrize(("ahead", "expected"), [(0, 10.0), (1, 10.0), (2, 20.0), (3, 20.0), (10, 60.0), (100, 510.0)])
def test_two_equal_printers_make_two_cards_at_a_time(ahead, expected):
    assert expected_s([server("a"), server("b")], "k", {"k": ahead}) == pytest.approx(expected, rel=0.01)


def test_nobody_prints_it_nobody_knows_when():
    assert expected_s([server(profile="other")], "k", {"k": 3}) is None
    assert expected_s([], "k", {}) is None


def test_cards_of_other_profiles_count_as_far_as_the_same_printers_make_them():
    both = Server(name="both", seconds={"k": 10.0, "o": 20.0})
    other = Server(name="other", seconds={"o": 20.0})
    assert expected_s([both], "k", {"k": 0, "o": 2}) == pytest.approx(50, rel=0.02)
    assert expected_s([both, other], "k", {"k": 0, "o": 2}) == pytest.approx(30, rel=0.2)
    assert expected_s([both, other], "k", {"o": 0, "x": 5}) == pytest.approx(10, rel=0.02)


def test_a_card_that_takes_no_time_is_there_at_once():
    assert expected_s([server(seconds=0.0)], "k", {"k": 5}) == pytest.approx(0, abs=1e-3)


# -------------------------------------------------------------------------------------------- who begins the next card


@pytest.mark.parametrize(
    ("waiting", "is_begun"),
    [(1, False), (9, False), (10, True), (50, True)],
)
def test_the_slow_printer_leaves_the_last_cards_to_a_faster_one(waiting, is_begun):
    slow, fast = server("slow", 10.0), server("fast", 1.0)
    assert may_begin(slow, [fast], "k", waiting) is is_begun
    assert may_begin(fast, [slow], "k", waiting)


def test_a_printer_of_another_profile_takes_no_card_away():
    assert may_begin(server("slow", 10.0), [server("fast", 1.0, profile="other")], "k", 1)


def test_a_card_that_is_done_at_once_is_never_left():
    assert may_begin(server("a", 0.01), [server("b", 0.001)], "k", 1)


@given(servers=crews(), waiting=st.integers(1, 50))
def test_a_waiting_card_is_begun_by_somebody(servers, waiting):
    assert any(may_begin(each, [other for other in servers if other is not each], "k", waiting) for each in servers)


def makespan(servers, count, *, is_greedy):
    """When the last of ``count`` cards is out, by the rule or with every idle printer taking what waits."""
    free = {each.name: each.free_in_s for each in servers}
    now, last, left = 0.0, 0.0, count
    while left:
        idle = [each for each in servers if free[each.name] <= now + 1e-9]
        begun = False
        for each in sorted(idle, key=lambda one: one.seconds["k"]):
            at = [server(o.name, o.seconds["k"], free_s=max(0.0, free[o.name] - now)) for o in servers]
            me = next(o for o in at if o.name == each.name)
            others = [o for o in at if o.name != each.name]
            if left and (is_greedy or may_begin(me, others, "k", left)):
                left -= 1
                free[each.name] = now + each.seconds["k"]
                last = max(last, free[each.name])
                begun = True
        if not begun:
            now = min((at for at in free.values() if at > now + 1e-9), default=now + 1)
    return last


@given(speeds=st.lists(st.floats(1, 40), min_size=2, max_size=4), count=st.integers(1, 40))
def test_the_last_card_is_never_later_than_if_every_idle_printer_took_one(speeds, count):
    servers = [server(f"p{number}", seconds) for number, seconds in enumerate(speeds)]
    assume(len(set(speeds)) == len(speeds))
    assert makespan(servers, count, is_greedy=False) <= makespan(servers, count, is_greedy=True) + 1e-6


@given(speeds=st.lists(st.integers(1, 20), min_size=2, max_size=3), count=st.integers(1, 20))
def test_the_last_card_is_finished_as_early_as_it_can_be(speeds, count):
    servers = [server(f"p{number}", float(seconds)) for number, seconds in enumerate(speeds)]
    best = card_by_card(servers, count)
    assert makespan(servers, count, is_greedy=False) == pytest.approx(best, abs=1e-6)
