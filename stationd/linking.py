"""The part of the composition that is about the link to the city; a station without one has none of it."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from stationd.adapters.city_keys import CityKeys
from stationd.adapters.city_messages import StationMessages
from stationd.adapters.link_metrics import LinkMetrics
from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.city_orders import SqliteCityOrders
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.outbox import SqliteOutbox
from stationd.adapters.transfer_files import StationKeys, is_confirmation
from stationd.config import CitySettings, Settings
from stationd.domain.city_link import Fact
from stationd.domain.errors import Faulted, Refused
from stationd.domain.events import Event
from stationd.domain.order import Order
from stationd.domain.readiness import CityLag
from stationd.http.jobs import order_of
from stationd.http.schemas import NewJob
from stationd.ports.city import City, Letter
from stationd.ports.clock import Clock, Entropy
from stationd.services.city_desk import CityDesk
from stationd.services.city_link import CityLink
from stationd.services.facts import LOOK_EVERY_S, Facts
from stationd.services.submit import Submission
from stationd.services.supervise import Supervisor
from stationd.services.transfers import Transfers

_TASKS: Final = ("link to the city", "backlog of the link to the city", "orders of the city")
_decode = msgspec.json.Decoder(NewJob).decode


class Linking:
    """The link, built and started where the configuration names servers."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        seal: StationSeal,
        *,
        clock: Clock,
        entropy: Entropy,
        submission: Submission,
        transfers: Transfers,
        city: City | None = None,
    ) -> None:
        """``city`` stands in for the engine in tests. Raises :class:`Faulted` (``extra-missing``) without the extra."""
        self._settings = settings.city
        self._clock = clock
        self.is_set_up = bool(settings.city.servers)
        if not self.is_set_up:
            return
        here = settings.station.id
        self.messages = messages_of(here, settings.city, seal)
        outbox = SqliteOutbox(database.writer, database.reader, seal, station=here)
        self.facts = Facts(outbox, self._write, in_flight=settings.city.in_flight, clock=clock, entropy=entropy)
        self.desk = CityDesk(
            SqliteCityOrders(database.writer, database.reader),
            self.messages,
            submission,
            transfers,
            decode=decoded_order,
            is_confirmation=is_confirmation,
            clock=clock,
            send_again=self.facts.send_again,
        )
        duties = (self.facts.run, self.desk.run)
        self.link = CityLink(city or engine(settings.city, here), duties, clock=clock, entropy=entropy)
        self.metrics = LinkMetrics(self.link.figures, self.facts.figures, self.desk.figures, clock.now_ms)

    @property
    def lag(self) -> CityLag | None:
        """How far the city is behind, for the readiness page; ``None`` without a link."""
        if not self.is_set_up:
            return None
        oldest = self.facts.figures.backlog.oldest_at
        return CityLag(
            is_up=self.link.figures.is_up,
            rows=self.facts.figures.backlog.rows,
            age_s=0.0 if oldest is None else max(0.0, (self._clock.now_ms() - oldest) / 1000),
            late_after_s=self._settings.late_after_hours * 3600.0,
        )

    async def load(self) -> None:
        """Go on where a former run stood."""
        if self.is_set_up:
            await self.facts.load()

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        if self.is_set_up:
            self.facts.follow(events)
            self.desk.follow(events)

    def start(self, supervisor: Supervisor) -> None:
        """Connect, and go on connecting."""
        if self.is_set_up:
            linking, looking, working = _TASKS
            supervisor.start(working, self.desk.work)
            supervisor.start(linking, self.link.run)
            supervisor.start(looking, self._look)

    @staticmethod
    async def stop(supervisor: Supervisor) -> None:
        """Hang up, and write down what was sent."""
        for task in _TASKS:
            await supervisor.stop(task)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.facts.look()

    def _write(self, fact: Fact) -> Letter:
        headers, body = self.messages.write(fact)
        return Letter(fact.topic, headers, body)


def decoded_order(body: bytes) -> Order | Refused:
    """The order in a body as a counter would send it."""
    try:
        return order_of(_decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused("link-malformed", "cannot take the order: what is sealed in it is none")


def messages_of(station: str, city: CitySettings, seal: StationSeal) -> StationMessages:
    """What writes and reads this station's messages."""
    if city.seal_to is None:
        raise AssertionError("servers without the city's key are no configuration")
    return StationMessages(station, StationKeys(seal.derived), CityKeys(city.keys), city.seal_to)


def engine(city: CitySettings, station: str) -> City:
    """The city's engine. Raises :class:`Faulted` (``extra-missing``) without the extra that knows it."""
    try:
        from stationd.adapters.nats.engine import NatsCity, Route  # noqa: PLC0415 - an extra: only where it is used
    except ImportError as error:
        raise Faulted(
            "extra-missing",
            "cannot link to the city: the extra stationd[city] is not installed",
            fix="install stationd[city], or leave city.servers empty",
        ) from error
    route = Route(servers=city.servers, ca=city.ca_file, credentials=city.credentials_file)
    return NatsCity(route, station=station)
