"""How fast a printer prints, measured: the mean seconds between two cards that followed each other."""

from collections import deque
from collections.abc import Mapping
from statistics import fmean

_REMEMBERED = 20
_OUTLIERS = 2


class Pace:
    """Seconds a card by profile: measured once there is enough to measure, nominal before."""

    def __init__(self, nominal_s: Mapping[str, float]) -> None:
        """``nominal_s`` gives the seconds a card that the profile (or the driver's options) promise."""
        self._nominal_s = nominal_s
        self._measured: dict[str, deque[float]] = {}
        self._last = float("-inf")

    def printed(self, profile: str, *, started: float, finished: float) -> None:
        """A card came out. It was begun when it was claimed or when the card before it was out, whichever is later."""
        seconds = finished - max(started, self._last)
        self._measured.setdefault(profile, deque(maxlen=_REMEMBERED)).append(seconds)
        self._last = finished

    def seconds(self, profile: str) -> float:
        """Mean seconds a card, without the extremes."""
        measured = sorted(self._measured.get(profile, ()))
        if len(measured) > 2 * _OUTLIERS:
            return fmean(measured[_OUTLIERS:-_OUTLIERS])
        return self._nominal_s.get(profile, 30.0)
