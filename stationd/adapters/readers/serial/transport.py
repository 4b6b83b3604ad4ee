"""A serial port on the event loop through pyserial-asyncio, whose faults end in this file.

Seen with pyserial 3.5 and pyserial-asyncio 0.6, and what is done about it:

- opening talks to the device (termios, modem lines) and may block: it happens in a thread;
- reading goes through ``select``, which cannot take file descriptors from 1024 on: ``_Port.read`` reads the descriptor;
- losing the port calls ``tcdrain`` on the loop, which waits for ever for a stalled device: ``_Port.flush`` discards;
- ``close`` on the loop may wait for the kernel's closing time of 30 s: ``_Port.close`` runs in a thread of its own;
- a transport with unsent bytes never closes, and a failed write is reported as a defect: ``Link.close`` bounds the
  wait and aborts, and ``_Port.write`` leaves the loss to be told by the reading side;
- ``termios.error`` is no ``OSError``: it is made one.

Another package takes its place by an entry point of the group ``stationd.serial`` with the shape of :func:`connect`,
chosen by the option ``transport``.
"""

import asyncio
import contextlib
import os
import termios
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import serial
from serial_asyncio import SerialTransport

_CLOSE_WITHIN_S = 1.0
_ABORT_WITHIN_S = 1.0
_GONE = "the device went away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A serial port and how to talk on it. ``parity``: none, even or odd; ``flow``: none, rtscts or xonxoff."""

    port: str
    baud: int = 9600
    data_bits: int = 8
    parity: str = "none"
    stop_bits: int = 1
    flow: str = "none"


class Link(Protocol):
    """An open port."""

    def write(self, data: bytes) -> None:
        """Send as the device takes it; lost when the port is lost or closed."""
        ...

    async def close(self) -> None:
        """Let the port go, within two seconds whatever the device does."""
        ...


class Connect(Protocol):
    """The shape of a transport (entry-point group ``stationd.serial``)."""

    async def __call__(
        self, line: Line, received: Callable[[bytes], None], lost: Callable[[OSError | None], None]
    ) -> Link:
        """Open the port for us alone. Raises ``OSError`` when it cannot be.

        ``received`` is called with bytes as they come, in order; ``lost`` once, when no more can come.
        """
        ...


async def connect(line: Line, received: Callable[[bytes], None], lost: Callable[[OSError | None], None]) -> Link:
    """An open port; see :class:`Connect`."""
    opening = asyncio.ensure_future(asyncio.to_thread(_open, line))
    try:
        port = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_late)
        raise
    protocol = _Protocol(received, lost)
    try:
        transport = SerialTransport(asyncio.get_running_loop(), protocol, port)
    except BaseException:
        port.close()
        raise
    return _Link(transport, protocol, port)


class _Link:
    def __init__(self, transport: SerialTransport, protocol: "_Protocol", port: "_Port") -> None:
        self._transport = transport
        self._protocol = protocol
        self._port = port

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    async def close(self) -> None:
        for end, within_s in ((self._transport.close, _CLOSE_WITHIN_S), (self._transport.abort, _ABORT_WITHIN_S)):
            if not self._protocol.gone.is_set():
                end()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._protocol.gone.wait(), within_s)
        await self._port.closed(_CLOSE_WITHIN_S)


class _Protocol(asyncio.Protocol):
    def __init__(self, received: Callable[[bytes], None], lost: Callable[[OSError | None], None]) -> None:
        self._received = received
        self._lost = lost
        self.gone = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self._received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self._lost(exc if isinstance(exc, OSError) or exc is None else OSError(str(exc)))


class _Port:
    """As much of ``serial.Serial`` as the transport uses, made harmless for a loop."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self._closing: threading.Thread | None = None
        self.timeout: float | None = 0
        self.write_timeout: float | None = 0

    def fileno(self) -> int:
        return int(self._port.fileno())

    def read(self, size: int) -> bytes:
        try:
            data = os.read(self.fileno(), size)
        except BlockingIOError:
            return b""
        except OSError as trouble:
            raise serial.SerialException(trouble.errno, trouble.strerror or _GONE) from trouble
        if not data:
            raise serial.SerialException(_GONE)
        return data

    def write(self, data: bytes) -> int:
        try:
            return os.write(self.fileno(), data)
        except BlockingIOError:
            return 0
        except OSError:
            return len(data)

    def flush(self) -> None:
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self.fileno(), termios.TCOFLUSH)

    def close(self) -> None:
        if self._closing is None:
            self._closing = threading.Thread(target=self._close, name="serial-close", daemon=True)
            self._closing.start()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self._port.close()

    async def closed(self, within_s: float) -> None:
        """Wait until the kernel let the port go, or ``within_s`` seconds."""
        if self._closing is not None:
            await asyncio.to_thread(self._closing.join, within_s)


def _open(line: Line) -> _Port:
    try:
        return _Port(
            serial.Serial(
                line.port,
                baudrate=line.baud,
                bytesize=line.data_bits,
                parity=line.parity[0].upper(),
                stopbits=line.stop_bits,
                rtscts=line.flow == "rtscts",
                xonxoff=line.flow == "xonxoff",
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        )
    except termios.error as trouble:
        raise OSError(*trouble.args) from trouble
    except ValueError as wrong:
        raise OSError(str(wrong)) from wrong


def _close_late(opening: "asyncio.Future[_Port]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
