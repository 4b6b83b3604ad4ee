"""Requests for a second officer, for Prometheus: how many wait, and what became of them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.events import Event

_PREFIX: Final = "approval."
_SETTLED: Final = frozenset({"approval.approved", "approval.declined", "approval.expired"})


class ApprovalMetrics(Collector):
    """Kept by following the events."""

    def __init__(self) -> None:
        self._waiting = 0
        self._happened: Counter[tuple[str, str]] = Counter()

    def load(self, waiting: int) -> None:
        """Start from how many wait in the store."""
        self._waiting = waiting

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            if not event.type.startswith(_PREFIX):
                continue
            self._happened[str(event.data.get("kind", "any")), event.type.removeprefix(_PREFIX)] += 1
            self._waiting += (event.type == "approval.requested") - (event.type in _SETTLED)

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        yield GaugeMetricFamily("stationd_approvals_pending", "Requests that wait for a second officer.", self._waiting)
        happened = CounterMetricFamily(
            "stationd_approvals",
            "What happened to requests for a second officer since the start, by what they are for.",
            labels=["kind", "event"],
        )
        for (kind, event), count in sorted(self._happened.items()):
            happened.add_metric([kind, event], count)
        yield happened
