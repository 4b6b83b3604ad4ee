"""The stream: every event once, in order, to everybody who listens, or a word that something was missed."""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.adapters.system import SystemClock
from stationd.domain.authority import Role
from stationd.domain.errors import Refused
from stationd.domain.events import GENESIS, Event, linked
from stationd.domain.position import Loss, Position, read_position
from stationd.domain.telling import TOPICS, audience, topic_of
from stationd.http.sse import Frames
from stationd.services import stream as module
from stationd.services.stream import Stream

KINDS = ("job.claimed", "token.created", "printer.paused", "job.card_printed", "blanks.received")


class Log:
    """The record; what was pruned is gone."""

    def __init__(self):
        self.events = []
        self.hash = GENESIS
        self.seq = 0

    def write(self, count=1, salt="x"):
        fresh = []
        for _ in range(count):
            self.seq += 1
            self.hash = linked(self.hash, (self.seq, salt))
            fresh.append(Event(self.seq, 0, KINDS[self.seq % len(KINDS)], salt, {}, self.hash))
        self.events += fresh
        return fresh

    def prune(self, keep):
        self.events = self.events[len(self.events) - keep :]

    async def last(self):
        return Position.of(self.seq, self.hash)

    async def hash_at(self, seq):
        return GENESIS if seq == 0 else next((each.hash for each in self.events if each.seq == seq), None)

    async def after(self, seq, limit):
        await asyncio.sleep(0)
        return [each for each in self.events if each.seq > seq][:limit]


async def opened(log):
    stream = Stream(log, SystemClock())
    await stream.load()
    return stream


async def heard(listening, count, timeout_s=60.0):
    """The numbers of the next events; a loss ends them as its keyword."""
    numbers = []
    while len(numbers) < count:
        news = await listening.next(timeout_s)
        if news is None or news.loss is not None:
            return [*numbers, news and news.loss.value]
        if not (news.events or news.passing):
            return [*numbers, "nothing"]
        numbers += [event.seq for event in news.events]
    return numbers


async def test_who_listens_hears_what_happens_from_now():
    log = Log()
    log.write(3)
    stream = await opened(log)
    with await stream.listen(None) as listening:
        assert listening.position == Position.of(3, log.hash)
        stream.follow(log.write(2))
        assert await heard(listening, 2) == [4, 5]
        assert await heard(listening, 1, 0.01) == ["nothing"]
    assert len(stream) == 0


async def test_a_listener_goes_on_where_it_stood_even_behind_the_tail():
    log = Log()
    log.write(600)
    stream = await opened(log)
    stream.follow(log.write(5))
    with await stream.listen(Position(10)) as listening:
        assert await heard(listening, 595) == list(range(11, 606))
    assert stream.readings == 3


async def test_what_another_process_wrote_is_heard_in_its_place():
    log = Log()
    stream = await opened(log)
    with await stream.listen(None) as listening:
        stream.follow(log.write(1))
        log.write(2)  # the command line, beside us
        stream.follow(log.write(1))
        assert await heard(listening, 4) == [1, 2, 3, 4]
        log.write(1)
        await stream.look()
        await stream.look()
        assert await heard(listening, 1) == [5]
        stream.follow(log.events[-1:])  # told late of what was seen already
        assert await heard(listening, 1, 0.01) == ["nothing"]


async def test_history_that_is_gone_is_said():
    log = Log()
    log.write(20)
    log.prune(5)
    stream = await opened(log)
    for after in (Position(3), Position(0)):
        with await stream.listen(after) as listening:
            assert await heard(listening, 1) == [Loss.HISTORY_GONE.value]
            stream.follow(log.write(1))
            assert await heard(listening, 1) == [log.seq]


async def test_history_that_goes_while_somebody_catches_up_is_said():
    log = Log()
    log.write(600)
    stream = await opened(log)
    with await stream.listen(Position(0)) as listening:
        assert await heard(listening, 1) == list(range(1, 257))
        log.prune(10)
        assert await heard(listening, 1) == [Loss.HISTORY_GONE.value]


async def test_a_position_of_another_database_is_not_believed():
    log, other = Log(), Log()
    log.write(9, "ours")
    other.write(9, "theirs")
    stream = await opened(log)
    for position in (Position.of(9, other.hash), Position(10), Position.of(1 << 60, other.hash)):
        with await stream.listen(position) as listening:
            assert await heard(listening, 1) == [Loss.OTHER_HISTORY.value]
            assert listening.position == Position.of(9, log.hash)


async def test_a_position_that_the_command_line_made_is_known_at_once():
    log = Log()
    stream = await opened(log)
    log.write(1)
    with await stream.listen(Position.of(1, log.hash)) as listening:
        stream.follow(log.write(1))
        assert await heard(listening, 1) == [2]


async def test_what_passes_is_told_to_those_who_listen_now():
    log = Log()
    stream = await opened(log)
    stream.tell("reader.scanned", "r", {"n": 0})
    with await stream.listen(None) as one:
        stream.tell("reader.scanned", "r", {"n": 1})
        stream.tell("reader.scanned", "r", {"n": 2}, 5)
        news = await one.next(5)
        assert [each.data["n"] for each in news.passing] == [1, 2]
        assert news.passing[1].at_ms == 5
        for number in range(300):
            stream.tell("reader.scanned", "r", {"n": number})
        await asyncio.sleep(0.01)
        assert [each.data["n"] for each in (await one.next(5)).passing] == list(range(172, 300))


async def test_closing_ends_every_stream():
    log = Log()
    stream = await opened(log)
    with await stream.listen(None) as listening:
        waiting = asyncio.create_task(listening.next(60))
        await asyncio.sleep(0)
        stream.close()
        assert await waiting is None
        assert await listening.next(60) is None
    with pytest.raises(Refused, match="cannot stream"):
        await stream.listen(None)


async def test_more_than_the_most_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_LISTENERS", 2)
    stream = await opened(Log())
    with await stream.listen(None), await stream.listen(None), pytest.raises(Refused) as refusal:
        await stream.listen(None)
    assert refusal.value.code == "streams-full"


async def test_many_events_wake_a_listener_few_times():
    log = Log()
    stream = await opened(log)
    crowd = [await stream.listen(None) for _ in range(200)]
    with crowd[0] as listening:
        batches = 0
        numbers = []
        writing = asyncio.create_task(_write_for(stream, log, 200))
        while len(numbers) < 200:
            numbers += [event.seq for event in (await listening.next(60)).events]
            batches += 1
        await writing
    assert numbers == list(range(1, 201))
    assert batches < 100  # one a pause of 50 ms on a quiet machine: about 10


async def _write_for(stream, log, count):
    for _ in range(count):
        stream.follow(log.write(1))
        await asyncio.sleep(0.001)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("follow"), st.integers(1, 40)),
        st.tuples(st.just("beside"), st.integers(1, 3)),
        st.tuples(st.just("look"), st.just(0)),
        st.tuples(st.just("listen"), st.just(0)),
        st.tuples(st.just("leave"), st.just(0)),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("pass"), st.just(0)),
    ),
    max_size=30,
)


def ids(chunk):
    """The numbers in what was sent."""
    return [int(number) for number in re.findall(rb"^id: (\d+)-", chunk, re.MULTILINE)]


@given(
    ACTS,
    st.integers(0, 30),
    st.sampled_from(Role),
    st.one_of(st.none(), st.sets(st.sampled_from(sorted(TOPICS)), min_size=1)),
)
def test_any_order_of_events_disconnects_and_restarts_gives_each_event_once(acts, before, role, wanted):
    topics = audience(role, wanted)

    async def story():
        frames = Frames()
        log = Log()
        log.write(before)
        stream = await opened(log)
        listening = await stream.listen(None)
        last_id, got = str(listening.position), []

        async def listen_for(times):
            nonlocal last_id
            for _ in range(times):
                news = await listening.next(0)
                if news is None:
                    return
                assert news.loss is None
                got.extend(ids(frames.recorded(role, topics, news.events)))
                last_id = str(news.position)

        for act, count in acts:
            match act:
                case "follow":
                    stream.follow(log.write(count))
                case "beside":
                    log.write(count)
                case "look":
                    await stream.look()
                case "pass":
                    stream.tell("reader.scanned", "r", {})
                case "listen":
                    await listen_for(1)
                case "restart":
                    stream.close()
                    await listen_for(1)
                    stream = await opened(log)
                    listening = await stream.listen(read_position(last_id))
                case "leave":
                    stream.leave(listening)
                    listening = await stream.listen(read_position(last_id))
        await stream.look()
        stream.leave(listening)
        listening = await stream.listen(read_position(last_id))
        await listen_for(2 + log.seq // 256)
        told = [event.seq for event in log.events if event.seq > before and topic_of(event.type) in topics]
        assert got == told

    asyncio.run(story())
