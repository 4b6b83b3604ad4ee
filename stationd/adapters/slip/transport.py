"""Bytes to a receipt printer: over TCP, to a USB printer's node, or over a serial line; whole within a time or not."""

import asyncio
import errno
import os
import select
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stationd.domain.errors import Faulted

WITHIN_S: Final = 10.0
"""How long a slip may take to be taken: a printer that is out of paper stops taking bytes."""

_PIECE: Final = 4096


class Way(StrEnum):
    """How the printer is connected."""

    TCP = "tcp"
    USBLP = "usblp"
    SERIAL = "serial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where the printer is: ``place`` is host and port, or the path of a node; ``baud`` is for a serial line."""

    way: Way
    place: str
    baud: int = 9600


async def send(route: Route, data: bytes, *, within_s: float = WITHIN_S) -> None:
    """Write all of it. Raises ``Faulted`` (``slip-printer-unreachable``)."""
    try:
        async with asyncio.timeout(within_s + 1):
            if route.way is Way.TCP:
                await _over_tcp(route.place, data)
            elif route.way is Way.USBLP:
                await asyncio.to_thread(_to_node, route.place, data, within_s)
            else:
                await asyncio.to_thread(_over_serial, route, data, within_s)
    except (OSError, TimeoutError) as error:
        why = "it takes no bytes" if isinstance(error, TimeoutError) else error.strerror or type(error).__name__
        raise Faulted("slip-printer-unreachable", why=why) from error


async def _over_tcp(place: str, data: bytes) -> None:
    host, _, port = place.rpartition(":")
    _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    try:
        writer.write(data)
        await writer.drain()
        writer.write_eof()
    finally:
        writer.close()
        await writer.wait_closed()


def _to_node(path: str, data: bytes, within_s: float) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _write(descriptor, data, time.monotonic() + within_s)
    finally:
        os.close(descriptor)


def _over_serial(route: Route, data: bytes, within_s: float) -> None:
    import serial  # noqa: PLC0415 - only where there is one

    try:
        with serial.Serial(route.place, route.baud, write_timeout=within_s, timeout=0) as port:
            port.write(data)
            deadline = time.monotonic() + within_s
            while port.out_waiting and time.monotonic() < deadline:
                time.sleep(0.02)
    except serial.SerialTimeoutException as slow:
        raise TimeoutError from slow
    except serial.SerialException as broken:
        raise OSError(getattr(broken, "errno", None) or errno.EIO, "the serial line is broken") from broken


def _write(descriptor: int, data: bytes, deadline: float) -> None:
    rest = memoryview(data)
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    while rest:
        if not poller.poll(max(0, (deadline - time.monotonic()) * 1000)):
            raise TimeoutError
        try:
            rest = rest[os.write(descriptor, rest[:_PIECE]) :]
        except BlockingIOError:
            continue
