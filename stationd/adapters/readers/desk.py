"""What every reader driver keeps: its status, those who follow it, its scans until they are taken, and its patience."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace

from stationd.domain.inventory import clean
from stationd.domain.scan import ReaderState, ReaderStatus, Scan
from stationd.ports.clock import Clock

_log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Scans kept for a consumer that is late; a person takes seconds for each."""
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_STEADY_AFTER_S = 10.0
"""A reader that was there for so long is trusted again: the next loss is news, and the waits begin anew."""


class Desk:
    """The state of one reader. To be used on the loop only."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._status = ReaderStatus(state=ReaderState.ABSENT, reasons=("connecting",), since_ms=clock.now_ms())
        self._followers: list[Callable[[ReaderStatus], None]] = []
        self._working: asyncio.Task[None] | None = None
        self._waiting: deque[Scan] = deque()
        self._stirred = asyncio.Event()
        self._nudged = asyncio.Event()
        self._delay_s = _FIRST_DELAY_S
        self._is_told = False
        self._ready_at = 0.0

    # ------------------------------------------------------------------------------------------------------ status

    @property
    def status(self) -> ReaderStatus:
        """How the reader is."""
        return self._status

    def follow(self, changed: Callable[[ReaderStatus], None]) -> None:
        """Call ``changed`` with the status whenever its state or its reasons changed."""
        self._followers.append(changed)

    def ready(self, model: str | None = None) -> None:
        """It answers; ``model`` is what it calls itself, made fit to be shown."""
        status = replace(self._status, model=clean(model) or self._status.model)
        if status.state is ReaderState.READY:
            self._status = status
            return
        if self._is_told:
            _log.info("reader %s is there again", self._name)
        self._ready_at = self._clock.monotonic()
        self._become(replace(status, state=ReaderState.READY, reasons=()))

    def absent(self, reason: str, fault: str) -> None:
        """It does not answer; ``fault`` says why in one line. The first time a warning, then for those who debug."""
        was_ready = self._status.state is ReaderState.READY
        if was_ready and self._clock.monotonic() - self._ready_at >= _STEADY_AFTER_S:
            self._is_told = False
            self._delay_s = _FIRST_DELAY_S
        level = logging.DEBUG if self._is_told else logging.WARNING
        _log.log(level, "reader %s is not there (%s): %s", self._name, reason, fault)
        self._is_told = True
        self._become(replace(self._status, state=ReaderState.ABSENT, reasons=(reason,), fault=fault))

    def _become(self, status: ReaderStatus) -> None:
        before, self._status = self._status, status
        if (before.state, before.reasons) != (status.state, status.reasons):
            self._status = replace(status, since_ms=self._clock.now_ms())
            for changed in self._followers:
                changed(self._status)

    # ------------------------------------------------------------------------------------------------------- scans

    def now_ms(self) -> int:
        """The time to write on a scan."""
        return self._clock.now_ms()

    def put(self, scan: Scan) -> None:
        """Keep a scan until it is taken; when too many wait, the oldest is dropped and counted."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._status = replace(self._status, dropped=self._status.dropped + 1)
        self._waiting.append(scan)
        self._stirred.set()

    async def scans(self, work: Callable[[], Coroutine[None, None, None]]) -> AsyncGenerator[Scan, None]:
        """The scans that are put while ``work()`` runs; it is cancelled with the iteration, and its error is raised."""
        working = asyncio.create_task(work(), name=f"reader {self._name}")
        working.add_done_callback(lambda _: self._stirred.set())
        self._working = working
        try:
            while True:
                while self._waiting:
                    self._status = replace(self._status, scans=self._status.scans + 1)
                    yield self._waiting.popleft()
                if working.done():
                    if not working.cancelled():
                        working.result()
                    return
                self._stirred.clear()
                await self._stirred.wait()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Stop the work, which ends the scans."""
        if self._working is not None:
            self._working.cancel()
            await asyncio.wait({self._working})

    # ---------------------------------------------------------------------------------------------------- patience

    def nudge(self) -> None:
        """Cut the wait for the next try: something was plugged in."""
        self._nudged.set()

    async def pause(self) -> None:
        """Wait before the next try: half a second, twice as long each time up to half a minute, or until nudged."""
        delay_s, self._delay_s = self._delay_s, min(self._delay_s * 2, _LONGEST_DELAY_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._nudged.wait()
        if self._nudged.is_set():
            self._nudged.clear()
            self._delay_s = _FIRST_DELAY_S
