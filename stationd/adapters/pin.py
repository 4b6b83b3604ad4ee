"""Hashes of PINs: argon2id with the cost that OWASP names for interactive sign-in, in a thread, two at a time.

19 MiB and two passes take about 55 ms on a small box; each hash carries its own salt and its own cost, so that the cost
can be raised later.
"""

import asyncio
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2


class Argon2Pins:
    """Fulfils :class:`stationd.ports.officers.PinHasher`."""

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)

    async def hash(self, pin: str) -> str:
        """An encoded hash (PHC string)."""
        return await asyncio.to_thread(self._hasher.hash, pin)

    async def is_right(self, hash_: str | None, pin: str) -> bool:
        """Whether the PIN belongs to the hash; without one the same work is done on a hash of nobody's."""
        return await asyncio.to_thread(self._is_right, hash_, pin)

    @cached_property
    def _of_nobody(self) -> str:
        return self._hasher.hash("")

    def _is_right(self, hash_: str | None, pin: str) -> bool:
        of_nobody = self._of_nobody  # made before either kind of number is looked at, so that neither pays for it
        try:
            self._hasher.verify(of_nobody if hash_ is None else hash_, pin)
        except (VerificationError, InvalidHashError):
            return False
        return hash_ is not None
