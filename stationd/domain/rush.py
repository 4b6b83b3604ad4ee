"""How many cards will be printed and fetched in the weeks to come: plain seasonal averages, shown with their error.

The expectation of a day is the average of the same weekday over the last weeks, times the ratio of the season that the
day lies in. A season (the new school year, the hiring season) is a span of dates that comes every year; its ratio is
learnt from the station's own history, as the mean over the days of that season divided by the mean over the weeks
around it. A season that the station has not lived through yet has the ratio 1, and nobody guesses. Days on
which the office is closed expect nothing and teach nothing.

What an expectation is worth is measured, not claimed: the same rule is asked about weeks that are past, with only what
was known before them, and the mean of what it was off by is shown beside each figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

AVERAGED_WEEKS: Final = 8
"""Weeks over which a weekday is averaged."""

FEWEST_WEEKS: Final = 2
"""With less history than this nothing is forecast."""

TESTED_WEEKS: Final = 12
"""Past weeks by which the error is measured, where there are so many."""

AROUND_WEEKS: Final = 6
"""On both sides of a season, what its ratio compares it with."""

FEWEST_DAYS: Final = 10
"""Days inside a season, and around it, below which its ratio is not believed."""

_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A span of days that comes every year, ends included: month and day; it may run over the new year."""

    name: str
    title: str
    begins: tuple[int, int]
    ends: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Whether a day lies in the season."""
        at = (day.month, day.day)
        if self.begins <= self.ends:
            return self.begins <= at <= self.ends
        return at >= self.begins or at <= self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What the calendar file says: the seasons, the first that holds a day being the one; the days of no service."""

    seasons: tuple[Season, ...] = ()
    closed: frozenset[date] = frozenset()
    weekdays: frozenset[int] = frozenset(range(5))

    def is_open(self, day: date) -> bool:
        """Whether the office serves on a day."""
        return day.weekday() in self.weekdays and day not in self.closed

    def season(self, day: date) -> Season | None:
        """The season that a day lies in."""
        return next((season for season in self.seasons if season.holds(day)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekForecast:
    """One week to come. ``error``: what the same forecast was off by on average, ``None`` with too little history."""

    begins: date
    expected: float
    error: float | None
    seasons: tuple[str, ...]


def forecast(history: Mapping[date, int], year: Year, today: date, weeks: int) -> tuple[WeekForecast, ...]:
    """The next ``weeks`` whole weeks from the Monday after ``today``, by what was counted up to the day before.

    ``history`` holds a count a day; a day that is missing between the first and yesterday counts as zero. Empty when
    there are less than two weeks of it.
    """
    known = [day for day in history if day < today]
    if not known or (today - min(known)).days < FEWEST_WEEKS * 7:
        return ()
    first = min(known)
    past = {day: history.get(day, 0) for n in range((today - first).days) for day in [first + timedelta(days=n)]}
    views: dict[date, _View] = {}

    def seen_from(day: date) -> _View:
        if day not in views:
            views[day] = _View(past, year, day)
        return views[day]

    def error(ahead_days: int) -> float | None:
        """The mean of what forecasts made ``ahead_days`` before a week were off by."""
        misses = []
        fewest = -(-(ahead_days + 7) // 7)
        for number in range(fewest, fewest + TESTED_WEEKS):
            begins = today + timedelta(days=ahead_days) - _WEEK * number
            asked = begins - timedelta(days=ahead_days)
            if asked - first < _WEEK * FEWEST_WEEKS:
                break
            actual = sum(past[day] for day in _days(begins))
            misses.append(abs(seen_from(asked).expected(_days(begins)) - actual))
        return sum(misses) / len(misses) if misses else None

    ahead = 7 - today.weekday()
    return tuple(
        WeekForecast(
            begins=begins,
            expected=seen_from(today).expected(_days(begins)),
            error=error(ahead + 7 * number),
            seasons=tuple(dict.fromkeys(s.name for day in _days(begins) if (s := year.season(day)) is not None)),
        )
        for number in range(weeks)
        for begins in [today + timedelta(days=ahead) + _WEEK * number]
    )


class _View:
    """What is known on a day: the averages of the weekdays, and the ratios of the seasons."""

    def __init__(self, past: Mapping[date, int], year: Year, before: date) -> None:
        self._past = past
        self._year = year
        self._before = before
        usual = [day for day in past if day < before and year.is_open(day)]
        self._inside: dict[str, list[date]] = {}
        for day in usual:
            self._inside.setdefault(_season(year, day), []).append(day)
        self._ratios = {"": 1.0} | {season.name: self._ratio(season.name) for season in year.seasons}
        self._means = {weekday: self._mean(weekday) for weekday in sorted(year.weekdays)}

    def expected(self, days: Sequence[date]) -> float:
        """What these days bring together."""
        return sum(
            self._means[day.weekday()] * self._ratios[_season(self._year, day)]
            for day in days
            if self._year.is_open(day)
        )

    def _mean(self, weekday: int) -> float:
        """The mean of a weekday over the last weeks, each day taken out of its season first."""
        day = self._before - timedelta(days=(self._before.weekday() - weekday) % 7 or 7)
        values = []
        for _ in range(AVERAGED_WEEKS):
            if day in self._past and self._year.is_open(day):
                values.append(self._past[day] / self._ratios[_season(self._year, day)])
            day -= _WEEK
        return sum(values) / len(values) if values else 0.0

    def _ratio(self, name: str) -> float:
        """How much more a season brings than the weeks around it; 1 when that is not known."""
        inside = self._inside.get(name, [])
        weeks = {_monday(day) for day in inside}
        near = {week + _WEEK * n for week in weeks for n in range(-AROUND_WEEKS, AROUND_WEEKS + 1)} - weeks
        beside = [day for day in self._inside.get("", []) if _monday(day) in near]
        if min(len(inside), len(beside)) < FEWEST_DAYS:
            return 1.0
        usual = sum(self._past[day] for day in beside) / len(beside)
        mean = sum(self._past[day] for day in inside) / len(inside)
        return mean / usual if usual and mean else 1.0


def _days(begins: date) -> tuple[date, ...]:
    return tuple(begins + timedelta(days=number) for number in range(7))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _season(year: Year, day: date) -> str:
    season = year.season(day)
    return "" if season is None else season.name
