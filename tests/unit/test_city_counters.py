"""Cards of the city's own orders that were made at counters, and books of the city that were restored from a backup."""

import asyncio
import sqlite3
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stationd.city.assigning import Policy
from stationd.city.desk import Desk
from stationd.city.orders import Filed
from stationd.city.reconcile import differences
from tests.rigs.paper_city import PaperCity, PaperStation, order_of
from tests.unit.test_attending import station as running_station

A, B = "1671-07", "1671-09"
ORDER = "PRR-1"


@pytest.fixture
async def city(tmp_path):
    city = PaperCity(f"sqlite:{tmp_path / 'city.db'}")
    await city.books.open()
    yield city
    await city.books.aclose()


@pytest.fixture
async def stations(city):
    return await enrolled(city)


async def enrolled(city):
    found = {name: PaperStation(name) for name in (A, B)}
    for station in found.values():
        await city.enrol(station)
    return found


async def deliver(city, stations, *, silent=()):
    while messages := await city.sent():
        for name, body in messages:
            if name not in silent:
                await city.hear(*stations[name].hear(body))


async def codes(city):
    return {each.code for each in await city.do(differences)}


def cards(stations):
    return [order for station in stations.values() for order in station.cards]


async def test_an_order_that_its_own_station_s_counter_has_made_is_settled(city, stations):
    here = stations[A]
    letters = here.counter(ORDER) + here.work(ORDER)  # nobody has told the city yet
    assert await city.do(city.orders.file, A, order_of(ORDER)) is Filed.OFFERED
    await deliver(city, {A: here})
    assert (await city.order(ORDER))["hold"] == "offered", "its question waits behind what it has not told yet"
    await city.hear(*letters)
    await deliver(city, stations)
    order = await city.order(ORDER)
    assert (order["hold"], order["outcome"], order["station"]) == ("settled", "printed", A)
    assert cards(stations) == [ORDER]
    assert await codes(city) == set()


async def test_an_order_follows_the_counter_that_has_a_job_of_it(city, stations):
    await city.do(city.orders.file, B, order_of(ORDER))
    await city.hear(*stations[A].counter(ORDER))
    assert (await city.order(ORDER))["station"] == A
    await deliver(city, stations)
    assert not stations[B].work(ORDER)
    await city.hear(*stations[A].work(ORDER))
    assert (await city.order(ORDER))["outcome"] == "printed"
    assert cards(stations) == [ORDER]
    assert await codes(city) == {"order-made-at-counter"}


@pytest.mark.parametrize("has_leave", [False, True])
async def test_a_card_of_a_counter_ends_the_order_wherever_it_is(city, stations, has_leave):
    await city.do(city.orders.file, B, order_of(ORDER))
    await deliver(city, stations, silent=() if has_leave else (B,))
    await city.hear(*stations[A].counter(ORDER), *stations[A].work(ORDER))
    order = await city.order(ORDER)
    assert (order["hold"], order["station"]) == (("recalled", B) if has_leave else ("settled", A))
    await deliver(city, stations)
    assert not stations[B].work(ORDER)
    order = await city.order(ORDER)
    assert (order["hold"], order["outcome"]) == ("settled", "printed")
    assert cards(stations) == [ORDER]


async def test_two_cards_that_nobody_could_prevent_are_told_to_people(city, stations):
    await city.do(city.orders.file, B, order_of(ORDER))
    await deliver(city, stations)
    there = stations[B].work(ORDER)
    await city.hear(*stations[A].counter(ORDER), *stations[A].work(ORDER))
    await city.hear(*there)
    await deliver(city, stations)
    assert cards(stations) == [ORDER, ORDER]
    assert {"card-twice", "order-made-at-counter"} <= await codes(city)
    assert (await city.order(ORDER))["outcome"] == "printed"


async def test_an_order_that_a_counter_has_made_is_filed_nowhere(city, stations):
    await city.hear(*stations[A].counter(ORDER))
    for station in (A, B):
        assert (await city.do(city.orders.file, station, order_of(ORDER))).code == "order-at-counter"


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["down", "down", "up", "up", "up", "work", "counter", "move", "cancel"]),
            st.integers(0, 30),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_whatever_counters_do_the_books_end_knowing_every_card_and_naming_every_second_one(steps):
    async def story():
        city = PaperCity("sqlite::memory:")
        await city.books.open()
        try:
            stations = await enrolled(city)
            await city.do(city.orders.file, A, order_of(ORDER))
            down, up = [], []
            for choice, pick, is_kept in steps:
                down += await city.sent()
                station = stations[(A, B)[pick % 2]]
                if choice == "down" and down:
                    name, body = down[pick % len(down)] if is_kept else down.pop(pick % len(down))
                    up += stations[name].hear(body)
                elif choice == "up" and up:
                    await city.hear(up[pick % len(up)] if is_kept else up.pop(pick % len(up)))
                elif choice in {"work", "counter"}:
                    up += getattr(station, choice)(ORDER)
                elif choice == "move":
                    await city.do(city.orders.move, ORDER, station.id)
                elif choice == "cancel" and pick % 5 == 0:
                    await city.do(city.orders.cancel, ORDER)
            for name, body in down:
                up += stations[name].hear(body)
            await city.hear(*up)
            await deliver(city, stations)
            for station in stations.values():
                await city.hear(*station.work(ORDER))
            await deliver(city, stations)
            made, order, found = len(cards(stations)), await city.order(ORDER), await codes(city)
            assert made <= 2
            assert ("card-twice" in found) == (made == 2)
            if made:
                assert (order["hold"], order["outcome"]) == ("settled", "printed"), order
            if made == 2:
                assert "order-made-at-counter" in found or "card-without-leave" in found
        finally:
            await city.books.aclose()

    asyncio.run(story())


async def test_a_station_is_asked_for_what_is_missing_while_it_is_heard_and_for_nothing_else(city, stations):
    here = stations[A]
    letters = [here.say("station.checked", "station", {"n": n}) for n in range(6)]
    desk = desk_of(city)
    desk._messages = city.identity.messages
    await city.hear(letters[0], *letters[3:])
    ((_, name, body),) = await desk.wanted()
    assert (name, here.messages.read(body).seq) == (A, 2)
    city.now_ms += 3_600_000
    assert await desk.wanted() == []
    await city.hear(*letters)
    assert await desk.wanted() == [], "nothing is missing"


def desk_of(city):
    """The verbs of people over a paper city's books."""
    desk = object.__new__(Desk)
    desk.books, desk._hearing, desk._entropy = city.books, city.hearing, SimpleNamespace(bits=lambda _: 7)
    return desk


async def test_books_that_were_restored_give_no_leave_for_what_another_station_has_leave_for(city, stations, tmp_path):
    await city.do(city.orders.file, A, order_of(ORDER))
    with sqlite3.connect(tmp_path / "city.db") as now, sqlite3.connect(tmp_path / "then.db") as then:
        now.backup(then)
    now.close()
    then.close()
    first = await city.sent()
    await city.do(city.orders.move, ORDER, B)
    letters = []
    while messages := await city.sent():
        for name, body in messages:
            if name == B:
                answers = stations[B].hear(body)
                letters += answers
                await city.hear(*answers)
    assert stations[B].orders[ORDER].held.may_begin

    old = PaperCity(f"sqlite:{tmp_path / 'then.db'}")
    await old.books.open()
    try:
        desk = desk_of(old)
        await desk.replay()
        assert await desk.is_catching_up()
        asking = [letter for name, body in first for letter in stations[name].hear(body)]
        await old.hear(*asking)  # A has heard of no recall, and asks for leave
        await old.hear(*letters)  # B has leave of which these books know nothing
        await desk.caught_up()
        await deliver(old, stations)
        assert not stations[A].work(ORDER)
        await old.hear(*stations[B].work(ORDER))
        order = await old.order(ORDER)
        assert (order["outcome"], order["station"]) == ("printed", B)
        assert await codes(old) == {"leave-forgotten", "order-never-given"}
        await old.do(old.orders.file, A, order_of("PRR-2", nik="9999990101900002"))
        assert (await old.order("PRR-2"))["fence"] > 1000, "above all that may have been given since the backup"
    finally:
        await old.books.aclose()


async def test_orders_that_are_reserved_to_the_city_are_made_at_no_counter(city, stations, tmp_path):
    async with running_station(tmp_path / "station", city={"reserved": ["PRR-1671"]}) as running:
        assert await running.submit(1) == (409, "order-without-leave")
    city.orders._book.policy = Policy(leave_ahead=9, life_s=9, reserved=("PRR-1671",))
    assert (await city.do(city.orders.file, A, order_of("XYZ-1"))).code == "order-not-reserved"
    assert await city.do(city.orders.file, A, order_of("PRR-16711-1")) is Filed.OFFERED
