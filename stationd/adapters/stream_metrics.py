"""The stream of events for Prometheus: who listens, and what it cost."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.services.live_scans import LiveScans
from stationd.services.stream import Stream


class StreamMetrics(Collector):
    """Gauges and counters, made when asked."""

    def __init__(self, stream: Stream, live: LiveScans) -> None:
        self._stream = stream
        self._live = live

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        stream = self._stream
        yield GaugeMetricFamily("stationd_event_listeners", "Clients that listen to events now.", len(stream))
        yield GaugeMetricFamily("stationd_scan_listeners", "Clients that hear what a reader reads.", len(self._live))
        yield CounterMetricFamily(
            "stationd_event_listeners_cut_off", "Listeners cut off because they did not read.", stream.cut_off
        )
        yield CounterMetricFamily(
            "stationd_event_catch_up_reads", "Reads of the record for listeners that were behind.", stream.readings
        )
