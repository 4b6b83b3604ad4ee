"""Requests for a second officer, for Prometheus: how many wait."""

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.events import Event

_SETTLED: Final = frozenset({"approval.approved", "approval.declined", "approval.expired"})


class ApprovalMetrics(Collector):
    """Kept by following the events."""

    def __init__(self) -> None:
        self._waiting = 0

    def load(self, waiting: int) -> None:
        """Start from how many wait in the store."""
        self._waiting = waiting

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            self._waiting += (event.type == "approval.requested") - (event.type in _SETTLED)

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        yield GaugeMetricFamily("stationd_approvals_pending", "Requests that wait for a second officer.", self._waiting)
