"""The options of a simulated printer, read from its table in the configuration."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from stationd.domain.profile import KTP_EL

_MOST_SECONDS = 86_400.0
_MOST_WINDOW = 64
_MOST_CARDS = 10_000_000


class Fault(StrEnum):
    """What can go wrong with a card."""

    ABORT = "abort"
    """The machine gives the job up before touching a blank."""
    JAM = "jam"
    """The card sticks: spoiled, and the machine stops with ``media-jam`` until it is cleared."""
    SPOIL = "spoil"
    """The card comes out ruined; the machine goes on."""
    SLOW = "slow"
    """The card takes ten times as long."""
    UNKNOWN = "unknown"
    """The machine does not know how the card ended; one in two came out."""
    RESTART = "restart"
    """The machine restarts in the middle of the card, forgets its jobs and numbers them from 1 again."""
    FALSE_COMPLETED = "false-completed"
    """The machine says completed, and no card came out."""
    FALSE_ABORTED = "false-aborted"
    """The machine says aborted, and the card came out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How often a fault strikes: every ``every``-th card, or each card with probability ``chance``."""

    every: int | None = None
    chance: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a simulated printer behaves.

    - ``folder``: where its cards land, one file a card; its own, for the files are its card counter.
    - ``seconds``: how long a card takes; 0 makes each at once.
    - ``window``: how many jobs it holds at a time.
    - ``hopper``, ``ribbon``: blanks and ribbon panels loaded, in cards; endless when left out.
    - ``faults``: a table of :class:`Fault` names, each with a whole number (every n-th card) or a fraction (its
      probability a card); ``seed`` makes the same faults strike the same cards in every run.
    - ``repair``: seconds after which somebody clears a jam or reloads; without it, it waits to be cleared.
    """

    folder: Path
    seconds: float = KTP_EL.nominal_s
    window: int = 2
    hopper: int | None = None
    ribbon: int | None = None
    faults: Mapping[Fault, Rate] = field(default_factory=lambda: MappingProxyType({}))
    seed: int | None = None
    repair: float | None = None


def read_options(options: Mapping[str, object]) -> Options:
    """The checked options. Raises ``ValueError`` with one line that names key, value and what is allowed."""
    known = ", ".join(_RULES)
    for key in options:
        if key not in _RULES:
            raise ValueError(f"{key}: there is no such option; allowed are {known}")
    if "folder" not in options:
        raise ValueError(f"folder is missing: allowed is {_RULES['folder'][1]}")
    values: dict[str, Any] = {}
    for key, value in options.items():
        read, allowed = _RULES[key]
        try:
            values[key] = read(value)
        except _UnfitError as unfit:
            raise ValueError(
                f"{unfit.key or key} = {_shown(unfit.value)}: allowed is {unfit.allowed or allowed}"
            ) from None
    return Options(**values)


class _UnfitError(Exception):
    def __init__(self, value: object, *, key: str | None = None, allowed: str | None = None) -> None:
        self.key = key
        self.value = value
        self.allowed = allowed


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - a line of a terminal


def _folder(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise _UnfitError(value)
    return Path(value)


def _seconds(lowest: float) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _UnfitError(value)
        if not math.isfinite(value) or not lowest <= value <= _MOST_SECONDS:
            raise _UnfitError(value)
        return float(value)

    return read


def _whole(lowest: int, highest: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise _UnfitError(value)
        return value

    return read


def _faults(value: object) -> Mapping[Fault, Rate]:
    if not isinstance(value, Mapping):
        raise _UnfitError(value)
    rates = {}
    for name, often in value.items():
        if name not in list(Fault):
            raise _UnfitError(often, key=f"faults.{name}", allowed=f"one of the faults {', '.join(Fault)}")
        rates[Fault(name)] = _rate(str(name), often)
    return MappingProxyType(rates)


def _rate(name: str, often: object) -> Rate:
    if isinstance(often, int) and not isinstance(often, bool) and often >= 1:
        return Rate(every=often)
    if isinstance(often, float) and 0.0 <= often <= 1.0:
        return Rate(chance=often)
    raise _UnfitError(
        often,
        key=f"faults.{name}",
        allowed="a whole number from 1 (every n-th card) or a fraction from 0.0 to 1.0 (its probability a card)",
    )


_RULES: Mapping[str, tuple[Callable[[object], object], str]] = MappingProxyType(
    {
        "folder": (_folder, "the path of a folder of its own"),
        "seconds": (_seconds(0.0), f"a number of seconds from 0 to {_MOST_SECONDS:g}"),
        "window": (_whole(1, _MOST_WINDOW), f"a whole number from 1 to {_MOST_WINDOW}"),
        "hopper": (_whole(0, _MOST_CARDS), f"a whole number of cards from 0 to {_MOST_CARDS}"),
        "ribbon": (_whole(0, _MOST_CARDS), f"a whole number of cards from 0 to {_MOST_CARDS}"),
        "faults": (_faults, f"a table of the faults {', '.join(Fault)}"),
        "seed": (_whole(0, 2**63 - 1), "a whole number from 0"),
        "repair": (_seconds(0.0), f"a number of seconds from 0 to {_MOST_SECONDS:g}"),
    }
)
