"""The ``Printer`` of a USB printer behind CUPS: its queue is found or made, and the ipp driver prints through it.

The queue is the one whose device URI carries the printer's serial, or the one that is named. Before the first card it
is made safe where it is not: CUPS gives a failed job up (``abort-job``), and ``stationd-once`` stands before the
device, so that a job goes through at most once. A queue that is missing is made when a model or a PPD says how.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from stationd.adapters.printers.cups.server import Queue, Server, once, serial_of
from stationd.adapters.printers.cups.settings import Settings
from stationd.adapters.printers.ipp.client import ExchangeError
from stationd.adapters.printers.ipp.device import RefusedError
from stationd.adapters.printers.ipp.driver import IppPrinter
from stationd.adapters.printers.ipp.settings import read_settings
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import Cause, Finding, NothingPrinted, Outcome, Unknown
from stationd.domain.printer import Capabilities, PrinterStatus
from stationd.ports.printers import Opened, PrinterSpec

_RAW: Final = "raw"
_ASK_AGAIN_S: Final = 15.0
"""Between two tries to find or make a queue, when CUPS answered and said no: finding devices takes it seconds."""


class CupsPrinter:
    """One printer behind a CUPS queue; fulfils :class:`stationd.ports.printers.Printer` through the ipp driver."""

    def __init__(self, spec: PrinterSpec, settings: Settings) -> None:
        self._spec = spec
        self._settings = settings
        timeout_s = read_settings(self._ipp_spec("/")).timeout_s
        self._server = Server(settings.endpoint, timeout_s=timeout_s)
        self._printer: IppPrinter | None = None
        self._finding = asyncio.Lock()
        self._trouble: tuple[Faulted, float] | None = None

    @property
    def name(self) -> str:
        """The station's name for it."""
        return self._spec.name

    @property
    def capabilities(self) -> Capabilities:
        """The ipp driver's, once there is a queue."""
        return self._printer.capabilities if self._printer is not None else Capabilities(evidence=Evidence.SPOOLER)

    async def status(self) -> PrinterStatus:
        """How the queue is. Raises ``Faulted``: ``printer-unreachable`` without CUPS, ``printer-queue`` without one."""
        printer = await self._through()
        try:
            return await printer.status()
        except Faulted:
            self._printer = None  # its queue may be another one, or none, when CUPS is back
            raise

    async def open(self, attempt: Attempt) -> Opened | NothingPrinted:
        """Open a job in the queue, which is safe by then."""
        try:
            printer = await self._through()
        except Faulted as fault:
            return NothingPrinted(Cause.PRINTER, fault.code)
        return await printer.open(attempt)

    async def send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Send the document of an opened job."""
        if self._printer is None:
            return NothingPrinted(Cause.TRANSIENT, "never-opened")
        return await self._printer.send(attempt, document)

    async def watch(self, attempt: Attempt) -> Outcome:
        """Wait until CUPS has settled the job."""
        try:
            printer = await self._through()
        except Faulted as fault:
            return Unknown(fault.detail)
        return await printer.watch(attempt)

    async def find(self, attempt: Attempt) -> Finding:
        """What became of an attempt of a former run. Raises ``Faulted`` as :meth:`status`."""
        return await (await self._through()).find(attempt)

    async def withdraw(self, attempt: Attempt) -> Finding:
        """Take a job back from the queue as far as CUPS allows. Raises ``Faulted`` as :meth:`status`."""
        return await (await self._through()).withdraw(attempt)

    async def give_up(self, attempt: Attempt) -> None:
        """Cancel a job that the queue would print when the printer is back."""
        with suppress(Faulted):
            await (await self._through()).give_up(attempt)

    async def unfinished(self) -> Sequence[str]:
        """The attempts that the queue has not ended. Raises ``Faulted`` as :meth:`status`."""
        return await (await self._through()).unfinished()

    async def aclose(self) -> None:
        """Nothing is held open; the queue stays."""

    # ------------------------------------------------------------------------------------------------- the queue

    async def _through(self) -> IppPrinter:
        """The ipp driver at the queue. Raises ``Faulted``; asks again after a while only, when CUPS said no."""
        async with self._finding:
            if self._printer is not None:
                return self._printer
            if self._trouble is not None and time.monotonic() < self._trouble[1]:
                raise self._trouble[0]
            try:
                queue = await self._safe_queue()
            except Faulted as fault:
                self._trouble = (fault, time.monotonic() + _ASK_AGAIN_S)
                raise
            except ExchangeError as error:
                silent = self._without_answer(error)
                if error.refused:
                    self._trouble = (silent, time.monotonic() + _ASK_AGAIN_S)
                raise silent from None
            except RefusedError as error:
                refused = self._queue_fault(
                    f"CUPS refuses: {error.refusal.keyword}",
                    "is stationd-once in CUPS's backend folder, and the user that runs stationd in the group lpadmin?",
                )
                self._trouble = (refused, time.monotonic() + _ASK_AGAIN_S)
                raise refused from None
            self._printer = IppPrinter(self.name, read_settings(self._ipp_spec(f"/printers/{queue}")))
            return self._printer

    async def _safe_queue(self) -> str:
        """The name of the printer's queue, found or made."""
        queues = await self._server.queues()
        found = [queue for queue in queues if self._leads_to_it(queue)]
        if len(found) > 1:
            names = ", ".join(queue.name for queue in found)
            raise self._queue_fault(f"several CUPS queues lead to it ({names})", "name one of them with queue = …")
        if not found:
            if self.name in {queue.name for queue in queues}:
                raise self._queue_fault(f"the queue {self.name} leads to another device", "delete or rename that queue")
            return await self._make()
        if not found[0].is_safe:
            await self._server.make_safe(found[0])
        return found[0].name

    def _leads_to_it(self, queue: Queue) -> bool:
        if self._settings.queue is not None:
            return queue.name == self._settings.queue
        return serial_of(queue.device_uri) == self._settings.serial

    async def _make(self) -> str:
        settings = self._settings
        name = settings.queue or self.name
        if settings.serial is None:
            raise self._queue_fault(f"CUPS has no queue {name}, and the printer says no serial", _by_hand(name))
        if settings.model is None and settings.ppd is None:
            raise self._queue_fault("no CUPS queue leads to it", f"set model or ppd for it, or: {_by_hand(name)}")
        ppd = b""
        if settings.ppd is not None:
            try:
                ppd = await asyncio.to_thread(settings.ppd.read_bytes)
            except OSError as error:
                raise self._queue_fault(f"cannot read {settings.ppd}: {error.strerror}", "correct ppd") from None
        elif settings.model not in {None, _RAW} and not await self._server.has_model(str(settings.model)):
            raise self._queue_fault(
                f"CUPS has no model {settings.model}", "install the printer's driver; lpinfo -m lists what there is"
            )
        devices = [uri for uri in await self._server.devices() if serial_of(uri) == settings.serial]
        if len(devices) != 1:
            seen = "does not see it" if not devices else "sees it more than once"
            raise self._queue_fault(f"CUPS {seen} on the USB bus", "lpinfo -v lists what it sees")
        model = None if settings.model == _RAW else settings.model
        await self._server.make(name, once(devices[0]), model=model, ppd=ppd)
        return name

    def _ipp_spec(self, path: str) -> PrinterSpec:
        """The same CUPS, at another path."""
        endpoint = self._settings.endpoint
        uri = f"ipp://{endpoint.authority}{path}"
        if endpoint.socket is not None:
            uri = f"ipp+unix://{endpoint.socket}?path={path}"
        return PrinterSpec(name=self._spec.name, driver="ipp", uri=uri, options=self._settings.rest)

    def _without_answer(self, error: ExchangeError) -> Faulted:
        if error.refused:
            return self._queue_fault(
                f"CUPS refuses to be managed by us ({error.reason})",
                "put the user that runs stationd into the group lpadmin, and let uri be CUPS's unix socket",
            )
        return Faulted(
            "printer-unreachable",
            f"cannot ask printer {self.name}: CUPS does not answer ({error.reason})",
            fix="install and start CUPS, or set uri to where it is",
        )

    def _queue_fault(self, why: str, fix: str) -> Faulted:
        return Faulted("printer-queue", f"cannot use printer {self.name} through CUPS: {why}", fix=fix)


def _by_hand(name: str) -> str:
    return f"lpadmin -p {name} -E -v 'stationd-once:usb://…' -P FILE.ppd -o printer-error-policy=abort-job"
