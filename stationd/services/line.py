"""The waiting line in memory: how many stand before a job, in microseconds, however long the line is."""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence

from stationd.domain.events import Event
from stationd.domain.job import JobState


class Line:
    """The ranks of the queued jobs by profile, kept in order by following the events."""

    def __init__(self) -> None:
        self._ranks: dict[str, array[int]] = {}

    def load(self, ranks: Iterable[tuple[int, str]]) -> None:
        """Start from rank and profile of the jobs in the store, lowest first."""
        self._ranks = {}
        for rank, profile in ranks:
            self._of(profile).append(rank)

    def __len__(self) -> int:
        return sum(map(len, self._ranks.values()))

    def position(self, rank: int) -> int:
        """How many are served before a job of this rank."""
        return sum(bisect_left(ranks, rank) for ranks in self._ranks.values())

    def ahead(self, rank: int) -> Mapping[str, int]:
        """How many of each profile stand before a job of this rank."""
        return {profile: bisect_left(ranks, rank) for profile, ranks in self._ranks.items()}

    def waiting(self, profile: str) -> int:
        """How many of a profile wait."""
        ranks = self._ranks.get(profile)
        return 0 if ranks is None else len(ranks)

    def follow(self, events: Sequence[Event]) -> int:
        """Take in what was committed; how many jobs joined the line."""
        joined = 0
        for event in events:
            if not event.type.startswith("job."):
                continue
            data = event.data
            rank, profile, state = data["rank"], data.get("profile"), data["state"]
            if not isinstance(rank, int) or not isinstance(profile, str):
                continue
            before = data.get("rank_before", rank)
            if data.get("from") == JobState.QUEUED and isinstance(before, int):
                self._leave(profile, before)
            if state == JobState.QUEUED:
                joined += 1
                ranks = self._of(profile)
                if not ranks or rank > ranks[-1]:
                    ranks.append(rank)
                else:
                    insort(ranks, rank)
        return joined

    def _leave(self, profile: str, rank: int) -> None:
        ranks = self._of(profile)
        place = bisect_left(ranks, rank)
        if place < len(ranks) and ranks[place] == rank:
            del ranks[place]

    def _of(self, profile: str) -> "array[int]":
        ranks = self._ranks.get(profile)
        if ranks is None:
            ranks = self._ranks[profile] = array("q")
        return ranks
