"""A PC/SC reader on the loop: a watch in a thread, started again when the service comes back."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

from stationd.adapters.readers.desk import Desk
from stationd.adapters.readers.pcsc.watch import CardGone, CardSeen, ReadersSeen, Sighting, Watch
from stationd.domain.scan import ReaderStatus, Scan, ScanKind
from stationd.ports.clock import Clock

_STOP_WITHIN_S = 3.0


class PcscReader:
    """Fulfils :class:`stationd.ports.readers.Reader` for cards: insertion with ATR and UID, and removal.

    ``wanted`` is part of the name of the PC/SC reader; ``None`` takes every reader that the service has.
    """

    kind = "pcsc"

    def __init__(self, name: str, scard: Any, wanted: str | None, clock: Clock) -> None:
        self.name = name
        self._scard = scard
        self._wanted = wanted
        self._desk = Desk(name, clock)

    @property
    def status(self) -> ReaderStatus:
        """How it is."""
        return self._desk.status

    def follow(self, changed: Callable[[ReaderStatus], None]) -> None:
        """Call ``changed`` whenever state or reasons change."""
        self._desk.follow(changed)

    def scans(self) -> AsyncGenerator[Scan, None]:
        """Every card that comes and goes from now on; a card that lies on it already comes first."""
        return self._desk.scans(self._keep_watching)

    def nudge(self) -> None:
        """Ask for the service now, if it waits to."""
        self._desk.nudge()

    async def aclose(self) -> None:
        """Let the service go."""
        await self._desk.aclose()

    async def _keep_watching(self) -> None:
        while True:
            self._desk.absent("service-missing", await self._watch())
            await self._desk.pause()

    async def _watch(self) -> str:
        """Watch until the service goes; why it ended."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()

        def tell(act: Callable[..., None], *values: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: there is nobody left to tell
                loop.call_soon_threadsafe(act, *values)

        watch = Watch(self._scard, self._wanted, lambda sighting: tell(self._seen, sighting))

        def end(fault: str) -> None:
            if not ended.done():
                ended.set_result(fault)

        def run() -> None:
            fault = "the watch broke"
            try:
                fault = watch.run()
            finally:
                tell(end, fault)

        threading.Thread(target=run, name=f"pcsc {self.name}", daemon=True).start()
        try:
            return await asyncio.shield(ended)
        except asyncio.CancelledError:
            # A card that does not answer may hold the thread: it is left behind, as a daemon.
            await asyncio.to_thread(watch.stop)
            await asyncio.wait({ended}, timeout=_STOP_WITHIN_S)
            raise

    def _seen(self, sighting: Sighting) -> None:
        match sighting:
            case ReadersSeen(names=()):
                wanted = "" if self._wanted is None else f" with {self._wanted} in its name"
                self._desk.absent("reader-missing", f"the PC/SC service has no reader{wanted}")
            case ReadersSeen(names=names):
                self._desk.ready(", ".join(names))
            case CardSeen(atr=atr, uid=uid):
                self._desk.put(Scan(kind=ScanKind.CARD, data=uid, atr=atr, at_ms=self._desk.now_ms()))
            case CardGone():
                self._desk.put(Scan(kind=ScanKind.CARD_REMOVED, at_ms=self._desk.now_ms()))
