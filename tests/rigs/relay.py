"""A TCP relay in front of a genuine printer, which can stall a transfer or lose an answer.

A reset (RST) from one side is a reset to the other, a polite end (FIN) a polite end: the printer sees what it would
see without the relay.
"""

import asyncio
import contextlib
import socket
import struct
from typing import Self

_RESET = struct.pack("ii", 1, 0)
_PART = 16_384


class Relay:
    """Listens on :attr:`port` while the context lasts.

    Args:
        target: The printer's port on the loopback.
        stall_after: Bytes of a connection that are passed on; then it stands still. Small requests never get there.
        lose_answers: Whether answers to connections that brought more than ``big`` bytes are thrown away.
        big: What counts as a document's connection.
        pace_s: Seconds between two parts of 16 kB; above zero, little more than a part is held on the way.
    """

    def __init__(
        self,
        target: int,
        *,
        stall_after: int | None = None,
        lose_answers: bool = False,
        big: int = 20_000,
        pace_s: float = 0,
    ) -> None:
        self._target = target
        self._stall_after = stall_after
        self._lose_answers = lose_answers
        self._big = big
        self.pace_s = pace_s
        self.stalled = asyncio.Event()
        self.passing = asyncio.Event()
        self.port = 0
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        sock = socket.create_server(("127.0.0.1", 0))
        if self.pace_s:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PART)  # accepted ones inherit it
        self._server = await asyncio.start_server(self._serve, sock=sock, limit=_PART)
        self.port = sock.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._pass_on(reader, writer)
        except asyncio.CancelledError:
            pass  # the relay is being put away; a stream's callback must not end in a cancellation
        finally:
            self._serving.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _reset(writer)
            return
        passed = [0]
        ways = (
            asyncio.ensure_future(self._forth(reader, far_writer, passed)),
            asyncio.ensure_future(self._back(far_reader, writer, passed)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
            is_reset = any(way.done() and way.exception() is not None for way in ways)
            for end in (writer, far_writer):
                if is_reset:
                    _reset(end)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()
            far_writer.close()

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passed: list[int]) -> None:
        while part := await reader.read(_PART):
            if self.pace_s:
                await asyncio.sleep(self.pace_s)
            if self._stall_after is not None and passed[0] + len(part) > self._stall_after:
                writer.write(part[: self._stall_after - passed[0]])
                await writer.drain()
                self.stalled.set()
                while await reader.read(65_536):  # swallow the rest, so that the end of the sender is seen
                    pass
                break
            passed[0] += len(part)
            if passed[0] > self._big:
                self.passing.set()
            writer.write(part)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passed: list[int]) -> None:
        while part := await reader.read(16_384):
            if not (self._lose_answers and passed[0] > self._big):
                writer.write(part)
                await writer.drain()
        if not (self._lose_answers and passed[0] > self._big):
            with contextlib.suppress(OSError):
                writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    if sock is not None:  # uvloop gives none for a connection that is gone already
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
