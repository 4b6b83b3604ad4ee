"""The options of both cities."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CityOptions:
    """What the command line asked for: seconds that a day takes, and after how many minutes it ends (0: never).

    Without a ``folder`` nothing is kept.
    """

    folder: Path | None
    day_s: float = 5.0
    minutes: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """The genuine city: ``seconds`` a card, ``minutes`` until it ends (0: never), ``patience_s`` for anything awaited.

    Without a ``folder`` everything is thrown away at the end. ``is_once``: it ends with the story; ``is_trial``: its
    books are in SQLite.
    """

    folder: Path | None
    stations: int = 18
    seconds: float = 5.0
    minutes: float = 0.0
    patience_s: float = 180.0
    is_once: bool = False
    is_trial: bool = False
