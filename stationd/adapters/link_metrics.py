"""The link to the city for Prometheus."""

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.ports.city import Fate
from stationd.services.city_desk import DeskFigures
from stationd.services.city_link import LinkFigures
from stationd.services.facts import FactFigures

_KINDS: Final = ("offer", "word", "parcel")
_REASONS: Final = (
    "link-malformed",
    "link-signature-invalid",
    "link-for-another",
    "link-unreadable",
    "link-unusable",
    "order-repeated",
    "order-recalled",
    "order-not-returned",
)
"""There from the start: what appears with its first count has not grown, for Prometheus."""


class LinkMetrics(Collector):
    """Gauges and counters, made when asked."""

    def __init__(self, link: LinkFigures, facts: FactFigures, desk: DeskFigures, now_ms: Callable[[], int]) -> None:
        self._link = link
        self._facts = facts
        self._desk = desk
        self._now_ms = now_ms

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        link, facts = self._link, self._facts
        oldest = facts.backlog.oldest_at
        yield GaugeMetricFamily("stationd_city_connected", "Whether the link to the city is up.", link.is_up)
        yield CounterMetricFamily("stationd_city_connections", "Connections to the city's servers.", link.connections)
        yield CounterMetricFamily(
            "stationd_city_connection_failures", "Connections that failed or were lost.", link.failures
        )
        yield GaugeMetricFamily(
            "stationd_city_backlog_events", "Events that the city has not got yet.", facts.backlog.rows
        )
        yield GaugeMetricFamily(
            "stationd_city_backlog_age_seconds",
            "Age of the oldest event that the city has not got yet.",
            0.0 if oldest is None else max(0.0, (self._now_ms() - oldest) / 1000),
        )
        fates = CounterMetricFamily(
            "stationd_city_events", "Events sent to the city, by what became of them.", labels=("outcome",)
        )
        for fate in Fate:
            fates.add_metric((fate,), facts.fates[fate])
        yield fates
        messages = CounterMetricFamily("stationd_city_messages", "Messages from the city.", labels=("kind",))
        for kind in _KINDS:
            messages.add_metric((kind,), self._desk.messages[kind])
        yield messages
        yield CounterMetricFamily(
            "stationd_city_messages_again", "Messages that were known already and changed nothing.", self._desk.again
        )
        refused = CounterMetricFamily(
            "stationd_city_messages_refused", "Messages that prove nothing, by why.", labels=("reason",)
        )
        for code in sorted({*_REASONS, *self._desk.refused}):
            refused.add_metric((code,), self._desk.refused[code])
        yield refused
