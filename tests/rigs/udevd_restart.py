"""A real systemd-udevd, killed and started again under a listening watcher.

Run as root: ``unshare --mount --net python -m tests.rigs.udevd_restart [--uvloop]``; it has a ``/run`` of its own.
Tells one JSON object: the events heard from the first udevd, while there was none, and from the second.
"""

import argparse
import asyncio
import json
from typing import Any

import uvloop

from stationd.adapters.udev import UdevWatcher

_UDEVD = "/lib/systemd/systemd-udevd"
_SETTLES_S = 30.0


async def run(*command: str) -> None:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(*command)
    assert await process.wait() == 0, command


async def start_udevd() -> asyncio.subprocess.Process:
    """A udevd that answers."""
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(_UDEVD, stdout=null, stderr=null)
    async with asyncio.timeout(_SETTLES_S):
        while True:
            ping = await asyncio.create_subprocess_exec("udevadm", "control", "--ping", stdout=null, stderr=null)
            if await ping.wait() == 0:
                return process


async def heard(watcher: UdevWatcher, since: int, within_s: float) -> int:
    """How many events came since; waits for the first."""
    loop = asyncio.get_running_loop()
    until = loop.time() + within_s
    while watcher.counters.events == since and loop.time() < until:
        await asyncio.sleep(0.05)
    return watcher.counters.events - since


async def restart() -> dict[str, Any]:
    """Listen through the death and the return of udevd."""
    await run("mount", "--types", "tmpfs", "tmpfs", "/run")
    told: dict[str, Any] = {}
    udevd = await start_udevd()
    watcher = UdevWatcher()
    try:
        await watcher.start()
        for name, within_s in (("before", _SETTLES_S), ("without", 0.5), ("after", _SETTLES_S)):
            if name == "without":
                udevd.kill()
                await udevd.wait()
            elif name == "after":
                udevd = await start_udevd()
            since = watcher.counters.events
            await run("udevadm", "trigger", "--subsystem-match=tty", "--sysname-match=tty", "--action=add")
            told[name] = await heard(watcher, since, within_s)
        told["is_listening"] = watcher.is_listening
    finally:
        await watcher.aclose()
        if udevd.returncode is None:
            udevd.kill()
            await udevd.wait()
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    factory = uvloop.new_event_loop if arguments.uvloop else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(restart())))
