"""The event loop for Prometheus: how many tasks there are, steady unless some are left behind, and how late it is."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.adapters.buckets import Buckets

LOOP_LAG: Final = "event loop lag"
"""The name of the task that measures it."""

_EVERY_S: Final = 1.0
_BUCKETS: Final = (0.005, 0.025, 0.1, 0.5, 2.5)


class LoopMetrics(Collector):
    """Counts the tasks of the loop in which it was made, and measures how late a sleeper wakes."""

    def __init__(self, beat: Callable[[float], None] = lambda _: None) -> None:
        """``beat`` is called with each measurement, and told how many seconds passed since the last."""
        self._loop = asyncio.get_running_loop()
        self._beat = beat
        self._lags = Buckets(_BUCKETS)

    async def run(self) -> None:
        """Measure for ever, once a second."""
        last = self._loop.time()
        while True:
            due = self._loop.time() + _EVERY_S
            await asyncio.sleep(_EVERY_S)
            now = self._loop.time()
            self.saw(max(0.0, now - due))
            self._beat(now - last)
            last = now

    def saw(self, lag_s: float) -> None:
        """Count one measurement."""
        self._lags.add(lag_s)

    def collect(self) -> Iterable[Metric]:
        """Tasks and lag."""
        tasks = len(asyncio.all_tasks(self._loop))
        yield GaugeMetricFamily(
            "stationd_tasks", "Tasks of the event loop, the request for this figure included.", tasks
        )
        yield self._lags.family(
            "stationd_loop_lag_seconds",
            "How late the event loop wakes a sleeper, measured once a second since the start.",
        )
