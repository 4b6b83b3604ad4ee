"""A real netlink overflow: a watcher in a network namespace of its own, and more events than its socket can hold.

Run as root: ``unshare --net python -m tests.rigs.netlink_storm [--uvloop]``. Tells one JSON object: the watcher's
counters after the storm, whether an event after it arrived, and the CPU seconds of the quiet time that followed.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import uvloop

from stationd.adapters.udev import Timing, UdevWatcher
from tests.rigs.udev_message import udev_message

_KOBJECT_UEVENT = 15
_UDEV_GROUP = 2
_WITHIN_S = 15.0


def send(properties: Mapping[str, str]) -> None:
    """Multicast an event as udevd does; root may."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _KOBJECT_UEVENT) as sender:
        sender.bind((0, 0))
        sender.sendto(udev_message(properties), (0, _UDEV_GROUP))


def added(number: int) -> dict[str, str]:
    """The event of a printer node that came."""
    return {
        "ACTION": "add",
        "DEVPATH": f"/devices/x/lp{number}",
        "SUBSYSTEM": "usbmisc",
        "DEVNAME": f"/dev/usb/lp{number}",
        "MAJOR": "180",
        "MINOR": str(number % 256),
        "SEQNUM": str(number + 1),
        "FILLING": "S" * 200,
    }


async def _until(is_so: Callable[[], bool]) -> None:
    """Wait for it; what never comes is told by the figures."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_WITHIN_S):
            while not is_so():
                await asyncio.sleep(0.02)


async def storm(storms: int, *, breaks: bool) -> dict[str, Any]:
    """Overflow the socket ``storms`` times, each time while the loop is busy; then see whether it still hears."""
    watcher = UdevWatcher(timing=Timing(quiet_s=0.02, latest_s=0.05, vanish_s=0), receive_buffer=8192)
    await watcher.start()
    listening = asyncio.create_task(watcher.next_changes(), name="listening")
    await asyncio.sleep(0.05)
    for _ in range(storms):
        looks = watcher.counters.looks
        for number in range(200):
            send(added(number))
        await _until(lambda looks=looks: watcher.counters.looks > looks)
        await asyncio.sleep(0.2)
    after_storm = asdict(watcher.counters)
    if breaks:
        monitor = watcher._monitor
        null = os.open("/dev/null", os.O_RDONLY)
        watcher._take_events()
        os.dup2(null, monitor.fileno())  # what was the socket is no socket any more
        os.close(null)
        watcher._take_events()
        await _until(lambda: watcher.is_listening and watcher.counters.looks >= after_storm["looks"] + 2)
    heard = watcher.counters.events
    send(added(7))
    await _until(lambda: watcher.counters.events > heard)
    await asyncio.sleep(0.2)
    began = time.process_time()
    await asyncio.sleep(0.5)
    told = {
        "after_storm": after_storm,
        "heard": watcher.counters.events - heard,
        "looks_after": watcher.counters.looks - after_storm["looks"],
        "reopenings": watcher.counters.reopenings,
        "is_listening": watcher.is_listening,
        "quiet_cpu_s": time.process_time() - began,
    }
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await watcher.aclose()
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--storms", type=int, default=3)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--breaks", action="store_true")
    arguments = parser.parse_args()
    factory = uvloop.new_event_loop if arguments.uvloop else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        print(json.dumps(runner.run(storm(arguments.storms, breaks=arguments.breaks))))
