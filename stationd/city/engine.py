"""The city's side of NATS JetStream: streams and consumers, facts fetched, messages sent, rights pushed."""

import asyncio
import base64
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error, MaxPayloadError
from nats.errors import TimeoutError as NothingCame
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from stationd.adapters.books_metrics import ServersHealth, StreamHealth
from stationd.adapters.city_messages import MESSAGE_ID, MOST_BYTES
from stationd.adapters.nats.client import GuardedClient
from stationd.adapters.nats.trouble import trouble
from stationd.city.nkeys import NKey
from stationd.city.rights import CLAIMS_UPDATE, Rights
from stationd.city.settings import Servers
from stationd.city.taking import Letter
from stationd.domain.city_link import EVENTS, ORDERS, orders_topic
from stationd.domain.errors import Faulted

_log = logging.getLogger(__name__)

BOOKS: Final = "books"
"""What the names of the books' consumers begin with.

Books that were restored get a new one and never an old one's name: a server (2.15.1) that takes a consumer away while
one of the same name is made loses the new one's files.
"""
_DAY_S: Final = 86_400
_WINDOW_S: Final = 120
_ACK_WAIT_S: Final = 60
_BOOKS_WAIT_S: Final = 10
"""After how long facts that a killed process had fetched come again."""
_ANSWER_WITHIN_S: Final = 10.0
_FETCH_FOR_S: Final = 2.0
_CLOSE_WITHIN_S: Final = 2.0
_STATION_PENDING: Final = 64
_BOOKS_PENDING: Final = 2_000
_MEBI: Final = 1 << 20
_OK: Final = 200


_BOOKS: Final = ConsumerConfig(
    deliver_policy=DeliverPolicy.ALL,
    ack_policy=AckPolicy.EXPLICIT,
    ack_wait=_BOOKS_WAIT_S,
    max_deliver=-1,
    max_ack_pending=_BOOKS_PENDING,
)


class _Claimed(msgspec.Struct):
    code: int = 0


class _Pushed(msgspec.Struct):
    data: _Claimed | None = None


class Engine:
    """One connection as the city; it is lost for good when it is lost. Raises ``Faulted`` (``engine-lost``)."""

    def __init__(self, servers: Servers, rights: Rights, clock_s: Callable[[], int], *, consumer: str = BOOKS) -> None:
        """``consumer`` is the durable one of the books; others of theirs are taken away."""
        self._consumer = consumer
        self._servers = servers
        self._rights = rights
        self._clock_s = clock_s
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._books: Any = None
        self._heard = _Heard()

    async def connect(self) -> None:
        """Connect, and make the streams and the consumer of the books where they are missing or different."""
        try:
            self._client = await self._connected(self._rights.city_user, self._rights.city_token(at=self._clock_s()))
            self._stream = self._client.jetstream(timeout=_ANSWER_WITHIN_S)
            await self._make_streams(self._stream)
            self._books = await self._stream.pull_subscribe_bind(consumer=self._consumer, stream=EVENTS)
        except (Error, OSError, TimeoutError) as error:
            await self.aclose()
            raise _lost(error, self._heard.last) from error

    async def look(self) -> str:
        """Connect, and make nothing; the server's version."""
        try:
            self._client = await self._connected(self._rights.city_user, self._rights.city_token(at=self._clock_s()))
            self._stream = self._client.jetstream(timeout=_ANSWER_WITHIN_S)
        except (Error, OSError, TimeoutError) as error:
            await self.aclose()
            raise _lost(error, self._heard.last) from error
        told = self._client.connected_server_version
        return f"{told.major}.{told.minor}.{told.patch}"

    @property
    def is_open(self) -> bool:
        """Whether it still stands."""
        return self._client is not None and self._client.is_connected

    async def welcome(self, stations: Sequence[str]) -> None:
        """Make the consumers of these stations where they are missing."""
        for station in stations:
            config = ConsumerConfig(
                durable_name=station,
                filter_subject=orders_topic(station),
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=_ACK_WAIT_S,
                max_deliver=-1,
                max_ack_pending=_STATION_PENDING,
            )
            await self._asked(self._context().add_consumer(ORDERS, config))

    async def dismiss(self, station: str) -> None:
        """Take a station's consumer away."""
        try:
            await self._asked(self._context().delete_consumer(ORDERS, station))
        except Faulted as error:
            if not isinstance(error.__cause__, NotFoundError):
                raise

    async def fetch(self, most: int) -> Sequence[Msg]:
        """Up to ``most`` facts; none when none came for a while."""
        try:
            return list(await self._books.fetch(most, timeout=_FETCH_FOR_S))
        except (NothingCame, TimeoutError):
            if not self.is_open:
                raise _lost(NothingCame()) from None
            return []
        except (Error, OSError) as error:
            raise _lost(error) from error

    async def orders_made(self) -> str:
        """When the stream of orders was made: another moment means another stream."""
        info = await self._asked(self._context().stream_info(ORDERS))
        return str(info.created)

    async def has_all(self) -> bool:
        """Whether the books have got and acknowledged all that is in the stream."""
        info = await self._asked(self._context().consumer_info(EVENTS, self._consumer))
        return not info.num_pending and not info.num_ack_pending

    async def acknowledge(self, messages: Sequence[Msg]) -> None:
        """They are in the books."""
        for message in messages:
            await self._asked(message.ack())

    async def post(self, id_: str, station: str, body: bytes) -> bool:
        """Send a message to a station; ``True`` once it is on the disks of the servers, ``False`` if they have no room.

        That is no reason to hang up: facts still come, and stations fetch what fills the stream.
        """
        headers = {MESSAGE_ID: id_}
        sending = self._context().publish(orders_topic(station), body, stream=ORDERS, headers=headers)
        try:
            await sending
        except (Error, OSError, TimeoutError) as error:
            if isinstance(error, MaxPayloadError) or "maximum" in str(getattr(error, "description", "")):
                _log.debug("the servers do not take message %s: %s", id_, error)
                return False
            raise _lost(error) from error
        return True

    async def push(self, revoked: Mapping[str, int]) -> None:
        """Let the servers know the account as it is now."""
        now_s = self._clock_s()
        token = self._rights.account_token(revoked, at=now_s)
        try:
            client = await self._connected(self._rights.system_user, self._rights.system_user_token(at=now_s))
            try:
                answer = await client.request(CLAIMS_UPDATE, token.encode(), timeout=_ANSWER_WITHIN_S)
            finally:
                await _close(client)
        except (Error, OSError, TimeoutError) as error:
            raise _lost(error) from error
        pushed = msgspec.json.decode(answer.data, type=_Pushed).data
        if pushed is None or pushed.code != _OK:
            raise Faulted("rights-not-taken", "cannot push the rights: the servers do not take them")

    async def health(self) -> ServersHealth:
        """What the servers say of themselves; a stream of which none of them speaks has no leader."""
        streams = [await self._health_of(name) for name in (EVENTS, ORDERS)]
        waiting = None
        if streams[0].is_led:
            with suppress(Error, OSError, TimeoutError):
                told = await self._context().consumer_info(EVENTS, self._consumer)
                waiting = (told.num_pending or 0) + (told.num_ack_pending or 0)
        return ServersHealth(streams=streams, waiting_facts=waiting, expires_at=_expiry(self._client))

    async def _health_of(self, name: str) -> StreamHealth:
        try:
            info = await self._context().stream_info(name)
        except NotFoundError:
            return StreamHealth(name=name, is_led=False, is_made=False)
        except (Error, OSError, TimeoutError):
            if not self.is_open:
                raise _lost(NothingCame()) from None
            return StreamHealth(name=name, is_led=False)
        cluster = info.cluster
        replicas = () if cluster is None else cluster.replicas or ()
        servers = {each.name or "": bool(each.current) and not each.offline for each in replicas}
        if cluster is not None and cluster.leader:
            servers[cluster.leader] = True
        return StreamHealth(
            name=name,
            is_led=not replicas or bool(cluster is not None and cluster.leader),
            held_bytes=info.state.bytes,
            limit_bytes=info.config.max_bytes or 0,
            messages=info.state.messages,
            servers=servers,
        )

    async def aclose(self) -> None:
        """Hang up."""
        if self._client is not None:
            await _close(self._client)

    # ------------------------------------------------------------------------------------------------------- inside

    async def _connected(self, user: NKey, token: str) -> Client:
        tls = None
        servers = self._servers
        if servers.ca is not None or any(url.startswith("tls:") for url in servers.urls):
            tls = await asyncio.to_thread(_context, servers.ca)
        client = GuardedClient()
        try:
            await client.connect(
                list(servers.urls),
                name=user.public,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=1,
                connect_timeout=int(_ANSWER_WITHIN_S),
                tls=tls,
                error_cb=self._heard.hear,
                user_jwt_cb=lambda: bytearray(token.encode()),
                signature_cb=lambda nonce: base64.b64encode(user.sign(nonce.encode())),
            )
        except BaseException:
            await _close(client)
            raise
        return client

    async def _make_streams(self, context: JetStreamContext) -> None:
        servers = self._servers
        events = StreamConfig(
            name=EVENTS,
            subjects=["events.>"],
            retention=RetentionPolicy.LIMITS,
            max_age=30 * _DAY_S,
            max_bytes=servers.events_mib * _MEBI,
        )
        orders = StreamConfig(
            name=ORDERS,
            subjects=["orders.*"],
            retention=RetentionPolicy.WORK_QUEUE,
            max_bytes=servers.orders_mib * _MEBI,
        )
        for config in (events, orders):
            config.storage = StorageType.FILE
            config.discard = DiscardPolicy.NEW
            config.duplicate_window = _WINDOW_S
            config.num_replicas = servers.replicas
            config.max_msg_size = MOST_BYTES
            try:
                await context.update_stream(config)
            except NotFoundError:
                await context.add_stream(config)
        await context.add_consumer(EVENTS, replace(_BOOKS, durable_name=self._consumer))
        for each in await context.consumers_info(EVENTS):
            if each.name.startswith(BOOKS) and each.name != self._consumer:
                await context.delete_consumer(EVENTS, each.name)

    def _context(self) -> JetStreamContext:
        if self._stream is None:
            raise AssertionError("the engine is connected before it is used")
        return self._stream

    async def _asked(self, call: Any) -> Any:
        try:
            return await call
        except (Error, OSError, TimeoutError) as error:
            raise _lost(error) from error


def letter_of(message: Msg) -> Letter:
    """A fact as it came."""
    return Letter(subject=message.subject, headers=message.headers or {}, body=message.data)


async def _close(client: Client) -> None:
    """Close a client. One that is not connected yet the library refuses to close, and leaves its socket open."""
    try:
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            await client.close()
    except (Error, OSError, TimeoutError, AssertionError, AttributeError) as error:
        _log.debug("closing the connection: %s", type(error).__name__)
        transport = getattr(client, "_transport", None)
        if transport is not None:
            transport.close()


def _expiry(client: Client | None) -> float | None:
    """Unix second at which the server's certificate ends; ``None`` without TLS. The library hides its connection."""
    writer = getattr(getattr(client, "_transport", None), "_io_writer", None)
    session = None if writer is None else writer.get_extra_info("ssl_object")
    certificate = None if session is None else session.getpeercert()
    return ssl.cert_time_to_seconds(certificate["notAfter"]) if certificate else None


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        reason = "it is no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        fix = "nats.ca_file must be the certificate of the city's own authority, PEM"
        raise Faulted("engine-lost", f"cannot use {ca}: {reason}", fix=fix) from error


class _Heard:
    """What the library tells beside."""

    def __init__(self) -> None:
        self.last: Exception | None = None

    async def hear(self, error: Exception) -> None:
        self.last = error
        _log.debug("the servers say: %s", error)


def _lost(error: BaseException, heard: BaseException | None = None) -> Faulted:
    found = trouble(error, heard)
    fix = "nats.servers and city.key_file must be of the same city" if found.is_denied else found.fix
    return Faulted("engine-lost", f"cannot talk to the servers: {found.text}", fix=fix)
