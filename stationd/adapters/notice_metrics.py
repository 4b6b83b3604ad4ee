"""Notices for Prometheus: the outbox, and how each way is."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.notices import Trouble
from stationd.ports.notices import Outbox
from stationd.ports.notifier import WayStatus


class NoticeMetrics(Collector):
    """Gauges, as last seen."""

    def __init__(self, outbox: Callable[[], Outbox], ways: Callable[[], Mapping[str, WayStatus]]) -> None:
        self._outbox = outbox
        self._ways = ways

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        outbox = self._outbox()
        yield GaugeMetricFamily("stationd_notices_due", "Notices that are due and have not gone out.", outbox.due)
        yield GaugeMetricFamily("stationd_notice_clocks", "Cards on the shelf whose holders are told.", outbox.shelved)
        troubles = GaugeMetricFamily(
            "stationd_notices_unreachable", "Cards whose holders an officer must reach, by why.", labels=["trouble"]
        )
        for trouble in Trouble:
            troubles.add_metric([trouble.value], outbox.troubles.get(trouble, 0))
        yield troubles
        ready = GaugeMetricFamily("stationd_way_ready", "Whether a way can send.", labels=["way"])
        signal = GaugeMetricFamily(
            "stationd_way_signal_percent", "Strength of the network, in percent.", labels=["way"]
        )
        credit = GaugeMetricFamily("stationd_way_credit_rupiah", "Credit as last told.", labels=["way"])
        for name, status in self._ways().items():
            ready.add_metric([name], float(status.is_ready))
            if status.signal is not None:
                signal.add_metric([name], status.signal)
            if status.credit is not None:
                credit.add_metric([name], status.credit)
        yield ready
        yield signal
        yield credit
