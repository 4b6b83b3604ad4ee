"""The device watcher in a process of its own, telling on its output what it sees: one JSON object a line.

``python -m tests.rigs.device_reporter`` is that process, :class:`DeviceReporter` the handle for a test. A line on its
input makes it tell its figures; the end of the input ends it.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import uvloop

from stationd.adapters.udev import Timing, UdevWatcher
from stationd.domain.inventory import Changes, DeviceRecord


class DeviceReporter:
    """A running reporter; use it as an async context manager."""

    def __init__(self, environment: Mapping[str, str], *arguments: str) -> None:
        self._environment = environment
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self.snapshot: list[dict[str, Any]] = []
        self.figures: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.rigs.device_reporter",
            *self._arguments,
            stdin=pipe,
            stdout=pipe,
            env=dict(self._environment),
            limit=1 << 22,
        )
        self._reading = asyncio.create_task(self._read(), name="device reporter")
        try:
            self.snapshot = (await self.next())["added"]
        except BaseException:
            self._process.kill()
            await self._process.wait()
            await self._reading
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        process, reading = self._process, self._reading
        assert process is not None
        assert process.stdin is not None
        assert reading is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 60)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        finally:
            await reading

    async def next(self, within_s: float = 60.0) -> dict[str, Any]:
        """The next changes told; each holds ``added``, ``removed``, ``changed`` and the monotonic time ``at``."""
        return await asyncio.wait_for(self._told.get(), within_s)

    async def follow(self, present: dict[str, Any], is_enough: Any, within_s: float = 60.0) -> dict[str, Any]:
        """Apply changes to ``present`` (identity → record) until ``is_enough(present)``, and give it back."""
        async with asyncio.timeout(within_s):
            while not is_enough(present):
                told = await self._told.get()
                for record in told["removed"]:
                    del present[record["identity"]]
                for record in told["added"]:
                    present[record["identity"]] = record
                for change in told["changed"]:
                    present[change["after"]["identity"]] = change["after"]
        return present

    async def stays_silent(self, for_s: float) -> bool:
        """Whether nothing is told for a while."""
        try:
            await asyncio.wait_for(self._told.get(), for_s)
        except TimeoutError:
            return True
        return False

    async def ask(self) -> dict[str, Any]:
        """Its figures now: counters, open files, tasks, threads, CPU seconds."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(b"figures\n")
        return await asyncio.wait_for(self.figures.get(), 60)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            (self.figures if "counters" in told else self._told).put_nowait(told)


def _plain(record: DeviceRecord) -> dict[str, Any]:
    return {**asdict(record), "label": record.label}


def _tell(changes: Changes) -> None:
    told = {
        "at": time.monotonic(),
        "added": [_plain(record) for record in changes.added],
        "removed": [_plain(record) for record in changes.removed],
        "changed": [{"before": _plain(c.before), "after": _plain(c.after)} for c in changes.changed],
    }
    print(json.dumps(told), flush=True)


async def _report(args: argparse.Namespace) -> None:
    watcher = UdevWatcher(timing=Timing(vanish_s=args.vanish, rescan_s=args.rescan), receive_buffer=args.receive_buffer)
    inventory = await watcher.start()
    _tell(Changes(added=tuple(inventory.devices.values())))
    loop = asyncio.get_running_loop()
    over = asyncio.Event()

    def on_input() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            over.set()
            return
        used = resource.getrusage(resource.RUSAGE_SELF)
        figures = {
            "counters": asdict(watcher.counters),
            "files": len(list(Path("/proc/self/fd").iterdir())),
            "tasks": len(asyncio.all_tasks()),
            "threads": threading.active_count(),
            "cpu_s": used.ru_utime + used.ru_stime,
            "is_listening": watcher.is_listening,
            "rss_kb": used.ru_maxrss,
        }
        print(json.dumps(figures), flush=True)

    async def tell_on() -> None:
        while True:
            _tell(await watcher.next_changes())

    loop.add_reader(0, on_input)
    telling = asyncio.create_task(tell_on(), name="telling")
    await over.wait()
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    await watcher.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--vanish", type=float, default=Timing().vanish_s)
    parser.add_argument("--rescan", type=float, default=Timing().rescan_s)
    parser.add_argument("--receive-buffer", type=int)
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    factory = uvloop.new_event_loop if arguments.uvloop else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_report(arguments))
