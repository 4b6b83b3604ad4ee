"""Figures for Prometheus: kept while events pass, rendered when asked.

Names and units follow Prometheus' conventions. Label values come from closed sets (states, accounts) and from the
configuration (printers); nothing of a person, and no series that grows with use.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.adapters.sqlite.writer import Writer
from stationd.domain.blanks import Account
from stationd.domain.events import Event
from stationd.domain.job import JobState
from stationd.domain.printer import PrinterState
from stationd.domain.scan import ReaderState, ReaderStatus
from stationd.services.printers import DeviceView


class Metrics(Collector):
    """The station's figures."""

    def __init__(
        self,
        version: str,
        writer: Writer,
        devices: Callable[[], Sequence[DeviceView]],
        readers: Callable[[], Mapping[str, ReaderStatus]] = dict,
    ) -> None:
        self._version = version
        self._writer = writer
        self._devices = devices
        self._readers = readers
        self._jobs: Counter[str] = Counter()
        self._happened: Counter[str] = Counter()
        self._cards: Counter[tuple[str, str]] = Counter()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def load(self, counts: Mapping[JobState, int]) -> None:
        """Start from the counts in the store."""
        self._jobs.update({state.value: count for state, count in counts.items()})

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            self._happened[event.type] += 1
            if not event.type.startswith("job."):
                continue
            data = event.data
            self._jobs[str(data["state"])] += 1
            if "from" in data:
                self._jobs[str(data["from"])] -= 1
            if event.type == "job.card_printed":
                self._cards[str(data.get("printer")), str(data.get("evidence"))] += 1

    def add(self, collector: Collector) -> None:
        """Render these families as well."""
        self._registry.register(collector)

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Every family, made from what is kept."""
        build = GaugeMetricFamily("stationd_build_info", "The version that runs.", labels=["version"])
        build.add_metric([self._version], 1)
        yield build
        jobs = GaugeMetricFamily("stationd_jobs", "Jobs by state.", labels=["state"])
        for state in JobState:
            jobs.add_metric([state.value], self._jobs[state.value])
        yield jobs
        blanks = GaugeMetricFamily("stationd_blanks", "Blanks by account of the ledger.", labels=["account"])
        balances = self._writer.balances()
        for account in Account:
            if account is not Account.CENTRE:
                blanks.add_metric([account.value], balances.get(account, 0))
        yield blanks
        yield from self._of_printers()
        yield from self._of_readers()
        events = CounterMetricFamily("stationd_events", "Events since the start, by type.", labels=["type"])
        for kind, count in sorted(self._happened.items()):
            events.add_metric([kind], count)
        yield events
        yield CounterMetricFamily(
            "stationd_writer_groups", "Transactions committed since the start.", value=self._writer.groups
        )
        yield CounterMetricFamily(
            "stationd_writer_requests", "Requests committed since the start.", value=self._writer.requests
        )

    def _of_printers(self) -> Iterable[Metric]:
        states = GaugeMetricFamily("stationd_printer_state", "1 for the printer's state.", labels=["printer", "state"])
        reasons = GaugeMetricFamily(
            "stationd_printer_reason", "1 for each reason that a printer gives.", labels=["printer", "reason"]
        )
        for device in self._devices():
            for state in PrinterState:
                states.add_metric([device.name, state.value], float(device.state == state.value))
            for reason in device.reasons:
                reasons.add_metric([device.name, reason], 1)
        yield states
        yield reasons
        cards = CounterMetricFamily(
            "stationd_cards_printed",
            "Cards printed since the start, by printer and by how we know.",
            labels=["printer", "evidence"],
        )
        for (printer, evidence), count in sorted(self._cards.items()):
            cards.add_metric([printer, evidence], count)
        yield cards

    def _of_readers(self) -> Iterable[Metric]:
        states = GaugeMetricFamily("stationd_reader_state", "1 for the reader's state.", labels=["reader", "state"])
        frames = CounterMetricFamily(
            "stationd_reader_frames",
            "What readers read since the start: handed on, dropped because nobody took it, or garbled.",
            labels=["reader", "fate"],
        )
        noise = CounterMetricFamily("stationd_reader_noise_bytes", "Bytes outside of frames.", labels=["reader"])
        for name, status in self._readers().items():
            for state in ReaderState:
                states.add_metric([name, state.value], float(status.state is state))
            for fate, count in (("scanned", status.scans), ("dropped", status.dropped), ("garbled", status.garbled)):
                frames.add_metric([name, fate], count)
            noise.add_metric([name], status.noise)
        yield states
        yield frames
        yield noise
