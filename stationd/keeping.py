"""Composition of what keeps the books in order: forgetting, changing the keys, reading them through."""

from collections.abc import Callable
from typing import Final

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.forgetting import SqliteForgetting
from stationd.adapters.sqlite.integrity import SqliteExamination
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.keyring import SqliteKeyring
from stationd.config import Settings
from stationd.services.housekeeping import Housekeeping
from stationd.services.integrity import Integrity
from stationd.services.rekeying import Rekeying
from stationd.services.supervise import Supervisor

_HOUSEKEEPING: Final = "housekeeping"
_INTEGRITY: Final = "integrity"
_KEYS: Final = "keys"


class Keeping:
    """The tasks, each under its name."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        seal: StationSeal,
        *,
        surely_ms: Callable[[], int | None],
        jobs: SqliteJobs,
        load_key: Callable[[], bytes],
        relieved: Callable[[], None],
    ) -> None:
        """``surely_ms`` is the latest moment that has surely passed.

        ``load_key`` reads the station key, once more when it is being changed; ``relieved`` is told when a disk
        that was full takes everything again.
        """
        database.writer.relieved = relieved
        self._tasks = {
            _HOUSEKEEPING: Housekeeping(jobs, SqliteForgetting(database), surely_ms, settings.retention).run,
            _INTEGRITY: Integrity(SqliteExamination(database), database.writer.condemn).run,
            _KEYS: Rekeying(SqliteKeyring(database, seal, load_key)).run,
        }

    def start(self, supervisor: Supervisor) -> None:
        """Start them."""
        for name, run in self._tasks.items():
            supervisor.start(name, run)

    async def stop(self, supervisor: Supervisor) -> None:
        """Stop them."""
        for name in self._tasks:
            await supervisor.stop(name)
