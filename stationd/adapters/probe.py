"""Seeing whether the centre can be reached: a TCP connection, a TLS handshake, or an answer to an HTTP request."""

import asyncio
import ssl
from urllib.parse import urlsplit

import aiohttp

from stationd.ports.readiness import CentreProbe

_PORTS = {"http": 80, "https": 443}
_SERVER_TROUBLE = 500


class StreamProbe:
    """Fulfils ``CentreProbe``: it connects, with a TLS handshake where asked, and hangs up."""

    def __init__(self, host: str, port: int, *, has_tls: bool, timeout_s: float) -> None:
        self._host = host
        self._port = port
        self._has_tls = has_tls
        self._timeout_s = timeout_s

    async def is_answering(self) -> bool:
        """Whether the connection stood in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                context = await asyncio.to_thread(ssl.create_default_context) if self._has_tls else None
                _, writer = await asyncio.open_connection(self._host, self._port, ssl=context)
        except (OSError, TimeoutError):  # ssl.SSLError is an OSError
            return False
        writer.transport.abort()
        return True


class HttpProbe:
    """Fulfils :class:`stationd.ports.readiness.CentreProbe`: any answer below 500 says that the centre is there."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def is_answering(self) -> bool:
        """Whether it answered in time."""
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as session,
                session.get(self._url, allow_redirects=False) as answer,
            ):
                return answer.status < _SERVER_TROUBLE
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False


def probe_for(url: str, timeout_s: float) -> CentreProbe:
    """The probe of a checked address such as ``tcp://host:port``, ``tls://host:port`` or ``https://host/path``."""
    parts = urlsplit(url)
    if parts.scheme in _PORTS:
        return HttpProbe(url, timeout_s=timeout_s)
    return StreamProbe(parts.hostname or "", parts.port or 0, has_tls=parts.scheme == "tls", timeout_s=timeout_s)
