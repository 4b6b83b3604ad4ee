"""The bell: wakes as many waiting lanes as there is new work, and no more."""

import asyncio
from collections import deque
from contextlib import suppress


class Bell:
    """Lanes wait for it by the profiles they print; committed events ring it."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, ...], deque[asyncio.Future[None]]] = {}

    async def wait(self, profiles: tuple[str, ...], timeout_s: float | None = None) -> None:
        """Return when rung, or after ``timeout_s`` seconds."""
        rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(profiles, deque())
        waiting.append(rung)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await rung
        finally:
            if not rung.done() or rung.cancelled():
                waiting.remove(rung)

    def ring(self, count: int) -> None:
        """Wake up to ``count`` lanes of each group of profiles."""
        for waiting in self._waiting.values():
            for _ in range(count):
                if not self._wake_one(waiting):
                    break

    def ring_all(self) -> None:
        """Wake everybody: something changed that all may have waited for."""
        for waiting in self._waiting.values():
            while self._wake_one(waiting):
                pass

    def _wake_one(self, waiting: deque[asyncio.Future[None]]) -> bool:
        while waiting:
            rung = waiting.popleft()
            if not rung.done():
                rung.set_result(None)
                return True
        return False
