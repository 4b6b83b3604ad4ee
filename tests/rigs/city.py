"""The city's side of the link for tests: its keys, what it has got in its stream, and what it sends down."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig

from stationd.adapters.city_messages import CityMessages
from stationd.adapters.seal import KEY_FILE, StationSeal
from stationd.adapters.sqlite.connection import reading
from stationd.adapters.sqlite.keyring import seal_of
from stationd.adapters.transfer_files import StationKeys
from stationd.domain.city_link import EVENTS, Fact
from stationd.domain.city_order import encoded
from stationd.domain.events import GENESIS

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


async def stored(jetstream: JetStreamContext, sign_key: bytes) -> list[Fact]:
    """Every fact in the stream, in the order in which it came, each judged as the city would."""
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
            fact = MESSAGES.read(message.subject, message.headers or {}, message.data, sign_key=sign_key)
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
