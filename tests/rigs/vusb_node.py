"""What stands behind a printer's node on the virtual bus: it answers every read, write and ioctl, well or badly.

The answers are set from the test at any time. umockdev's protocol: a request of three 64-bit numbers (command and two
arguments), answered by reads and writes in the memory of the process under test and then a result with an errno.
"""

import contextlib
import errno
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

LPGETSTATUS = 0x060B
"""ioctl of usblp: the status byte of the parallel port."""
LPRESET = 0x060C
"""ioctl of usblp: forget what was received of a document."""
LPIOC_GET_DEVICE_ID = 0x5001
"""ioctl of usblp: the IEEE 1284 id behind two bytes of length; the size of the buffer stands in the request."""

_FRAME = struct.Struct("=QQQ")


class Status(IntEnum):
    """What LPGETSTATUS answers: 0x20 paper out, 0x10 selected, 0x08 no error."""

    NORMAL = 0x18
    PAPER_OUT = 0x30
    OFFLINE = 0x00


class _Command(IntEnum):
    IOCTL = 1
    DONE = 3
    RUN = 4
    READ_MEMORY = 5
    WRITE_MEMORY = 6
    READ = 7
    WRITE = 8


@dataclass(slots=True)
class NodeServer:
    """One node. ``received`` is what the printer took.

    ``fail_write``: errno of every write from now on. ``take``: bytes it still takes before the cable is pulled
    (ENODEV). ``delay_s`` and ``chunk``: how slowly it takes them. ``answer``: what it has to say. With
    ``passes_through`` it is the default for nodes without a server: ioctls go to the pty itself.
    """

    path: Path
    passes_through: bool = False
    received: bytearray = field(default_factory=bytearray)
    status: int = Status.NORMAL
    answer: bytes = b""
    fail_write: int | None = None
    take: int | None = None
    delay_s: float = 0.0
    chunk: int = 8192
    device_id: bytes = b"MFG:Evolis;MDL:Primacy 2;"
    is_gone: bool = False
    resets: int = 0
    _listener: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self._listener.listen(8)
        threading.Thread(target=self._accept, name="vusb-node", daemon=True).start()

    def close(self) -> None:
        """The device is gone: everything still open answers ENODEV."""
        self.is_gone = True
        self.path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), name="vusb-peer", daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            while len(frame := peer.recv(_FRAME.size, socket.MSG_WAITALL)) == _FRAME.size:
                command, first, second = _FRAME.unpack(frame)
                result, error = self._carry_out(peer, command, first, second)
                peer.sendall(_FRAME.pack(_Command.DONE, result & 0xFFFFFFFFFFFFFFFF, error))

    def _carry_out(self, peer: socket.socket, command: int, first: int, second: int) -> tuple[int, int]:
        """The result and errno of one call."""
        if self.is_gone:
            return -1, errno.ENODEV
        match command:
            case _Command.WRITE:
                return self._write(peer, first, second)
            case _Command.READ if self.answer:
                data, self.answer = self.answer[:second], self.answer[second:]
                self._to_memory(peer, first, data)
                return len(data), 0
            case _Command.READ:
                return -1, errno.EAGAIN
            case _Command.IOCTL:
                return self._ioctl(peer, first, second)
            case _:
                return -1, errno.EINVAL

    def _write(self, peer: socket.socket, address: int, size: int) -> tuple[int, int]:
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.is_gone:
            return -1, errno.ENODEV
        if self.fail_write is not None:
            return -1, self.fail_write
        taken = min(size, self.chunk)
        if self.take is not None:
            taken = min(taken, self.take)
            if taken == 0:
                return -1, errno.ENODEV
            self.take -= taken
        peer.sendall(_FRAME.pack(_Command.READ_MEMORY, address, taken))
        self.received += peer.recv(taken, socket.MSG_WAITALL)
        return taken, 0

    def _ioctl(self, peer: socket.socket, request: int, address: int) -> tuple[int, int]:
        if self.passes_through:
            peer.sendall(_FRAME.pack(_Command.RUN, 0, 0))
            _, result, error = _FRAME.unpack(peer.recv(_FRAME.size, socket.MSG_WAITALL))
            return result, error
        if request == LPGETSTATUS:
            self._to_memory(peer, address, struct.pack("=i", self.status))
            return 0, 0
        if request == LPRESET:
            self.resets += 1
            return 0, 0
        if request & 0xFFFF == LPIOC_GET_DEVICE_ID:
            room = request >> 16 & 0x3FFF
            data = (struct.pack("!H", len(self.device_id) + 2) + self.device_id)[:room]
            self._to_memory(peer, address, data)
            return len(data), 0
        return -1, errno.ENOTTY

    def _to_memory(self, peer: socket.socket, address: int, data: bytes) -> None:
        peer.sendall(_FRAME.pack(_Command.WRITE_MEMORY, address, len(data)) + data)
