"""The forecast of prints and pickups, from the station's own days and the calendar of the year."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from stationd.domain.rush import Season, WeekForecast, forecast
from stationd.ports.history import Counted, HistoryStore, YearSource
from stationd.services.calendar import Calendar

GATHER_EVERY_S: Final = 600.0
GATHERED_AT_ONCE: Final = 5000
LEARNT_FROM: Final = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True, kw_only=True)
class RushView:
    """The weeks to come, for each thing that is counted; ``seasons`` by their names."""

    weeks: Mapping[Counted, tuple[WeekForecast, ...]]
    seasons: Mapping[str, Season]


class Rush:
    """Counts days, and looks ahead."""

    def __init__(
        self, store: HistoryStore, years: YearSource, calendar: Calendar, day_of: Callable[[int], date]
    ) -> None:
        self._store = store
        self._years = years
        self._calendar = calendar
        self._day_of = day_of

    async def run(self) -> None:
        """For ever: count what has happened."""
        while True:
            await self.gather()
            await asyncio.sleep(GATHER_EVERY_S)

    async def gather(self) -> None:
        """Count what has happened since the last time."""
        while await self._store.gather(self._day_of, GATHERED_AT_ONCE) == GATHERED_AT_ONCE:
            pass

    async def look_ahead(self, weeks: int) -> RushView:
        """The next weeks. Raises ``Faulted`` (``calendar-wrong``)."""
        await self.gather()
        today = self._calendar.day
        year = await self._years.year()
        found = {}
        for what in Counted:
            days = await self._store.days(what, today - LEARNT_FROM)
            found[what] = await asyncio.to_thread(forecast, days, year, today, weeks)
        return RushView(weeks=found, seasons={season.name: season for season in year.seasons})
