"""The bell: wakes as many waiting lanes as there is new work, and no more."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class _Sleeper:
    rung: "asyncio.Future[None]"
    ready_s: Callable[[], float] = field(repr=False)


class Bell:
    """Lanes wait for it by the profiles they print; committed events ring it."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, ...], list[_Sleeper]] = {}
        self.strokes = 0
        """How often it was rung: noted before looking for work, it tells afterwards whether to look again."""

    async def wait(
        self, profiles: tuple[str, ...], timeout_s: float | None = None, ready_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        """Return when rung, or after ``timeout_s`` seconds.

        ``ready_s`` tells when this lane would have made a card: the lane that is ready first is woken first, and among
        equals the one that waits longest.
        """
        sleeper = _Sleeper(asyncio.get_running_loop().create_future(), ready_s)
        waiting = self._waiting.setdefault(profiles, [])
        waiting.append(sleeper)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await sleeper.rung
        finally:
            if sleeper in waiting:
                waiting.remove(sleeper)

    def ring(self, count: int) -> None:
        """Wake up to ``count`` lanes of each group of profiles."""
        self.strokes += 1
        for waiting in self._waiting.values():
            for _ in range(min(count, len(waiting))):
                self._wake(waiting, self._first(waiting))

    def ring_all(self) -> None:
        """Wake everybody: something changed that all may have waited for."""
        self.strokes += 1
        for waiting in self._waiting.values():
            while waiting:
                self._wake(waiting, waiting[0])

    def pass_on(self, ready_s: float) -> None:
        """Somebody was woken who would be ready only after ``ready_s``: wake one who is ready sooner, if any sleeps."""
        for waiting in self._waiting.values():
            if waiting and (first := self._first(waiting)).ready_s() < ready_s:
                self._wake(waiting, first)

    def _first(self, waiting: list[_Sleeper]) -> _Sleeper:
        return waiting[0] if len(waiting) == 1 else min(waiting, key=lambda sleeper: sleeper.ready_s())

    def _wake(self, waiting: list[_Sleeper], sleeper: _Sleeper) -> None:
        waiting.remove(sleeper)
        if not sleeper.rung.done():
            sleeper.rung.set_result(None)
