"""Finished cards for Prometheus: where they are, and how old they were when they were fetched."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.adapters.buckets import Buckets
from stationd.domain.custody import Custody
from stationd.domain.events import Event
from stationd.domain.transfer import Direction, TransferState

_STATES: Final = {
    Direction.OUT: (TransferState.SENT, TransferState.AGREED, TransferState.DIFFERING, TransferState.CANCELLED),
    Direction.IN: (TransferState.ANNOUNCED, TransferState.AGREED, TransferState.DIFFERING),
}
_DAY_S: Final = 86_400.0
_BUCKETS: Final = tuple(days * _DAY_S for days in (1, 3, 7, 14, 30, 60, 90, 180, 365))


class CardMetrics(Collector):
    """Kept while events pass, rendered when asked."""

    def __init__(self) -> None:
        self._where: Counter[str] = Counter()
        self._pickups = Buckets(_BUCKETS)
        self._by_proxy: Counter[str] = Counter()
        self._transfers: Counter[tuple[str, str]] = Counter()

    def load(self, counts: Mapping[Custody, int], transfers: Mapping[tuple[str, str], int]) -> None:
        """Start from the counts in the store."""
        self._where.update({custody.value: count for custody, count in counts.items()})
        self._transfers.update(transfers)

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        for event in events:
            if event.type == "job.card_printed":
                self._where[Custody.PRINTED] += 1
            elif event.type == "job.card_printed_revoked":
                self._where[Custody.PRINTED] -= 1
            elif event.type.startswith("card.") and "custody" in event.data:
                self._where[str(event.data["custody"])] += 1
                if "from" in event.data:
                    self._where[str(event.data["from"])] -= 1
                if event.type == "card.handed_over":
                    self._count_pickup(event)
            elif event.type.startswith("transfer.") and event.type != "transfer.exceeded":
                direction = str(event.data["direction"])
                self._transfers[direction, str(event.data["state"])] += 1
                if "from" in event.data:
                    self._transfers[direction, str(event.data["from"])] -= 1

    def _count_pickup(self, event: Event) -> None:
        self._pickups.add(float(str(event.data["held_ms"])) / 1000)
        self._by_proxy["proxy" if event.data["by_proxy"] else "holder"] += 1

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        cards = GaugeMetricFamily("stationd_cards", "Finished cards by custody.", labels=["custody"])
        for custody in Custody:
            cards.add_metric([custody.value], self._where[custody.value])
        yield cards
        yield self._pickups.family(
            "stationd_pickup_age_seconds",
            "How long cards had been in their last place when they were handed over, since the start.",
        )
        taken = CounterMetricFamily(
            "stationd_hand_overs", "Cards handed over since the start, by who came.", labels=["to"]
        )
        for who in ("holder", "proxy"):
            taken.add_metric([who], self._by_proxy[who])
        yield taken
        transfers = GaugeMetricFamily(
            "stationd_transfers", "Transfers by direction and state.", labels=["direction", "state"]
        )
        for direction, states in _STATES.items():
            for state in states:
                transfers.add_metric([direction.value, state.value], self._transfers[direction.value, state.value])
        yield transfers
