"""A printer at its post: the driver, how the printer stands, and a signal when that changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from stationd.domain.errors import Faulted
from stationd.domain.printer import PrinterStatus
from stationd.ports.clock import Clock
from stationd.ports.printers import Printer, PrinterSpec
from stationd.services import patience
from stationd.services.bell import Bell
from stationd.services.standing import Standing

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Post:
    """What everybody shares who works at one printer."""

    def __init__(self, printer: Printer, spec: PrinterSpec, standing: Standing, *, bell: Bell, clock: Clock) -> None:
        self.printer = printer
        self.spec = spec
        self.standing = standing
        self.clock = clock
        self.since_ms = clock.now_ms()
        """Since when it is in its state, for its reasons."""
        self.asked_at = clock.monotonic()
        """When the device was last asked how it is, whether it answered or not."""
        self.stirred_at = clock.monotonic()
        """When something happened here last."""
        self.last_fault: str | None = None
        self.printing: dict[str, str] = {}
        """Attempt id → job id of the cards in question now."""
        self.is_ready = False
        """Whether what a former run left open is known, and the lanes are at work."""
        self.is_stopping = False
        self.has_died = True
        """Whether what a former run left open was left by a death: of the process, or of the task here."""
        self.is_plugged = True
        self._bell = bell
        self._has_changed = asyncio.Event()

    @property
    def name(self) -> str:
        """The station's name for the printer."""
        return self.spec.name

    @property
    def status(self) -> PrinterStatus:
        """What the device said when last asked."""
        return self.standing.status

    def has_been(self, since: float | None, seconds: float) -> bool:
        """Whether something has been so for longer than these seconds; ``since`` is ``None`` when it is not so."""
        return since is not None and self.clock.monotonic() - since > seconds

    def changed(self) -> None:
        """Wake everybody who waits for a change here, and whoever waits for work."""
        self._has_changed.set()
        self._has_changed = asyncio.Event()
        self._bell.ring_all()

    async def wait_for_change(self, timeout_s: float | None = None) -> None:
        """Wait until something has changed here, but not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._has_changed.wait()

    def note(self, write: Callable[[], Awaitable[object]], *, is_wanted: Callable[[], bool]) -> None:
        """Begin a write that nobody waits for; again until the disk takes it, or it is not wanted any more."""

        def begin() -> None:
            if not is_wanted():
                return
            try:
                writing = asyncio.ensure_future(write())
            except Faulted as fault:
                missed(fault)
            else:
                writing.add_done_callback(look)

        def look(writing: "asyncio.Future[object]") -> None:
            if writing.cancelled() or (error := writing.exception()) is None:
                return
            missed(error)

        def missed(error: BaseException) -> None:
            if not isinstance(error, Faulted):  # a defect of ours: the outcome will be written all the same
                _log.error("printer %s: a note was not written: %s", self.name, type(error).__name__)
                return
            self._tell(error)
            asyncio.get_running_loop().call_later(patience.RETRY_STORAGE_S, begin)

        begin()

    async def durably(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write under shield, and again until the disk takes it: an outcome that is known must not be lost.

        Cancelling waits for a write that has begun, so that no claim is left without its lane knowing.
        """
        while True:
            writing: asyncio.Future[T] | None = None
            try:
                writing = asyncio.ensure_future(write())
                await _done(writing)
                return writing.result()
            except asyncio.CancelledError:
                if writing is not None:
                    with suppress(Exception):
                        await writing
                raise
            except Faulted as fault:
                self._tell(fault)
                await asyncio.sleep(patience.RETRY_STORAGE_S)

    def _tell(self, fault: Faulted) -> None:
        if self.last_fault != fault.code:
            _log.error("printer %s waits: %s", self.name, fault.detail)
        self.last_fault = fault.code


async def _done(future: "asyncio.Future[Any]") -> None:
    """Wait until it is done; cancelling does not reach it. As :func:`asyncio.shield`, which costs twice as much."""
    if future.done():
        return
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(_: object) -> None:
        if not waiter.done():
            waiter.set_result(None)

    future.add_done_callback(wake)
    await waiter
