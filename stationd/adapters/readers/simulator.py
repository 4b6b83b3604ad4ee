"""The simulated reader: scans are injected, the plug is pulled by hand. For demonstrations and tests."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from stationd.adapters.readers.desk import Desk
from stationd.adapters.readers.options import read_options
from stationd.adapters.system import SystemClock
from stationd.domain.scan import ReaderStatus, Scan, ScanKind
from stationd.ports.clock import Clock
from stationd.ports.readers import ReaderSpec

_MODEL = "simulated reader"


class SimulatedReader:
    """Fulfils :class:`stationd.ports.readers.Reader` without a device."""

    kind = "simulator"

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self._desk = Desk(name, clock)
        self._plugged = asyncio.Event()
        self._plugged.set()
        self._pulled = asyncio.Event()

    @property
    def status(self) -> ReaderStatus:
        """How it is."""
        return self._desk.status

    def follow(self, changed: Callable[[ReaderStatus], None]) -> None:
        """Call ``changed`` whenever state or reasons change."""
        self._desk.follow(changed)

    def scans(self) -> AsyncGenerator[Scan, None]:
        """What is injected while the plug is in."""
        return self._desk.scans(self._be_there)

    def nudge(self) -> None:
        """Nothing to hasten: it is there as soon as it is plugged."""

    async def aclose(self) -> None:
        """End the scans."""
        await self._desk.aclose()

    def scan(self, text: str) -> None:
        """Read a code, as if it were held before the reader; lost when the plug is out."""
        self._inject(Scan.of_frame(text.encode(), self._desk.now_ms()))

    def insert_card(self, uid: bytes, atr: bytes = b"") -> None:
        """Put a card on it."""
        self._inject(Scan(kind=ScanKind.CARD, data=uid, atr=atr, at_ms=self._desk.now_ms()))

    def remove_card(self) -> None:
        """Take the card away."""
        self._inject(Scan(kind=ScanKind.CARD_REMOVED, at_ms=self._desk.now_ms()))

    def pull(self) -> None:
        """Pull its plug."""
        self._plugged.clear()
        self._pulled.set()

    def plug(self) -> None:
        """Plug it in again."""
        self._pulled.clear()
        self._plugged.set()

    def _inject(self, scan: Scan) -> None:
        if self._plugged.is_set():
            self._desk.put(scan)

    async def _be_there(self) -> None:
        while True:
            await self._plugged.wait()
            self._desk.ready(_MODEL)
            await self._pulled.wait()
            self._desk.absent("port-missing", "its plug was pulled")


def build(spec: ReaderSpec) -> SimulatedReader:
    """A simulated reader, plugged in. It takes no options: raises ``ValueError`` for any."""
    read_options(spec.options, {})
    return SimulatedReader(spec.name, SystemClock())
