"""Reading: every reader under supervision, and what they read told to those who listen.

Scans may be personal: they are written nowhere. As events only what :func:`stationd.domain.scan.told_of_scan` allows is
told; the content goes to those who :meth:`Readers.hear` that reader at that moment.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.scan import ReaderEvent, ReaderStatus, told_of_scan, told_of_status
from stationd.ports.readers import Reader, ReaderSpec
from stationd.services.live_scans import Hearing, LiveScans
from stationd.services.printers import DeviceView
from stationd.services.supervise import Supervisor

_log = logging.getLogger(__name__)

MOST_WAITING = 256
"""Events kept for a listener that is late."""


class Listener:
    """One who listens to the readers; what comes while it does not ask waits, the oldest giving way to the newest."""

    def __init__(self) -> None:
        self.missed = 0
        """Events that gave way."""
        self._waiting: deque[ReaderEvent] = deque()
        self._told = asyncio.Event()

    async def next(self) -> ReaderEvent:
        """The next event. May be cancelled without losing one."""
        while not self._waiting:
            self._told.clear()
            await self._told.wait()
        return self._waiting.popleft()

    def tell(self, event: ReaderEvent) -> None:
        """Let it wait for the listener."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self.missed += 1
        self._waiting.append(event)
        self._told.set()


class Readers:
    """The station's readers."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._readers: dict[str, tuple[Reader, ReaderSpec]] = {}
        self._listeners: set[Listener] = set()
        self.live = LiveScans()

    def add(self, reader: Reader, spec: ReaderSpec) -> None:
        """Take a reader in and read from it until it is removed. Its name must be new."""
        if reader.name in self._readers:
            raise ValueError(f"there is a reader named {reader.name} already")
        self._readers[reader.name] = (reader, spec)
        reader.follow(lambda status: self._changed(reader.name, status))
        self._supervisor.start(_task(reader.name), lambda: self._read(reader))

    async def remove(self, name: str) -> None:
        """Stop reading from it and let it go; nothing when there is none of that name."""
        reader, _ = self._readers.pop(name, (None, None))
        if reader is not None:
            self.live.end(name)
            await self._supervisor.stop(_task(name))
            await reader.aclose()

    async def aclose(self) -> None:
        """Let all readers go."""
        await asyncio.gather(*map(self.remove, list(self._readers)))

    def nudge(self, name: str | None = None) -> None:
        """Something was plugged in: that reader, or all of them, need not wait for their next try."""
        for reader, _ in self._readers.values():
            if name in {None, reader.name}:
                reader.nudge()

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """Listen to ``reader.scanned``, ``reader.card_removed`` and ``reader.changed`` for as long as this lasts."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def hear(self, device_id: str, actor: Actor) -> Hearing:
        """Hear what a reader reads from now on, with its content.

        Raises :class:`Refused`: ``device-unknown``, ``reader-of-another`` for a kiosk that it is not meant for,
        ``streams-full``.
        """
        reader, spec = self._known(device_id)
        if spec.kiosks and actor.role is Role.KIOSK and actor.name not in spec.kiosks:
            raise Refused("reader-of-another")
        return self.live.hear(reader.name, reader.status)

    def statuses(self) -> Mapping[str, ReaderStatus]:
        """How each reader is, by name, in the order in which they came."""
        return {name: reader.status for name, (reader, _) in self._readers.items()}

    def all(self) -> list[DeviceView]:
        """Every reader, as people see it."""
        return [_view(reader, spec) for reader, spec in self._readers.values()]

    def one(self, device_id: str) -> DeviceView:
        """One reader by its name. Raises :class:`Refused` (``device-unknown``)."""
        return _view(*self._known(device_id))

    def reader(self, device_id: str) -> Reader:
        """The reader itself, for a demonstration that plays with a simulated one. Raises like :meth:`one`."""
        return self._known(device_id)[0]

    def _known(self, device_id: str) -> tuple[Reader, ReaderSpec]:
        if device_id not in self._readers:
            raise Refused("device-unknown")
        return self._readers[device_id]

    async def _read(self, reader: Reader) -> None:
        async with aclosing(reader.scans()) as scans:
            async for scan in scans:
                self.live.tell(reader.name, scan)
                _log.debug("reader %s: %s of %d bytes", reader.name, scan.kind.value, len(scan.data))
                self._tell(told_of_scan(reader.name, scan))

    def _changed(self, name: str, status: ReaderStatus) -> None:
        self.live.tell(name, status)
        self._tell(told_of_status(name, status))

    def _tell(self, event: ReaderEvent) -> None:
        for listener in self._listeners:
            listener.tell(event)


def _task(name: str) -> str:
    return f"reader {name}"


def _view(reader: Reader, spec: ReaderSpec) -> DeviceView:
    status = reader.status
    return DeviceView(
        id=reader.name,
        kind="reader",
        name=reader.name,
        driver=spec.driver,
        state=status.state.value,
        reasons=status.reasons,
        is_paused=False,
        since_ms=status.since_ms,
        supplies=(),
        counter=None,
        evidence=None,
        profiles=(),
        model=status.model,
        last_fault=status.fault,
        printing=(),
    )
