"""Facts up: the event table followed row by row, each sent until the city has it, many under way at once.

What was sent is remembered as one number: the city has that row and all before it. Rows behind it that arrived already
are sent again after a restart; their ids make them no second ones. The number is written down at most once a second,
so that a fast station pays nothing for it.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from stationd.domain.city_link import Fact
from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.ports.city import Backlog, CitySession, Fate, Letter, Outbox, Posted
from stationd.ports.clock import Clock, Entropy
from stationd.services.backoff import Backoff

_log = logging.getLogger(__name__)

READ_AT_ONCE: Final = 64
"""Rows that are read and written as letters in one go, off the loop."""
MOST_BYTES: Final = 8 << 20
"""Letters under way at once, besides their number: packets of cards come with files."""
REMEMBER_EVERY_S: Final = 1.0
LOOK_EVERY_S: Final = 5.0
"""How often the record is looked at for what another process wrote, and the backlog is measured."""


@dataclass(slots=True)
class _Sending:
    seq: int
    letter: Letter
    posting: "asyncio.Task[Posted]"


@dataclass(slots=True)
class FactFigures:
    """What became of letters since the start; ``backlog`` as last looked at."""

    fates: Counter[Fate] = field(default_factory=Counter)
    backlog: Backlog = field(default_factory=lambda: Backlog(rows=0, oldest_at=None))


class Facts:
    """Sends what was committed, in its order, for as long as it takes."""

    def __init__(
        self,
        outbox: Outbox,
        write: Callable[[Fact], Letter],
        *,
        in_flight: int,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        """``write`` makes a letter of a fact and may take its time; ``in_flight``: letters under way at once."""
        self._outbox = outbox
        self._write = write
        self._in_flight = in_flight
        self._clock = clock
        self._backoff = Backoff(entropy)
        self._news = asyncio.Event()
        self._sent = 0
        self._written = 0
        self._written_at = float("-inf")
        self._wanted: int | None = None
        self.figures = FactFigures()

    @property
    def sent(self) -> int:
        """The city has this row and all before it."""
        return self._sent

    async def load(self) -> None:
        """Go on where a former run stood."""
        self._sent = self._written = await self._outbox.sent()
        await self.look()

    def follow(self, events: Sequence[Event]) -> None:
        """Something was committed."""
        if events:
            self._news.set()

    def send_again(self, seq: int) -> None:
        """The city has lost this row and maybe others behind it: send from there on once more.

        It is not written down: a city that misses them still after a restart says so again.
        """
        if seq <= self._sent:
            self._wanted = seq
            self._news.set()

    async def look(self) -> None:
        """Measure what the city has not got yet."""
        self.figures.backlog = await self._outbox.backlog(self._sent)

    async def run(self, session: CitySession) -> None:
        """Send over a connection until it is lost. Raises ``Faulted`` (``city-lost``)."""
        window: deque[_Sending] = deque()
        read = self._sent
        self._news.set()
        try:
            while True:
                if self._wanted is not None:
                    read = self._sent = min(self._sent, self._wanted - 1)
                    self._wanted = None
                    _cancel(window)
                    self._news.set()
                has_room = len(window) <= self._in_flight - READ_AT_ONCE and _bytes_in(window) < MOST_BYTES
                if has_room and self._news.is_set():
                    read = await self._fill(window, read, session)
                if window:
                    await self._settle(window, session)
                else:
                    await self._rest(session)
        finally:
            _cancel(window)
            with suppress(Faulted):
                await self._remember(at_once=True)

    async def _fill(self, window: deque[_Sending], read: int, session: CitySession) -> int:
        self._news.clear()
        facts = await self._outbox.after(read, READ_AT_ONCE)
        if not facts:
            return read
        self._news.set()
        letters = await asyncio.to_thread(lambda: [self._write(fact) for fact in facts])
        for fact, letter in zip(facts, letters, strict=True):
            window.append(_Sending(fact.seq, letter, _posting(session, letter)))
        return facts[-1].seq

    async def _settle(self, window: deque[_Sending], session: CitySession) -> None:
        """Wait for the first letter; take all that are there off the window, or send again what is not."""
        posted = await window[0].posting
        if posted.is_there:
            while window and window[0].posting.done() and (found := window[0].posting.result()).is_there:
                self.figures.fates[found.fate] += 1
                self._sent = window.popleft().seq
            self._backoff.good()
            await self._remember()
            return
        if not session.is_open:
            raise Faulted("city-lost", "cannot go on: the connection to the city was lost")
        if posted.fate is Fate.REFUSED and self._backoff.is_fresh:
            _log.warning("the city does not take event %d: %s", window[0].seq, posted.why)
        await asyncio.sleep(self._backoff.bad())
        for sending in window:
            if sending.posting.done() and not (found := sending.posting.result()).is_there:
                self.figures.fates[found.fate] += 1
                sending.posting = _posting(session, sending.letter)

    async def _rest(self, session: CitySession) -> None:
        """Nothing to send: wait for news."""
        await self._remember()
        is_written = self._written >= self._sent
        try:
            async with asyncio.timeout(LOOK_EVERY_S if is_written else REMEMBER_EVERY_S):
                await self._news.wait()
        except TimeoutError:
            self._news.set()
        if not session.is_open:
            raise Faulted("city-lost", "cannot go on: the connection to the city was lost")

    async def _remember(self, *, at_once: bool = False) -> None:
        now = self._clock.monotonic()
        if self._written >= self._sent or (not at_once and now < self._written_at + REMEMBER_EVERY_S):
            return
        sent, self._written_at = self._sent, now
        try:
            await self._outbox.remember(sent)
        except Faulted as fault:
            _log.debug("cannot write down what was sent, it is sent again after a restart: %s", fault.detail)
        else:
            self._written = sent


def _posting(session: CitySession, letter: Letter) -> "asyncio.Task[Posted]":
    return asyncio.create_task(session.post(letter), name="letter to the city")


def _cancel(window: deque[_Sending]) -> None:
    for sending in window:
        sending.posting.cancel()
    window.clear()


def _bytes_in(window: deque[_Sending]) -> int:
    return sum(len(sending.letter.body) for sending in window)
