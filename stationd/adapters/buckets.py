"""Observations counted in buckets, as a histogram of Prometheus wants them: each holds what is not above its edge."""

from collections.abc import Sequence

from prometheus_client.core import HistogramMetricFamily


class Buckets:
    """Counts of observations since the start; ``edges`` ascend, and what is above the last is counted too."""

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = (*edges, float("inf"))
        self._counts = [0] * len(self._edges)
        self._sum = 0.0

    def add(self, observed: float) -> None:
        """Count one observation."""
        self._counts[next(at for at, edge in enumerate(self._edges) if observed <= edge)] += 1
        self._sum += observed

    def family(self, name: str, says: str) -> HistogramMetricFamily:
        """The histogram, its buckets cumulated."""
        count, buckets = 0, []
        for edge, here in zip(self._edges, self._counts, strict=True):
            count += here
            buckets.append(("+Inf" if edge == float("inf") else str(edge), float(count)))
        return HistogramMetricFamily(name, says, buckets=buckets, sum_value=self._sum)
