"""Cursors of pages: where the page before ended."""

from typing import Final

from stationd.domain.errors import Refused

_MOST_DIGITS: Final = 18
"""An int64, which is what SQLite counts in, holds so many."""


def start_of(after: str | None) -> int:
    """The number that a cursor is, 0 without one. Raises :class:`Refused` (``cursor-malformed``) for anything else."""
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and len(after) <= _MOST_DIGITS):
        raise Refused("cursor-malformed", field="after")
    return int(after)
