"""All printers together: which of them should begin the next card, and when a job's card will be there."""

from collections.abc import Callable, Mapping
from typing import Protocol

from stationd.domain.dispatch import is_replacement
from stationd.domain.forecast import Server, expected_s, may_begin
from stationd.domain.job import Job, JobKind
from stationd.ports.clock import Clock
from stationd.services.line import Line

_PLENTY = 64
"""With so many waiting jobs a printer there is work for the slowest, and nothing to compute."""


_LOOK_EVERY_S = 0.25


class Member(Protocol):
    """A printer as the crew sees it."""

    @property
    def name(self) -> str:
        """The station's name for it."""
        ...

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that it prints."""
        ...

    @property
    def hindrances(self) -> frozenset[str]:
        """Why it takes no card now."""
        ...

    @property
    def batch_profile(self) -> str | None:
        """The profile of the batch that it is at."""
        ...

    def server(self) -> Server | None:
        """How fast it is and when it is free; ``None`` while something else than a rest holds it back."""
        ...


class Crew:
    """The printers of the station and the line before them."""

    def __init__(
        self,
        line: Line,
        at_hand: Callable[[], int | None] = lambda: None,
        clock: Clock | None = None,
        reserve: Callable[[], int] = lambda: 0,
    ) -> None:
        """``at_hand`` tells how many blanks can be printed now; ``None`` when that is not known here.

        ``reserve`` of them no replacement gets.

        With a ``clock`` a forecast looks at the printers anew only every quarter of a second: taking orders by the
        thousand must not cost a look for each.
        """
        self._clock = clock
        self._seen: tuple[float, list[Server]] = (float("-inf"), [])
        self.pauses: frozenset[JobKind | None] = frozenset()
        """What a person has paused: kinds, and ``None`` for the whole queue."""
        self._line = line
        self._reserve = reserve
        self._at_hand = at_hand
        self._members: dict[str, Member] = {}

    def add(self, member: Member) -> None:
        """Take a printer in."""
        self._members[member.name] = member

    def remove(self, name: str) -> None:
        """Take a printer out."""
        self._members.pop(name, None)

    def worthwhile(self, me: Member, profiles: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the profiles of which ``me`` should begin a card, rather than leave it to faster printers."""
        others = [member for member in self._members.values() if member is not me]
        if not others or all(self._waiting(profile) > _PLENTY * len(others) for profile in profiles):
            return profiles
        server = me.server()
        if server is None:
            return profiles
        servers = [each for member in others if (each := member.server()) is not None]
        return tuple(
            profile
            for profile in profiles
            if not self._waiting(profile) or may_begin(server, servers, profile, self._contended(profile, servers))
        )

    def expected_s(self, job: Job) -> float | None:
        """Seconds until a waiting job is expected to be printed, rests included.

        ``None`` when nobody can tell: no printer can, the blanks do not last as far, or a person paused it.
        """
        servers = self._servers()
        if not servers:
            return None
        at_hand = self._at_hand()
        if not self.pauses.isdisjoint({None, job.kind}):
            return None
        kept = self._reserve() if is_replacement(job.rank) else 0
        if at_hand is not None and self._line.position(job.rank) >= at_hand - kept:
            return None
        return expected_s(servers, job.profile, self._line.ahead(job.rank))

    def _servers(self) -> list[Server]:
        now = self._clock.monotonic() if self._clock is not None else float("inf")
        if now - self._seen[0] > _LOOK_EVERY_S:
            found = [server for member in self._members.values() if (server := member.server()) is not None]
            self._seen = (now if self._clock is not None else float("-inf"), found)
        return self._seen[1]

    def hindrances(self, profile: str) -> Mapping[str, frozenset[str]]:
        """For every printer of a profile what holds it back now; nothing for one at work."""
        return {member.name: member.hindrances for member in self._members.values() if profile in member.profiles}

    def is_at_another(self, profile: str) -> bool:
        """Whether every working printer of a profile is at a batch of another one."""
        working = [m for m in self._members.values() if profile in m.profiles and not m.hindrances]
        return bool(working) and all(m.batch_profile not in {None, profile} for m in working)

    def _waiting(self, profile: str) -> int:
        return self._line.waiting(profile)

    def _contended(self, profile: str, servers: list[Server]) -> int:
        """Jobs that the other printers of the profile have to make as well: of the profile, and of their others."""
        profiles = {each for server in servers if profile in server.seconds for each in server.seconds} | {profile}
        return sum(map(self._waiting, profiles))
