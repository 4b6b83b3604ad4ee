"""Slips: what a citizen takes home after an order was taken."""

from collections.abc import Callable
from datetime import date

from stationd.domain.errors import Refused
from stationd.domain.job import Job
from stationd.domain.slip import Slip
from stationd.ports.jobs import JobStore
from stationd.ports.slips import SlipPrinter


class Slips:
    """Prints the slip of a job, as often as it is asked for."""

    def __init__(
        self, store: JobStore, printer: SlipPrinter | None, *, station: str, day_in: Callable[[float], date | None]
    ) -> None:
        """``printer`` is ``None`` where there is none; ``day_in`` is the day while the clock is trusted."""
        self._store = store
        self._printer = printer
        self._station = station
        self._day_in = day_in

    async def print(self, job_id: str) -> Job:
        """The job whose slip was printed.

        Raises :class:`Refused` (``job-unknown``, ``slip-printer-none``), ``Faulted`` (``slip-printer-unreachable``).
        """
        job = await self._store.read(job_id)
        if job is None:
            raise Refused("job-unknown")
        if self._printer is None:
            raise Refused("slip-printer-none")
        await self._printer.print(Slip(station=self._station, receipt=job.receipt, taken_on=self._day_in(0)))
        return job
