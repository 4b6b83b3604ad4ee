"""A virtual card for a slot of ``vsmartcard-vpcd``: connecting puts it on the reader, closing takes it away.

The protocol (vpcd): messages of a 2-byte big-endian length and a body. A body of one byte is a command (0 off, 1 on,
2 reset, 4 tell the ATR, the only one that is answered); a longer one is an APDU, and its answer is sent back.
"""

import asyncio
import contextlib
import struct
from typing import Self

CLASSIC_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
"""As a contactless reader gives it for a MIFARE Classic 1K (PC/SC part 3, 3.1.3.2.3)."""
GET_UID = bytes.fromhex("FFCA000000")
_TELL_ATR = b"\x04"
_NOT_SUPPORTED = b"\x6d\x00"


class VirtualCard:
    """A card with a UID, or with none (``None``: it does not know the command)."""

    def __init__(self, port: int, uid: bytes | None, atr: bytes = CLASSIC_ATR) -> None:
        self.apdus: list[bytes] = []
        self._port = port
        self._uid = uid
        self._atr = atr
        self._answering: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def insert(self) -> None:
        """Put it on the reader."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._answering = asyncio.create_task(self._answer(reader, self._writer))

    async def remove(self) -> None:
        """Take it away."""
        if self._answering is not None and self._writer is not None:
            self._answering.cancel()
            await asyncio.wait({self._answering})
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._answering = self._writer = None

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                message = await reader.readexactly(length)
                if message == _TELL_ATR:
                    self._send(writer, self._atr)
                elif length > 1:
                    self.apdus.append(message)
                    knows = self._uid is not None and message == GET_UID
                    self._send(writer, (self._uid or b"") + b"\x90\x00" if knows else _NOT_SUPPORTED)

    def _send(self, writer: asyncio.StreamWriter, body: bytes) -> None:
        writer.write(struct.pack("!H", len(body)) + body)

    async def __aenter__(self) -> Self:
        await self.insert()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.remove()
