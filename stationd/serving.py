"""The part of the composition that is about the door: where the API listens, and on what terms."""

import asyncio
import socket
from collections.abc import Mapping, Sequence

from stationd.config import Settings
from stationd.http.app import build
from stationd.http.doors import Doors
from stationd.http.listeners import hosts_of, open_sockets
from stationd.http.policy import MEBIBYTE, HttpPolicy
from stationd.http.routing import Table
from stationd.http.serve import HttpServer
from stationd.http.tls import server_tls


class Serving:
    """The HTTP API, open between :meth:`start` and :meth:`stop`."""

    def __init__(
        self, settings: Settings, *, environment: Mapping[str, str], sockets: Sequence[socket.socket] | None
    ) -> None:
        """``sockets`` already listen, and are closed with the door; without them it opens its own."""
        self._settings = settings.http
        self._environment = environment
        self._given = sockets
        self._server: HttpServer | None = None
        self.addresses: tuple[str, ...] = ()
        """Where the API listens, as URLs and socket paths, once started."""

    async def start(self, doors: Doors, tables: Sequence[Table]) -> None:
        """Open the door. Raises :class:`Faulted` when it cannot listen, or cannot use the certificate."""
        http = self._settings
        tls = await asyncio.to_thread(server_tls, http.tls_cert, http.tls_key, self._environment)
        inherited = list(self._given or ())
        own = open_sockets(str(place) for place in http.listen) if self._given is None else []
        sockets = (*own, *inherited)
        policy = self._policy(sockets, is_tls=tls is not None)
        self._server = HttpServer(build(doors, policy, tables), policy, own=own, inherited=inherited, tls=tls)
        await self._server.start()
        scheme = "http" if tls is None else "https"
        self.addresses = tuple(
            f"{scheme}://{name[0]}:{name[1]}" if isinstance(name := each.getsockname(), tuple) else f"unix:{name}"
            for each in sockets
        )

    async def stop(self) -> None:
        """Take no more requests, and finish those that were taken."""
        if self._server is not None:
            await self._server.stop()
            self._server = None

    def _policy(self, sockets: Sequence[socket.socket], *, is_tls: bool) -> HttpPolicy:
        http = self._settings
        ports = sorted({each.getsockname()[1] for each in sockets if isinstance(each.getsockname(), tuple)})
        named = {f"{host}:{port}" for host in http.hosts for port in ports} | set(http.hosts)
        return HttpPolicy(
            hosts=hosts_of(sockets) | named,
            origins=frozenset(http.origins),
            max_body=http.max_body_mb * MEBIBYTE,
            body_timeout_s=http.body_timeout_s,
            kiosk_rate=http.kiosk_rate,
            has_local_admin=http.local_admin,
            is_tls=is_tls,
        )
