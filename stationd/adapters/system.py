"""The machine's own clock and randomness."""

import secrets
import time


class SystemClock:
    """Fulfils :class:`stationd.ports.Clock`."""

    def now_ms(self) -> int:
        """Unix time in milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()


class SystemEntropy:
    """Fulfils :class:`stationd.ports.Entropy` from the kernel's generator."""

    def bits(self, count: int) -> int:
        """``count`` random bits."""
        return secrets.randbits(count)
