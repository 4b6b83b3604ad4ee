"""The stream of events: one tail in memory for everybody who listens, the record on the disk for who is behind.

Nothing is kept for a single listener but where it stands. Who falls behind the tail reads from the record until it
has caught up; who cannot go on (the history is gone, or is another one) is told so, never left in silence. Events
that are not recorded (a scan, a cover opened) pass by in the same stream, without a position, to those who listen now.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

from stationd.domain.errors import Faulted, Refused
from stationd.domain.events import Event
from stationd.domain.position import Loss, Position
from stationd.ports.clock import Clock
from stationd.ports.events import EventLog

TAIL: Final = 2048
"""Events kept in memory: at the fastest pace of a station some seconds, on an ordinary day all of it."""
MOST_AT_ONCE: Final = 256
"""Events handed to a listener at once; bounds what may wait for its network."""
MOST_LISTENERS: Final = 512

_PASSING = 128
_READING_AT_ONCE = 4
_LOOK_EVERY_S = 1.0
_PAUSE_A_LISTENER_S = 0.0005
"""Pause between two wake-ups, for each listener: many events are told together, and telling them takes a bounded share
of the processor however many listen: waking one and writing to it costs 34 µs, so at most 7 %. With the ten screens of
an office it is 5 ms, with 200 listeners 100 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What happened and is recorded nowhere. ``at_ms`` is Unix milliseconds."""

    at_ms: int
    type: str
    subject: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What came since the last: recorded events in their order, passing ones; empty when nothing did in the time given.

    ``loss`` is set, and nothing else with it, when the listener missed something: it must read the state anew.
    ``position`` is where it stands now.
    """

    position: Position
    events: Sequence[Event] = ()
    passing: Sequence[Passing] = ()
    loss: Loss | None = None


class Listening:
    """One who listens. Use it as a context."""

    def __init__(self, stream: "Stream", position: Position, loss: Loss | None, passed: int) -> None:
        self.position = position
        self._stream = stream
        self._loss = loss
        self._passed = passed
        self.told = asyncio.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.leave(self)

    async def next(self, timeout_s: float) -> News | None:
        """What came, or nothing after ``timeout_s``; ``None`` when the stream has ended. Raises :class:`Faulted`."""
        stream = self._stream
        if self._loss is not None:
            loss, self._loss = self._loss, None
            return News(position=self.position, loss=loss)
        if self._is_current():
            self.told.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self.told.wait()
        if stream.is_closed:
            return None
        passing, self._passed = stream.passing_after(self._passed)
        events: Sequence[Event] = ()
        if self.position.seq < stream.last.seq:
            events = await stream.after(self.position.seq)
            if not events or events[0].seq != self.position.seq + 1:
                self.position = stream.last
                return News(position=self.position, loss=Loss.HISTORY_GONE)
            self.position = Position.of(events[-1].seq, events[-1].hash)
        return News(position=self.position, events=events, passing=passing)

    def _is_current(self) -> bool:
        stream = self._stream
        told_seq, told_passed = stream.told_of
        return not stream.is_closed and self.position.seq >= told_seq and self._passed >= told_passed


class Stream:
    """Follows what is committed and wakes those who listen."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._tail: deque[Event] = deque(maxlen=TAIL)
        self._slices: dict[int, Sequence[Event]] = {}
        self._passing: deque[Passing] = deque(maxlen=_PASSING)
        self._listeners: set[Listening] = set()
        self._reading = asyncio.Semaphore(_READING_AT_ONCE)
        self._rung = float("-inf")
        self._due: asyncio.TimerHandle | None = None
        self.last = Position(0)
        """The position after the newest event that is known here."""
        self.told_of = (0, 0)
        """How far the last wake-up reached: recorded and passing events."""
        self.passed = 0
        """How many passing events there were."""
        self.is_closed = False
        self.cut_off = 0
        """How many did not read what they were told and were cut off."""
        self.readings = 0
        """How often somebody who was behind read from the record."""

    def __len__(self) -> int:
        return len(self._listeners)

    async def load(self) -> None:
        """Begin after the newest event on the disk."""
        self._go_to(await self._log.last())

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed, in its order; what is known already is left out."""
        fresh = [event for event in events if event.seq > self.last.seq]
        if not fresh:
            return
        if fresh[0].seq != self.last.seq + 1:
            self._tail.clear()  # another process wrote in between: those events are read from the record
        self._tail.extend(fresh)
        self._slices.clear()
        self.last = Position.of(fresh[-1].seq, fresh[-1].hash)
        self._ring_soon()

    def tell(self, kind: str, subject: str, data: Mapping[str, object], at_ms: int | None = None) -> None:
        """Tell those who listen now of something that is not recorded."""
        at_ms = self._clock.now_ms() if at_ms is None else at_ms
        self._passing.append(Passing(at_ms=at_ms, type=kind, subject=subject, data=data))
        self.passed += 1
        self._ring_soon()

    async def listen(self, after: Position | None) -> Listening:
        """Listen from a position on, or from now.

        Raises :class:`Refused` (``streams-full``), :class:`Faulted`.
        """
        if len(self._listeners) >= MOST_LISTENERS or self.is_closed:
            raise Refused("streams-full", wait_s=5, most=MOST_LISTENERS)
        loss = None
        if after is not None:
            loss = await self._loss_at(after)
        here = self.last if after is None or loss is not None else after
        listening = Listening(self, here, loss, self.passed)
        self._listeners.add(listening)
        self.told_of = (self.last.seq, self.passed)
        return listening

    def leave(self, listening: Listening) -> None:
        """It does not listen any more."""
        self._listeners.discard(listening)

    def close(self) -> None:
        """End every stream: the station stops."""
        self.is_closed = True
        self._ring()

    async def run(self) -> None:
        """Notice what another process writes beside the daemon (the command line), while somebody listens. For ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self._listeners:
                with suppress(Faulted):
                    await self.look()

    async def look(self) -> None:
        """See whether the record has grown without us."""
        last = await self._log.last()
        if last.seq > self.last.seq:
            self._go_to(last)
            self._ring_soon()

    async def after(self, seq: int) -> Sequence[Event]:
        """The next events after ``seq``, from the tail if it reaches back so far, else from the record."""
        known = self._slices.get(seq)
        if known is not None:
            return known
        if self._tail and self._tail[0].seq <= seq + 1:
            start = seq + 1 - self._tail[0].seq
            events = tuple(islice(self._tail, start, start + MOST_AT_ONCE))
            self._slices[seq] = events
            return events
        async with self._reading:
            self.readings += 1
            return await self._log.after(seq, MOST_AT_ONCE)

    def passing_after(self, number: int) -> tuple[Sequence[Passing], int]:
        """The passing events after the ``number``-th that are still known, and how many there were in all."""
        count = min(self.passed - number, len(self._passing))
        return tuple(_last(self._passing, count)), self.passed

    async def _loss_at(self, after: Position) -> Loss | None:
        if after.seq > self.last.seq:
            await self.look()
        if after.seq > self.last.seq:
            return Loss.OTHER_HISTORY
        hash_ = await self._log.hash_at(after.seq)
        if hash_ is None:
            return Loss.HISTORY_GONE
        return None if after.is_after(hash_) else Loss.OTHER_HISTORY

    def _go_to(self, last: Position) -> None:
        """Stand after ``last`` with nothing in the tail: what comes before it is read from the record."""
        self._tail.clear()
        self._slices.clear()
        self.last = last

    def _ring_soon(self) -> None:
        if self._due is not None or not self._listeners:
            return
        wait_s = self._rung + _PAUSE_A_LISTENER_S * len(self._listeners) - self._clock.monotonic()
        if wait_s <= 0:
            self._ring()
        else:
            self._due = asyncio.get_running_loop().call_later(wait_s, self._ring)

    def _ring(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._rung = self._clock.monotonic()
        self.told_of = (self.last.seq, self.passed)
        for listening in self._listeners:
            listening.told.set()


def _last(passing: deque[Passing], count: int) -> Iterable[Passing]:
    return islice(passing, len(passing) - count, None)
