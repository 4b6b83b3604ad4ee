"""The auditor's own book of blanks kept for first-timers: made from the events alone, by its own arithmetic."""

from collections.abc import Callable, Mapping

FORGOTTEN_AFTER_S = 60.0
"""A replacement that could come back and has not for so long is forgotten."""

_BLANKS = {
    "job.claimed": -1,
    "job.nothing_printed": +1,
    "job.nothing_printed_revoked": -1,
    "job.questioned": -1,
}
"""What happens to the blanks at hand with a job; those that people enter say how many are left."""


class Kept:
    """Who waits for blanks, and how many there are. ``fail`` is told of a promise that is broken."""

    def __init__(self, reserve: int, fail: Callable[[str], None]) -> None:
        self._reserve = reserve
        self._fail = fail
        self._at_hand = 0
        self._firsts: set[int] = set()
        self._replacements: set[int] = set()
        self._rationed: set[int] = set()
        self._could_since: float | None = None
        self.deferred = 0
        """How often a replacement was put off."""

    @property
    def _room(self) -> int:
        """Blanks that a replacement may take."""
        return self._at_hand - len(self._firsts) - self._reserve

    def must_wait(self, rank: int) -> bool:
        """Whether it is a replacement in the line for which no blank is left."""
        return rank in self._replacements and self._room < 1

    def follow(self, kind: str, data: Mapping[str, object]) -> None:
        """Take in one event, and see whether it was allowed as things stood."""
        if kind.startswith("blanks."):
            self._at_hand = int(str(data["at_hand"]))
            return
        if not kind.startswith("job."):
            return
        rank, state = int(str(data["rank"])), data["state"]
        is_replacement = data["kind"] != "first"
        is_rationed = state == "deferred" and data.get("reasons") == ["blanks-short"]
        if is_rationed and not is_replacement:
            self._fail(f"a first-timer of rank {rank} is put off for want of blanks")
        if kind == "job.claimed" and is_replacement and self._room < 1:
            self._fail(
                f"a replacement took a blank that is kept for others: {self._at_hand} at hand, {len(self._firsts)} "
                f"first-timers wait, {self._reserve} in reserve"
            )
        if kind == "job.accepted" and is_replacement and self._room < 1 and not is_rationed:
            self._fail(f"a replacement of rank {rank} was taken into the line while blanks are short")
        has_come_back = kind == "job.admitted" and rank in self._rationed  # others are released by a person
        if has_come_back and rank != min(self._rationed):
            self._fail(f"a replacement of rank {rank} came back before the older one of rank {min(self._rationed)}")
        self.deferred += is_rationed
        self._at_hand += _BLANKS.get(kind, 0)
        for place in (self._firsts, self._replacements, self._rationed):
            place.discard(rank)
        if state == "queued" or (state == "deferred" and not is_replacement):
            (self._replacements if is_replacement else self._firsts).add(
                rank
            )  # a first-timer who is held is promised one
        elif is_rationed:
            self._rationed.add(rank)
        if has_come_back and len(self._replacements) > max(0, self._room):
            self._fail(f"{len(self._replacements)} replacements are in the line for {self._room} blanks")

    def check(self, safe: int) -> None:
        """The ledger has the blanks that the events tell of."""
        if safe != self._at_hand:
            self._fail(f"the ledger has {safe} blanks at hand, the events tell of {self._at_hand}")

    def check_waiting(self, now: float, *, is_possible: bool) -> None:
        """No replacement is forgotten when blanks have come; ``is_possible``: the station is up and its disk well."""
        if not (is_possible and self._rationed and self._room > len(self._replacements)):
            self._could_since = None
            return
        self._could_since = self._could_since or now
        if now - self._could_since > FORGOTTEN_AFTER_S:
            self._fail(f"{len(self._rationed)} replacements are forgotten with room for {self._room}")
