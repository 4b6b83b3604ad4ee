"""A reader on a serial port: connects, frames what comes, and connects again when the port is lost."""

import asyncio
import errno
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from stationd.adapters.readers.desk import Desk
from stationd.adapters.readers.serial.options import SerialOptions
from stationd.adapters.readers.serial.transport import Connect, Link
from stationd.domain.scan import ReaderStatus, Scan
from stationd.ports.clock import Clock

_REASONS = {
    errno.ENOENT: "port-missing",
    errno.ENODEV: "port-missing",
    errno.ENXIO: "port-missing",
    errno.EACCES: "port-forbidden",
    errno.EPERM: "port-forbidden",
    errno.EBUSY: "port-busy",
    errno.EAGAIN: "port-busy",
}
_FAILED = "port-failed"
_LOST = "port-lost"


class SerialReader:
    """Fulfils :class:`stationd.ports.readers.Reader` for barcode, QR and badge readers that send lines or frames."""

    kind = "serial"

    def __init__(self, name: str, options: SerialOptions, connect: Connect, clock: Clock) -> None:
        self.name = name
        self._options = options
        self._connect = connect
        self._clock = clock
        self._desk = Desk(name, clock)
        self._framer = options.framing.framer()
        self._heard_at = 0.0

    @property
    def status(self) -> ReaderStatus:
        """How it is."""
        tally = self._framer.tally
        return replace(self._desk.status, garbled=tally.garbled, noise=tally.noise)

    def follow(self, changed: Callable[[ReaderStatus], None]) -> None:
        """Call ``changed`` whenever state or reasons change."""
        self._desk.follow(changed)

    def scans(self) -> AsyncGenerator[Scan, None]:
        """Every scan from now on; see :meth:`stationd.ports.readers.Reader.scans`."""
        return self._desk.scans(self._keep_connected)

    def nudge(self) -> None:
        """Try to connect now, if it waits to."""
        self._desk.nudge()

    async def aclose(self) -> None:
        """Let the port go."""
        await self._desk.aclose()

    async def _keep_connected(self) -> None:
        while True:
            lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            try:
                link = await self._connect(self._options.line, self._received, _telling(lost))
            except OSError as trouble:
                self._desk.absent(_REASONS.get(trouble.errno or 0, _FAILED), _line_of(trouble))
            else:
                await self._listen(link, lost)
            await self._desk.pause()

    async def _listen(self, link: Link, lost: "asyncio.Future[str]") -> None:
        try:
            self._framer.gap()
            self._desk.ready()
            if self._options.greeting:
                link.write(self._options.greeting)
            fault = await lost
        finally:
            await asyncio.shield(link.close())
        self._framer.gap()
        self._desk.absent(_LOST, fault)

    def _received(self, data: bytes) -> None:
        now = self._clock.monotonic()
        if self._options.gap_s and now - self._heard_at > self._options.gap_s:
            self._framer.gap()
        self._heard_at = now
        for frame in self._framer.feed(data):
            self._desk.put(Scan.of_frame(frame, self._desk.now_ms()))


def _telling(lost: "asyncio.Future[str]") -> Callable[[OSError | None], None]:
    def tell(trouble: OSError | None) -> None:
        if not lost.done():
            lost.set_result("closed" if trouble is None else _line_of(trouble))

    return tell


def _line_of(trouble: OSError) -> str:
    text = trouble.strerror or str(trouble) or type(trouble).__name__
    return " ".join(text.split())[:200]
