"""The part of the composition that measures: what Prometheus is told, made of events, of looks, and of the loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from stationd import __version__
from stationd.adapters.event_metrics import EventMetrics
from stationd.adapters.loop_metrics import LOOP_LAG, LoopMetrics
from stationd.adapters.metrics import Metrics
from stationd.adapters.printer_metrics import PrinterMetrics
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.events import SqliteEvents
from stationd.adapters.sqlite.figures import SqliteFigures
from stationd.adapters.standing_metrics import CARDS, JOBS, StandingMetrics
from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.ports.clock import Clock
from stationd.services.printers import Printers
from stationd.services.read import Readers
from stationd.services.retelling import Retelling
from stationd.services.supervise import Supervisor

_log = logging.getLogger(__name__)

_COUNTING: Final = "counters"
_LOOKING: Final = "oldest"
_LOOK_EVERY_S: Final = 15.0


class Measuring:
    """The registry, and what feeds it; other parts add their own families to :attr:`metrics`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        printers: Printers,
        readers: Readers,
        is_ready: Callable[[], bool],
        is_trusted: Callable[[], bool],
    ) -> None:
        """``is_ready`` tells whether the station may begin a card, ``is_trusted`` whether its clock may be believed."""
        self.metrics = Metrics(__version__, database.writer, readers.statuses)
        self._figures = SqliteFigures(database.writer, database.reader, jobs=JOBS, cards=CARDS)
        self._standing = StandingMetrics(clock.now_ms, is_ready=is_ready, is_trusted=is_trusted)
        events = EventMetrics()
        self._retelling = Retelling(events, SqliteEvents(database.reader), self._figures, clock)
        self.follow: Callable[[Sequence[Event]], None] = self._retelling.follow
        """Take in what was committed."""
        of_printers = PrinterMetrics(printers.all, printers.spoolers)
        self._loop = LoopMetrics(of_printers.look)
        self._tasks = {LOOP_LAG: self._loop.run, _COUNTING: self._retelling.run, _LOOKING: self._look}
        for collector in (events, of_printers, self._standing, self._loop):
            self.metrics.add(collector)

    async def load(self) -> None:
        """Count from where the last run ended."""
        await self._retelling.load()
        self._standing.oldest = await self._figures.oldest()

    def start(self, supervisor: Supervisor) -> None:
        """Start what goes on for ever."""
        for name, run in self._tasks.items():
            supervisor.start(name, run)

    async def stop(self, supervisor: Supervisor) -> None:
        """End it."""
        for task in self._tasks:
            await supervisor.stop(task)

    async def keep(self) -> None:
        """Keep what was counted; the last act before the database is closed."""
        await self._retelling.stop()

    async def _look(self) -> None:
        while True:
            try:
                self._standing.oldest = await self._figures.oldest()
            except Faulted as fault:
                _log.warning("cannot look for what waits longest: %s", fault.detail)
            await asyncio.sleep(_LOOK_EVERY_S)
