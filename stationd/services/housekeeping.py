"""What is kept only for a while: idempotency keys, documents, holders, proxies, traces."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from stationd.domain.errors import Faulted
from stationd.domain.retention import Deadlines, Retention

_log = logging.getLogger(__name__)

EVERY_S: Final = 600.0


class ForgettingJobs(Protocol):
    """The store of jobs."""

    async def forget(self, *, keys_before_ms: int, documents_before_ms: int) -> int:
        """Delete what is older, in small steps; how many rows went."""
        ...


class Forgetting(Protocol):
    """The store's other side of it."""

    async def forget(self, deadlines: Deadlines) -> int:
        """Forget the persons whose time is over, in small steps; how many rows went."""
        ...

    async def fold(self) -> None:
        """Keep no trace of what went beside the database file."""
        ...


class Housekeeping:
    """Forgets in small steps, so that no request waits for it."""

    def __init__(
        self,
        store: ForgettingJobs,
        forgetting: Forgetting,
        surely_ms: Callable[[], int | None],
        retention: Retention,
    ) -> None:
        """``surely_ms``: the latest moment (Unix milliseconds) that has surely passed, or ``None``.

        A clock that jumps a year ahead must not forget everybody.
        """
        self._store = store
        self._forgetting = forgetting
        self._surely_ms = surely_ms
        self._retention = retention

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
        now_ms = self._surely_ms()
        if now_ms is None:
            return 0
        due = self._retention.deadlines(now_ms)
        gone = await self._store.forget(keys_before_ms=due.keys, documents_before_ms=due.documents)
        gone += await self._forgetting.forget(due)
        if gone:
            await self._forgetting.fold()
        return gone
