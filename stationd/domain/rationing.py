"""Rationing: while blanks are short, they are kept for people who never had a card.

First-time holders come before replacements (the Directorate-General's instruction of 2016, when there were none for
months). Every waiting first-timer is *promised* a blank. When the blanks at hand less those promised have fallen to the
*reserve*, replacements of lost and damaged cards are deferred, visibly, and come back by themselves, the oldest first,
as far as blanks have come for them. Two officers may release one: it is served like a first-timer from then on.

The reserve is a number from the configuration or, where that is more, the first-timers whom the station's own last four
weeks let expect for the configured number of days.

When blanks will come nobody can know. An expected day is given where the station has had deliveries enough to tell
their usual interval and size, and none where it has not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Final

from stationd.domain.dispatch import is_replacement
from stationd.domain.job import JobState

BLANKS_SHORT: Final = "blanks-short"
"""The reason of a job that is deferred by rationing."""

SURRENDER_MISSING: Final = "surrender-missing"
"""The reason of a job that waits until the damaged card has come back."""

NO_RESERVE: Final = -(1 << 40)
"""The reserve of a store that does not ration."""

DAYS_LOOKED_BACK: Final = 28
FEWEST_DELIVERIES: Final = 3
"""With fewer there is no usual interval."""

DELIVERIES_LOOKED_BACK: Final = 12
_DELIVERIES_AHEAD = 120


class Place(StrEnum):
    """Where a waiting job stands before the blanks: each kind of place is counted."""

    PROMISED = "promised"
    REPLACEMENT = "replacement"
    RATIONED = "rationed"


def place_of(state: JobState, rank: int, reasons: Sequence[str]) -> Place | None:
    """The place of a job, or ``None`` for one that does not wait, or waits for something else than blanks.

    A first-timer whom an officer holds back is promised a blank as well.
    """
    is_waiting = state is JobState.QUEUED or state is JobState.DEFERRED
    if not is_waiting:
        return None
    if not is_replacement(rank):
        return Place.PROMISED
    if state is JobState.QUEUED:
        return Place.REPLACEMENT
    return Place.RATIONED if tuple(reasons) == (BLANKS_SHORT,) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The blanks at hand, and who waits for them: ``replacements`` in the line, ``rationed`` deferred ones."""

    at_hand: int
    promised: int
    replacements: int
    rationed: int
    reserve: int

    @property
    def free(self) -> int:
        """Blanks that are promised to nobody; negative when more first-timers wait than there are."""
        return self.at_hand - self.promised

    @property
    def is_short(self) -> bool:
        """Whether replacements wait."""
        return self.free <= self.reserve

    @property
    def room(self) -> int:
        """How many replacements may take a blank now."""
        return max(0, self.free - self.reserve)

    @property
    def to_defer(self) -> int:
        """How many replacements must leave the line."""
        return self.replacements if self.is_short else 0

    @property
    def to_admit(self) -> int:
        """How many deferred replacements may come back: as many as there are blanks for, behind those in the line."""
        return min(self.rationed, max(0, self.room - self.replacements))

    @property
    def defers_new(self) -> bool:
        """Whether a new replacement is deferred: in a shortage, and so that it does not pass older deferred ones."""
        return self.is_short or 0 < self.rationed >= self.room - self.replacements


@dataclass(frozen=True, slots=True, kw_only=True)
class RationRule:
    """The policy: blanks kept for first-timers, and for how many days of expected first-timers blanks are kept."""

    reserve_for_first: int = 50
    reserve_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The station's own last weeks: first-time orders by day, and blanks received by day (days since the epoch)."""

    firsts: Mapping[int, int]
    received: Mapping[int, int]
    today: int

    @property
    def firsts_a_day(self) -> float:
        """First-time orders a day in the last four weeks, or since the first one if that is less."""
        days = {day: count for day, count in self.firsts.items() if self.today - DAYS_LOOKED_BACK < day <= self.today}
        if not days:
            return 0.0
        return sum(days.values()) / (self.today - min(days) + 1)


def reserve_of(rule: RationRule, history: History) -> int:
    """The blanks that are kept for first-timers now."""
    return max(rule.reserve_for_first, ceil(history.firsts_a_day * rule.reserve_days))


def expected_day(stock: Stock, before: int, history: History) -> int | None:
    """The day on which blanks are expected for a rationed job with so many rationed ones ``before`` it, or ``None``.

    Deliveries are taken to go on as they usually came, and first-timers too. ``None`` when there were too few
    deliveries to tell, when one is overdue by more than its usual interval, or when first-timers use them all up.
    """
    days = sorted(day for day, quantity in history.received.items() if quantity > 0)[-DELIVERIES_LOOKED_BACK:]
    if len(days) < FEWEST_DELIVERIES:
        return None
    interval = ceil(median(later - earlier for earlier, later in pairwise(days)))
    quantity = median(history.received[day] for day in days)
    if history.today - days[-1] > 2 * interval:
        return None
    day, free = max(days[-1] + interval, history.today + 1), float(stock.free)
    free -= history.firsts_a_day * (day - history.today)
    for _ in range(_DELIVERIES_AHEAD):
        free += quantity
        if free - stock.reserve - stock.replacements > before:
            return day
        day += interval
        free -= history.firsts_a_day * interval
    return None
