"""The event loop for Prometheus: how many tasks there are, which is steady unless some are left behind."""

import asyncio
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class LoopMetrics(Collector):
    """Counts the tasks of the loop in which it was made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def collect(self) -> Iterable[Metric]:
        """One gauge."""
        tasks = len(asyncio.all_tasks(self._loop))
        yield GaugeMetricFamily(
            "stationd_tasks", "Tasks of the event loop, the request for this figure included.", tasks
        )
