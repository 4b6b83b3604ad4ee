"""What comes and goes on the USB bus, through udev's netlink socket on the event loop.

Listen first, then look, then compare: an event is a hint that it is time to look, and the look is the truth. So nothing
depends on events being complete, in order, or there at all (a full look is taken every ``rescan_s``):

* A burst is waited out (``quiet_s`` without an event, at most ``latest_s``), then looked at once.
* When the socket overflows, the kernel has thrown events away. pyudev 0.24 then raises at every poll until the socket's
  pending error has been read, and uvloop gives up watching it: the error is read, the watch renewed, the bus looked at.
* When the socket breaks otherwise, a new one is opened after a growing pause; until then the bus is looked at more
  often.
* While udevd is being restarted its events are missing and nothing tells so: the periodic look finds what they hid.
"""

import asyncio
import errno
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import pyudev

from stationd.adapters.udev_sightings import SUBSYSTEMS, Scanner, hint_of, open_context
from stationd.domain.errors import Faulted
from stationd.domain.inventory import Changes, Inventory, Settled, Sighting, settle

_log = logging.getLogger(__name__)

T = TypeVar("T")

_EVENTS_AT_ONCE: Final = 128
"""Events taken in one turn of the loop; a flood waits for the next turn."""
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_DEAF_RESCAN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. ``vanish_s``: a device away for less was never gone. ``rescan_s``: the longest without a look."""

    vanish_s: float = 0.75
    quiet_s: float = 0.1
    latest_s: float = 0.5
    rescan_s: float = 60.0


@dataclass(slots=True, kw_only=True)
class Counters:
    """What the watcher has met since it was made."""

    events: int = 0
    hints: int = 0
    overflows: int = 0
    reopenings: int = 0
    looks: int = 0
    failed_looks: int = 0
    look_s: float = 0.0
    """How long the last look took."""


class UdevWatcher:
    """A :class:`stationd.ports.devices.DeviceWatcher` over udev; make and use it on one event loop."""

    def __init__(
        self,
        *,
        timing: Timing | None = None,
        shared_serials: frozenset[str] = frozenset(),
        scan: Callable[[], Sequence[Sighting]] | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        """``shared_serials``: of an earlier run's inventory. ``receive_buffer``: bytes, where the kernel allows it."""
        self.counters = Counters()
        self._timing = timing or Timing()
        self._scan = scan or Scanner()
        self._receive_buffer = receive_buffer
        self._state = Settled(inventory=Inventory(shared=shared_serials))
        self._known: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        self._under_way: asyncio.Future[Any] | None = None
        self._hinted = asyncio.Event()
        self._first_hint = self._last_hint = 0.0
        self._next_look = 0.0
        self._monitor: Any = None
        self._reopen_at = 0.0
        self._pause_s = _FIRST_PAUSE_S

    @property
    def inventory(self) -> Inventory:
        """What is present, as last told."""
        return self._state.inventory

    @property
    def is_listening(self) -> bool:
        """Whether events arrive; without them the bus is looked at every few seconds."""
        return self._monitor is not None

    async def start(self) -> Inventory:
        """Begin to listen, then look. Raises ``Faulted`` (``devices-unreadable``) when the bus cannot be read."""
        self._let_go()
        self._reopen_at = 0.0
        failed_before = self.counters.failed_looks
        await self._look()
        if self.counters.failed_looks > failed_before:
            raise Faulted("devices-unreadable", "cannot read the USB bus: is /sys mounted?")
        return self.inventory

    async def next_changes(self) -> Changes:
        """Wait for something to change and tell it; cancelling loses nothing."""
        while True:
            await self._until_due()
            if changes := await self._look():
                return changes

    def look_again(self) -> None:
        """Look at the bus soon."""
        now = self._loop.time()
        if not self._hinted.is_set():
            self._first_hint = now
        self._last_hint = now
        self._hinted.set()

    async def aclose(self) -> None:
        """Stop listening; a look under way in its thread ends by itself."""
        self._let_go()

    # ------------------------------------------------------------------------------------------------- looking

    async def _until_due(self) -> None:
        while (wait_s := self._due() - self._loop.time()) > 0:
            if self._hinted.is_set():
                await asyncio.sleep(wait_s)
                continue
            try:
                async with asyncio.timeout(wait_s):
                    await self._hinted.wait()
            except TimeoutError:
                return

    def _due(self) -> float:
        """When to look: at the next planned time, when a socket may be opened, or once the hints have fallen quiet."""
        planned = self._next_look if self.is_listening else min(self._next_look, self._reopen_at)
        if not self._hinted.is_set():
            return planned
        return min(planned, self._last_hint + self._timing.quiet_s, self._first_hint + self._timing.latest_s)

    async def _look(self) -> Changes:
        """Listen if nothing is listened to, then look at the bus; both off the loop. Settle what is seen."""
        self._hinted.clear()
        began = self._loop.time()
        try:
            if not self.is_listening and began >= self._reopen_at:
                await self._open()
            sightings = await self._off_loop(self._scan)
        except OSError as trouble:
            self.counters.failed_looks += 1
            self._next_look = self._loop.time() + _DEAF_RESCAN_S
            _log.warning("cannot look at the USB bus: %s", trouble.strerror)
            return Changes()
        except asyncio.CancelledError:
            self.look_again()
            raise
        now = self._loop.time()
        self.counters.looks += 1
        self.counters.look_s = now - began
        self._state, changes, due = settle(self._state, sightings, at=now, vanish_s=self._timing.vanish_s)
        self._remember(sightings)
        rescan = now + (self._timing.rescan_s if self.is_listening else min(_DEAF_RESCAN_S, self._timing.rescan_s))
        self._next_look = rescan if due is None else min(rescan, due)
        return changes

    async def _off_loop(self, work: Callable[[], T]) -> T:
        """Do work in a thread of its own, one at a time; cancelling leaves it to end by itself.

        The thread is a daemon: a device that holds its lock, as while it is being reset, must not hold up the end of
        the program, as the threads of an executor would.
        """
        while self._under_way is not None:
            await asyncio.wait([self._under_way])
        answer: asyncio.Future[T] = self._loop.create_future()
        self._under_way = answer

        def run() -> None:
            try:
                result, trouble = work(), None
            except Exception as error:  # noqa: BLE001 - raised where the answer is awaited
                result, trouble = None, error
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(give, result, trouble)

        def give(result: T | None, trouble: Exception | None) -> None:
            self._under_way = None
            if trouble is None:
                answer.set_result(cast("T", result))
            else:
                answer.set_exception(trouble)
                answer.exception()  # seen, even when the one who asked was cancelled

        threading.Thread(target=run, name="udev-look", daemon=True).start()
        await asyncio.wait([answer])
        return answer.result()

    def _remember(self, sightings: Sequence[Sighting]) -> None:
        """Keep whose every sys_path is, for the events of a removal no longer say."""
        by_place = {record.seen.place: identity for identity, record in self.inventory.devices.items()}
        self._known = {s.sys_path: by_place[s.place] for s in sightings if s.place in by_place}

    # ----------------------------------------------------------------------------------------------- listening

    async def _open(self) -> None:
        """Open the netlink socket and watch it; when that fails, it is tried again later."""
        try:
            # Off the loop: pyudev looks for its library with programs of the system.
            self._monitor = await self._off_loop(lambda: _listen(self._receive_buffer))
        except OSError as trouble:
            _log.warning("cannot listen to udev, trying again in %.0f s: %s", self._pause_s, trouble)
            self._reopen_later()
        else:
            self._loop.add_reader(self._monitor.fileno(), self._take_events)

    def _let_go(self) -> None:
        if self._monitor is not None:
            self._loop.remove_reader(self._monitor.fileno())
            self._monitor = None

    def _reopen_later(self) -> None:
        self._reopen_at = self._loop.time() + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def _take_events(self) -> None:
        monitor = self._monitor
        if monitor is None:
            return
        try:
            for _ in range(_EVENTS_AT_ONCE):
                device = monitor.poll(timeout=0)
                if device is None:
                    return
                self._take(device)
        except OSError:
            self._mend(monitor)

    def _take(self, device: Any) -> None:
        self.counters.events += 1
        self._pause_s = _FIRST_PAUSE_S
        hint = hint_of(device.action or "", device.sys_path, device.subsystem, device.device_type, self._known)
        if hint is None:
            return
        self.counters.hints += 1
        if hint.identity is not None:
            _log.debug("%s: %s", hint.action, hint.identity)
        self.look_again()

    def _mend(self, monitor: Any) -> None:
        """Clear an overflow by reading the pending error; replace a socket that is broken in any other way."""
        if _pending_error(monitor.fileno()) == errno.ENOBUFS:
            self.counters.overflows += 1
            _log.warning("udev sent more events than could be kept: looking at the whole bus")
            # uvloop drops its watch after this callback: renew it then, and not before.
            self._loop.call_soon(self._watch_again, monitor)
        else:
            self.counters.reopenings += 1
            _log.warning("the udev socket is broken: opening a new one in %.0f s", self._pause_s)
            self._loop.call_soon(self._let_go)
            self._reopen_later()
        self.look_again()

    def _watch_again(self, monitor: Any) -> None:
        if monitor is self._monitor:
            self._loop.remove_reader(monitor.fileno())
            self._loop.add_reader(monitor.fileno(), self._take_events)


def _listen(receive_buffer: int | None) -> Any:
    """A started monitor of the subsystems that matter. Raises ``OSError`` when there can be none."""
    monitor = pyudev.Monitor.from_netlink(open_context())
    for subsystem in SUBSYSTEMS:
        monitor.filter_by(subsystem)
    monitor.start()
    if receive_buffer is not None:
        try:
            monitor.set_receive_buffer_size(receive_buffer)
        except OSError:
            _log.debug("the kernel keeps its own size of the udev receive buffer")
    return monitor


def _pending_error(fd: int) -> int:
    """The socket's pending error, which reading clears; ``EBADF`` when it is no socket any more."""
    try:
        with socket.socket(fileno=os.dup(fd)) as twin:
            return twin.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    except OSError:
        return errno.EBADF
