"""How long to wait before the next try: doubled each time, and never the same as the neighbour's."""

from typing import Final

from stationd.ports.clock import Entropy

_BITS: Final = 16


class Backoff:
    """Waits that grow from ``first_s`` to ``longest_s``, each between half of its length and the whole, by chance.

    Thousands of stations that lost the same server must not come back in the same second.
    """

    def __init__(self, entropy: Entropy, *, first_s: float = 0.5, longest_s: float = 60.0) -> None:
        self._entropy = entropy
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
        return length * (0.5 + self._entropy.bits(_BITS) / (1 << _BITS) / 2)
