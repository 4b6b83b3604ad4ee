"""Devices for Prometheus: how many there are of each kind in each state, what came and went, what the watch met."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.adapters.udev import Counters
from stationd.domain.events import Event
from stationd.services.printers import DeviceView

_EVENTS: Final = ("plugged", "unplugged", "changed", "reset", "labelled")


class DeviceMetrics(Collector):
    """Gauges, made when asked, and counters, kept while events pass; no label grows with what is plugged in."""

    def __init__(self, devices: Callable[[], Sequence[DeviceView]], counters: Callable[[], Counters | None]) -> None:
        """``counters`` gives those of the watch, ``None`` where udev is not watched."""
        self._devices = devices
        self._counters = counters
        self._happened: Counter[str] = Counter()

    def follow(self, events: Iterable[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            noun, _, what = event.type.partition(".")
            if noun == "device":
                self._happened["reset" if event.data.get("is_reset") else what] += 1

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        devices = GaugeMetricFamily("stationd_devices", "Devices by kind and state.", labels=["kind", "state"])
        for (kind, state), count in sorted(Counter((each.kind, each.state) for each in self._devices()).items()):
            devices.add_metric([kind, state], count)
        yield devices
        happened = CounterMetricFamily(
            "stationd_device_events",
            "Devices plugged in, pulled out, changed, reset and labelled since the start.",
            labels=["event"],
        )
        for event in _EVENTS:
            happened.add_metric([event], self._happened[event])
        yield happened
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
