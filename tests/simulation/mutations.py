"""The station with one of its precautions taken out: what the simulation must notice.

Each is a context manager under which every world is built from broken parts.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from stationd.adapters.printers.ipp.driver import IppPrinter
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.errors import Faulted
from stationd.services.spool import Spooler
from tests.simulation.world import World


@contextmanager
def intent_written_late() -> Iterator[None]:
    """The claim comes into the books only with its outcome: a run that is killed leaves no trace of an open attempt."""
    retire = World._retire

    def without_open_attempts(world: World, station: Any) -> None:
        retire(world, station)
        book = world.disk.connection
        book.execute("BEGIN")
        for (seq,) in book.execute(
            "SELECT j.seq FROM attempt AS a JOIN job AS j ON j.seq = a.job"
            " WHERE a.outcome IS NULL AND j.state = 'printing'"
        ).fetchall():
            book.execute("DELETE FROM attempt WHERE job = ? AND outcome IS NULL", (seq,))
            book.execute("UPDATE job SET state = 'queued', attempts = attempts - 1 WHERE seq = ?", (seq,))
            book.execute("UPDATE blank_account SET balance = balance - 1 WHERE name = 'printer'")
            book.execute("UPDATE blank_account SET balance = balance + 1 WHERE name = 'safe'")
        book.execute("COMMIT")

    with patch.object(World, "_retire", without_open_attempts):
        yield


@contextmanager
def device_id_not_written() -> Iterator[None]:
    """What the device calls the job is not in the books when the document leaves."""
    opened = SqliteJobs.opened

    async def only_in_memory(store: SqliteJobs, attempt: Any, found: Any) -> Any:
        with patch.object(store, "_writer", _Mute()):
            return await opened(store, attempt, found)

    with patch.object(SqliteJobs, "opened", only_in_memory):
        yield


class _Mute:
    """A writer that says it has written."""

    async def apply(self, _operation: object, _argument: object) -> bool:
        return True


@contextmanager
def name_not_checked() -> Iterator[None]:
    """A job at the device is taken for ours by its number alone."""

    async def by_number(printer: IppPrinter, attempt: Any) -> Any:
        return await printer._device.job(int(attempt.remote_id)) if attempt.remote_id is not None else None

    with patch.object(IppPrinter, "_locate", by_number):
        yield


@contextmanager
def settling_not_shielded() -> Iterator[None]:
    """Cancelling a lane cancels what it was about to write down."""
    apply = Writer.apply

    async def bare(spooler: Spooler, write: Any) -> Any:
        while True:
            try:
                return await write()
            except Faulted:
                await asyncio.sleep(1.0)

    async def withdrawn_when_cancelled(writer: Writer, operation: Any, argument: Any) -> Any:
        try:
            return await apply(writer, operation, argument)
        except asyncio.CancelledError:
            writer._waiting[:] = [each for each in writer._waiting if each.argument is not argument]
            raise

    with patch.object(Spooler, "_durably", bare), patch.object(Writer, "apply", withdrawn_when_cancelled):
        yield


ALL = {
    "the intent is written late": (intent_written_late, ("do not know", "has 2 cards")),
    "the device's id is not written": (device_id_not_written, ("has 2 cards", "nothing printed", "nothing_printed")),
    "the name is not checked": (name_not_checked, ("as printed",)),
    "settling is not shielded": (settling_not_shielded, ("was known and is not in the books",)),
}
"""What is broken, and with which words the auditor must notice it."""
