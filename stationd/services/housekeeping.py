"""What is kept only for a while: idempotency keys for a week, documents of finished jobs for a day."""

import asyncio
import logging
from typing import Protocol

from stationd.domain.errors import Faulted
from stationd.ports.clock import Clock

_log = logging.getLogger(__name__)

KEYS_MS = 7 * 24 * 3_600_000
DOCUMENTS_MS = 24 * 3_600_000
EVERY_S = 600.0


class Forgetting(Protocol):
    """The store's side of it."""

    async def forget(self, *, keys_before_ms: int, documents_before_ms: int) -> int:
        """Delete what is older, in small steps; how many rows went."""
        ...


class Housekeeping:
    """Forgets in small steps, so that no request waits for it."""

    def __init__(self, store: Forgetting, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.sweep()
            except Faulted as fault:
                _log.warning("cannot forget what is old: %s", fault.detail)
            await asyncio.sleep(EVERY_S)

    async def sweep(self) -> int:
        """Forget all that is due now; how many rows went."""
        now = self._clock.now_ms()
        return await self._store.forget(keys_before_ms=now - KEYS_MS, documents_before_ms=now - DOCUMENTS_MS)
