"""The city's books for Prometheus: what they say, what the servers of the link say, and what this run has done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_MOST_TROUBLES: Final = 200
"""A broker or a station that lies makes up as many codes as it likes; those that came last are shown."""
_UNKNOWN: Final = "unknown"
_HOLDS: Final = ("free", "offered", "granted", "recalled", "settled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the books say at a moment (Unix milliseconds)."""

    now_ms: int = 0
    stations: Sequence[Sequence[Any]] = ()
    orders: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """How many there are by hold, and since when the one that has stood so longest does."""
    unsent: int = 0
    oldest_unsent_ms: int | None = None
    troubles: Sequence[Sequence[Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHealth:
    """A stream as the servers tell of it. ``servers``: which have all of it now; none when nobody leads it."""

    name: str
    is_led: bool
    is_made: bool = True
    held_bytes: int = 0
    limit_bytes: int = 0
    messages: int = 0
    servers: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServersHealth:
    """What the servers say. ``expires_at``: Unix second at which the certificate of the one that is talked to ends."""

    streams: Sequence[StreamHealth] = ()
    waiting_facts: int | None = None
    expires_at: float | None = None


class BooksMetrics(Collector):
    """Everything that ``/metrics`` shows."""

    def __init__(self) -> None:
        self.figures = Figures()
        self.servers = ServersHealth()
        self.differences: Mapping[str, int] = {}
        self.backed_up_at: float | None = None
        """Unix second of the newest backup; ``None``: there is none."""
        self.is_connected = False
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self.facts = Counter(
            "stationd_books_facts", "Facts that came, by what became of them", ["outcome"], registry=self._registry
        )
        self.sent = Counter("stationd_books_messages_sent", "Messages sent to stations", registry=self._registry)
        for outcome in ("new", "repeated", "refused"):
            self.facts.labels(outcome)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See :class:`Collector`."""
        up = float(self.is_connected)
        yield _gauge("stationd_books_connected", "Whether the servers of the link are reached", up)
        yield from self._orders()
        yield from self._stations()
        yield from self._troubles()
        yield from self._servers()
        if self.backed_up_at is not None:
            yield _gauge(
                "stationd_books_backup_timestamp_seconds", "When the newest backup was made", self.backed_up_at
            )

    def _orders(self) -> Iterable[GaugeMetricFamily]:
        found = self.figures
        counts = GaugeMetricFamily("stationd_books_orders", "Orders by hold", labels=["hold"])
        ages = GaugeMetricFamily(
            "stationd_books_oldest_order_age_seconds", "How long an order has stood so, the longest", labels=["hold"]
        )
        for hold in _HOLDS:
            count, since = found.orders.get(hold, (0, found.now_ms))
            counts.add_metric([hold], count)
            if hold != "settled":
                ages.add_metric([hold], max(0.0, (found.now_ms - since) / 1000))
        oldest = found.oldest_unsent_ms
        age = 0.0 if oldest is None else max(0.0, (found.now_ms - oldest) / 1000)
        return (
            counts,
            ages,
            _gauge("stationd_books_unsent_messages", "Messages that wait to be sent", found.unsent),
            _gauge("stationd_books_unsent_age_seconds", "Age of the oldest message that waits to be sent", age),
        )

    def _stations(self) -> Iterable[GaugeMetricFamily]:
        heard = GaugeMetricFamily(
            "stationd_books_heard_timestamp_seconds", "When a fact of a station was taken last", labels=["station"]
        )
        missing = GaugeMetricFamily(
            "stationd_books_missing_facts", "Facts that wait behind a gap in their station's book", labels=["station"]
        )
        forked = GaugeMetricFamily(
            "stationd_books_forked", "Whether two histories of a station are here", labels=["station"]
        )
        for station, _, _, seq, heard_at, forked_at, highest in self.figures.stations:
            if heard_at is not None:
                heard.add_metric([station], heard_at / 1000)
            missing.add_metric([station], max(0, (highest or 0) - seq))
            forked.add_metric([station], float(forked_at is not None))
        return heard, missing, forked

    def _troubles(self) -> Iterable[GaugeMetricFamily]:
        differences = GaugeMetricFamily(
            "stationd_books_differences", "Where the books do not agree, looked at every five minutes", labels=["code"]
        )
        for code, count in self.differences.items():
            differences.add_metric([code], count)
        troubles = GaugeMetricFamily(
            "stationd_books_troubles", "What wants a person, as often as it came", labels=["station", "code"]
        )
        last = GaugeMetricFamily(
            "stationd_books_trouble_timestamp_seconds", "When it came last", labels=["station", "code"]
        )
        known = {row[0] for row in self.figures.stations}
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for station, code, count, last_at in self.figures.troubles:
            key = station if station in known else _UNKNOWN, code
            before, latest = found.get(key, (0, 0))
            found[key] = before + count, max(latest, last_at)
        newest = sorted(found.items(), key=lambda item: item[1][1], reverse=True)[:_MOST_TROUBLES]
        for key, (count, last_at) in newest:
            troubles.add_metric(key, count)
            last.add_metric(key, last_at / 1000)
        return differences, troubles, last

    def _servers(self) -> Iterable[GaugeMetricFamily]:
        found = self.servers
        led = GaugeMetricFamily("stationd_books_stream_led", "Whether a server leads the stream", labels=["stream"])
        held = GaugeMetricFamily("stationd_books_stream_bytes", "What the stream holds", labels=["stream"])
        limit = GaugeMetricFamily("stationd_books_stream_limit_bytes", "What it may hold", labels=["stream"])
        messages = GaugeMetricFamily("stationd_books_stream_messages", "Messages in the stream", labels=["stream"])
        current = GaugeMetricFamily(
            "stationd_books_server_current", "Whether a server has all of the stream", labels=["stream", "server"]
        )
        for stream in found.streams:
            led.add_metric([stream.name], float(stream.is_led))
            if stream.is_led:
                held.add_metric([stream.name], stream.held_bytes)
                limit.add_metric([stream.name], stream.limit_bytes)
                messages.add_metric([stream.name], stream.messages)
            for server, is_current in stream.servers.items():
                current.add_metric([stream.name, server], float(is_current))
        yield from (led, held, limit, messages, current)
        if found.waiting_facts is not None:
            yield _gauge(
                "stationd_books_waiting_facts", "Facts that the servers have and the books not", found.waiting_facts
            )
        if found.expires_at is not None:
            yield _gauge(
                "stationd_books_certificate_expiry_timestamp_seconds",
                "When the certificate of the server that is talked to ends",
                found.expires_at,
            )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family
