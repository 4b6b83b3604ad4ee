"""The demonstration's bus: simulated printers that are plugged in and pulled out, through the daemon's own watch."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stationd.adapters.printers import drivers
from stationd.adapters.printers.simulator import SimulatedPrinter
from stationd.adapters.printers.simulator.options import Options
from stationd.domain.errors import Refused
from stationd.domain.inventory import Changes, Inventory, Sighting, Subsystem, diff, take_stock
from stationd.domain.matcher import Criteria, DeviceKind, Matcher
from stationd.plugging import Bus
from stationd.ports.devices import DeviceWatcher
from stationd.ports.printers import Printer, PrinterSpec
from stationd.services.watch_devices import name_of

MOST: Final = 16
"""Simulated printers on the bus."""

_VENDOR: Final = "ffff"
"""Nobody's."""
_MATCHER: Final = Matcher(
    name="simulated",
    title="Simulated card printer",
    kind=DeviceKind.PRINTER,
    driver="simulator",
    criteria=Criteria(vendor=_VENDOR),
    profiles=("ktp-el",),
)


@dataclass(slots=True)
class _Device:
    sighting: Sighting
    seconds: float
    printer: SimulatedPrinter | None = None


class SimulatedBus:
    """Fulfils :class:`stationd.ports.devices.DeviceWatcher`; :meth:`plug` and :meth:`pull` are what hands do."""

    def __init__(self, cards: Path, memory: Path) -> None:
        """``cards``: the folder in which each printer has one for its cards; ``memory``: a file for what is plugged in.

        Printers stay in their sockets when the station is killed.
        """
        self._cards = cards
        self._memory = memory
        self._devices: dict[str, _Device] = {}
        self._present: set[str] = set()
        for name, seconds in _remembered(memory).items():
            self._devices[name] = _Device(_sighting(name, len(self._devices) + 1), seconds)
            self._present.add(name)
        self._inventory = Inventory()
        self._moved = asyncio.Event()

    def bus(self) -> Bus:
        """What the station is given instead of udev."""
        watcher: DeviceWatcher = self
        return Bus(watcher=lambda _shared: watcher, matchers=(_MATCHER,), build=self._build)

    # ------------------------------------------------------------------------------------------- what hands do

    def plug(self, name: str, seconds: float) -> str:
        """Put a printer in, a new one or one that was there before; its id among the station's devices.

        Raises :class:`Refused` (``device-present``, ``devices-full``).
        """
        if name in self._present:
            raise Refused("device-present")
        if len(self._present) >= MOST:
            raise Refused("devices-full", most=MOST)
        device = self._devices.get(name) or _Device(_sighting(name, len(self._devices) + 1), seconds)
        self._devices[name] = device
        if device.printer is not None:
            device.printer.plug()
        self._present.add(name)
        self._remember()
        self._moved.set()
        return self._id(device)

    def pull(self, name: str) -> str:
        """Pull a printer out, whatever it is doing; its id. Raises :class:`Refused` (``device-unknown``)."""
        if name not in self._present:
            raise Refused("device-unknown/simulated")
        device = self._devices[name]
        if device.printer is not None:
            device.printer.unplug()
        self._present.discard(name)
        self._remember()
        self._moved.set()
        return self._id(device)

    @property
    def ids(self) -> Mapping[str, str]:
        """The id among the station's devices of each printer that is or was plugged in, by its name."""
        return {name: self._id(device) for name, device in self._devices.items()}

    @property
    def present(self) -> frozenset[str]:
        """The names of those that are plugged in."""
        return frozenset(self._present)

    # ----------------------------------------------------------------------------------------------- the port

    @property
    def inventory(self) -> Inventory:
        """What is plugged in, as last told."""
        return self._inventory

    async def start(self) -> Inventory:
        """Look at once."""
        self._look()
        return self._inventory

    async def next_changes(self) -> Changes:
        """Wait until something was plugged in or pulled out."""
        while True:
            await self._moved.wait()
            if changes := self._look():
                return changes

    def look_again(self) -> None:
        """Nothing can have been missed here."""

    async def aclose(self) -> None:
        """Nothing to let go of."""

    # ------------------------------------------------------------------------------------------------- inside

    def _look(self) -> Changes:
        self._moved.clear()
        before = self._inventory
        self._inventory = take_stock((self._devices[name].sighting for name in self._present), before=before)
        return diff(before.devices, self._inventory.devices)

    def _build(self, spec: PrinterSpec) -> Printer:
        device = self._devices.get(str(spec.options.get("serial")))
        if device is None:
            return drivers.build(spec)
        folder = self._cards / device.sighting.serial
        device.printer = SimulatedPrinter(spec.name, Options(folder=folder, seconds=device.seconds))
        return device.printer

    def _remember(self) -> None:
        here = {name: device.seconds for name, device in self._devices.items() if name in self._present}
        self._memory.write_text(json.dumps(here), encoding="utf-8")

    def _id(self, device: _Device) -> str:
        (identity,) = take_stock([device.sighting]).devices
        return name_of(identity)


def _remembered(memory: Path) -> dict[str, float]:
    try:
        return {str(name): float(seconds) for name, seconds in json.loads(memory.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError):  # nothing was ever plugged in, or the power went while it was written down
        return {}


def _sighting(name: str, number: int) -> Sighting:
    return Sighting(
        subsystem=Subsystem.USBMISC,
        sys_path=f"/demo/{number}",
        node=f"/dev/usb/lp{number}",
        vendor=_VENDOR,
        product="0001",
        serial=name,
        serial_key=name,
        port=f"demo-usb2-{number}",
        function="00",
        manufacturer="Specimen",
        model=f"simulated {name}",
    )
