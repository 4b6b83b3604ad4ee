"""The part of the composition that tells what happens: the record, the stream, and what passes by unrecorded."""

from collections.abc import Sequence

from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.events import SqliteEvents
from stationd.adapters.stream_metrics import StreamMetrics
from stationd.domain.events import Event
from stationd.ports.clock import Clock
from stationd.services.figures import Figures
from stationd.services.glance import Glance
from stationd.services.printers import Printers
from stationd.services.read import Readers
from stationd.services.readiness import Readiness
from stationd.services.station import Station
from stationd.services.stream import Stream
from stationd.services.supervise import Supervisor

_TASKS = ("events of other processes", "events of readers", "glance")


class Streaming:
    """Everything that happens, in one stream."""

    def __init__(self, database: Database, clock: Clock, readers: Readers) -> None:
        log = SqliteEvents(database.reader)
        self.stream = Stream(log, clock)
        self.figures = Figures(log, clock)
        self.metrics = StreamMetrics(self.stream, readers.live)
        self._readers = readers

    async def start(
        self, supervisor: Supervisor, *, printers: Printers, station: Station, readiness: Readiness
    ) -> None:
        """Begin after the newest event of the record."""
        await self.stream.load()
        await self.figures.load()
        glance = Glance(self.stream, printers.all, station.describe)
        readiness.follow(glance.checked)
        looking, reading, glancing = _TASKS
        supervisor.start(glancing, glance.run)
        supervisor.start(looking, self.stream.run)
        supervisor.start(reading, self._read)

    def follow(self, events: Sequence[Event]) -> None:
        """Tell and count what was committed."""
        self.stream.follow(events)
        self.figures.follow(events)

    async def stop(self, supervisor: Supervisor) -> None:
        """End every stream."""
        self.stream.close()
        self._readers.live.end()
        for task in _TASKS:
            await supervisor.stop(task)

    async def _read(self) -> None:
        with self._readers.listening() as listener:
            while True:
                event = await listener.next()
                self.stream.tell(event.type, event.subject, event.data, event.at_ms)
