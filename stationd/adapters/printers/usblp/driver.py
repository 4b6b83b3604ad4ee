"""The ``Printer`` of usblp: a document's bytes to ``/dev/usb/lpN``, and what may be said of a card afterwards.

The device never says that it printed a card. What this driver says, and why:

* every byte taken, the last one arrived, and the device well: ``Printed`` with ``spooler`` evidence, the weakest: bytes
  taken are not bytes printed.
* nothing written: ``NothingPrinted``. *Nothing* includes the head of :data:`HEAD` bytes of a longer document, which is
  written alone and must arrive first: no card comes of it, so that a cable pulled before, or a device that refuses at
  the first byte, leaves nothing in doubt.
* cut anywhere after the head: ``Unknown``. The kernel takes up to 70 kB more than the device has, and a device may
  print what it has.
* after a crash of the station: what the progress file says (:mod:`stationd.adapters.printers.usblp.progress`). It says
  *begun* from before the first byte until the device had every one: in between, ``Unknown``.

Paper out, cover open or off-line in mid-document is no end: the rest goes on when the device is well again.

A document that was cut leaves a piece in the device, to which the next would be appended. So before the next one the
device is told to forget it (SOFT_RESET), unless it was plugged in anew since; one that cannot takes no card.
"""

import asyncio
import errno
import logging
from dataclasses import dataclass
from functools import partial
from typing import Final

from stationd.adapters.printers.usblp.device import OpenDevice, in_thread, meaning, open_device, reasons_of
from stationd.adapters.printers.usblp.place import Finder, Place, is_still_at
from stationd.adapters.printers.usblp.progress import Progress, ProgressFile, Stage
from stationd.adapters.printers.usblp.settings import Settings
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt, Evidence
from stationd.domain.order import Document
from stationd.domain.outcome import Cause, Finding, NothingPrinted, Outcome, Printed, StillOpen, Unknown
from stationd.domain.printer import OFFLINE, Capabilities, PrinterState, PrinterStatus
from stationd.ports.printers import Opened

_log = logging.getLogger(__name__)

HEAD: Final = 512
"""Bytes of a document that are written alone, first: one packet of USB 2, and never a card."""
FIRST_BYTE_WITHIN_S: Final = 10.0
"""How long a device may take nothing at all before the job is given back."""

_WITHDRAWN: Final = "withdrawn"
_NEVER_SENT: Final = "never-sent"
_GONE: Final = frozenset({errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.ESHUTDOWN})


@dataclass(slots=True)
class _Transfer:
    """The attempt at hand. ``taken``: bytes that the kernel took; ``is_sure_nothing``: no card can come of them."""

    attempt: str
    place: Place
    device: OpenDevice
    taken: int = 0
    is_sure_nothing: bool = True
    outcome: Outcome | None = None

    @property
    def is_over(self) -> bool:
        """Whether its outcome is known and its device let go."""
        return self.outcome is not None


class UsblpPrinter:
    """One printer at a node of usblp; fulfils :class:`stationd.ports.printers.Printer`. One card at a time."""

    def __init__(self, name: str, settings: Settings, find: Finder) -> None:
        self._name = name
        self._settings = settings
        self._find = find
        self._progress = ProgressFile(settings.progress, name)
        self._capabilities = Capabilities(window=1, evidence=Evidence.SPOOLER, media_types=settings.media_types)
        self._transfer: _Transfer | None = None
        self._place: Place | None = None
        self._model: tuple[str, str | None] | None = None
        self._opening = asyncio.Lock()

    @property
    def name(self) -> str:
        """The station's name for it."""
        return self._name

    @property
    def capabilities(self) -> Capabilities:
        """One job at a time, no counter, and never more than a spooler's word."""
        return self._capabilities

    async def status(self) -> PrinterStatus:
        """Ask the device how it is. Raises ``Faulted`` (code ``printer-unreachable``) when it cannot be asked.

        Between cards the device is opened for the question and let go again.
        """
        try:
            async with self._opening:
                at_hand = self._transfer
                if at_hand is not None and not at_hand.is_over:
                    return await self._status(at_hand.device, at_hand.place, is_printing=True)
                place, device = await self._open_now()
                try:
                    return await self._status(device, place, is_printing=False)
                finally:
                    device.close()
        except OSError as error:
            raise self._unreachable(error) from None

    async def open(self, attempt: Attempt) -> Opened | NothingPrinted:
        """Take the device for this attempt; nothing is sent. The remote id is the attempt's own."""
        async with self._opening:
            self._let_go()
            try:
                place, device = await self._open_now()
            except OSError as error:
                return NothingPrinted(Cause.PRINTER, OFFLINE if error.errno in _GONE else meaning(error))
            try:
                trouble = await self._make_ready(attempt, place, device)
            except BaseException:
                device.close()
                raise
            if trouble is not None:
                device.close()
                return trouble
            self._transfer = _Transfer(attempt.id, place, device)
            return Opened(remote_id=attempt.id, incarnation=place.address)

    async def send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Write the document; ``None`` when the kernel has all of it. Waits as long as the device takes its time."""
        transfer = self._at_hand(attempt)
        if transfer is None:
            return await self._found(attempt)
        if transfer.taken or transfer.is_over:
            return transfer.outcome
        if document.media_type not in self._settings.media_types:
            return self._end(transfer, NothingPrinted(Cause.DOCUMENT, "document-format-not-supported"))
        try:
            await self._write_down(transfer, Stage.BEGUN)
        except OSError:
            return self._end(transfer, NothingPrinted(Cause.PRINTER, "progress-not-kept"))
        try:
            outcome = await self._write(transfer, memoryview(document.data))
        except OSError as error:
            return self._end(transfer, self._cut(transfer, error))
        except BaseException:
            self._end(transfer, self._cut(transfer, None))
            raise
        return None if outcome is None else self._end(transfer, outcome)

    async def watch(self, attempt: Attempt) -> Outcome:
        """Wait until the last byte has arrived and the device is well; one that is pulled out leaves ``Unknown``."""
        transfer = self._at_hand(attempt)
        if transfer is None:
            return await self._found(attempt)
        while not transfer.is_over:
            try:
                has_arrived = await transfer.device.writable(self._settings.poll_s)
                is_well = not await self._reasons(transfer.device)
                if has_arrived and is_well:
                    await self._given(transfer)
                    self._end(transfer, Printed(Evidence.SPOOLER))
                elif has_arrived:
                    await asyncio.sleep(self._settings.poll_s)
            except OSError as error:
                self._end(transfer, self._cut(transfer, error))
        return transfer.outcome or Unknown("the station let go of the printer during the card")

    async def find(self, attempt: Attempt) -> Finding:
        """What the progress file says of an attempt; asks nothing of the device, which knows nothing of cards.

        Raises ``Faulted`` when the file cannot be read.
        """
        if attempt.remote_id is None:
            return NothingPrinted(Cause.TRANSIENT, _NEVER_SENT)
        transfer = self._at_hand(attempt)
        if transfer is not None and transfer.taken and not transfer.is_over:
            return StillOpen(attempt.id)
        if transfer is not None and transfer.outcome is not None:
            return transfer.outcome
        if transfer is not None:
            return self._end(transfer, NothingPrinted(Cause.TRANSIENT, _NEVER_SENT))
        try:
            known = await in_thread(self._progress.read)
        except OSError as error:
            raise self._unreachable(error) from None
        if known is None or known.attempt != attempt.id:
            return Unknown("nothing is known any more of how far the document came")
        match known.stage:
            case Stage.OPENED:
                return NothingPrinted(Cause.TRANSIENT, _NEVER_SENT)
            case Stage.BEGUN:
                return Unknown("the station stopped while the document was on its way to the printer")
            case Stage.GIVEN:
                return Printed(Evidence.SPOOLER)

    async def withdraw(self, attempt: Attempt) -> Finding:
        """Give up an attempt of which nothing was sent; one that was begun is left to go on."""
        transfer = self._at_hand(attempt)
        if transfer is not None and not transfer.taken and not transfer.is_over:
            return self._end(transfer, NothingPrinted(Cause.WITHDRAWN, _WITHDRAWN))
        found = await self.find(attempt)
        is_unsent = isinstance(found, NothingPrinted) and found.reason == _NEVER_SENT
        return NothingPrinted(Cause.WITHDRAWN, _WITHDRAWN) if is_unsent else found

    async def aclose(self) -> None:
        """Let go of the device; what has not arrived never will."""
        self._let_go()

    # ------------------------------------------------------------------------------------------------ one document

    async def _write(self, transfer: _Transfer, data: memoryview) -> NothingPrinted | None:
        """Write it all, the head first. Raises ``OSError`` where it is cut."""
        head = HEAD if len(data) > HEAD else 0
        if head:
            if not await self._push(transfer, data[:head]):
                return NothingPrinted(Cause.PRINTER, "device-takes-no-data")
            while not await transfer.device.writable(self._settings.poll_s):
                await self._reasons(transfer.device)
            await self._reasons(transfer.device)  # raises when it is not there any more: then nothing but the head left
        transfer.is_sure_nothing = False
        if not await self._push(transfer, data[head:]):
            return NothingPrinted(Cause.PRINTER, "device-takes-no-data")
        return None

    async def _push(self, transfer: _Transfer, piece: memoryview) -> bool:
        """Write a piece; false when the device took nothing of the whole document for too long. Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        sent = 0
        while sent < len(piece):
            taken = 0
            if await transfer.device.writable(self._settings.poll_s):
                taken = await self._write_some(transfer, piece[sent:])
            sent += taken
            transfer.taken += taken
            if not transfer.taken and loop.time() - since > FIRST_BYTE_WITHIN_S:
                return False
        return True

    async def _write_some(self, transfer: _Transfer, piece: memoryview) -> int:
        """Bytes taken now; none, after a pause, from a device that is out of cards or was not ready after all."""
        try:
            taken = transfer.device.write(piece)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            taken = 0
        if not taken:
            await asyncio.sleep(self._settings.poll_s)
        return taken

    def _cut(self, transfer: _Transfer, error: OSError | None) -> Outcome:
        """What a document is whose way was cut by an error, or by our own stop."""
        why = "the station stopped" if error is None else meaning(error)
        if not transfer.is_sure_nothing:
            return Unknown(f"the document was cut off on its way to the printer ({why})")
        if error is None:
            return NothingPrinted(Cause.TRANSIENT, _NEVER_SENT)
        return NothingPrinted(Cause.PRINTER, OFFLINE if error.errno in _GONE else meaning(error))

    def _end(self, transfer: _Transfer, outcome: Outcome) -> Outcome:
        """Settle a transfer, once, and let go of its device."""
        if transfer.outcome is None:
            transfer.outcome = outcome
            transfer.device.close()
        return transfer.outcome

    def _let_go(self) -> None:
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            self._end(transfer, self._cut(transfer, None))

    def _at_hand(self, attempt: Attempt) -> _Transfer | None:
        transfer = self._transfer
        return transfer if transfer is not None and transfer.attempt == attempt.id else None

    async def _found(self, attempt: Attempt) -> Outcome:
        """The outcome of an attempt that is not at hand."""
        try:
            found = await self.find(attempt)
        except Faulted as fault:
            return Unknown(fault.detail)
        return Unknown("the document is on its way") if isinstance(found, StillOpen) else found

    async def _given(self, transfer: _Transfer) -> None:
        try:
            await self._write_down(transfer, Stage.GIVEN)
        except OSError as error:
            _log.warning("cannot write down that printer %s has the document: %s", self._name, error.strerror)

    async def _write_down(self, transfer: _Transfer, stage: Stage) -> None:
        progress = Progress(attempt=transfer.attempt, stage=stage, address=transfer.place.address)
        await asyncio.shield(in_thread(lambda: self._progress.write(progress)))

    # ---------------------------------------------------------------------------------------------------- the device

    async def _open_now(self) -> tuple[Place, OpenDevice]:
        """The device opened for us, and where it is; it was found there after the opening too. Raises ``OSError``."""
        known = self._place
        is_known = known is not None and await in_thread(partial(is_still_at, known))
        place = known if known is not None and is_known else await in_thread(self._find)
        device = await open_device(place.node)
        try:
            is_it = await in_thread(partial(is_still_at, place))
        except BaseException:
            device.close()
            raise
        if not is_it:
            device.close()
            self._place = None
            raise OSError(errno.ENODEV, "another device has taken its place")
        self._place = place
        return place, device

    async def _make_ready(self, attempt: Attempt, place: Place, device: OpenDevice) -> NothingPrinted | None:
        """See that the device is well and empty, and write down that it is taken; else why no card can begin."""
        try:
            reasons = await self._reasons(device)
        except OSError as error:
            return NothingPrinted(Cause.PRINTER, OFFLINE if error.errno in _GONE else meaning(error))
        if reasons:
            return NothingPrinted(Cause.PRINTER, " ".join(sorted(reasons)))
        try:
            last = await in_thread(self._progress.read)
        except OSError:
            return NothingPrinted(Cause.PRINTER, "progress-not-kept")
        if last is not None and last.stage is Stage.BEGUN and last.address == place.address:
            try:
                await device.reset()
            except OSError as error:
                _log.warning(
                    "printer %s may hold a piece of a card and cannot be told to forget it (%s): switch it off and on",
                    self._name,
                    meaning(error),
                )
                return NothingPrinted(Cause.PRINTER, "device-holds-a-piece-of-a-document")
        fresh = Progress(attempt=attempt.id, stage=Stage.OPENED, address=place.address)
        try:
            await asyncio.shield(in_thread(lambda: self._progress.write(fresh)))
        except OSError:
            return NothingPrinted(Cause.PRINTER, "progress-not-kept")
        return None

    async def _status(self, device: OpenDevice, place: Place, *, is_printing: bool) -> PrinterStatus:
        if self._model is None or self._model[0] != place.address:
            try:
                self._model = (place.address, await device.model())
            except OSError:
                self._model = (place.address, None)  # a device need not have an IEEE 1284 id
        reasons = await self._reasons(device)
        state = PrinterState.PROCESSING if is_printing else PrinterState.IDLE
        return PrinterStatus(
            state=PrinterState.STOPPED if reasons else state,
            reasons=reasons,
            incarnation=place.address,
            model=self._model[1],
        )

    async def _reasons(self, device: OpenDevice) -> frozenset[str]:
        return reasons_of(await device.status()) if self._settings.has_status else frozenset()

    def _unreachable(self, error: OSError) -> Faulted:
        fixes = {
            errno.EBUSY: "stop the other program, such as a CUPS queue for the same printer",
            errno.EACCES: "put the user that runs stationd into the group lp",
            errno.ENOTUNIQ: "name the printer by its identity, as stationd devices shows it",
        }
        return Faulted(
            "printer-unreachable",
            f"cannot ask printer {self._name}: {meaning(error)}",
            fix=fixes.get(error.errno or 0, "check that the printer is on and connected"),
        )
