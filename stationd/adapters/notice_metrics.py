"""Notices for Prometheus: the outbox, outcomes, and how each way is."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.events import Event
from stationd.domain.notices import Trouble
from stationd.ports.notices import Outbox
from stationd.ports.notifier import WayStatus

_OUTCOMES = ("sent", "unknown", "delivered", "failed")


class NoticeMetrics(Collector):
    """Outcomes are kept while events pass; the rest is as last seen."""

    def __init__(self, outbox: Callable[[], Outbox], ways: Callable[[], Mapping[str, WayStatus]]) -> None:
        self._outbox = outbox
        self._ways = ways
        self._outcomes: Counter[tuple[str, str]] = Counter()

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            noun, _, what = event.type.partition(".")
            if noun == "notice" and what in _OUTCOMES:
                self._outcomes[str(event.data["way"]), what] += 1

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        notices = CounterMetricFamily(
            "stationd_notices",
            "What became of notices since the start, by way; one may be counted as sent, and later as delivered.",
            labels=["way", "outcome"],
        )
        for (way, outcome), count in sorted(self._outcomes.items()):
            notices.add_metric([way, outcome], count)
        yield notices
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
