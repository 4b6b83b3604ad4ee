"""What an examination of the station finds."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """``notice``: it works, and somebody should look."""

    GOOD = "good"
    NOTICE = "notice"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do when it is not good."""

    what: str
    level: Level
    found: str
    fix: str | None = None
