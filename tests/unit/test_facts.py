"""Facts up: every row once, in every kind of weather, and never in a hurry."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stationd.domain.city_link import Fact
from stationd.domain.errors import Faulted
from stationd.domain.events import GENESIS
from stationd.ports.city import Backlog, Fate, Letter, Posted
from stationd.services.backoff import Backoff
from stationd.services.city_link import CityLink
from stationd.services.facts import Facts


class Entropy:
    def bits(self, count):
        return 0


class Lots:
    """Draws what it is told to."""

    def __init__(self, drawn):
        self.drawn = drawn

    def bits(self, count):
        assert count == 16
        return next(self.drawn)


class Clock:
    def now_ms(self):
        return 0

    def monotonic(self):
        return asyncio.get_running_loop().time()


class Book:
    """An event table of ``rows`` rows, and what was remembered of sending them."""

    def __init__(self, rows):
        self.rows = rows
        self.written = 0

    async def sent(self):
        return self.written

    async def remember(self, seq):
        assert seq >= self.written
        self.written = seq

    async def after(self, seq, limit):
        return [
            Fact(station="s", seq=n, at=n, type="t.done", subject="x", data="{}", hash=GENESIS)
            for n in range(seq + 1, min(seq + limit, self.rows) + 1)
        ]

    async def backlog(self, seq):
        return Backlog(rows=self.rows - seq, oldest_at=None)


class Session:
    """A connection that does with the n-th letter what the weather says, and is lost after so many."""

    def __init__(self, got, weather, lost_after):
        self.got = got
        self.weather = weather
        self.left = lost_after
        self.most = self.under_way = 0

    @property
    def is_open(self):
        return self.left > 0

    async def post(self, letter):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        self.left -= 1
        if not self.is_open:
            return Posted(Fate.UNKNOWN)
        fate = next(self.weather, Fate.TAKEN)
        if fate is Fate.TAKEN:
            fate = Fate.REPEATED if letter.topic in self.got else Fate.TAKEN
            self.got[letter.topic] += 1
        return Posted(fate, "full")

    async def aclose(self):
        pass


def facts_of(book):
    return Facts(book, lambda fact: Letter(str(fact.seq), {}, b"."), in_flight=64, clock=Clock(), entropy=Entropy())


@pytest.fixture
def in_no_time(monkeypatch):
    """Waiting costs nothing."""
    sleep = asyncio.sleep
    monkeypatch.setattr("stationd.services.facts.asyncio.sleep", lambda _: sleep(0))


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(0, 300),
    weather=st.lists(st.sampled_from([Fate.TAKEN, Fate.REFUSED, Fate.UNKNOWN]), max_size=200),
    breaks=st.lists(st.integers(1, 150), max_size=4),
)
async def test_every_row_arrives_in_every_weather_and_what_is_remembered_has_arrived(rows, weather, breaks):
    with pytest.MonkeyPatch.context() as patch:
        sleep = asyncio.sleep
        patch.setattr(asyncio, "sleep", lambda _: sleep(0))
        book, got, told = Book(rows), Counter(), iter(weather)
        for lost_after in [*breaks, 10_000]:
            facts = facts_of(book)  # a new run knows only what was remembered
            await facts.load()
            session = Session(got, told, lost_after)
            run = asyncio.ensure_future(facts.run(session))
            while not run.done() and facts.sent < rows:
                await sleep(0)
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            assert session.most <= 64
            assert set(got) >= {str(n) for n in range(1, book.written + 1)}
        assert set(got) == {str(n) for n in range(1, rows + 1)}
        assert book.written == rows


async def test_a_refused_row_is_told_apart_and_sent_again(in_no_time, caplog):
    book, got = Book(3), Counter()
    facts = facts_of(book)
    run = asyncio.ensure_future(facts.run(Session(got, iter([Fate.REFUSED] * 4), 10_000)))
    while facts.sent < 3:
        await asyncio.sleep(0)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert facts.figures.fates[Fate.REFUSED] == 4
    assert facts.figures.fates[Fate.TAKEN] == 3
    assert [record.message for record in caplog.records] == ["the city does not take event 1: full"]


async def test_a_link_that_fails_is_tried_later_and_later_and_never_in_step():
    backoff = Backoff(Entropy(), first_s=1, longest_s=8)
    assert backoff.is_fresh
    assert [backoff.bad() for _ in range(5)] == [0.5, 1, 2, 4, 4]
    assert not backoff.is_fresh
    backoff.good()
    assert backoff.bad() == 0.5


@given(lots=st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=20), lost=st.integers(0, 20))
def test_no_wait_is_longer_than_it_may_be_and_each_is_drawn(lots, lost):
    """``lots`` are what is drawn, ``lost`` the try before which a good connection is lost once."""
    drawn = iter(lots)
    backoff, length = Backoff(Lots(drawn), first_s=0.5, longest_s=60, spread_s=10), 0.5
    for number, lot in enumerate(lots):
        if number == lost:
            assert backoff.lost() == 10 * lot / 65_536
            length = 0.5
        else:
            assert backoff.bad() == length * (1 + lot / 65_536) / 2
            length = min(60, length * 2)


def test_stations_that_lose_their_servers_in_one_moment_come_back_evenly():
    """Whatever is drawn is drawn as often as anything else: as many come in each second, and none before or after."""
    stations = range(0, 65_536, 8)
    seconds = Counter(int(Backoff(Lots(iter([lot])), spread_s=10).lost()) for lot in stations)
    assert set(seconds) == set(range(10))
    assert max(seconds.values()) - min(seconds.values()) <= 1


@pytest.mark.parametrize(("held_s", "most_s"), [(1, 0.5), (3600, 10)])
async def test_a_link_that_held_for_long_is_sought_anew_at_any_moment_of_ten_seconds(monkeypatch, held_s, most_s):
    waits, now = [], [0.0]
    sleep = asyncio.sleep

    class Held:
        def monotonic(self):
            return now[0]

    class City:
        async def connect(self):
            return Session(Counter(), iter(()), 10_000)

    async def duty(_):
        now[0] += held_s
        raise Faulted("city-lost", "cannot go on: the connection to the city was lost")

    async def waiting(length):
        waits.append(length)
        await sleep(0 if len(waits) == 1 else 3600)

    monkeypatch.setattr("stationd.services.city_link.asyncio.sleep", waiting)
    link = CityLink(City(), (duty,), clock=Held(), entropy=Lots(iter([0xFFFF, 0])))
    run = asyncio.ensure_future(link.run())
    while len(waits) < 2:
        await sleep(0)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert most_s * 0.99 < waits[0] < most_s


async def test_a_lost_connection_is_followed_by_another(monkeypatch):
    sleep = asyncio.sleep
    monkeypatch.setattr("stationd.services.city_link.asyncio.sleep", lambda _: sleep(0))
    book, got = Book(5), Counter()
    facts = facts_of(book)

    class City:
        tries = 0

        async def connect(self):
            self.tries += 1
            if self.tries < 3:
                raise Faulted("city-unreachable", "cannot connect to the city: nobody is there")
            return Session(got, iter(()), 3 if self.tries == 3 else 10_000)

    link = CityLink(City(), (facts.run,), clock=Clock(), entropy=Entropy())
    run = asyncio.ensure_future(link.run())
    while facts.sent < 5:
        await sleep(0)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert link.figures.connections == 2
    assert link.figures.failures == 3
    assert set(got) == {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize("is_connected", [True, False])
async def test_a_stop_is_heard_though_the_library_swallows_it(is_connected):
    class City:
        async def connect(self):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if is_connected:
                    return Session(Counter(), iter(()), 10_000)
            raise Faulted("city-unreachable", "cannot connect to the city: nobody is there")

    link = CityLink(City(), (facts_of(Book(1)).run,), clock=Clock(), entropy=Entropy())
    run = asyncio.ensure_future(link.run())
    await asyncio.sleep(0)
    run.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await run


async def test_what_the_city_has_lost_is_sent_again_from_there_on_and_nothing_is_forgotten():
    book, got = Book(200), Counter()
    facts = facts_of(book)
    run = asyncio.ensure_future(facts.run(Session(got, iter(()), 10_000)))
    while facts.sent < 200:
        await asyncio.sleep(0)
    facts.send_again(201)  # it has not got that far: nothing to do
    facts.send_again(51)
    got.clear()
    while set(got) != {str(n) for n in range(51, 201)} or facts.sent < 200:
        await asyncio.sleep(0)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert book.written == 200
