"""How often a caller may ask: a bucket of tokens each, so that guessing at receipts is slow and a busy kiosk is not."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from math import ceil


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """``burst`` questions at once, refilled at ``per_minute``; a miss costs as much as ``miss_cost`` questions."""

    burst: int
    per_minute: float
    miss_cost: int = 1


@dataclass(slots=True)
class Callers:
    """The buckets of all callers; at most ``most`` are kept, the one that asked longest ago is forgotten.

    A forgotten caller begins with a full bucket: ``most`` bounds the memory, and is far above the callers of a station.
    """

    allowance: Allowance
    most: int = 10_000
    _buckets: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, caller: Hashable, now_s: float, *, cost: int = 1) -> int | None:
        """``None`` when the caller may ask now, else the whole seconds to wait. ``now_s`` never goes back."""
        level = self._level(caller, now_s)
        if level < 1:
            self._keep(caller, level, now_s)
            return max(1, ceil((1 - level) * 60 / self.allowance.per_minute))
        self._keep(caller, level - cost, now_s)
        return None

    def charge(self, caller: Hashable, now_s: float, cost: int) -> None:
        """Take more from a caller who was let in; the level may become negative, and is then waited for."""
        self._keep(caller, self._level(caller, now_s) - cost, now_s)

    def left(self, caller: Hashable, now_s: float) -> tuple[int, int]:
        """How many questions the caller may ask now, and the whole seconds until the bucket is full again."""
        level, burst = self._level(caller, now_s), self.allowance.burst
        return max(0, int(level)), ceil((burst - level) * 60 / self.allowance.per_minute)

    def _level(self, caller: Hashable, now_s: float) -> float:
        level, at = self._buckets.get(caller, (float(self.allowance.burst), now_s))
        return min(float(self.allowance.burst), level + (now_s - at) * self.allowance.per_minute / 60)

    def _keep(self, caller: Hashable, level: float, now_s: float) -> None:
        self._buckets[caller] = (level, now_s)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > self.most:
            self._buckets.popitem(last=False)
