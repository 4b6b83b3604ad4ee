"""The simulated city's options."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CityOptions:
    """What the command line asked for: seconds that a day takes, and after how many minutes it ends (0: never)."""

    folder: Path
    day_s: float = 5.0
    minutes: float = 0.0
