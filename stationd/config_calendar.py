"""The calendar file of the forecast: TOML into seasons and closed days, with every problem told at once."""

import re
import tomllib
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Final

from stationd.config_schema import Key, Problem, Reading, Rule, Table, UnfitError, many, matching, read_tables
from stationd.domain.rush import Season, Year

_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_LEAP_YEAR: Final = 2024


class CalendarError(Exception):
    """The calendar cannot be used; ``problems`` holds every reason found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise UnfitError
    try:
        return date.fromisoformat(value)
    except ValueError as wrong:
        raise UnfitError from wrong


def _month_day(value: object) -> tuple[int, int]:
    found = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise UnfitError
    month, day = int(found[1]), int(found[2])
    try:
        date(_LEAP_YEAR, month, day)
    except ValueError as wrong:
        raise UnfitError from wrong
    return month, day


_SPAN = Rule(allowed='a month and day such as "07-01"', convert=_month_day)

SEASON: Final = Table(
    name="season",
    help="A span of days that comes every year.",
    is_many=True,
    keys=(
        Key(
            name="name",
            rule=matching(r"[a-z0-9][a-z0-9-]{0,62}", "a name of lower-case letters, digits and hyphens, at most 63"),
            help="The season's name.",
        ),
        Key(
            name="title",
            rule=matching(r"(?=.*\S)[^\x00-\x1f\x7f]{1,100}", "one line of 1 to 100 characters"),
            help="What people call it.",
        ),
        Key(name="begins", rule=_SPAN, help="Its first day."),
        Key(name="ends", rule=_SPAN, help="Its last day."),
    ),
)
_CLOSED = many(Rule(allowed='a date such as "2026-08-17"', convert=_day))


def packaged_calendar() -> Path:
    """The calendar that comes with the program."""
    installed = Path(str(resources.files("stationd"))) / "calendar.toml"
    return installed if installed.is_file() else installed.parents[1] / "config" / "calendar.toml"


def load_year(path: Path, weekdays: frozenset[int]) -> Year:
    """The year in a file. Raises :class:`CalendarError` with every problem."""
    reading = Reading(str(path))
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        said = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise CalendarError(
            (
                Problem(
                    file=str(path), key="", value=f"cannot be read ({said})", allowed="a TOML file of [[season]] tables"
                ),
            )
        ) from wrong
    closed = _CLOSED.read(reading, "closed", raw.pop("closed", []))
    rows = read_tables(reading, raw, (SEASON,))["season"]
    names = [row.values["name"] for row in rows]
    for row in rows:
        if names.count(row.values["name"]) > 1:
            reading.refuse(f"{row.where}.name", row.values["name"], "a name of its own")
    if reading.problems:
        raise CalendarError(tuple(reading.problems))
    return Year(seasons=tuple(Season(**row.values) for row in rows), closed=frozenset(closed), weekdays=weekdays)
