"""What systemd is to a station, for the demonstration: holds its sockets, and starts it again when it was killed.

The station is a process of its own, so that it can be killed as hard as a power cut would. Connections that come
meanwhile wait at the held sockets, as they do with ``stationd.socket``.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Self

from stationd.config import load
from stationd.demo.settings import DemoOptions, configuration
from stationd.http.listeners import open_sockets, remove_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the keeper gives to the station's process: descriptors by number, and which start this is (from 1).

    ``lifeline`` ends when the keeper does, however it ends.
    """

    start: int
    lifeline: int
    sockets: tuple[int, ...]

    def __str__(self) -> str:
        return ",".join(map(str, (self.start, self.lifeline, *self.sockets)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """What :meth:`__str__` wrote. Raises ``ValueError``."""
        start, lifeline, *sockets = map(int, text.split(","))
        return cls(start=start, lifeline=lifeline, sockets=tuple(sockets))

    def listening(self) -> list[socket.socket]:
        """The held sockets."""
        return [socket.socket(fileno=number) for number in self.sockets]

    async def end_with_keeper(self) -> None:
        """Ask this process to stop when the keeper is gone."""
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(self.lifeline, gone.set)
        try:
            await gone.wait()
        finally:
            asyncio.get_running_loop().remove_reader(self.lifeline)
        os.kill(os.getpid(), signal.SIGTERM)


def keep(options: DemoOptions, command: Sequence[str]) -> int:
    """Run ``command --kept …`` until it ends, again whenever it was killed; its exit code.

    Raises ``ConfigError`` for a configuration in the folder that cannot be used, and ``Faulted`` as
    :func:`stationd.http.listeners.open_sockets`.
    """
    options.folder.mkdir(parents=True, exist_ok=True)
    if not options.config.exists():
        options.config.write_text(configuration(options), encoding="utf-8")
    sockets = open_sockets(str(place) for place in load(options.config).http.listen)
    try:
        for each in sockets:
            each.listen()
        return _Keeper(sockets, command).run()
    finally:
        for each in sockets:
            remove_file(each)
            each.close()


class _Keeper:
    def __init__(self, sockets: Sequence[socket.socket], command: Sequence[str]) -> None:
        self._sockets = tuple(each.fileno() for each in sockets)
        self._command = tuple(command)
        self._station: subprocess.Popen[bytes] | None = None
        self._is_asked_to_stop = False

    def run(self) -> int:
        lifeline, held = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        start = 0
        try:
            while True:
                start += 1
                ended = self._once(Kept(start=start, lifeline=lifeline, sockets=self._sockets))
                if self._is_asked_to_stop:
                    return 0 if ended in {0, -signal.SIGTERM} else abs(ended)
                if ended != -signal.SIGKILL:
                    return abs(ended)
                print("\n  killed; starting it again", flush=True)
        finally:
            os.close(held)
            os.close(lifeline)

    def _once(self, kept: Kept) -> int:
        self._station = subprocess.Popen(  # noqa: S603 - this very program
            (*self._command, "--kept", str(kept)), pass_fds=(kept.lifeline, *kept.sockets)
        )
        if self._is_asked_to_stop:  # asked while it was being started
            self._station.terminate()
        return self._station.wait()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_asked_to_stop = True
        if self._station is not None and self._station.poll() is None:
            self._station.terminate()


def this_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """The command line that runs this program again with other arguments."""
    return (sys.executable, "-m", "stationd", *arguments)
