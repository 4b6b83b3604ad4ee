"""Printers for Prometheus: state, reasons, supplies, and how much of its time each is at work."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.printer import PrinterState
from stationd.services.printers import DeviceView
from stationd.services.spool import Spooler


class PrinterMetrics(Collector):
    """Gauges, made when asked; the time at work is measured by looking, see :meth:`look`."""

    def __init__(self, devices: Callable[[], Sequence[DeviceView]], spoolers: Callable[[], Sequence[Spooler]]) -> None:
        self._devices = devices
        self._spoolers = spoolers
        self._busy_s: defaultdict[str, float] = defaultdict(float)

    def look(self, elapsed_s: float) -> None:
        """Count the time since the last look for those that have a card in hand and are at work on it."""
        for spooler in self._spoolers():
            if spooler.printing and spooler.status.state is PrinterState.PROCESSING:
                self._busy_s[spooler.name] += elapsed_s

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        states = GaugeMetricFamily("stationd_printer_state", "1 for the printer's state.", labels=["printer", "state"])
        reasons = GaugeMetricFamily(
            "stationd_printer_reason", "1 for each reason that a printer gives.", labels=["printer", "reason"]
        )
        levels = GaugeMetricFamily(
            "stationd_printer_supply_ratio", "What is left of a supply, of 1.", labels=["printer", "supply"]
        )
        cards = GaugeMetricFamily(
            "stationd_printer_supply_cards", "Cards for which a supply still lasts.", labels=["printer", "supply"]
        )
        busy = CounterMetricFamily(
            "stationd_printer_busy_seconds",
            "Time with a card at work in the printer, measured once a second since the start.",
            labels=["printer"],
        )
        for device in self._devices():
            for state in PrinterState:
                states.add_metric([device.name, state.value], float(device.state == state.value))
            for reason in device.reasons:
                reasons.add_metric([device.name, reason], 1)
            for supply in device.supplies:
                if supply.level is not None:
                    levels.add_metric([device.name, supply.name], supply.level / 100)
                if supply.cards is not None:
                    cards.add_metric([device.name, supply.name], supply.cards)
            busy.add_metric([device.name], self._busy_s[device.name])
        yield from (states, reasons, levels, cards, busy)
