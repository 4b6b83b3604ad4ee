"""One IPP exchange: a request out and its answer back, over HTTP/1.1 on a connection of its own.

How a transfer ends decides whether a card is printed. A device may take a body that was cut short and ended politely
(FIN) for the whole document and print it; seen with a genuine printer. So the connection carries ``SO_LINGER 0`` from
the moment it stands: whatever cuts the exchange off — a time-out, a cancelled task, SIGKILL — makes the kernel reset
it (RST), and the device throws the piece away. Only a complete answer turns that off again. A unix socket has no RST;
the spooler behind one discards a body shorter than its Content-Length.

Every phase has its deadline, an answer has a largest size, and a failure says whether the whole body had been handed
to the kernel: only then can the device have the document.
"""

import asyncio
import contextlib
import ipaddress
import itertools
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from stationd.adapters.printers.ipp.codec import MalformedIppError, decode
from stationd.adapters.printers.ipp.message import Message
from stationd.adapters.printers.ipp.settings import Endpoint

MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer: 500 jobs of history take about 150 kB."""

_STATUS_DIGITS = 3
"""RFC 9112, 4."""
_PART = 64 * 1024
_MAX_HEADERS = 100
_MAX_INTERIM = 10
_OK = 200
_FIRST_REFUSAL = 0x0100  # RFC 8011, B.1: below it are the successful status codes
_RESET = struct.pack("ii", 1, 0)
_POLITE = struct.pack("ii", 0, 0)


class ExchangeError(Exception):
    """An exchange without an answer in IPP. ``reason`` is a keyword or a short line without anything of a document.

    ``begun``: a byte may have left. ``whole_body``: every byte of the request had been handed to the kernel, so that
    the device may have it all. ``refused``: the device answered, but in HTTP only (``http-401``).
    """

    def __init__(self, reason: str, *, begun: bool = True, whole_body: bool = False, refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.begun = begun
        self.whole_body = whole_body
        self.refused = refused


@dataclass(slots=True)
class _Progress:
    begun: bool = False
    whole_body: bool = False

    def error(self, reason: str, *, refused: bool = False) -> ExchangeError:
        """The failure of an exchange that came so far."""
        return ExchangeError(reason, begun=self.begun, whole_body=self.whole_body, refused=refused)


class Client:
    """Exchanges with one endpoint; holds nothing open between them."""

    def __init__(
        self, endpoint: Endpoint, *, timeout_s: float, max_answer: int = MAX_ANSWER, authorization: str | None = None
    ) -> None:
        """``authorization``: the value of that header, as ``PeerCred lp`` for a spooler behind a unix socket."""
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._max_answer = max_answer
        self._headers = f"Authorization: {authorization}\r\n" if authorization else ""

    async def exchange(self, request: bytes, document: bytes = b"") -> Message:
        """The device's answer to an encoded request and the document behind it.

        Raises :class:`ExchangeError` when there is none. Cancelling it resets the connection.
        """
        progress = _Progress()
        try:
            async with self._connection(progress) as (reader, writer):
                body = await self._talk(reader, writer, request, document, progress)
            message, _ = decode(body)
        except TimeoutError:
            raise progress.error("no-answer-in-time") from None
        except (MalformedIppError, _HttpSyntaxError):
            raise progress.error("answer-malformed") from None
        except (OSError, EOFError) as error:
            raise progress.error(_keyword(error)) from None
        except _HttpStatusError as error:
            raise progress.error(f"http-{error.status}", refused=error.status >= HTTPStatus.BAD_REQUEST) from None
        if message.code < _FIRST_REFUSAL and not progress.whole_body:
            raise progress.error("answered-too-early")  # it says yes to a body it does not have
        return message

    @contextlib.asynccontextmanager
    async def _connection(
        self, progress: _Progress
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection that is reset unless the whole request went out and the block ends without an exception."""
        async with asyncio.timeout(self._timeout_s):
            sock = await self._connect()
            try:
                if self._endpoint.socket is None:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                reader, writer = await asyncio.open_connection(sock=sock, limit=_PART)
            except BaseException:
                sock.close()
                raise
        writer.transport.set_write_buffer_limits(high=0)  # drain() returns when the kernel has it all
        try:
            yield reader, writer
        except BaseException:
            writer.transport.abort()
            raise
        if not progress.whole_body:
            writer.transport.abort()
            return
        if self._endpoint.socket is None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _POLITE)
        writer.close()

    async def _connect(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        failure: OSError = OSError("no address")
        for family, address in await self._addresses():
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                await loop.sock_connect(sock, address)
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise failure

    async def _addresses(self) -> list[tuple[int, Any]]:
        """Socket families and addresses to try; a literal address costs no look-up and no thread."""
        host, port = self._endpoint.host, self._endpoint.port
        if self._endpoint.socket is not None:
            return [(socket.AF_UNIX, self._endpoint.socket)]
        try:
            literal = ipaddress.ip_address(host)
        except ValueError:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return [(family, address) for family, _, _, _, address in found]
        return [(socket.AF_INET if isinstance(literal, ipaddress.IPv4Address) else socket.AF_INET6, (host, port))]

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request: bytes,
        document: bytes,
        progress: _Progress,
    ) -> bytes:
        """The body of the answer; reads while it sends, for a refusal may come before the body is through."""
        answer = asyncio.ensure_future(_Answer(reader, self._max_answer).body())
        progress.begun = True
        try:
            await self._send(writer, request, document, answer)
            if not answer.done():
                progress.whole_body = True
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.shield(answer)
        finally:
            if not answer.done():
                answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)

    async def _send(
        self, writer: asyncio.StreamWriter, request: bytes, document: bytes, answer: "asyncio.Future[bytes]"
    ) -> None:
        head = (
            f"POST {self._endpoint.path} HTTP/1.1\r\nHost: {self._endpoint.authority}\r\n"
            f"Content-Type: application/ipp\r\nContent-Length: {len(request) + len(document)}\r\n"
            f"{self._headers}User-Agent: stationd\r\nConnection: close\r\n\r\n"
        ).encode()
        parts = (document[at : at + _PART] for at in range(0, len(document), _PART))
        for part in itertools.chain((head + request,), parts):
            if answer.done():
                return
            writer.write(part)
            async with asyncio.timeout(self._timeout_s):
                try:
                    await writer.drain()
                except OSError:
                    await asyncio.wait({answer})  # a refusal may have come before the reset
                    if answer.exception() is None or isinstance(answer.exception(), _HttpStatusError):
                        return
                    raise


class _HttpStatusError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _HttpSyntaxError(Exception):
    pass


class _Answer:
    """Reads one HTTP/1.1 answer: interim ones skipped, lengths and chunks checked, never more than ``limit`` bytes."""

    def __init__(self, reader: asyncio.StreamReader, limit: int) -> None:
        self._reader = reader
        self._limit = limit

    async def body(self) -> bytes:
        """The body of a 200. Raises for any other status, for what is not HTTP and for an early end."""
        for _ in range(_MAX_INTERIM):
            status, headers = await self._head()
            if status >= _OK:
                break
        else:
            raise _HttpSyntaxError
        if status != _OK:
            raise _HttpStatusError(status)
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks()
        length = headers.get("content-length")
        if length is None:
            return await self._rest()
        if not length.isascii() or not length.isdigit() or int(length) > self._limit:
            raise _HttpSyntaxError
        return await self._reader.readexactly(int(length))

    async def _head(self) -> tuple[int, dict[str, str]]:
        version, status = (*(await self._line()).split(maxsplit=2), "", "")[:2]
        if not version.startswith("HTTP/1.") or len(status) != _STATUS_DIGITS or not status.isdigit():
            raise _HttpSyntaxError
        headers: dict[str, str] = {}
        for _ in range(_MAX_HEADERS):
            line = await self._line()
            if not line:
                return int(status), headers
            name, colon, value = line.partition(":")
            if not colon:
                raise _HttpSyntaxError
            headers[name.strip().lower()] = value.strip()
        raise _HttpSyntaxError

    async def _chunks(self) -> bytes:
        out = bytearray()
        while True:
            size = await self._line()
            try:
                count = int(size.partition(";")[0], 16)
            except ValueError:
                raise _HttpSyntaxError from None
            if count < 0 or len(out) + count > self._limit:
                raise _HttpSyntaxError
            if count == 0:
                for _ in range(_MAX_HEADERS):
                    if not await self._line():
                        return bytes(out)
                raise _HttpSyntaxError
            out += await self._reader.readexactly(count)
            if await self._line():
                raise _HttpSyntaxError

    async def _rest(self) -> bytes:
        out = bytearray()
        while part := await self._reader.read(_PART):
            out += part
            if len(out) > self._limit:
                raise _HttpSyntaxError
        return bytes(out)

    async def _line(self) -> str:
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            raise _HttpSyntaxError from None
        return line.decode("latin-1").rstrip("\r\n")


def _keyword(error: BaseException) -> str:
    """A failure of the connection in one word, for logs and officers."""
    match error:
        case ConnectionRefusedError():
            return "connection-refused"
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "connection-reset"
        case FileNotFoundError():
            return "no-such-socket"
        case PermissionError():
            return "permission-denied"
        case socket.gaierror():
            return "host-unknown"
        case EOFError():
            return "connection-closed"
        case _:
            return "network-trouble"
