"""The driver of a simulated printer: what a careful driver makes of what the machine says.

It believes a report only as far as the card counter agrees. After a death of the process the folder is asked: the
machine died with it, so what is not there will never come.
"""

import asyncio
import copy
import random
import secrets
from collections.abc import Callable
from typing import Self

from stationd.adapters.printers.simulator.mechanism import Cancellable, DeviceJob, Later, Mechanism, Report, Said
from stationd.adapters.printers.simulator.options import Options, read_options
from stationd.adapters.printers.simulator.tray import SUFFIXES, FolderTray
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import Cause, Finding, NothingPrinted, Outcome, Printed, Spoiled, StillOpen, Unknown
from stationd.domain.printer import OFFLINE, Capabilities, PrinterStatus
from stationd.ports.printers import Opened, Printer, PrinterSpec

_SIGNATURES = {"image/png": b"\x89PNG\r\n\x1a\n", "application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff"}
_WITHDRAWN = "job-canceled-by-user"
_NEVER_SENT = "the document was never sent"


def build(spec: PrinterSpec) -> Printer:
    """A simulated printer for a specification. Raises ``ValueError`` with one line for a wrong option."""
    return SimulatedPrinter(spec.name, read_options(spec.options))


class SimulatedPrinter:
    """Fulfils :class:`stationd.ports.printers.Printer` with a machine of its own, switched on at the first call.

    ``fault``, ``clear``, ``unplug``, ``plug`` and ``forget`` do to the machine what people and accidents do.
    """

    def __init__(self, name: str, options: Options, *, later: Later | None = None) -> None:
        self._name = name
        self._options = options
        self._tray = FolderTray(options.folder)
        self._mechanism = Mechanism(
            options,
            tray=self._tray,
            later=later or _on_the_loop,
            chance=random.Random(options.seed),  # noqa: S311 - chance of pretended faults, no secret
            born=secrets.token_hex(4),
        )
        self._capabilities = Capabilities(
            window=options.window,
            evidence=Evidence.COUNTER,
            media_types=frozenset(SUFFIXES),
            has_counter=True,
            can_cancel=True,
            nominal_s=options.seconds,
        )
        self._is_counted = False
        self._counting = asyncio.Lock()

    @property
    def name(self) -> str:
        """The station's name for it."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """Two jobs at a time unless configured otherwise; proof by its card counter."""
        return self._capabilities

    @property
    def mechanism(self) -> Mechanism:
        """The machine behind the driver."""
        return self._mechanism

    # ---------------------------------------------------------------------------------------------------- the port

    async def status(self) -> PrinterStatus:
        """Ask the machine. Raises ``Faulted`` (``printer-unreachable``) when unplugged or when its folder fails."""
        await self._reach()
        return self._mechanism.status()

    async def open(self, attempt: Attempt) -> Opened | NothingPrinted:
        """Open an empty job named by the attempt's id."""
        try:
            await self._reach()
        except Faulted:
            return NothingPrinted(Cause.PRINTER, OFFLINE)
        machine = self._mechanism
        job = machine.create(attempt.id)
        if job is None:
            return NothingPrinted(Cause.PRINTER, "busy")
        return Opened(remote_id=str(job.number), incarnation=machine.incarnation, counter=machine.counter)

    async def send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Hand over the document; what is not PNG, JPEG or PDF by its first bytes is refused."""
        try:
            await self._reach()
        except Faulted:
            return NothingPrinted(Cause.PRINTER, OFFLINE)
        job = self._job(attempt)
        if job is None:
            return NothingPrinted(Cause.PRINTER, "the machine has no such job")
        if job.report is not None and not job.has_document:
            return self._outcome(job.report)
        if job.has_document:
            return None
        signature = _SIGNATURES.get(document.media_type)
        if signature is None or not document.data.startswith(signature):
            self._mechanism.cancel(job, "document-format-error")
            return NothingPrinted(Cause.DOCUMENT, "document-format-error")
        self._mechanism.receive(job, document)
        return None

    async def watch(self, attempt: Attempt) -> Outcome:
        """Wait for the machine's report."""
        job = self._job(attempt) if self._mechanism.is_reachable else None
        if job is None or not job.has_document:
            return await self._without_report(attempt)
        report = job.report or await self._report_of(job)
        return self._lost() if report is None else self._outcome(report)

    async def find(self, attempt: Attempt) -> Finding:
        """What the machine remembers, else what the folder shows. Raises ``Faulted`` when unplugged."""
        await self._reach()
        machine = self._mechanism
        job = self._job(attempt)
        if job is not None and not job.has_document:
            machine.cancel(job, _WITHDRAWN)
            return NothingPrinted(Cause.WITHDRAWN, _NEVER_SENT)
        if job is not None:
            return StillOpen(attempt.remote_id or str(job.number)) if job.report is None else self._outcome(job.report)
        if attempt.remote_id is None:
            return NothingPrinted(Cause.WITHDRAWN, _NEVER_SENT)
        if attempt.incarnation in machine.forgotten:
            return Unknown("the printer has restarted and remembers nothing of the card")
        try:
            has_landed = await self._tray.has(attempt.id)
        except OSError as trouble:
            raise self._unreachable(trouble.strerror) from trouble
        if has_landed:
            moved = None if attempt.counter is None else machine.counter - attempt.counter
            return Printed(Evidence.COUNTER if moved == 1 else Evidence.PRINTER, machine.counter)
        if attempt.incarnation == machine.incarnation:
            return Unknown("the printer no longer remembers the card")
        return NothingPrinted(Cause.PRINTER, "shutdown")

    async def withdraw(self, attempt: Attempt) -> Finding:
        """Take a job back unless its card is being made; ``Unknown`` while unplugged."""
        try:
            await self._reach()
        except Faulted:
            return self._lost()
        job = self._job(attempt)
        if job is None:
            return await self.find(attempt)
        if job.report is None and self._mechanism.cancel(job, _WITHDRAWN):
            return NothingPrinted(Cause.WITHDRAWN, _WITHDRAWN)
        return StillOpen(str(job.number)) if job.report is None else self._outcome(job.report)

    async def aclose(self) -> None:
        """Switch the machine off: when this returns, no card comes out any more."""
        self._mechanism.power_off()
        await self._tray.settled()

    # ------------------------------------------------------------------------------------- what people and accidents do

    def fault(self, reason: str) -> None:
        """Give the machine an IPP reason such as ``cover-open``; see :meth:`Mechanism.fault`."""
        self._mechanism.fault(reason)

    def clear(self, reason: str) -> None:
        """Take the reason away."""
        self._mechanism.clear(reason)

    def unplug(self) -> None:
        """Pull the cable: whoever watches a card learns ``Unknown``, while the machine goes on printing it."""
        self._mechanism.unplug()

    def plug(self) -> None:
        """Put the cable back."""
        self._mechanism.plug()

    def forget(self) -> None:
        """Restart the machine: it ruins the card being made and remembers none of its jobs."""
        self._mechanism.restart()

    def twin(self) -> Self:
        """Another driver on the same machine, as if the process that held this one had died and left it running."""
        twin = copy.copy(self)
        twin._counting = asyncio.Lock()  # noqa: SLF001 - of the same class
        return twin

    # ------------------------------------------------------------------------------------------------------- inside

    async def _reach(self) -> None:
        if not self._is_counted:
            async with self._counting:
                if not self._is_counted:
                    try:
                        self._mechanism.counter = await self._tray.open()
                    except OSError as trouble:
                        raise self._unreachable(trouble.strerror) from trouble
                    self._is_counted = True
        if not (self._mechanism.is_reachable and self._mechanism.is_on):
            raise self._unreachable("it is unplugged" if self._mechanism.is_on else "it is switched off")

    def _unreachable(self, why: str | None) -> Faulted:
        return Faulted(
            "printer-unreachable", f"cannot reach the simulated printer {self._name}: {why}", fix="plug it in"
        )

    def _job(self, attempt: Attempt) -> DeviceJob | None:
        return self._mechanism.job(attempt.id)

    async def _without_report(self, attempt: Attempt) -> Outcome:
        try:
            found = await self.find(attempt)
        except Faulted:
            return self._lost()
        return self._lost() if isinstance(found, StillOpen) else found

    async def _report_of(self, job: DeviceJob) -> Report | None:
        told: asyncio.Future[Report | None] = asyncio.get_running_loop().create_future()

        def tell(report: Report | None) -> None:
            if not told.done():
                told.set_result(report)

        self._mechanism.watch(job, tell)
        try:
            return await told
        finally:
            self._mechanism.unwatch(job, tell)

    def _lost(self) -> Unknown:
        if not self._mechanism.is_on:
            return Unknown("the printer was switched off during the card")
        if not self._mechanism.is_reachable:
            return Unknown("the printer was unplugged during the card")
        return Unknown("the printer restarted during the card")

    def _outcome(self, report: Report) -> Outcome:
        moved = report.counter_after - report.counter_before
        match report.said:
            case Said.COMPLETED if moved == 0:
                return Unknown("the printer says completed, but its card counter has not moved")
            case Said.COMPLETED:
                return Printed(Evidence.COUNTER if moved == 1 else Evidence.PRINTER, report.counter_after)
            case Said.ABORTED if moved:
                return Unknown("the printer says aborted, but its card counter has moved")
            case Said.ABORTED if report.reason == _WITHDRAWN:
                return NothingPrinted(Cause.WITHDRAWN, report.reason)
            case Said.ABORTED:
                return NothingPrinted(Cause.TRANSIENT, report.reason)
            case Said.SPOILED:
                return Spoiled(report.reason)
            case Said.UNKNOWN:
                return Unknown("the printer does not know how the card ended")


def _on_the_loop(seconds: float, call: Callable[[], None]) -> Cancellable:
    return asyncio.get_running_loop().call_later(seconds, call)
