"""The event loop for Prometheus: how many tasks there are, steady unless some are left behind, and how late it is."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Final

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

LOOP_LAG: Final = "event loop lag"
"""The name of the task that measures it."""

_EVERY_S: Final = 1.0
_BUCKETS: Final = (0.005, 0.025, 0.1, 0.5, 2.5)


class LoopMetrics(Collector):
    """Counts the tasks of the loop in which it was made, and measures how late a sleeper wakes."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lags: Counter[float] = Counter()
        self._lag_s = 0.0

    async def run(self) -> None:
        """Measure for ever, once a second."""
        while True:
            due = self._loop.time() + _EVERY_S
            await asyncio.sleep(_EVERY_S)
            self.saw(max(0.0, self._loop.time() - due))

    def saw(self, lag_s: float) -> None:
        """Count one measurement."""
        self._lags[next((edge for edge in _BUCKETS if lag_s <= edge), float("inf"))] += 1
        self._lag_s += lag_s

    def collect(self) -> Iterable[Metric]:
        """Tasks and lag."""
        tasks = len(asyncio.all_tasks(self._loop))
        yield GaugeMetricFamily(
            "stationd_tasks", "Tasks of the event loop, the request for this figure included.", tasks
        )
        count, buckets = 0, []
        for edge in (*_BUCKETS, float("inf")):
            count += self._lags[edge]
            buckets.append(("+Inf" if edge == float("inf") else str(edge), float(count)))
        yield HistogramMetricFamily(
            "stationd_loop_lag_seconds",
            "How late the event loop wakes a sleeper, measured once a second since the start.",
            buckets=buckets,
            sum_value=self._lag_s,
        )
