"""The order of service for Prometheus: who waits for blanks."""

from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.rationing import Place, Stock


class OrderMetrics(Collector):
    """Gauges, made when asked."""

    def __init__(self, stock: Callable[[], Stock]) -> None:
        self._stock = stock

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
