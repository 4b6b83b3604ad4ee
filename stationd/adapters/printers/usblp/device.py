"""One opened ``/dev/usb/lpN``: the bytes on the loop, the questions in threads, and what each errno means.

A question to a device that hangs takes the kernel seconds, so questions are asked in daemon threads, which hold up
neither the loop nor a stop; the file is closed when the last has returned. Writing is non-blocking: usblp copies up to
8 kB a call, says ``EAGAIN`` while that is on its way, and polls as writable when it has arrived. Closing while bytes
are on their way throws them away.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import struct
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from stationd.domain.inventory import clean, device_id

T = TypeVar("T")

LPGETSTATUS: Final = 0x060B
LPRESET: Final = 0x060C
_ID_ROOM: Final = 1024
_LPIOC_GET_DEVICE_ID: Final = 2 << 30 | _ID_ROOM << 16 | ord("P") << 8 | 1
_ID_LENGTH: Final = 2
"""Bytes of length before the IEEE 1284 id."""

PAPER_OUT, SELECTED, NO_ERROR = 0x20, 0x10, 0x08
"""The bits of LPGETSTATUS (IEEE 1284 and the USB printer class, 4.2.2)."""

_PIECE: Final = 64 * 1024

_MEANINGS: Final = {
    errno.EACCES: "permission-denied",
    errno.EPERM: "permission-denied",
    errno.EBUSY: "in-use-by-another-program",
    errno.EIO: "device-error",
    errno.ENODEV: "unplugged",
    errno.ENOENT: "unplugged",
    errno.ENOSPC: "media-empty",
    errno.ENOTUNIQ: "two-devices-answer-to-it",
    errno.ENXIO: "unplugged",
    errno.ESHUTDOWN: "unplugged",
    errno.ETIMEDOUT: "device-does-not-answer",
}


def meaning(error: OSError) -> str:
    """A failure of the device in one keyword, for logs and officers."""
    return _MEANINGS.get(error.errno or 0, "device-trouble")


def reasons_of(status: int) -> frozenset[str]:
    """The IPP reasons behind the port status byte; empty when the device is well."""
    found = set()
    if status & PAPER_OUT:
        found.add("media-empty")
    if not status & SELECTED:
        found.add("offline")
    if not status & NO_ERROR and not found:
        found.add("other")
    return frozenset(found)


class OpenDevice:
    """A node held open: nobody else can open it until :meth:`close`. Make one with :func:`open_device`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._asking = 0
        self._polling = asyncio.Lock()
        self._is_closing = False

    async def status(self) -> int:
        """The port status byte. Raises ``OSError``."""
        return await self._ask(_status)

    async def model(self) -> str | None:
        """Maker and model from the IEEE 1284 id, ``None`` when it says neither. Raises ``OSError``."""
        told = device_id((await self._ask(_device_id))[_ID_LENGTH:])
        return clean(" ".join(filter(None, (told.get("MFG"), told.get("MDL"))))) or None

    async def reset(self) -> None:
        """Make the device forget what it holds of a document (SOFT_RESET). Raises ``OSError``."""
        await self._ask(_reset)

    def write(self, data: memoryview) -> int:
        """How many bytes the kernel took, at once; 0 when it takes none now. Raises ``OSError``."""
        if self._is_closing:
            raise OSError(errno.EBADF, "it is closed")
        try:
            return os.write(self._fd, data[:_PIECE])
        except (BlockingIOError, InterruptedError):
            return 0

    async def writable(self, within_s: float) -> bool:
        """Whether all that was written before has arrived, within a time; a broken device counts as writable.

        Raises ``OSError`` (``EBADF``) when it was closed.
        """
        async with self._polling:  # a loop watches a file once
            if self._is_closing:
                raise OSError(errno.EBADF, "it is closed")
            loop = asyncio.get_running_loop()
            ready: asyncio.Future[None] = loop.create_future()
            self._asking += 1
            loop.add_writer(self._fd, _wake, ready)
            try:
                async with asyncio.timeout(within_s):
                    await ready
            except TimeoutError:
                return False
            finally:
                loop.remove_writer(self._fd)
                self._asking -= 1
                self._close_when_quiet()
            return True

    def close(self) -> None:
        """Let go of it; bytes that have not arrived are thrown away. Doing it twice does no harm."""
        self._is_closing = True
        self._close_when_quiet()

    def _close_when_quiet(self) -> None:
        if self._is_closing and not self._asking and self._fd >= 0:
            fd, self._fd = self._fd, -1
            # Closing kills what is on its way, which may wait for the device.
            threading.Thread(target=_close, args=(fd,), name="usblp-close", daemon=True).start()

    async def _ask(self, question: Callable[[int], T]) -> T:
        if self._is_closing:
            raise OSError(errno.EBADF, "it is closed")
        self._asking += 1
        try:
            asked = in_thread(lambda: question(self._fd))
        except BaseException:
            self._asking -= 1
            raise
        asked.add_done_callback(self._answered)
        return await asyncio.shield(asked)

    def _answered(self, asked: "asyncio.Future[T]") -> None:
        if not asked.cancelled():
            asked.exception()  # whoever asked may be gone
        self._asking -= 1
        self._close_when_quiet()


async def open_device(node: str) -> OpenDevice:
    """Open a node for us alone; nothing is sent. Raises ``OSError``: ``EBUSY`` when another program has it."""
    opening = in_thread(lambda: os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC))
    try:
        return OpenDevice(await asyncio.shield(opening))
    except asyncio.CancelledError:
        opening.add_done_callback(_close_opened)
        raise


def in_thread(call: Callable[[], T]) -> "asyncio.Future[T]":
    """What a blocking call gives, from a daemon thread of its own; the loop's executor would wait for it at its end."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, trouble: OSError | None) -> None:
        if told.cancelled():
            return
        if trouble is not None:
            told.set_exception(trouble)
        else:
            told.set_result(result)  # type: ignore[arg-type] # None only beside a trouble

    def run() -> None:
        result, trouble = None, None
        try:
            result = call()
        except OSError as error:
            trouble = error
        except Exception as error:  # noqa: BLE001 - a thread must not end without an answer
            trouble = OSError(errno.EPROTO, f"{type(error).__name__}: {error}")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result, trouble)

    threading.Thread(target=run, name="usblp-ask", daemon=True).start()
    return told


def _wake(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def _close_opened(opened: "asyncio.Future[int]") -> None:
    if opened.exception() is None:
        _close(opened.result())


def _status(fd: int) -> int:
    answer = fcntl.ioctl(fd, LPGETSTATUS, struct.pack("=i", 0))
    return int(struct.unpack("=i", answer)[0]) & 0xFF


def _device_id(fd: int) -> bytes:
    return bytes(fcntl.ioctl(fd, _LPIOC_GET_DEVICE_ID, bytes(_ID_ROOM)))


def _reset(fd: int) -> None:
    fcntl.ioctl(fd, LPRESET)


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        return  # an unplugged device says so here too; the descriptor is free in any case
