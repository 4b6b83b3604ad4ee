"""Taking devices into use: what is plugged in becomes a printer or a reader of the station, as its matcher says.

A device that is configured by name belongs to its configuration: plugging it in only wakes the one that is there. What
was pulled out stays in the station, offline, so that a card in question stays in question and is asked for when the
device is back; only when very many have come and gone are the oldest of those without a card let go.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final

from stationd.domain.errors import Faulted
from stationd.domain.inventory import DeviceRecord, Subsystem, is_by_port
from stationd.domain.matcher import DeviceKind, Matcher
from stationd.ports.printers import Printer, PrinterSpec
from stationd.ports.readers import Reader, ReaderSpec
from stationd.services.modems import Modems
from stationd.services.printers import Printers
from stationd.services.read import Readers
from stationd.services.spool import Spooler
from stationd.services.supervise import Supervisor
from stationd.services.watch_devices import DeviceUse

_log = logging.getLogger(__name__)

MOST: Final = 64
"""Printers, and readers, that the station holds besides the configured ones."""

Attend = Callable[[Printer, PrinterSpec, Matcher], Awaitable[Spooler]]


class Plug:
    """Fulfils :class:`stationd.services.watch_devices.DeviceUser`."""

    def __init__(
        self,
        printers: Printers,
        readers: Readers,
        supervisor: Supervisor,
        *,
        build: Callable[[PrinterSpec], Printer],
        build_reader: Callable[[ReaderSpec], Reader],
        attend: Attend,
        configured: Sequence[PrinterSpec | ReaderSpec],
        modems: Modems | None = None,
    ) -> None:
        """``build`` and ``build_reader`` raise ``ValueError`` for what cannot be used; ``attend`` makes the spooler."""
        self._printers = printers
        self._readers = readers
        self._supervisor = supervisor
        self._build = build
        self._build_reader = build_reader
        self._attend = attend
        self._configured = tuple(configured)
        self._modems = modems or Modems()
        self._spoolers: dict[str, Spooler] = {}
        self._plugged_readers: dict[str, ReaderSpec] = {}
        self._present: set[str] = set()
        self._owners: dict[str, str] = {}
        self._troubles: dict[str, str] = {}

    @property
    def owners(self) -> Mapping[str, str]:
        """By the name of a device, the name of the configured printer or reader that it is."""
        return self._owners

    def is_modem(self, name: str) -> bool:
        """Whether the device of that name is in use as a modem."""
        return self._modems.holds(name)

    @property
    def troubles(self) -> Mapping[str, str]:
        """By the name of a device, why it could not be taken into use, in one line."""
        return self._troubles

    async def device_came(self, use: DeviceUse) -> None:
        """Take it into use; told again of one that is in use, look where it is now and ask it how it is."""
        self._present.add(use.name)
        owner = owner_of(use, self._configured)
        if owner is not None:
            self._owners[use.name] = owner
            self._wake(owner, is_plugged=True)
            return
        if use.matcher.kind is DeviceKind.MODEM:
            self._modems.came(use)
            return
        try:
            if use.matcher.kind is DeviceKind.PRINTER:
                await self._take_printer(use)
            else:
                await self._take_reader(use)
        except (ValueError, Faulted) as trouble:
            said = trouble.detail if isinstance(trouble, Faulted) else str(trouble)
            if self._troubles.get(use.name) != said:
                _log.warning("cannot use %s as %s: %s", use.record.label, use.name, said)
            self._troubles[use.name] = said
        else:
            self._troubles.pop(use.name, None)

    async def device_shown(self, record: DeviceRecord) -> None:
        """Let the readers that wait for their port try now: the line that came may be theirs."""
        if record.seen.subsystem is Subsystem.TTY:
            self._readers.nudge()

    async def device_went(self, name: str, identity: str) -> None:
        """Stop its printer, whatever its driver says, and ask its reader how it is, which it will find out."""
        self._present.discard(name)
        self._modems.went(name)
        self._troubles.pop(name, None)
        owner = self._owners.pop(name, None) or _owner_by_identity(identity, self._configured)
        self._wake(owner or name, is_plugged=False)

    # ---------------------------------------------------------------------------------------------------- printers

    async def _take_printer(self, use: DeviceUse) -> None:
        spec = use.spec
        spooler = self._spoolers.get(use.name)
        if spooler is not None and spooler.spec == spec:
            spooler.set_plugged(is_plugged=True)
            return
        # In a thread: finding drivers reads the metadata of the installed packages.
        printer = await asyncio.to_thread(self._build, spec)
        if spooler is None:
            await self._make_room()
            spooler = self._spoolers[use.name] = await self._attend(printer, spec, use.matcher)
            self._printers.add(spooler)
        else:
            # It is at another place: what is open there is asked for when the spooler runs again.
            await self._supervisor.stop(_task(use.name))
            await spooler.replace_printer(printer, spec).aclose()
            spooler.set_plugged(is_plugged=True)
        _log.info("%s is in use as %s", use.record.label, use.name)
        self._supervisor.start(_task(use.name), spooler.run)

    async def _make_room(self) -> None:
        """Let the printer go that came first of those that are gone and have no card in question."""
        if len(self._spoolers) < MOST:
            return
        for name, spooler in self._spoolers.items():
            if name not in self._present and not spooler.printing:
                break
        else:
            raise Faulted("devices-full", f"there are {MOST} plugged-in printers already")
        await self._supervisor.stop(_task(name))
        self._printers.remove(name)
        await self._spoolers.pop(name).aclose()

    # ----------------------------------------------------------------------------------------------------- readers

    async def _take_reader(self, use: DeviceUse) -> None:
        spec = use.reader_spec
        if self._plugged_readers.get(use.name) == spec:
            self._readers.nudge(use.name)
            return
        reader = await asyncio.to_thread(self._build_reader, spec)
        if use.name in self._plugged_readers:
            await self._readers.remove(use.name)
        elif len(self._plugged_readers) >= MOST:
            gone = next((name for name in self._plugged_readers if name not in self._present), None)
            if gone is None:
                raise Faulted("devices-full", f"there are {MOST} plugged-in readers already")
            del self._plugged_readers[gone]
            await self._readers.remove(gone)
        self._plugged_readers[use.name] = spec
        self._readers.add(reader, spec)
        _log.info("%s is in use as %s", use.record.label, use.name)

    # ---------------------------------------------------------------------------------------------------- waking

    def _wake(self, name: str, *, is_plugged: bool) -> None:
        self._readers.nudge(name)
        for spooler in self._printers.spoolers():
            if spooler.name == name:
                spooler.set_plugged(is_plugged=is_plugged)


def owner_of(use: DeviceUse, configured: Iterable[PrinterSpec | ReaderSpec]) -> str | None:
    """The configured printer or reader that a device is: by name, node, identity, or serial.

    They may stand in options, in a reader's port, or in a URI such as ``usblp:usb:…`` and ``usblp:serial:…``.
    A configured PC/SC reader without a port takes every reader of the service, so none is taken besides it.
    """
    seen = use.record.seen
    ids = {value for value in (seen.node, use.record.identity, seen.serial) if value}
    for spec in configured:
        if spec.name == use.name or _said(spec) & ids:
            return spec.name
        if isinstance(spec, ReaderSpec) and use.matcher.driver == spec.driver == "pcsc" and spec.port is None:
            return spec.name
    return None


def _owner_by_identity(identity: str, configured: Iterable[PrinterSpec | ReaderSpec]) -> str | None:
    """The configured printer or reader that a device was of which nothing else is known any more."""
    ids = {identity} if is_by_port(identity) else {identity, identity.split(":")[3]}
    return next((spec.name for spec in configured if _said(spec) & ids), None)


def _said(spec: PrinterSpec | ReaderSpec) -> set[object]:
    """Everything by which a configured printer or reader may say which device it is."""
    said: set[object] = {spec.name}
    said |= _places(spec.uri or "") if isinstance(spec, PrinterSpec) else {spec.port}
    return said | {spec.options.get(key) for key in ("node", "device", "identity", "serial")}


def _places(uri: str) -> set[str]:
    rest = uri.partition(":")[2]
    return {rest, rest.removeprefix("serial:")}


def _task(name: str) -> str:
    return f"printer {name}"
