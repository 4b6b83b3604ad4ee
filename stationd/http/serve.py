"""The door itself: connections counted, timed and, when the house is full, shown out."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from stationd.domain.errors import Refused
from stationd.http.endpoint import SHORTCUTS, problem, request_id
from stationd.http.listeners import remove_file
from stationd.http.policy import HttpPolicy

_LINGER_S = 3.0
"""How long a refused body is read and dropped, so that the caller can finish sending and see the answer."""
_MAX_HEADERS = 64

Handle = Callable[[Any], Awaitable[web.StreamResponse]]

_log = logging.getLogger(__name__)


class Connection(web.RequestHandler):
    """One connection. It must bring the headers of a request in time, and makes room when there are too many.

    ``aiohttp`` bounds every later wait for a request by its keep-alive time; only the first has no bound of its own.
    """

    __slots__ = ("_deadline", "_room")

    def __init__(self, server: web.Server, room: "Room", **options: Any) -> None:
        super().__init__(server, **options)
        self._room = room
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def has_asked(self) -> bool:
        """Whether the headers of a request have ever been complete."""
        return self._request_count > 0

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being answered."""
        return self._current_request is None and not self._messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in if there is room."""
        super().connection_made(transport)
        if not self._room.admit(self):
            self.abort()
            return
        self._deadline = self._loop.call_later(self._room.header_timeout_s, self._expire)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Make room."""
        self._room.leave(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        super().connection_lost(exc)

    def abort(self) -> None:
        """Cut the connection off without ceremony."""
        if self.transport is not None:
            self.transport.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes what was sent
    ) -> web.StreamResponse:
        """The answer to bytes that are not HTTP; aiohttp's own would quote them, in the answer and in the log."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun and cannot be replaced")
        name = request_id()
        if status < 500:  # noqa: PLR2004 - the caller's fault
            _log.debug("request %s: not HTTP: %s", name, type(exc).__name__)
            refusal = Refused("request-malformed")
        else:
            _log.error("request %s: cannot answer: %s", name, type(exc).__name__)
            refusal = Refused("internal")
        response = problem(request, refusal, name)
        response.force_close()
        return response

    def log_exception(self, *_args: Any, **kwargs: Any) -> None:
        """Log the type of what went wrong on a connection, never its text."""
        _log.error("connection broken by a mistake of ours: %s", type(kwargs.get("exc_info")).__name__)

    def _expire(self) -> None:
        self._deadline = None
        if not self.has_asked:
            self.abort()


class Room:
    """The connections that are open, oldest first, at most so many.

    When it is full a newcomer takes the place of the oldest that never brought a request, else of the oldest that is
    idle; when all are at work the newcomer is turned away.
    """

    def __init__(self, policy: HttpPolicy) -> None:
        self.header_timeout_s = policy.header_timeout_s
        self._most = policy.max_connections
        self._inside: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._inside)

    def admit(self, newcomer: Connection) -> bool:
        """Whether the newcomer may stay."""
        if len(self._inside) >= self._most:
            evicted = next((each for each in self._inside if not each.has_asked), None) or next(
                (each for each in self._inside if each.is_waiting), None
            )
            if evicted is None:
                return False
            del self._inside[evicted]
            evicted.abort()
        self._inside[newcomer] = None
        return True

    def clear(self) -> None:
        """Cut off whoever is left."""
        for each in tuple(self._inside):
            each.abort()

    def leave(self, connection: Connection) -> None:
        """Forget a connection; one that was evicted or turned away is not known any more."""
        self._inside.pop(connection, None)


class HttpServer:
    """An application listening on sockets of our own and on sockets handed over by systemd."""

    def __init__(
        self,
        app: web.Application,
        policy: HttpPolicy,
        *,
        own: Sequence[socket.socket] = (),
        inherited: Sequence[socket.socket] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``tls``: spoken on every socket that is not a unix socket."""
        self._policy = policy
        self._own = tuple(own)
        self._inherited = tuple(inherited)
        self._tls = tls
        self._room = Room(policy)
        self._runner = web.AppRunner(app, shutdown_timeout=policy.grace_s * 0.4)  # aiohttp waits for it twice
        self._listening: list[asyncio.Server] = []

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._room)

    async def start(self) -> None:
        """Listen and answer. Raises ``OSError`` when a socket cannot listen; nothing listens then."""
        await self._runner.setup()
        server = self._runner.server
        if server is None:
            raise AssertionError("a runner that is set up has a server")
        server.request_handler = _with_shortcuts(self._runner.app, server.request_handler)
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {
            "loop": loop,
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": self._policy.keepalive_s,
            "lingering_time": _LINGER_S,
            "max_headers": _MAX_HEADERS,
        }

        def connect() -> Connection:
            return Connection(server, self._room, **options)

        backlog = self._policy.backlog
        try:
            for each in (*self._own, *self._inherited):
                each.setblocking(False)
                if each.family == socket.AF_UNIX:
                    listening = await loop.create_unix_server(connect, sock=each, backlog=backlog)
                else:
                    shaking_s = None if self._tls is None else self._policy.header_timeout_s
                    listening = await loop.create_server(
                        connect, sock=each, backlog=backlog, ssl=self._tls, ssl_handshake_timeout=shaking_s
                    )
                self._listening.append(listening)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop listening, finish what is being answered, and close everything, within the policy's grace."""
        for each in self._own:
            await asyncio.to_thread(remove_file, each)
        for listening in self._listening:
            listening.close()
        self._listening.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._policy.grace_s):
                await self._runner.cleanup()
        self._room.clear()
        for each in (*self._own, *self._inherited):
            each.close()


def _with_shortcuts(app: web.Application, handle: Handle) -> Handle:
    """The application's handler, with a way past its router for the calls that must be fastest (about 5 of 75 µs)."""
    shortcuts = app.get(SHORTCUTS, {})

    async def dispatch(request: web.Request) -> web.StreamResponse:
        serve = shortcuts.get((request.method, request.raw_path))
        return await (handle(request) if serve is None else serve(request))

    return dispatch
