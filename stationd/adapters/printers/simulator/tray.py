"""Where finished cards land: a folder with one file a card, which is the durable proof that the card exists.

A card appears whole or not at all: it is written under a hidden name and then linked to its own. The link refuses a
name that is taken, so no card ever replaces another; a second one of the same name lands as ``NAME~2.png`` and shows.

Files are written in one thread for all simulated printers of an event loop, everything that waits in one crossing.
Measured on two cores with cards of 1 kB, CPU a card: 230 µs so, 260 µs with one crossing a card, 450 µs through
``asyncio.to_thread`` (several threads contend for the interpreter), 160–220 µs straight on the loop, which it would
block for up to 1 ms with cards of 300 kB.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

from stationd.domain.order import Document

SUFFIXES = {"image/png": ".png", "application/pdf": ".pdf", "image/jpeg": ".jpg"}
"""The file name endings of the documents that a card can be made from."""

_UNFINISHED = ".part"

Landed = Callable[[OSError | None], None]
"""Called once when a card has landed, or could not."""


class Tray(Protocol):
    """Where a mechanism puts its cards."""

    def land(self, name: str, document: Document, landed: Landed) -> None:
        """Let a card land and then call ``landed``, at once or later on the same event loop."""
        ...


class FolderTray:
    """A folder on the disk; the cards in it are counted once, when it is opened."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._flying = 0
        self._emptied: asyncio.Event = asyncio.Event()
        self._emptied.set()

    @property
    def folder(self) -> Path:
        """Where the cards are."""
        return self._folder

    async def open(self) -> int:
        """Make the folder ready and count its cards. Raises ``OSError``."""
        return await asyncio.to_thread(self._prepare)

    async def has(self, name: str) -> bool:
        """Whether a card of this name has landed. Raises ``OSError``."""
        return await asyncio.to_thread(self._holds, name)

    async def settled(self) -> None:
        """Wait until no card is on its way into the folder."""
        await self._emptied.wait()

    def land(self, name: str, document: Document, landed: Landed) -> None:
        """Write the card in the landing thread."""
        self._flying += 1
        self._emptied.clear()

        def arrived(trouble: OSError | None) -> None:
            self._flying -= 1
            if not self._flying:
                self._emptied.set()
            landed(trouble)

        _strip().land(_Flight(self._folder, name, document, arrived))

    def _prepare(self) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        count = 0
        endings = tuple(SUFFIXES.values())
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    if entry.name.endswith(_UNFINISHED):
                        os.unlink(entry.path)  # noqa: PTH108 - a card that a killed process never finished
                elif entry.name.endswith(endings):
                    count += 1
        return count

    def _holds(self, name: str) -> bool:
        return any((self._folder / f"{name}{suffix}").exists() for suffix in SUFFIXES.values())


@dataclass(frozen=True, slots=True)
class _Flight:
    folder: Path
    name: str
    document: Document
    arrived: Landed


class _Strip:
    """The landing thread of one event loop."""

    def __init__(self) -> None:
        self._waiting: list[_Flight] = []
        self._is_busy = False

    def land(self, flight: _Flight) -> None:
        self._waiting.append(flight)
        if not self._is_busy:
            self._is_busy = True
            asyncio.get_running_loop().call_soon(self._depart)

    def _depart(self) -> None:
        flights, self._waiting = self._waiting, []
        crossing = asyncio.get_running_loop().run_in_executor(_thread(), _write_all, flights)
        crossing.add_done_callback(lambda done: self._arrive(flights, done.result()))

    def _arrive(self, flights: list[_Flight], troubles: list[OSError | None]) -> None:
        self._is_busy = False
        for flight, trouble in zip(flights, troubles, strict=True):
            flight.arrived(trouble)
        if self._waiting and not self._is_busy:
            self._is_busy = True
            self._depart()


_strips: WeakKeyDictionary[asyncio.AbstractEventLoop, _Strip] = WeakKeyDictionary()
_threads: list[ThreadPoolExecutor] = []


def _strip() -> _Strip:
    loop = asyncio.get_running_loop()
    strip = _strips.get(loop)
    if strip is None:
        strip = _strips[loop] = _Strip()
    return strip


def _thread() -> ThreadPoolExecutor:
    if not _threads:
        _threads.append(ThreadPoolExecutor(1, thread_name_prefix="simulated-cards"))
    return _threads[0]


def _write_all(flights: list[_Flight]) -> list[OSError | None]:
    return [_write(flight) for flight in flights]


def _write(flight: _Flight) -> OSError | None:
    folder = str(flight.folder)
    suffix = SUFFIXES[flight.document.media_type]
    unfinished = f"{folder}/.{flight.name}{_UNFINISHED}"
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        try:
            _write_whole(descriptor, flight.document.data)
            _link_anew(unfinished, f"{folder}/{flight.name}", suffix)
        finally:
            os.close(descriptor)
            os.unlink(unfinished)  # noqa: PTH108 - pathlib costs microseconds a card
    except OSError as trouble:
        return trouble
    return None


def _write_whole(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _link_anew(source: str, stem: str, suffix: str) -> None:
    target, number = f"{stem}{suffix}", 1
    while True:
        try:
            os.link(source, target)
        except FileExistsError:
            number += 1
            target = f"{stem}~{number}{suffix}"
        else:
            return
