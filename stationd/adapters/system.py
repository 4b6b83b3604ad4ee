"""The machine's own clock and randomness."""

import os
import time
from threading import Lock

_STOCK_BYTES = 4096


class SystemClock:
    """Fulfils :class:`stationd.ports.clock.Clock`."""

    def now_ms(self) -> int:
        """Unix time in milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()


class SystemEntropy:
    """Fulfils :class:`stationd.ports.clock.Entropy` from the kernel's generator, asked for many bytes at a time.

    One system call a draw cost a tenth of accepting a job.
    """

    def __init__(self) -> None:
        self._stock = b""
        self._used = 0
        self._lock = Lock()

    def bits(self, count: int) -> int:
        """``count`` random bits."""
        size = (count + 7) // 8
        with self._lock:
            if self._used + size > len(self._stock):
                self._stock = os.urandom(max(_STOCK_BYTES, size))
                self._used = 0
            drawn = self._stock[self._used : self._used + size]
            self._used += size
        return int.from_bytes(drawn, "big") >> (size * 8 - count)
