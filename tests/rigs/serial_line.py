"""A serial device on a pseudo-terminal that can be plugged, pulled, and stalled; its port has one path throughout."""

import contextlib
import os
import tty
from pathlib import Path
from typing import Self


class SerialDevice:
    """A device behind a port as udev would name it: ``port`` is a link that exists while it is plugged in."""

    def __init__(self, folder: Path, name: str = "usb-Contoh_Scanner-if00") -> None:
        self.port = folder / name
        self._master: int | None = None

    def plug(self) -> None:
        """Let it appear. Nobody listens yet: what it sends before it is opened is lost."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port.symlink_to(os.ttyname(slave))
        # Until a slave has been opened once more, the master would say that there is none.
        os.set_blocking(self._master, False)
        os.close(slave)

    def pull(self) -> None:
        """Pull the cable: every open port breaks, and the name goes."""
        if self._master is not None:
            self.port.unlink()
            os.close(self._master)
            self._master = None

    def send(self, data: bytes) -> int:
        """What the device sends; answers how many bytes the line took, for nobody may be reading."""
        return os.write(self._plugged(), data)

    def sent_to_it(self) -> bytes:
        """What came from the host since the last look. A device that never looks is stalled."""
        heard = bytearray()
        with contextlib.suppress(BlockingIOError, OSError):
            while piece := os.read(self._plugged(), 65536):
                heard += piece
        return bytes(heard)

    def _plugged(self) -> int:
        if self._master is None:
            raise AssertionError("the device is not plugged in")
        return self._master

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.pull()
