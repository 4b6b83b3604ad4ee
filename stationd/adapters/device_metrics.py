"""Devices for Prometheus: how many there are of each kind in each state, and what the watch of the bus met."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.adapters.udev import Counters
from stationd.services.printers import DeviceView


class DeviceMetrics(Collector):
    """Made when asked; no label grows with what is plugged in."""

    def __init__(self, devices: Callable[[], Sequence[DeviceView]], counters: Callable[[], Counters | None]) -> None:
        """``counters`` gives those of the watch, ``None`` where udev is not watched."""
        self._devices = devices
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        devices = GaugeMetricFamily("stationd_devices", "Devices by kind and state.", labels=["kind", "state"])
        for (kind, state), count in sorted(Counter((each.kind, each.state) for each in self._devices()).items()):
            devices.add_metric([kind, state], count)
        yield devices
        counters = self._counters()
        if counters is None:
            return
        for name, says, value in (
            ("hints", "Events of udev that concerned a device.", counters.hints),
            ("looks", "Looks at the whole bus.", counters.looks),
            ("failed_looks", "Looks at the bus that failed.", counters.failed_looks),
            ("overflows", "Times that udev sent more events than could be kept.", counters.overflows),
            ("reopenings", "Times that the socket of udev broke and a new one was opened.", counters.reopenings),
        ):
            yield CounterMetricFamily(f"stationd_device_watch_{name}", f"{says} Since the start.", value=value)
        yield GaugeMetricFamily(
            "stationd_device_watch_look_seconds", "How long the last look took.", value=counters.look_s
        )
