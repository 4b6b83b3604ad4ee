"""An event loop on virtual time: nothing waits, everything is ordered by a seed, and a process can die at any await.

When nothing is ready, time jumps to the next timer. Every callback costs a little virtual time, so that timers fall due
between callbacks and not only when all is quiet. Callbacks belong to *processes* (a run of the daemon, or the world
around it); within a process they run in the order in which they were scheduled, as asyncio promises, and between
processes the seed decides.

A process that is killed runs no callback ever again: no ``finally``, no ``except``, no done-callback. What it had asked
the world for goes on in the world.
"""

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from itertools import count
from random import Random
from typing import Any

_STEP_S = 2e-5
"""The virtual time that one callback takes, at most."""


class Process:
    """One life of a program on the loop. The world itself is a process that never dies."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.steps = 0
        self.ready: deque[_Handle] = deque()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.context = contextvars.copy_context()
        self.context.run(_PROCESS.set, self)


_PROCESS: contextvars.ContextVar[Process] = contextvars.ContextVar("process")


class _Handle:
    """A scheduled callback, as asyncio's own handles are."""

    __slots__ = ("_args", "_callback", "_context", "_is_cancelled", "_when", "process")

    def __init__(self, callback: Callable[..., object], args: tuple[object, ...], context: contextvars.Context) -> None:
        self._callback, self._args, self._context = callback, args, context
        self._is_cancelled = False
        self._when = 0.0
        self.process = context[_PROCESS]

    def cancel(self) -> None:
        self._is_cancelled = True

    def cancelled(self) -> bool:
        return self._is_cancelled

    def when(self) -> float:
        return self._when

    def run(self) -> None:
        self._context.run(self._callback, *self._args)


class _Task(asyncio.Task[Any]):
    """A task whose place in a set does not depend on its address: sets of tasks are walked in the same order always."""

    def __init__(self, number: int, *given: Any, **named: Any) -> None:
        self._number = number
        super().__init__(*given, **named)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class Stuck(AssertionError):
    """Nothing is ready and no timer is set, or time ran out, though the world is not at its end."""


class VirtualLoop(asyncio.AbstractEventLoop):
    """The loop. ``rng`` decides every order that asyncio leaves open."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._now = 0.0
        self._timers: list[tuple[float, int, _Handle]] = []
        self._order = count()
        self._processes: list[Process] = []
        self._is_burying = False
        self.failures: list[str] = []
        """What would have been logged as an unhandled exception of a callback or a task."""
        self.before_step: Callable[[Process], None] = lambda _: None
        """Called before each callback of a process; it may kill the process."""
        self.world = self.process("world")

    # -------------------------------------------------------------------------------------------------- processes

    def process(self, name: str) -> Process:
        """Begin the life of a process."""
        born = Process(name)
        self._processes.append(born)
        return born

    def kill(self, process: Process) -> None:
        """End a process as SIGKILL does: not one more callback of it runs."""
        process.is_dead = True
        process.ready.clear()
        self._processes.remove(process)

    def bury(self, process: Process) -> None:
        """Let go of the coroutines of a dead process; whatever their clean-up schedules is thrown away."""
        self._is_burying = True
        asyncio._set_running_loop(self)
        try:
            for task in process.tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined] # it was killed, not forgotten
                    _unwind(task.get_coro())
            process.tasks.clear()
        finally:
            self._is_burying = False
            asyncio._set_running_loop(None)

    def spawn(self, process: Process, work: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
        """A task of a process, from whichever process this is called."""
        return self.create_task(work, name=name, context=process.context.copy())

    # --------------------------------------------------------------------------------------------------- running

    def run(self, *, until: Callable[[], bool], deadline: float) -> None:
        """Run until the condition holds. Raises :class:`Stuck` when time passes the deadline or nothing is left."""
        asyncio._set_running_loop(self)
        rng, timers, processes = self._rng.random, self._timers, self._processes
        try:
            while not until():
                while timers and timers[0][0] <= self._now:
                    self._due(heapq.heappop(timers)[2])
                willing = [each for each in processes if each.ready]
                if not willing:
                    if not timers:
                        raise Stuck("nothing is left to happen")
                    self._now = timers[0][0]
                    if self._now > deadline:
                        raise Stuck(f"not at its end after {deadline:.0f} s")
                    continue
                process = willing[0] if len(willing) == 1 else willing[int(rng() * len(willing))]
                self._now += rng() * _STEP_S
                self._step(process)
        finally:
            asyncio._set_running_loop(None)

    def _due(self, handle: _Handle) -> None:
        if not handle.cancelled() and not handle.process.is_dead:
            handle.process.ready.append(handle)

    def _step(self, process: Process) -> None:
        self.before_step(process)
        if process.is_dead:
            return
        handle = process.ready.popleft()
        if handle.cancelled():
            return
        process.steps += 1
        handle.run()

    # -------------------------------------------------------------------------------- what asyncio asks of a loop

    def time(self) -> float:
        return self._now

    def call_soon(self, callback, *args, context=None):
        handle = _Handle(callback, args, context if context is not None else contextvars.copy_context())
        if not self._is_burying and not handle.process.is_dead:
            handle.process.ready.append(handle)
        return handle

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self._now + max(0.0, delay), callback, *args, context=context)

    def call_at(self, when, callback, *args, context=None):
        handle = _Handle(callback, args, context if context is not None else contextvars.copy_context())
        handle._when = when
        if not self._is_burying and not handle.process.is_dead:
            heapq.heappush(self._timers, (when, next(self._order), handle))
        return handle

    def create_future(self):
        return asyncio.Future(loop=self)

    def create_task(self, coro, *, name=None, context=None):
        context = context if context is not None else contextvars.copy_context()
        task = _Task(next(self._order), coro, loop=self, name=name, context=context)
        tasks = context[_PROCESS].tasks
        tasks.add(task)
        return task

    def call_exception_handler(self, context):
        if self._is_burying:
            return
        error = context.get("exception")
        self.failures.append(f"{context['message']}: {error!r}")

    def get_debug(self):
        return False

    def is_running(self):
        return True

    def is_closed(self):
        return False


def _unwind(coroutine: Any) -> None:
    """Close a coroutine that nobody will resume, from the innermost that it awaits outwards."""
    chain = []
    while hasattr(coroutine, "cr_await"):
        chain.append(coroutine)
        coroutine = coroutine.cr_await
    for each in reversed(chain):
        _close(each)


def _close(coroutine: Any) -> None:
    """Close one, however often its clean-up wants to wait."""
    while True:
        try:
            coroutine.close()
        except RuntimeError as error:
            if "ignored GeneratorExit" in str(error):
                continue
            return
        except BaseException:  # noqa: BLE001 - clean-up of a process that is dead already
            return
        return
