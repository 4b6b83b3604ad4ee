"""The city's side of the link for tests: its keys, what it has got in its stream, and what it sends down."""

import asyncio
import contextlib
import json
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.errors import Error as JetStreamError

from stationd.adapters.city_messages import MESSAGE_ID, CityMessages, message_id, parcel
from stationd.adapters.seal import KEY_FILE, StationSeal
from stationd.adapters.sqlite.connection import reading
from stationd.adapters.sqlite.keyring import seal_of
from stationd.adapters.transfer_files import StationKeys
from stationd.domain.city_link import EVENTS, ORDER_RECEIVED, ORDER_REFUSED, ORDER_RETURNED, Fact, Word, orders_topic
from stationd.domain.city_order import encoded, holder_hash
from stationd.domain.events import GENESIS
from stationd.domain.fence import Act, Assignment, asked, offered, recall_fence, recalled, returned

SIGNING = Ed25519PrivateKey.from_private_bytes(b"invented city, signing key......")
SEALING = X25519PrivateKey.from_private_bytes(b"invented city, sealing key......")
MESSAGES = CityMessages(SIGNING, SEALING)


def table(servers: list[str], **more: object) -> str:
    """The table ``[city]`` of a station."""
    keys = encoded(SIGNING.public_key().public_bytes_raw())
    seal_to = encoded(SEALING.public_key().public_bytes_raw())
    lines = [f'keys = ["{keys}"]', f'seal_to = "{seal_to}"', f"servers = {servers!r}".replace("'", '"')]
    return "\n".join(["[city]", *lines, *(f"{name} = {value}" for name, value in more.items()), ""])


def keys_of(state: Path) -> StationKeys:
    """The keys of a station, read from its state directory: a city is told the public halves at enrolment."""
    with reading(state / "station.db") as connection:
        seal: StationSeal = seal_of(connection, (state / KEY_FILE).read_bytes())
    return StationKeys(seal.derived)


async def stored(jetstream: JetStreamContext, sign_key: bytes, station: str = "1671-07") -> list[Fact]:
    """Every fact in the stream, of one station alone."""
    return await stored_of(jetstream, {station: sign_key})


async def stored_of(jetstream: JetStreamContext, keys: Mapping[str, bytes]) -> list[Fact]:
    """Every fact in the stream, in the order in which it came, each judged as the city would, by its station's key."""
    found: list[Fact] = []
    info = await jetstream.stream_info(EVENTS)
    config = ConsumerConfig(ack_policy=AckPolicy.NONE)
    subscription = await jetstream.pull_subscribe("events.>", stream=EVENTS, config=config)
    while len(found) < info.state.messages:
        try:
            messages = await subscription.fetch(500, timeout=5)
        except NatsTimeoutError:
            break
        for message in messages:
            key = keys[message.subject.split(".")[1]]
            fact = MESSAGES.read(message.subject, message.headers or {}, message.data, sign_key=key)
            assert isinstance(fact, Fact), fact
            found.append(fact)
    await subscription.unsubscribe()
    return found


def is_chain(facts: list[Fact]) -> bool:
    """Whether facts, put in their order, are the whole book from its first row on."""
    previous = GENESIS
    for place, fact in enumerate(facts, start=1):
        if fact.seq != place or not fact.follows(previous):
            return False
        previous = fact.hash
    return True


class Registrar:
    """A city in memory: gives orders to stations, answers their questions by the rule, passes parcels on."""

    def __init__(self, jetstream: JetStreamContext) -> None:
        self._jetstream = jetstream
        self.keys: dict[str, StationKeys] = {}
        self.book: dict[str, Assignment] = {}
        self.facts: list[Fact] = []
        self.parcels = 0
        self._orders: dict[str, str] = {}
        self._numbers = count(1)
        self._known: set[tuple[str, int]] = set()

    async def run(self) -> None:
        """Hear facts until cancelled; each is taken once."""
        subscription = None
        while subscription is None:
            with contextlib.suppress(NatsError, JetStreamError, OSError):
                subscription = await self._jetstream.pull_subscribe(
                    "events.>",
                    durable="books",
                    stream=EVENTS,
                    config=ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, ack_wait=10, max_ack_pending=1000),
                )
        while True:
            try:
                messages = await subscription.fetch(100, timeout=0.2)
            except (NatsError, JetStreamError, OSError):
                continue
            for message in messages:
                station = message.subject.split(".")[1]
                key = self.keys[station].signing_key
                fact = MESSAGES.read(message.subject, message.headers or {}, message.data, sign_key=key)
                assert isinstance(fact, Fact), fact
                if (fact.station, fact.seq) not in self._known:
                    self._known.add((fact.station, fact.seq))
                    self.facts.append(fact)
                    await self._hear(fact)
                await message.ack()

    async def give(self, body: dict[str, Any], station: str) -> str:
        """Offer an order to a station; the offer's id. ``body`` is what a counter would send."""
        order = str(body["order"])
        given = offered(self.book.get(order, Assignment()), station)
        assert given is not None, "another station may make its card"
        self.book[order] = given
        id_ = f"offer-{next(self._numbers):012d}"
        self._orders[id_] = order
        await self.send(station, offer_of(body, station=station, id_=id_, fence=given.fence, keys=self.keys[station]))
        return id_

    async def take_back(self, order: str) -> None:
        """Recall an order from whoever has it."""
        before = self.book[order]
        self.book[order] = recalled(before)
        assert before.station is not None
        await self._say(Act.RECALL, order, recall_fence(before), before.station)

    async def send(self, station: str, body: bytes) -> None:
        """Put a message into a station's stream, whatever it is."""
        headers = {MESSAGE_ID: message_id(body)}
        while True:
            try:
                await self._jetstream.publish(orders_topic(station), body, headers=headers)
            except (NatsError, JetStreamError, OSError):
                await asyncio.sleep(0.2)
            else:
                return

    def told(self, station: str, kind: str) -> list[Fact]:
        """Facts of a kind."""
        return [fact for fact in self.facts if (fact.station, fact.type) == (station, kind)]

    async def _say(self, act: Act, order: str, fence: int, station: str) -> None:
        word = Word(
            id=f"word-{next(self._numbers):012d}",
            station=station,
            act=act,
            order=order,
            fence=fence,
            at=int(time.time()),
        )
        self._orders[word.id] = order
        await self.send(station, MESSAGES.word(word))

    async def _hear(self, fact: Fact) -> None:
        if fact.enclosure is not None:
            self.parcels += 1
            await self.send(fact.enclosure.to, parcel(fact.enclosure.to, fact.enclosure.file))
        order = self._orders.get(fact.subject)
        if order is None:
            return
        fence = json.loads(fact.data)["fence"]
        if fact.type == ORDER_RECEIVED:
            self.book[order], act, answer = asked(self.book[order], fact.station, fence)
            await self._say(act, order, answer, fact.station)
        elif fact.type in {ORDER_RETURNED, ORDER_REFUSED}:
            below = fence + (fact.type == ORDER_REFUSED)
            self.book[order] = returned(self.book[order], fact.station, below)


def offer_of(
    body: dict[str, Any], *, station: str, id_: str, fence: int, keys: StationKeys, messages: CityMessages = MESSAGES
) -> bytes:
    """An order as it goes down."""
    now = int(time.time())
    claims = {
        "aud": station,
        "jti": id_,
        "iat": now,
        "exp": now + 3600,
        "order": body["order"],
        "kind": body["kind"],
        "holder_sha256": holder_hash(id_, body["holder"]["nik"]),
        "fence": fence,
    }
    return messages.offer(claims, json.dumps(body).encode(), seal_key=keys.sealing.public_key().public_bytes_raw())
