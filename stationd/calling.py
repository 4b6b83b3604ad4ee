"""The part of the composition that is about calls: kiosks that pair, and requests that come twice."""

from typing import Final

from stationd.adapters.sqlite.answers import SqliteAnswers
from stationd.adapters.sqlite.database import Database
from stationd.ports.clock import Clock
from stationd.ports.seal import Seal
from stationd.services.access import Access
from stationd.services.pairing import Pairings
from stationd.services.repeats import Repeats
from stationd.services.stream import Stream
from stationd.services.supervise import Supervisor

_TASK: Final = "old answers"


class Calling:
    """What the door remembers of its callers."""

    def __init__(self, database: Database, seal: Seal, clock: Clock, access: Access, stream: Stream) -> None:
        self.pairings = Pairings(access, stream, clock)
        self.repeats = Repeats(SqliteAnswers(database.writer, seal), clock, seal.fingerprint)

    def start(self, supervisor: Supervisor) -> None:
        """Start what goes on for ever."""
        supervisor.start(_TASK, self.repeats.run)

    async def stop(self, supervisor: Supervisor) -> None:
        """Forget nothing more."""
        await supervisor.stop(_TASK)
