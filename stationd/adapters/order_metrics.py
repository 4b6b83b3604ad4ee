"""The order of service for Prometheus: who waits for blanks, and how often people changed the order."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.events import Event
from stationd.domain.rationing import Place, Stock

_CHANGES: Final = {"job.moved_ahead": "moved_ahead", "job.released": "released"}


class OrderMetrics(Collector):
    """Kept by following the events; the changes are counted over restarts."""

    def __init__(self, stock: Callable[[], Stock]) -> None:
        self._stock = stock
        self._changes: Counter[str] = Counter()

    def load(self, changes: Mapping[str, int]) -> None:
        """Start from the counts in the store."""
        self._changes.update(changes)

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            if event.type in _CHANGES:
                self._changes[_CHANGES[event.type]] += 1

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        stock = self._stock()
        line = GaugeMetricFamily("stationd_line", "Jobs that wait for a blank, by their claim to it.", labels=["place"])
        for place, count in (
            (Place.PROMISED, stock.promised),
            (Place.REPLACEMENT, stock.replacements),
            (Place.RATIONED, stock.rationed),
        ):
            line.add_metric([place.value], count)
        yield line
        yield GaugeMetricFamily("stationd_blanks_reserve", "Blanks kept for first cards.", stock.reserve)
        yield GaugeMetricFamily("stationd_blanks_short", "1 while replacements wait for blanks.", float(stock.is_short))
        changes = CounterMetricFamily(
            "stationd_order_changes", "Changes of the order of service by two officers, ever.", labels=["change"]
        )
        for change in _CHANGES.values():
            changes.add_metric([change], self._changes[change])
        yield changes
