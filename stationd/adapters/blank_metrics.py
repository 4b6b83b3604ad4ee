"""The book of blanks for Prometheus, besides the accounts: counts, differences, how long the blanks last."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.events import Event
from stationd.ports.blanks import Counted

_OUTCOMES: Mapping[str, str] = {"count.begun": "begun", "blanks.counted": "booked", "count.differed": "differed"}


class BlankMetrics(Collector):
    """Figures that are kept while events pass."""

    def __init__(self, now_ms: Callable[[], int], hoppers: Callable[[], Mapping[str, int]]) -> None:
        """``hoppers`` tells what the book has in the hopper of each printer."""
        self._now_ms = now_ms
        self._hoppers = hoppers
        self._counts: Counter[str] = Counter()
        self._missed = 0
        self._minutes: Counter[str] = Counter()
        self._counted_at: int | None = None
        self._difference = 0
        self.days_left: float | None = None
        """How long the blanks at hand last, when it was last reckoned."""

    @property
    def missed(self) -> int:
        """How many blanks the last count did not find."""
        return max(0, -self._difference)

    def load(self, counted: Counted) -> None:
        """Start from the last count in the store."""
        if counted.last is not None:
            self._counted_at, self._difference = counted.last.at, counted.last.difference or 0

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            outcome = _OUTCOMES.get(event.type)
            if outcome is not None:
                self._counts[outcome] += 1
            if event.type == "blanks.counted":
                self._counted_at, self._difference = event.at, int(str(event.data["difference"]))
            elif event.type == "blanks.missed":
                self._missed += int(str(event.data["quantity"]))
            elif event.type == "minutes.drawn_up":
                self._minutes[str(event.data["kind"])] += 1

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        counts = CounterMetricFamily(
            "stationd_blank_counts", "Counts of blanks since the start, by what became of them.", labels=["outcome"]
        )
        for outcome in _OUTCOMES.values():
            counts.add_metric([outcome], self._counts[outcome])
        yield counts
        yield CounterMetricFamily(
            "stationd_blanks_missed", "Blanks that counts did not find, since the start.", value=self._missed
        )
        yield GaugeMetricFamily(
            "stationd_blank_count_difference", "What the last count found beside the book.", self._difference
        )
        if self._counted_at is not None:
            yield GaugeMetricFamily(
                "stationd_blank_count_age_seconds",
                "Seconds since the last count that was booked.",
                max(0, self._now_ms() - self._counted_at) / 1000,
            )
        if self.days_left is not None:
            yield GaugeMetricFamily(
                "stationd_blanks_left_seconds",
                "How long the blanks at hand last at the pace of 14 days.",
                self.days_left * 86_400,
            )
        hoppers = GaugeMetricFamily("stationd_blank_hopper", "What the book has in a hopper.", labels=["printer"])
        for printer, balance in sorted(self._hoppers().items()):
            hoppers.add_metric([printer], balance)
        yield hoppers
        minutes = CounterMetricFamily("stationd_papers", "Minutes and books drawn up since the start.", labels=["kind"])
        for kind, count in sorted(self._minutes.items()):
            minutes.add_metric([kind], count)
        yield minutes
