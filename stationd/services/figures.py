"""The day's figures, kept in memory from the record of events."""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from stationd.domain.events import Event
from stationd.domain.figures import COUNTED, Day
from stationd.ports.clock import Clock
from stationd.ports.events import EventLog

_PAGE: Final = 2000
_MOST_PAGES: Final = 100
"""A day has at most so many events that are counted after a restart; more is a load test, not an office."""


class Figures:
    """Counts what happens today; begins anew at midnight, local time."""

    def __init__(self, log: EventLog, clock: Clock, *, zone: tzinfo | None = None) -> None:
        """``zone`` is the time zone of the office; the machine's own by default."""
        self._log = log
        self._clock = clock
        self._zone = zone
        begins_ms, self._ends_ms = self._bounds_ms(clock.now_ms())
        self._day = Day(begins_ms)

    async def load(self) -> None:
        """Count what happened today before this run."""
        day = self.today()
        above = (await self._log.last()).seq
        for _ in range(_MOST_PAGES):
            if above <= 0:
                return
            below = max(0, above - _PAGE)
            page = [event for event in await self._log.after(below, above - below) if event.seq <= above]
            for event in page:
                day.count(event.type, event.at)
            if not page or page[0].at < day.begins_ms:
                return
            above = below

    def follow(self, events: Sequence[Event]) -> None:
        """Count what was committed."""
        for event in events:
            if event.type in COUNTED:
                self.today().count(event.type, event.at)

    def today(self) -> Day:
        """The figures of this day so far."""
        now_ms = self._clock.now_ms()
        if not self._day.begins_ms <= now_ms < self._ends_ms:  # the calendar is asked once a day, not for every event
            begins_ms, self._ends_ms = self._bounds_ms(now_ms)
            if begins_ms != self._day.begins_ms:
                self._day = Day(begins_ms)
        return self._day

    def _bounds_ms(self, now_ms: int) -> tuple[int, int]:
        """When the day of a moment begins and ends, local time."""
        now = datetime.fromtimestamp(now_ms / 1000, self._zone).astimezone(self._zone)
        midnight = datetime(now.year, now.month, now.day, tzinfo=self._zone)
        begins, ends = (each.astimezone(self._zone).timestamp() for each in (midnight, midnight + timedelta(days=1)))
        return int(begins * 1000), int(ends * 1000)
