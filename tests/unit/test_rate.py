"""How often a caller may ask."""

from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.rate import Allowance, Callers


def callers(**changes) -> Callers:
    return Callers(Allowance(**({"burst": 3, "per_minute": 60} | changes)))


def test_a_burst_is_answered_and_then_the_caller_waits():
    desk = callers()
    assert [desk.take("a", 0.0) for _ in range(4)] == [None, None, None, 1]
    assert desk.take("b", 0.0) is None
    assert [desk.take("a", 1.0), desk.take("a", 1.0)] == [None, 1]


def test_it_is_told_how_many_are_left_and_when_all_are_again():
    desk = callers()
    assert desk.left("a", 0.0) == (3, 0)
    desk.take("a", 0.0)
    assert desk.left("a", 0.0) == (2, 1)
    desk.charge("a", 0.0, 9)
    assert desk.left("a", 0.0) == (0, 10)
    assert desk.left("a", 0.5) == (0, 10)


def test_a_miss_costs_more_and_is_waited_for():
    desk = callers()
    assert desk.take("a", 0.0) is None
    desk.charge("a", 0.0, 9)
    assert desk.take("a", 0.0) == 8
    assert desk.take("a", 7.9) == 1
    assert desk.take("a", 8.0) is None


def test_memory_is_bounded_and_who_asked_last_is_remembered():
    desk = Callers(Allowance(burst=1, per_minute=1), most=2)
    for caller in ("a", "b", "a", "c"):
        desk.take(caller, 0.0)
    assert desk.take("a", 0.0) is not None
    assert desk.take("b", 0.0) is None


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=200))
def test_over_any_time_no_more_is_answered_than_the_allowance(gaps):
    desk, now, answered = callers(), 0.0, 0
    for gap in gaps:
        now += gap
        answered += desk.take("a", now) is None
    assert answered <= 3 + now + 1e-6
