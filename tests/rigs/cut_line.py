"""A TCP line on loopback that can be cut and mended, and that remembers when it was asked for a page."""

import asyncio
import contextlib
import time


class CutLine:
    """Passes everything on to ``target`` while it is whole; a cut aborts what is under way and refuses what comes.

    ``asked`` are the moments (Unix seconds) at which a GET for ``/metrics`` passed, for lines without TLS. It is passed
    on as one to the port of the target, for a station answers to no other host.
    """

    def __init__(self, port, target):
        self.port = port
        self._target = target
        self._server = None
        self._writers = set()
        self._tasks = set()
        self.asked = []

    async def __aenter__(self):
        await self.mend()
        return self

    async def __aexit__(self, *_):
        await self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def mend(self):
        """Let everything through again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self):
        """Let nothing through."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
                self._writers.add(far_writer)
                try:
                    await asyncio.gather(self._pass(reader, far_writer, is_asking=True), self._pass(far_reader, writer))
                finally:
                    self._writers.discard(far_writer)
                    far_writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pass(self, reader, writer, *, is_asking=False):
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if is_asking and data.startswith(b"GET /metrics"):
                    self.asked.append(time.time())
                    data = data.replace(b"Host: 127.0.0.1:%d" % self.port, b"Host: 127.0.0.1:%d" % self._target)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
