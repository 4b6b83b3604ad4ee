"""The book of blanks for Prometheus, besides the accounts: counts, differences, how long the blanks last."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.events import Event
from stationd.ports.blanks import Counted


class BlankMetrics(Collector):
    """Figures that are kept while events pass."""

    def __init__(self, now_ms: Callable[[], int], hoppers: Callable[[], Mapping[str, int]]) -> None:
        """``hoppers`` tells what the book has in the hopper of each printer."""
        self._now_ms = now_ms
        self._hoppers = hoppers
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
            if event.type == "blanks.counted":
                self._counted_at, self._difference = event.at, int(str(event.data["difference"]))

    def collect(self) -> Iterable[Metric]:
        """Every family."""
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
