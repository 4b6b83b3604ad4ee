"""Time and chance from outside."""

from typing import Protocol


class Clock(Protocol):
    """Wall time for records, monotonic time for durations."""

    def now_ms(self) -> int:
        """Unix time in milliseconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...


class Entropy(Protocol):
    """Random bits for identifiers and tokens; seeded in simulations, the kernel's in production."""

    def bits(self, count: int) -> int:
        """A non-negative integer of at most ``count`` random bits."""
        ...


class TimeSource(Protocol):
    """Whether the wall clock is kept right by something."""

    async def is_synchronised(self) -> bool:
        """Whether dates may be judged by it now."""
        ...
