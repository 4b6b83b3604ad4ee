"""What the station did each day, counted from its own events."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Protocol

from stationd.domain.rush import Year


class Counted(StrEnum):
    """What is counted a day."""

    PRINTED = "printed"
    FETCHED = "fetched"


class HistoryStore(Protocol):
    """Counts by day."""

    async def gather(self, day_of: Callable[[int], date], limit: int) -> int:
        """Count up to ``limit`` events more; how many there were. ``day_of`` says the day of a moment (Unix ms)."""
        ...

    async def days(self, what: Counted, since: date) -> Mapping[date, int]:
        """The counts since a day; days without any are left out."""
        ...


class YearSource(Protocol):
    """Where the calendar of the year stands."""

    async def year(self) -> Year:
        """Seasons and days of no service. Raises ``Faulted`` (``calendar-wrong``) when the file cannot be used."""
        ...
