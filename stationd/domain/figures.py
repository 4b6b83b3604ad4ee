"""The day in figures: what happened in each of its hours, counted from the record of events.

A verdict that was revoked takes its count back out of the hour in which it was revoked, so that the day's sums are
right; a single hour may then be one short.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

HOURS: Final = 24
HOUR_MS: Final = 3_600_000

COUNTED: Final[Mapping[str, tuple[str, int]]] = {
    "job.accepted": ("accepted", 1),
    "job.card_printed": ("printed", 1),
    "job.card_printed_revoked": ("printed", -1),
    "job.card_spoiled": ("spoiled", 1),
    "job.card_spoiled_revoked": ("spoiled", -1),
    "job.outcome_unknown": ("doubted", 1),
    "card.handed_over": ("handed_over", 1),
}
"""Which events count, as what, and how."""

NAMES: Final = tuple(dict.fromkeys(name for name, _ in COUNTED.values()))


def _nothing() -> dict[str, list[int]]:
    return {name: [0] * HOURS for name in NAMES}


@dataclass(slots=True)
class Day:
    """The counts of one day, an hour a place; ``begins_ms`` is its local midnight in Unix milliseconds."""

    begins_ms: int
    counts: dict[str, list[int]] = field(default_factory=_nothing)

    def count(self, kind: str, at_ms: int) -> None:
        """Count an event; one that does not count, or of another day, changes nothing.

        Where a day has 25 hours, the last two share a place.
        """
        counted = COUNTED.get(kind)
        if counted is None or at_ms < self.begins_ms:
            return
        hour = (at_ms - self.begins_ms) // HOUR_MS
        if hour <= HOURS:
            name, by = counted
            self.counts[name][min(hour, HOURS - 1)] += by

    def total(self, name: str) -> int:
        """The sum of the day."""
        return sum(self.counts[name])
