"""What the figures of the station are made of, beside the events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stationd.domain.custody import Custody
from stationd.domain.job import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Oldest:
    """What has waited longest: since when (Unix milliseconds), by state and by place; nothing where nothing waits."""

    jobs: Mapping[JobState, int] = field(default_factory=dict)
    cards: Mapping[Custody, int] = field(default_factory=dict)
    database_bytes: int = 0


class OldestStore(Protocol):
    """Finds what has waited longest."""

    async def oldest(self) -> Oldest:
        """As it is now; what it costs does not grow with history. Raises ``Faulted``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Counts as they were after the event ``seq``, in the words of who counted."""

    seq: int
    counts: bytes


class CountStore(Protocol):
    """Keeps counts over a restart; they can be made anew from the record at any time."""

    async def kept(self) -> Kept | None:
        """What was kept last. Raises ``Faulted``."""
        ...

    async def keep(self, kept: Kept) -> None:
        """Keep it, in place of what was kept before. Raises ``Faulted``."""
        ...
