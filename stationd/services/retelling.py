"""Counts that a restart takes nothing from: made of the record of events, each event once, however the last run ended.

What was counted is kept now and then, with the number of the last event in it; a start goes on from there and counts
what came after. Nothing of that is in the way of a commit, and what is kept may be lost: then the whole record is
counted, beside the station's work. Events that another process wrote (the command line) are counted with the next.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.ports.clock import Clock
from stationd.ports.events import EventLog
from stationd.ports.figures import CountStore, Kept

_log = logging.getLogger(__name__)

PAGE: Final = 500
"""Events counted in one go: 2 ms of the event loop."""
AT_START: Final = 40
"""Pages that a start waits for; what is more is counted beside the work."""
KEEP_EVERY_S: Final = 600.0
KEEP_AFTER: Final = PAGE * AT_START
"""Events after which counts are kept before their time, so that the next start counts no more than it waits for."""
LOOK_EVERY_S: Final = 15.0
_PAUSE_S: Final = 0.002


class Counts(Protocol):
    """Counts made of events."""

    is_whole: bool

    def follow(self, events: Sequence[Event]) -> None:
        """Count these."""
        ...

    def kept(self) -> bytes:
        """All that was counted."""
        ...

    def restore(self, kept: bytes) -> bool:
        """Go on from what was kept; whether that is possible."""
        ...


class Retelling:
    """Hands each event of the record to the counts, once and in order."""

    def __init__(self, counts: Counts, log: EventLog, store: CountStore, clock: Clock) -> None:
        self._counts = counts
        self._log = log
        self._store = store
        self._clock = clock
        self._seq = 0
        self._published = 0
        self._is_current = False
        self._kept_seq = 0
        self._kept_at = clock.monotonic()

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed; what is in the counts already is left out."""
        self._published = max(self._published, events[-1].seq)
        if not self._is_current or events[-1].seq <= self._seq:
            return
        fresh = events if events[0].seq == self._seq + 1 else [event for event in events if event.seq > self._seq]
        if fresh[0].seq != self._seq + 1:
            self._is_current = False  # another process wrote in between: the record has it
            return
        self._counts.follow(fresh)
        self._seq = fresh[-1].seq

    async def load(self) -> None:
        """Go on from what was kept, and count what came after if that is soon done. Raises :class:`Faulted`."""
        kept = await self._store.kept()
        if kept is not None and kept.seq <= (await self._log.last()).seq and self._counts.restore(kept.counts):
            self._seq = self._kept_seq = kept.seq
        for _ in range(AT_START):
            if await self._count_page():
                return

    async def run(self) -> None:
        """For ever: count what is behind, and keep the counts now and then."""
        while True:
            try:
                await self.look()
            except Faulted as fault:
                _log.warning("cannot look after the counters: %s", fault.detail)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Count what another process wrote, and keep the counts when it is time. Raises :class:`Faulted`."""
        if (await self._log.last()).seq > max(self._seq, self._published):
            self._is_current = False
        while not self._is_current:
            await self._count_page()
            await asyncio.sleep(_PAUSE_S)
        news = self._seq - self._kept_seq
        if news and (news > KEEP_AFTER or self._clock.monotonic() - self._kept_at > KEEP_EVERY_S):
            await self.keep()

    async def keep(self) -> None:
        """Keep the counts as they are. Raises :class:`Faulted`."""
        if not self._counts.is_whole or self._seq == self._kept_seq:
            return
        seq = self._seq
        await self._store.keep(Kept(seq=seq, counts=self._counts.kept()))
        self._kept_seq, self._kept_at = seq, self._clock.monotonic()

    async def stop(self) -> None:
        """Keep the counts a last time; a disk that does not take them costs the next start a moment, and no count."""
        with suppress(Faulted):
            await self.keep()

    async def _count_page(self) -> bool:
        """Count the next of the record; whether all that is known of is counted now."""
        page = await self._log.after(self._seq, PAGE)
        if page:
            self._counts.follow(page)
            self._seq = page[-1].seq
        if len(page) < PAGE and self._seq >= self._published:
            self._is_current = self._counts.is_whole = True
        return self._is_current
