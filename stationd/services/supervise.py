"""Every long task has a name, and none dies unnoticed: it is logged, counted, and started again after a while."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from stationd.domain.errors import Faulted

_log = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_HEALTHY_AFTER_S = 60.0


class Supervisor:
    """Keeps tasks running until they return by themselves or are stopped."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.restarts = 0
        """How often a task died of a defect and was started again."""

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run ``run()`` under ``name``; a run that raises is started again with bounded backoff."""
        self._tasks[name] = asyncio.create_task(self._keep(name, run), name=name)

    def is_running(self, name: str) -> bool:
        """Whether the task of that name is still kept."""
        task = self._tasks.get(name)
        return task is not None and not task.done()

    async def settle(self, timeout_s: float) -> bool:
        """Wait until all tasks returned by themselves; ``False`` when some are still at work after ``timeout_s``."""
        if not self._tasks:
            return True
        _, pending = await asyncio.wait(self._tasks.values(), timeout=timeout_s)
        return not pending

    async def stop(self, name: str | None = None) -> None:
        """Cancel one task, or all of them, and wait until they are gone."""
        names = [name] if name is not None else list(self._tasks)
        tasks = [task for each in names if (task := self._tasks.pop(each, None)) is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _keep(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        delay_s = _FIRST_DELAY_S
        while True:
            began = loop.time()
            try:
                await run()
            except Faulted as fault:  # the disk's trouble or a device's, no defect of the task
                delay_s = _FIRST_DELAY_S if loop.time() - began > _HEALTHY_AFTER_S else delay_s
                _log.warning("task %r stopped: %s; it is started again in %.1f s", name, fault.detail, delay_s)
            except Exception:  # noqa: BLE001 - a defect of one task must not take the station down
                self.restarts += 1
                delay_s = _FIRST_DELAY_S if loop.time() - began > _HEALTHY_AFTER_S else delay_s
                _log.exception("task %r died; it is started again in %.1f s", name, delay_s)
            else:
                return
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, _LONGEST_DELAY_S)
