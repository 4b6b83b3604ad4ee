"""The printers that have to keep the contract, each with a bench on which things can be done to its device.

A new driver adds one ``Factory`` to ``FACTORIES``; the suite then runs against it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stationd.adapters.printers.ipp import build as build_ipp
from stationd.adapters.printers.simulator import SimulatedPrinter, build
from stationd.ports.printers import Printer, PrinterSpec
from tests.rigs.ippeveprinter import IppEvePrinter


class Bench(Protocol):
    """What a test can see of a device and do to it, behind the driver's back."""

    def cards(self) -> Sequence[bytes]:
        """The documents that became cards, in the order in which they came out."""
        ...

    async def hold(self) -> None:
        """From now on no card comes out; documents are taken all the same, and the first may be begun."""
        ...

    async def release(self) -> None:
        """Let everything that was held come out."""
        ...

    async def stop(self, reason: str) -> None:
        """Give the device a reason (an IPP keyword) for which it cannot print."""
        ...

    async def clear(self, reason: str) -> None:
        """Take it away."""
        ...

    async def die(self) -> None:
        """Cut the device's power: it does not answer, and what it had in memory is gone."""
        ...

    async def revive(self) -> None:
        """Switch it on again; when this returns it answers."""
        ...

    async def reconnect(self) -> Printer:
        """A fresh driver for the same device, as after the death of the process that held the first one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Factory:
    """How to get a printer and its bench in a folder. ``foreign`` is a media type that it does not take."""

    name: str
    make: Callable[[Path], AbstractAsyncContextManager[tuple[Printer, Bench]]]
    foreign: str = "text/plain"


class SimulatorBench:
    """The bench of a simulated printer; its machine stands in this process."""

    def __init__(self, printer: SimulatedPrinter, folder: Path) -> None:
        self._printer = printer
        self._folder = folder
        self._landed: list[str] = []
        self._tray = printer.mechanism._tray
        printer.mechanism._tray = self  # a file system's clock is too coarse to tell which card came first

    def land(self, name, document, landed):
        """Let the card land and note its turn."""

        def note(trouble):
            if trouble is None:
                self._landed.append(name)
            landed(trouble)

        self._tray.land(name, document, note)

    def cards(self) -> Sequence[bytes]:
        """The files in the folder as they landed; a second card of one name is a file of its own (``NAME~2``)."""
        files = {path.stem: path.read_bytes() for path in self._folder.glob("*") if not path.name.startswith(".")}
        assert len(files) == len(self._landed)
        names = [f"{name}~{self._landed[:turn].count(name) + 1}" for turn, name in enumerate(self._landed)]
        return [files[name.removesuffix("~1")] for name in names]

    async def hold(self) -> None:
        """Pause the machine."""
        self._printer.fault("paused")

    async def release(self) -> None:
        """Let it go on."""
        self._printer.clear("paused")

    async def stop(self, reason: str) -> None:
        """As the machine would tell it."""
        self._printer.fault(reason)

    async def clear(self, reason: str) -> None:
        """As a person would mend it."""
        self._printer.clear(reason)

    async def die(self) -> None:
        """No power: unreachable, and the memory is gone."""
        self._printer.unplug()
        self._printer.forget()

    async def revive(self) -> None:
        """Power again."""
        self._printer.plug()

    async def reconnect(self) -> Printer:
        """A second driver on the same machine."""
        return self._printer.twin()


@asynccontextmanager
async def simulator(folder: Path) -> AsyncIterator[tuple[Printer, Bench]]:
    """A simulated printer that takes no time."""
    cards = folder / "cards"
    printer = build(PrinterSpec(name="kartu-1", driver="simulator", options={"folder": str(cards), "seconds": 0}))
    assert isinstance(printer, SimulatedPrinter)
    try:
        yield printer, SimulatorBench(printer, cards)
    finally:
        await printer.aclose()


@asynccontextmanager
async def slow_simulator(folder: Path) -> AsyncIterator[tuple[Printer, Bench]]:
    """A simulated printer whose cards take a moment, so that its timers are part of the suite."""
    cards = folder / "cards"
    printer = build(PrinterSpec(name="kartu-1", driver="simulator", options={"folder": str(cards), "seconds": 0.02}))
    assert isinstance(printer, SimulatedPrinter)
    try:
        yield printer, SimulatorBench(printer, cards)
    finally:
        await printer.aclose()


class IppBench:
    """The bench of a genuine ippeveprinter."""

    def __init__(self, rig: IppEvePrinter, folder: Path) -> None:
        self._rig = rig
        self._held = folder / "held"
        self._held.touch()
        self._held.unlink()
        rig.behave(f'while [ -e "{self._held}" ]; do sleep 0.02; done')

    def cards(self) -> Sequence[bytes]:
        """The documents it kept for the cards that came out."""
        return [self._rig.kept(card) for card in self._rig.cards()]

    async def hold(self) -> None:
        """The print command waits."""
        self._held.touch()

    async def release(self) -> None:
        """It goes on."""
        self._held.unlink()

    async def stop(self, reason: str) -> None:
        """Take the cards out of its tray."""
        assert reason == "media-empty", f"a real printer cannot be given {reason}"
        await asyncio.to_thread(self._rig.load, 0)

    async def clear(self, reason: str) -> None:
        """Put cards in."""
        assert reason == "media-empty", f"a real printer cannot be cleared of {reason}"
        await asyncio.to_thread(self._rig.load, 250)

    async def die(self) -> None:
        """SIGKILL, the card in the machine with it."""
        await asyncio.to_thread(self._rig.kill)

    async def revive(self) -> None:
        """Started again on the same port."""
        await asyncio.to_thread(self._rig.start)

    async def reconnect(self) -> Printer:
        """A driver that knows nothing yet."""
        return ipp_printer(self._rig)


def ipp_printer(rig: IppEvePrinter) -> Printer:
    """A fresh ipp driver for a rig."""
    return build_ipp(PrinterSpec(name="kartu-1", driver="ipp", uri=rig.uri, options={"poll_s": 0.1}))


@asynccontextmanager
async def ipp(folder: Path) -> AsyncIterator[tuple[Printer, Bench]]:
    """The ipp driver and a genuine ippeveprinter."""
    rig = await asyncio.to_thread(IppEvePrinter(folder / "printer").start)
    printer = ipp_printer(rig)
    try:
        yield printer, IppBench(rig, folder)
    finally:
        await printer.aclose()
        await asyncio.to_thread(rig.kill)


FACTORIES = [
    Factory(name="ipp", make=ipp),
    Factory(name="simulator", make=simulator),
    Factory(name="slow-simulator", make=slow_simulator),
]
