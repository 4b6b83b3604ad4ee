"""How fast a printer prints, measured: the mean seconds between two cards that followed each other."""

from collections import deque
from collections.abc import Mapping
from statistics import fmean

_REMEMBERED = 20
_ENOUGH = 3
_CUT = 5
"""One sample in so many is cut off at either end: a card with a jam in it, or one that was begun before we looked."""


class Pace:
    """Seconds a card by profile: measured once there is enough to measure, nominal before."""

    def __init__(self, nominal_s: Mapping[str, float]) -> None:
        """``nominal_s`` gives the seconds a card that the profile (or the driver's options) promise."""
        self._nominal_s = nominal_s
        self._samples: dict[str, deque[float]] = {}
        self._means: dict[str, float] = {}
        self._last = float("-inf")

    @property
    def last(self) -> float:
        """When the last card came out, on the monotonic clock."""
        return self._last

    def printed(self, profile: str, *, started: float, finished: float) -> None:
        """A card came out. It was begun when it was claimed or when the card before it was out, whichever is later."""
        samples = self._samples.setdefault(profile, deque(maxlen=_REMEMBERED))
        samples.append(finished - max(started, self._last))
        self._last = finished
        if len(samples) >= _ENOUGH:
            cut = -(-len(samples) // _CUT)
            self._means[profile] = fmean(sorted(samples)[cut : len(samples) - cut])

    def seconds(self, profile: str) -> float:
        """Mean seconds a card, without the extremes."""
        measured = self._means.get(profile)
        return self._nominal_s.get(profile, 30.0) if measured is None else measured
