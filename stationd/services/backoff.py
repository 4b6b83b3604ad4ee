"""How long to wait before the next try: doubled each time, and never the same as the neighbour's.

What worked for long and is gone is gone for thousands of stations in the same moment, when their servers start again:
the first try then comes at any moment of some seconds, for each answer costs the servers a handshake.
"""

from typing import Final

from stationd.ports.clock import Entropy

SPREAD_S: Final = 10.0
"""Servers that start again spend some 13 ms of a core on each station that comes back, its consumer included."""
_BITS: Final = 16


class Backoff:
    """Waits that grow from ``first_s`` to ``longest_s``, each between half of its length and the whole, by chance.

    Thousands of stations that lost the same server must not come back in the same second.
    """

    def __init__(
        self, entropy: Entropy, *, first_s: float = 0.5, longest_s: float = 60.0, spread_s: float = SPREAD_S
    ) -> None:
        self._entropy = entropy
        self._spread_s = spread_s
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    @property
    def is_fresh(self) -> bool:
        """Whether the last try went well."""
        return self._next_s == self._first_s

    def good(self) -> None:
        """It went well: the next wait is the first one again."""
        self._next_s = self._first_s

    def bad(self) -> float:
        """It failed: how long to wait now, in seconds."""
        length = self._next_s
        self._next_s = min(length * 2, self._longest_s)
        return length * (0.5 + self._lot() / 2)

    def lost(self) -> float:
        """What went well was lost, maybe for everybody at once: how long to wait before the first try, in seconds."""
        self.good()
        return self._spread_s * self._lot()

    def _lot(self) -> float:
        """From 0 to below 1."""
        return self._entropy.bits(_BITS) / (1 << _BITS)
