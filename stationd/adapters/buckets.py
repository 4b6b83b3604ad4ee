"""Observations counted in buckets, as a histogram of Prometheus wants them: each holds what is not above its edge."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from prometheus_client.core import HistogramMetricFamily


class Buckets:
    """Counts of observations; ``edges`` ascend, and what is above the last is counted too."""

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = edges
        self.counts = [0] * (len(edges) + 1)
        """How many fell into each bucket, not cumulated; the last is for what is above all edges."""
        self.sum = 0.0

    def add(self, observed: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self._edges, observed)] += 1
        self.sum += observed

    def family(self, name: str, says: str) -> HistogramMetricFamily:
        """The histogram, its buckets cumulated."""
        return histogram(name, says, (), {(): self})

    def cumulated(self) -> list[tuple[str, float]]:
        """Each edge, as Prometheus writes it, with the count of what is not above it."""
        count, buckets = 0, []
        for edge, here in zip((*map(str, self._edges), "+Inf"), self.counts, strict=True):
            count += here
            buckets.append((edge, float(count)))
        return buckets


def histogram(
    name: str, says: str, labels: Sequence[str], each: Mapping[tuple[str, ...], Buckets]
) -> HistogramMetricFamily:
    """One family of histograms, by the values of its labels."""
    family = HistogramMetricFamily(name, says, labels=labels)
    for values, buckets in each.items():
        family.add_metric(values, buckets.cumulated(), buckets.sum)
    return family
