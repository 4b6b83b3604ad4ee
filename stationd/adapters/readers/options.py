"""Reading a reader's own options: each with its rule, refused in one line that names key, value and what is allowed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SHOWN_CHARS = 60
_HEX = "hex:"


class UnfitError(Exception):
    """A value is not what its rule allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What may stand at a key, in words and as a conversion that raises ``UnfitError``; and what holds without it."""

    allowed: str
    convert: Callable[[object], Any]
    default: Any


def read_options(given: Mapping[str, object], options: Mapping[str, Option]) -> dict[str, Any]:
    """The value of every option. Raises ``ValueError`` with one line for an unknown key or an unfit value."""
    for key in given:
        if key not in options:
            known = ", ".join(options) or "none"
            raise ValueError(f"{key}: there is no such option; allowed are {known}")
    values = {}
    for key, option in options.items():
        if key not in given:
            values[key] = option.default
            continue
        try:
            values[key] = option.convert(given[key])
        except UnfitError:
            raise ValueError(f"{key} = {_shown(given[key])}: allowed is {option.allowed}") from None
    return values


def choice(*allowed: str | int, default: str | int) -> Option:
    """One of a few words or numbers."""

    def convert(value: object) -> object:
        if isinstance(value, bool) or value not in allowed:
            raise UnfitError
        return value

    return Option(allowed=" or ".join(map(repr, allowed)), convert=convert, default=default)


def whole(lowest: int, highest: int, *, default: int) -> Option:
    """A whole number within bounds."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise UnfitError
        return value

    return Option(allowed=f"a whole number from {lowest} to {highest}", convert=convert, default=default)


def seconds(lowest: float, highest: float, *, default: float) -> Option:
    """A number of seconds within bounds."""

    def convert(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnfitError
        if not math.isfinite(value) or not lowest <= value <= highest:
            raise UnfitError
        return float(value)

    return Option(allowed=f"a number of seconds from {lowest:g} to {highest:g}", convert=convert, default=default)


def named_bytes(
    names: Mapping[str, Any], longest: int, *, default: Any, wrap: Callable[[bytes], Any] = bytes
) -> Option:
    """Bytes by a name, or as ``hex:`` and their digits; ``wrap`` makes of the latter what a name stands for."""

    def convert(value: object) -> Any:
        if not isinstance(value, str):
            raise UnfitError
        if value in names:
            return names[value]
        try:
            spelled = bytes.fromhex(value.removeprefix(_HEX)) if value.startswith(_HEX) else b""
        except ValueError:
            spelled = b""
        if not 0 < len(spelled) <= longest:
            raise UnfitError
        return wrap(spelled)

    words = "".join(f"{name!r} or " for name in names)
    allowed = f"{words}1 to {longest} bytes in hexadecimal such as 'hex:0d0a'"
    return Option(allowed=allowed, convert=convert, default=default)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS else f"{text[: _SHOWN_CHARS - 1]}…"
