"""One printer to run a station against, genuine or simulated, behind one shape: start, kill, its table, its cards."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from tests.rigs.cupsd import Cupsd
from tests.rigs.ippeveprinter import IppEvePrinter
from tests.rigs.reckoning import digests_in, digests_of

NAMES = ("ippeve", "cups", "cups-once", "simulator")


class Press(Protocol):
    """A printer whose cards can be counted."""

    @property
    def table(self) -> Mapping[str, object]:
        """Its ``[[printer]]`` table."""
        ...

    def printed(self) -> list[str]:
        """The SHA-256 of every card that came out."""
        ...

    def begun(self) -> list[str]:
        """The SHA-256 of every document that reached the print step, whole or not."""
        ...

    def slow_down(self, seconds: float) -> None:
        """How long every further card takes."""
        ...

    def kill(self) -> None:
        """Cut its power."""
        ...

    def start(self) -> None:
        """Switch it on again."""
        ...


class GenuinePress:
    """ippeveprinter, or cupsd with a backend that writes down its cards."""

    def __init__(self, rig: IppEvePrinter | Cupsd) -> None:
        self.rig = rig
        self.table = {"name": "kartu-1", "driver": "ipp", "uri": rig.uri, "poll_s": 0.2, "timeout_s": 3}

    def printed(self) -> list[str]:
        """See :class:`Press`."""
        return digests_of(self.rig.cards())

    def begun(self) -> list[str]:
        """See :class:`Press`."""
        return digests_of(self.rig.begun())

    def slow_down(self, seconds: float) -> None:
        """See :class:`Press`."""
        self.rig.behave(f"sleep {seconds}" if seconds else "")

    def kill(self) -> None:
        """See :class:`Press`."""
        self.rig.kill()

    def start(self) -> None:
        """See :class:`Press`."""
        self.rig.start()


class SimulatedPress:
    """The simulated printer: it lives and dies with the station."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seconds = 0.05

    @property
    def table(self) -> Mapping[str, object]:
        """See :class:`Press`."""
        return {"name": "kartu-1", "driver": "simulator", "folder": str(self._folder), "seconds": self._seconds}

    def printed(self) -> list[str]:
        """See :class:`Press`."""
        return digests_in(self._folder)

    def begun(self) -> list[str]:
        """See :class:`Press`."""
        return self.printed()

    def slow_down(self, seconds: float) -> None:
        """Counts from the next configuration of the station."""
        self._seconds = seconds

    def kill(self) -> None:
        """It has no power of its own."""

    def start(self) -> None:
        """It has no power of its own."""


@contextlib.contextmanager
def press(name: str, folder: Path) -> Iterator[GenuinePress | SimulatedPress]:
    """A running printer of the kind ``name``; see :data:`NAMES`."""
    if name == "simulator":
        yield SimulatedPress(folder / "cards")
        return
    rig: IppEvePrinter | Cupsd
    if name == "ippeve":
        rig = IppEvePrinter(folder / "printer")
    else:
        rig = Cupsd(folder / "printer", is_once=name == "cups-once")
    with rig:
        yield GenuinePress(rig)
