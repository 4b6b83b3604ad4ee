"""The link to the city: one connection at a time, facts up and orders down over it, for ever, without haste.

A station without a link works as before. A link that is down costs a try now and then, later and later up to a minute,
and never two stations in step: not in the first second after their servers were restarted either.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stationd.domain.errors import Faulted
from stationd.ports.city import City, CitySession
from stationd.ports.clock import Clock, Entropy
from stationd.services.backoff import SPREAD_S, Backoff

_log = logging.getLogger(__name__)

STEADY_AFTER_S: Final = 10.0
"""A connection that lasted this long was a good one."""

Duty = Callable[[CitySession], Awaitable[None]]
"""Works over a connection until it is lost; raises ``Faulted`` then."""


@dataclass(slots=True)
class LinkFigures:
    """How the link is: ``since`` is the monotonic time of the last change."""

    is_up: bool = False
    since: float = 0.0
    connections: int = 0
    failures: int = 0


class CityLink:
    """Keeps a connection to the city, and everybody at work who needs one."""

    def __init__(
        self, city: City, duties: Sequence[Duty], *, clock: Clock, entropy: Entropy, spread_s: float = SPREAD_S
    ) -> None:
        """``spread_s``: a good connection that is lost is sought anew at any moment of so many seconds."""
        self._city = city
        self._duties = duties
        self._clock = clock
        self._backoff = Backoff(entropy, spread_s=spread_s)
        self.figures = LinkFigures(since=clock.monotonic())

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self._once()
            except Faulted as fault:
                self._down(fault)
            was_good = self.figures.is_up and self._clock.monotonic() - self.figures.since > STEADY_AFTER_S
            self._note(is_up=False)
            _end_if_told()
            await asyncio.sleep(self._backoff.lost() if was_good else self._backoff.bad())

    async def _once(self) -> None:
        session = await self._city.connect()
        self.figures.connections += 1
        self._note(is_up=True)
        _log.info("the link to the city is up")
        try:
            _end_if_told()
            await self._work(session)
        finally:
            await session.aclose()

    async def _work(self, session: CitySession) -> None:
        """Everybody at work until the first finds that the connection is lost."""
        tasks = [asyncio.ensure_future(duty(session)) for duty in self._duties]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _down(self, fault: Faulted) -> None:
        self.figures.failures += 1
        log = _log.warning if self._backoff.is_fresh else _log.debug
        log("the link to the city is down: %s", fault.detail)

    def _note(self, *, is_up: bool) -> None:
        if self.figures.is_up is not is_up:
            self.figures.is_up, self.figures.since = is_up, self._clock.monotonic()


def _end_if_told() -> None:
    """Raise the cancellation that an engine's library has swallowed: time limits of Python 3.11 lose some.

    ``asyncio.wait_for`` answers as if nothing had been when an answer and the cancellation come together, and nobody
    cancels twice.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
