"""What goes wrong in the simulated city, and when: every alert of the city fires and clears once in a round."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """Something that goes wrong at a station."""

    SILENT = "silent"
    DOWN = "down"
    NO_CENTRE = "no-centre"
    STOPPED = "stopped"
    FEW_BLANKS = "few-blanks"
    NO_BLANKS = "no-blanks"
    FEW_OFFICERS = "few-officers"
    UNCERTAIN = "uncertain"
    COUNT_DIFFERS = "count-differs"
    ORDER_CHANGED = "order-changed"
    NO_BACKUP = "no-backup"
    LATE = "late"
    FORGOTTEN = "forgotten"
    PILE_UP = "pile-up"
    SPOILS = "spoils"
    DISK = "disk"
    CLOCK = "clock"
    NO_CITY = "no-city"
    CITY_BEHIND = "city-behind"
    CITY_REFUSES = "city-refuses"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Spell:
    """A fault at a station, from one day of the round to another."""

    fault: Fault
    station: str
    begin: float
    end: float


ROUND_DAYS: Final = 60.0
"""After so many days it begins again."""

SCRIPT: Final = (
    Spell(Fault.LATE, "1671-03", 0.5, 8),
    Spell(Fault.DOWN, "1671-12", 1, 5),
    Spell(Fault.NO_BLANKS, "1671-08", 1, 6),
    Spell(Fault.STOPPED, "1671-07", 2, 7),
    Spell(Fault.ORDER_CHANGED, "1671-05", 2, 4),
    Spell(Fault.SILENT, "1671-13", 3, 7),
    Spell(Fault.FEW_BLANKS, "1671-04", 3, 8),
    Spell(Fault.UNCERTAIN, "1671-10", 4, 9),
    Spell(Fault.COUNT_DIFFERS, "1671-14", 5, 9),
    Spell(Fault.FORGOTTEN, "1671-06", 5, 10),
    Spell(Fault.SPOILS, "1671-15", 6, 12),
    Spell(Fault.NO_CENTRE, "1671-16", 9, 13),
    Spell(Fault.CLOCK, "1671-11", 10, 15),
    Spell(Fault.FEW_OFFICERS, "1671-17", 11, 16),
    Spell(Fault.DISK, "1671-18", 12, 16),
    Spell(Fault.NO_BACKUP, "1671-09", 13, 19),
    Spell(Fault.PILE_UP, "1671-07", 14, 24),
    Spell(Fault.NO_CITY, "1671-02", 15, 18),
    Spell(Fault.CITY_BEHIND, "1671-02", 16, 19),
    Spell(Fault.CITY_REFUSES, "1671-15", 18, 21),
    Spell(Fault.FOREIGN, "1671-10", 20, 23),
    Spell(Fault.STOPPED, "1671-02", 20, 26),
    Spell(Fault.ORDER_CHANGED, "1671-05", 24, 26),
    Spell(Fault.SILENT, "1671-16", 27, 31),
    Spell(Fault.UNCERTAIN, "1671-06", 30, 36),
    Spell(Fault.FEW_BLANKS, "1671-01", 34, 40),
    Spell(Fault.NO_BLANKS, "1671-11", 40, 45),
    Spell(Fault.DOWN, "1671-14", 46, 50),
    Spell(Fault.NO_CENTRE, "1671-12", 50, 55),
)


def at(day: float) -> dict[str, frozenset[Fault]]:
    """Which faults which stations have on a day since the beginning; stations without any are left out."""
    found: dict[str, set[Fault]] = {}
    for spell in _of(day % ROUND_DAYS):
        found.setdefault(spell.station, set()).add(spell.fault)
    return {station: frozenset(faults) for station, faults in found.items()}


def _of(day: float) -> Iterator[Spell]:
    return (spell for spell in SCRIPT if spell.begin <= day < spell.end)
