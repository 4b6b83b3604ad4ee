"""A station's end of the link by itself: a genuine book of so many rows, the service that sends it, the connection."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from stationd.adapters.city_keys import CityKeys
from stationd.adapters.city_messages import StationMessages
from stationd.adapters.nats.engine import NatsCity, Route
from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.outbox import SqliteOutbox
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.adapters.transfer_files import StationKeys
from stationd.city.identity import Identity
from stationd.domain.city_link import PARTICULARS_OF, Fact, Particulars
from stationd.domain.city_order import decoded, encoded
from stationd.ports.city import Letter
from stationd.services.city_link import CityLink
from stationd.services.facts import Facts
from tests.rigs.paper_city import RECEIPT

AT_ONCE = 500
IN_FLIGHT = 256
"""As `[city] in_flight` comes."""
STEPS = (
    ("job.accepted", {"state": "queued", "kind": "first", "rank": 1, "profile": "ktp-el", "actor": "kiosk"}),
    ("job.claimed", {"state": "printing", "from": "queued", "kind": "first", "printer": "kartu-1", "attempt": 1}),
    ("blank.moved", {"from": "loaded", "to": "printer", "quantity": 1}),
    ("job.card_printed", {"state": "printed", "from": "printing", "kind": "first", "printer": "kartu-1", "attempt": 1}),
)
"""What a card tells of, again and again."""


async def write_book(path: Path, rows: int) -> None:
    """So many rows into a book, on its chain."""
    database = await Database.open(path, SystemClock())
    try:
        for begin in range(0, rows, AT_ONCE):
            count = min(AT_ONCE, rows - begin)

            def unit(transaction: Transaction, begin: int = begin, count: int = count) -> None:
                for number in range(begin, begin + count):
                    kind, data = STEPS[number % len(STEPS)]
                    transaction.event(kind, f"0190a1b2-c3d4-7000-8000-{number // len(STEPS):012d}", data)

            await database.writer.once(unit)
    finally:
        await database.aclose()


class _Told:
    """An outbox whose jobs have holders, invented ones."""

    def __init__(self, outbox: SqliteOutbox) -> None:
        self.sent, self.remember, self.backlog = outbox.sent, outbox.remember, outbox.backlog
        self._outbox = outbox

    async def after(self, seq: int, limit: int) -> Sequence[Fact]:
        return [self._told(fact) for fact in await self._outbox.after(seq, limit)]

    def _told(self, fact: Fact) -> Fact:
        if fact.type != PARTICULARS_OF:
            return fact
        order, nik = f"PRR-{fact.station}-{fact.seq:06d}", f"99{fact.station[-2:]}99{fact.seq:010d}"
        return replace(fact, particulars=Particulars(order=order, receipt=RECEIPT or "", nik=nik))


class LinkedStation:
    """A station of which nothing but the link runs."""

    def __init__(self, folder: Path, station: str, city: Identity) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.id = station
        self.book = folder / f"{station}.db"
        self._seal = StationSeal(sha256(station.encode()).digest())
        self._keys = StationKeys(self._seal.derived)
        key, seal_to = decoded(city.public_key), decoded(city.public_seal)
        assert key is not None
        assert seal_to is not None
        self._messages = StationMessages(station, self._keys, CityKeys([key]), seal_to)

    @property
    def identity(self) -> str:
        """What the city enters at enrolment."""
        return encoded(self._keys.signing_key + self._keys.sealing.public_key().public_bytes_raw())

    async def open(self, route: Route) -> None:
        """Open the book, and make what sends it."""
        self._database = database = await Database.open(self.book, SystemClock())
        outbox = _Told(SqliteOutbox(database.writer, database.reader, self._seal, station=self.id))
        clock, entropy = SystemClock(), SystemEntropy()
        self.facts = Facts(outbox, self._write, in_flight=IN_FLIGHT, clock=clock, entropy=entropy)
        await self.facts.load()
        self.link = CityLink(NatsCity(route, station=self.id), (self.facts.run,), clock=clock, entropy=entropy)

    async def aclose(self) -> None:
        """Close the book."""
        await self._database.aclose()

    def _write(self, fact: Fact) -> Letter:
        headers, body = self._messages.write(fact)
        return Letter(fact.topic, headers, body)
