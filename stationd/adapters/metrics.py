"""Figures for Prometheus: the registry, and what the station's own parts know at any time.

Names and units follow Prometheus' conventions. Label values come from closed sets (states, accounts) and from the
configuration (printers); nothing of a person, and no series that grows with use.
"""

import platform
import sqlite3
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.adapters.buckets import Buckets
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.blanks import Account
from stationd.domain.scan import ReaderState, ReaderStatus

_TOGETHER = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
_COMMIT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics(Collector):
    """The station's figures."""

    def __init__(self, version: str, writer: Writer, readers: Callable[[], Mapping[str, ReaderStatus]] = dict) -> None:
        self._version = version
        self._writer = writer
        self._readers = readers
        self._together = Buckets(_TOGETHER)
        self._commits = Buckets(_COMMIT_S)
        writer.committed = self.committed
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def add(self, collector: Collector) -> None:
        """Render these families as well."""
        self._registry.register(collector)

    def committed(self, requests: int, seconds: float) -> None:
        """So many requests were committed together, and that took so long."""
        self._together.add(requests)
        self._commits.add(seconds)

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """Every family, made from what is kept."""
        build = GaugeMetricFamily(
            "stationd_build_info", "The version that runs, and on what.", labels=["version", "python", "sqlite"]
        )
        build.add_metric([self._version, platform.python_version(), sqlite3.sqlite_version], 1)
        yield build
        yield blanks_family(self._writer.balances())
        yield from self._of_readers()
        yield CounterMetricFamily(
            "stationd_writer_groups", "Transactions committed since the start.", value=self._writer.groups
        )
        yield CounterMetricFamily(
            "stationd_writer_requests", "Requests committed since the start.", value=self._writer.requests
        )
        yield self._together.family(
            "stationd_writer_group_requests", "How many requests were committed together, since the start."
        )
        yield self._commits.family(
            "stationd_writer_commit_seconds",
            "How long a transaction took, from its beginning to the disk, since the start.",
        )

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


def blanks_family(balances: Mapping[Account, int]) -> Metric:
    """The balances of the ledger, but for the centre's, from which all blanks come."""
    family = GaugeMetricFamily("stationd_blanks", "Blanks by account of the ledger.", labels=["account"])
    for account in Account:
        if account is not Account.CENTRE:
            family.add_metric([account.value], balances.get(account, 0))
    return family
