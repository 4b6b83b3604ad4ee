"""Finished cards for Prometheus: where they are, and the packets that go between stations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.custody import Custody
from stationd.domain.events import Event
from stationd.domain.transfer import Direction, TransferState

_STATES: Final = {
    Direction.OUT: (TransferState.SENT, TransferState.AGREED, TransferState.DIFFERING, TransferState.CANCELLED),
    Direction.IN: (TransferState.ANNOUNCED, TransferState.AGREED, TransferState.DIFFERING),
}


class CardMetrics(Collector):
    """Kept while events pass, rendered when asked."""

    def __init__(self) -> None:
        self._where: Counter[str] = Counter()
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
            elif event.type.startswith("transfer.") and event.type != "transfer.exceeded":
                direction = str(event.data["direction"])
                self._transfers[direction, str(event.data["state"])] += 1
                if "from" in event.data:
                    self._transfers[direction, str(event.data["from"])] -= 1

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        cards = GaugeMetricFamily("stationd_cards", "Finished cards by custody.", labels=["custody"])
        for custody in Custody:
            cards.add_metric([custody.value], self._where[custody.value])
        yield cards
        transfers = GaugeMetricFamily(
            "stationd_transfers", "Transfers by direction and state.", labels=["direction", "state"]
        )
        for direction, states in _STATES.items():
            for state in states:
                transfers.add_metric([direction.value, state.value], self._transfers[direction.value, state.value])
        yield transfers
