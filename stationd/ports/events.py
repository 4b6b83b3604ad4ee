"""The record of events, read by those who follow it."""

from collections.abc import Sequence
from typing import Protocol

from stationd.domain.events import Event
from stationd.domain.position import Position


class EventLog(Protocol):
    """Every committed event that is still kept, in order; numbers have no gaps."""

    async def last(self) -> Position:
        """The position after the newest event."""
        ...

    async def hash_at(self, seq: int) -> bytes | None:
        """The hash of one event; ``None`` when there is none of that number."""
        ...

    async def after(self, seq: int, limit: int) -> Sequence[Event]:
        """The next events after a number, with their hashes, at most ``limit``."""
        ...
