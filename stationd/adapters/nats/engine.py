"""Connecting to the city's servers: fulfils :class:`stationd.ports.city.City`."""

import asyncio
import base64
import binascii
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.client import Client
from nats.errors import Error

from stationd.adapters.nats.client import GuardedClient
from stationd.adapters.nats.session import Callbacks, NatsSession
from stationd.adapters.nats.trouble import trouble
from stationd.domain.errors import Faulted

_PART = re.compile(r"-+BEGIN [A-Z ]+-+\s*([^\s-][^\s]*)\s*-+END [A-Z ]+-+")
_SEED_BYTES: Final = 32
_SEED_START: Final = 2
_CONNECT_WITHIN_S: Final = 10
_PING_EVERY_S: Final = 15
_MOST_OUTSTANDING: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where the city's servers are and how they are known: ``ca`` signs their certificates, ``credentials`` lets us in.

    ``credentials`` is the file that the city gave at enrolment: a JWT and the seed of a user's key. A letter without an
    answer for ``answer_s`` is sent again. Servers that choose a leader say that no stream takes a letter, as those do
    where there is none: it is a refusal once it has been said for ``election_s``.
    """

    servers: tuple[str, ...]
    ca: Path | None
    credentials: Path | None
    answer_s: float = 5.0
    election_s: float = 60.0


class NatsCity:
    """The city's NATS servers."""

    def __init__(self, route: Route, *, station: str) -> None:
        self._route = route
        self._station = station

    async def connect(self) -> NatsSession:
        """See :meth:`stationd.ports.city.City.connect`; the files are read each time, they may have been renewed."""
        tls, credentials = await asyncio.to_thread(self._read)
        client, callbacks = GuardedClient(), Callbacks()
        jwt, key = credentials or (b"", None)
        try:
            async with asyncio.timeout(_CONNECT_WITHIN_S):
                await client.connect(
                    list(self._route.servers),
                    name=self._station,
                    inbox_prefix=f"_INBOX.{self._station}",
                    allow_reconnect=False,
                    max_reconnect_attempts=1,
                    reconnect_time_wait=1,
                    connect_timeout=_CONNECT_WITHIN_S,
                    ping_interval=_PING_EVERY_S,
                    max_outstanding_pings=_MOST_OUTSTANDING,
                    tls=tls,
                    error_cb=callbacks.hear,
                    closed_cb=callbacks.hang_up,
                    user_jwt_cb=(lambda: bytearray(jwt)) if key else None,
                    signature_cb=(lambda nonce: base64.b64encode(key.sign(nonce.encode()))) if key else None,
                )
        except (Error, OSError, TimeoutError) as error:
            await _give_up(client)
            found = trouble(error, callbacks.last)
            raise Faulted(
                "city-denied" if found.is_denied else "city-unreachable",
                f"cannot connect to the city: {found.text}",
                fix="have the city write new credentials: stationd-city rotate" if found.is_denied else found.fix,
            ) from error
        session = NatsSession(
            client, self._station, callbacks, timeout_s=self._route.answer_s, election_s=self._route.election_s
        )
        callbacks.lost = session.lose
        try:
            await session.open()
        except (Error, OSError) as error:
            await _give_up(client)
            raise Faulted("city-unreachable", "cannot connect to the city: it hung up") from error
        return session

    def _read(self) -> tuple[ssl.SSLContext | None, tuple[bytes, Ed25519PrivateKey] | None]:
        route = self._route
        tls = None
        if route.ca is not None or any(server.startswith("tls:") for server in route.servers):
            try:
                tls = ssl.create_default_context(cafile=route.ca)
            except OSError as error:  # ssl.SSLError is one
                raise _unusable(
                    "ca_file", route.ca, error, "it must be the certificate of the city's authority, PEM"
                ) from error
        if route.credentials is None:
            return tls, None
        try:
            return tls, read_credentials(route.credentials.read_text("ascii"))
        except (OSError, ValueError) as error:
            fix = "the file that `stationd-city enrol` wrote, handed over by LoadCredential (systemctl edit stationd)"
            raise _unusable("credentials_file", route.credentials, error, fix) from error


def _unusable(key: str, path: Path | None, error: Exception, fix: str) -> Faulted:
    reason = (
        "it is not such a file" if isinstance(error, ssl.SSLError | ValueError) else str(getattr(error, "strerror", ""))
    )
    return Faulted("city-denied", f"cannot use city.{key} {path}: {reason}", fix=fix)


def read_credentials(text: str) -> tuple[bytes, Ed25519PrivateKey]:
    """The JWT and the key in a credentials file of NATS. Raises ``ValueError`` without repeating anything of it."""
    parts = _PART.findall(text)
    if len(parts) != len(("jwt", "seed")):
        raise ValueError("a credentials file has a JWT and a seed")
    jwt, seed = parts
    try:
        raw = base64.b32decode(seed + "=" * (-len(seed) % 8))
    except binascii.Error:
        raise ValueError("the seed is not one") from None
    if len(raw) < _SEED_START + _SEED_BYTES:
        raise ValueError("the seed is not whole")
    return jwt.encode(), Ed25519PrivateKey.from_private_bytes(raw[_SEED_START : _SEED_START + _SEED_BYTES])


async def _give_up(client: Client) -> None:
    try:
        async with asyncio.timeout(1.0):
            await client.close()
    except (Error, OSError, TimeoutError, AttributeError):
        return
