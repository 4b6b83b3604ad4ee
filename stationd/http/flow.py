"""An answer without an end: written piece by piece to one who goes on reading, and whose token goes on working."""

import asyncio
import socket
from typing import Final

from aiohttp import hdrs, web

from stationd.http.endpoint import begin_stream
from stationd.http.guard import bearer
from stationd.http.policy import POLICY
from stationd.services.access import Access

_SEND_BUFFER: Final = 64 * 1024
"""Bytes that the kernel holds for a listener that does not read; by itself it would take megabytes."""


class Flow:
    """One such answer."""

    def __init__(self, request: web.Request, response: web.StreamResponse, access: Access) -> None:
        self.response = response
        policy = request.app[POLICY]
        self.heartbeat_s = policy.heartbeat_s
        self._patience_s = policy.patience_s
        self._request = request
        self._access = access
        # Without a token it is a local administrator, who stays one for as long as the connection lasts.
        self._token = bearer(request.headers) if hdrs.AUTHORIZATION in request.headers else None
        self._checked_at = asyncio.get_running_loop().time()

    @classmethod
    async def begin(cls, request: web.Request, media_type: str, access: Access) -> "Flow":
        """Send the headers."""
        flow = cls(request, await begin_stream(request, media_type, {"X-Accel-Buffering": "no"}), access)
        transport = request.transport
        known = transport.get_extra_info("socket") if transport is not None else None
        if known is not None:
            with socket.fromfd(known.fileno(), known.family, known.type) as same:
                same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        return flow

    async def send(self, chunk: bytes) -> None:
        """Write a piece. Raises ``TimeoutError`` for who does not read, ``ConnectionError`` for who went away."""
        async with asyncio.timeout(self._patience_s):
            await self.response.write(chunk)
            await self._request.writer.drain()

    async def is_allowed(self) -> bool:
        """Whether the token still works, looked up once in a heartbeat."""
        now = asyncio.get_running_loop().time()
        if self._token is None or now - self._checked_at < self.heartbeat_s:
            return True
        self._checked_at = now
        return await self._access.is_valid(self._token)

    def abort(self) -> None:
        """Cut the connection off."""
        if isinstance(self._request.transport, asyncio.Transport):
            self._request.transport.abort()
