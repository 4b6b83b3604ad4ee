"""The waiting line in memory: how many stand before a job, in microseconds, however long the line is."""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence

from stationd.domain.events import Event
from stationd.domain.job import JobState


class Line:
    """The ranks of the queued jobs, kept in order by following the events."""

    def __init__(self) -> None:
        self._ranks: array[int] = array("q")

    def load(self, ranks: Iterable[int]) -> None:
        """Start from the ranks in the store, lowest first."""
        self._ranks = array("q", ranks)

    def __len__(self) -> int:
        return len(self._ranks)

    def position(self, rank: int) -> int:
        """How many are served before a job of this rank."""
        return bisect_left(self._ranks, rank)

    def follow(self, events: Sequence[Event]) -> int:
        """Take in what was committed; how many jobs joined the line."""
        joined = 0
        for event in events:
            if not event.type.startswith("job."):
                continue
            rank, state = event.data["rank"], event.data["state"]
            if not isinstance(rank, int):
                continue
            if state == JobState.QUEUED:
                joined += 1
                if not self._ranks or rank > self._ranks[-1]:
                    self._ranks.append(rank)
                else:
                    insort(self._ranks, rank)
            elif event.data.get("from") == JobState.QUEUED:
                place = bisect_left(self._ranks, rank)
                if place < len(self._ranks) and self._ranks[place] == rank:
                    del self._ranks[place]
        return joined
