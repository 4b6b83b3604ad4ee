"""How long printed cards had waited since their order was taken, for Prometheus; the promise of three working days."""

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from stationd.adapters.buckets import Buckets
from stationd.domain.events import Event

_DAY_S: Final = 86_400.0
_BUCKETS: Final = (3600.0, *(days * _DAY_S for days in (1, 3, 5, 7, 14, 30, 90, 180)))


class WaitMetrics(Collector):
    """Kept while events pass; when an order was taken is read from the job's id, which carries it (UUIDv7)."""

    def __init__(self) -> None:
        self._waits = Buckets(_BUCKETS)

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            if event.type != "job.card_printed":
                continue
            taken_ms = int(event.subject.replace("-", "")[:12], 16)
            self._waits.add(max(0, event.at - taken_ms) / 1000)

    def collect(self) -> Iterable[Metric]:
        """One histogram."""
        yield self._waits.family(
            "stationd_card_wait_seconds",
            "From taking the order to the printed card, of the cards printed since the start.",
        )
