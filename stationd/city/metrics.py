"""The city's own metrics: what its books say when they are asked, and what this run has done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stationd.city.books import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the books say at a moment (Unix milliseconds)."""

    now_ms: int = 0
    stations: Sequence[Sequence[Any]] = ()
    orders: Mapping[str, int] = field(default_factory=dict)
    unsent: int = 0
    oldest_unsent_ms: int | None = None
    troubles: Sequence[Sequence[Any]] = ()


def figures(transaction: Transaction) -> Figures:
    """The figures of now."""
    orders: dict[str, int] = {}
    for hold, _, count in transaction.rows("order_figures"):
        orders[hold] = orders.get(hold, 0) + count
    unsent, oldest = transaction.rows("unsent_figures")[0]
    return Figures(
        now_ms=transaction.now_ms,
        stations=transaction.rows("stations"),
        orders=orders,
        unsent=unsent,
        oldest_unsent_ms=oldest,
        troubles=transaction.rows("troubles"),
    )


class Metrics(Collector):
    """Everything that ``/metrics`` shows."""

    def __init__(self) -> None:
        self.figures = Figures()
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
        found = self.figures
        up = GaugeMetricFamily("stationd_books_connected", "Whether the servers of the link are reached")
        up.add_metric([], float(self.is_connected))
        yield up
        orders = GaugeMetricFamily("stationd_books_orders", "Orders by hold", labels=["hold"])
        for hold in ("free", "offered", "granted", "recalled", "settled"):
            orders.add_metric([hold], found.orders.get(hold, 0))
        yield orders
        yield _gauge("stationd_books_unsent_messages", "Messages that wait to be sent", found.unsent)
        oldest = found.oldest_unsent_ms
        age = 0.0 if oldest is None else max(0.0, (found.now_ms - oldest) / 1000)
        yield _gauge("stationd_books_unsent_age_seconds", "Age of the oldest message that waits to be sent", age)
        heard = GaugeMetricFamily(
            "stationd_books_heard_timestamp_seconds", "When a fact of a station was taken last", labels=["station"]
        )
        missing = GaugeMetricFamily(
            "stationd_books_missing_facts", "Facts that wait behind a gap in their station's book", labels=["station"]
        )
        forked = GaugeMetricFamily(
            "stationd_books_forked", "Whether two histories of a station are here", labels=["station"]
        )
        for station, _, _, seq, heard_at, forked_at, highest in found.stations:
            if heard_at is not None:
                heard.add_metric([station], heard_at / 1000)
            missing.add_metric([station], max(0, (highest or 0) - seq))
            forked.add_metric([station], float(forked_at is not None))
        yield from (heard, missing, forked)
        troubles = GaugeMetricFamily(
            "stationd_books_troubles", "What wants a person, as often as it came", labels=["station", "code"]
        )
        for station, code, count, _ in found.troubles:
            troubles.add_metric([station, code], count)
        yield troubles


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family
