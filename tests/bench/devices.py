"""Devices: how soon a plug is known, whether a burst is seen whole, what an idle bus and a thousand plugs cost.

On the virtual bus (Debian's package ``umockdev``), with the watcher in a process of its own as in the daemon; without
the package the figures are left out.
"""

import asyncio
import contextlib
import ctypes.util
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stationd.services.patience import QUIET_AFTER_S
from tests.bench.figures import Figures
from tests.rigs.device_reporter import DeviceReporter
from tests.rigs.plugged_station import WITHIN_S, PluggedStation, Shown, is_gone, is_ready
from tests.rigs.vusb import VirtualUsb

_BURST = 50
_IDLE_DEVICES = 20
_AT_ONCE = 20
_WARM_ROUNDS = 3


async def devices(folder: Path, figures: Figures, *, plugs: int = 100, cycles: int = 1000, idle_s: float = 5.0) -> None:
    """Print and keep the figures of device discovery; about five minutes."""
    if ctypes.util.find_library("umockdev-preload") is None:
        figures.row("devices", left_out="install umockdev")
        return
    with VirtualUsb() as usb:
        await _plug_to_known(usb, figures, plugs)
    with VirtualUsb() as usb:
        await _plug_to_ready(folder, usb, figures, plugs)
    with VirtualUsb() as usb:
        await _burst(usb, figures)
    with VirtualUsb() as usb:
        await _idle(usb, figures, idle_s)
    with VirtualUsb() as usb:
        await _idle_daemon(folder, usb, figures, 4 * idle_s)
    with VirtualUsb() as usb:
        await _leak(usb, figures, cycles)
    with VirtualUsb() as usb:
        await _daemon_leak(folder, usb, figures, cycles // _AT_ONCE)


async def _plug_to_known(usb: VirtualUsb, figures: Figures, plugs: int) -> None:
    came, went = [], []
    async with DeviceReporter(usb.environment(), "--uvloop") as reporter:
        for _ in range(plugs):
            began = time.monotonic()
            plugged = usb.plug_printer()
            came.append((await reporter.next())["at"] - began)
            began = time.monotonic()
            usb.unplug(plugged)
            went.append((await reporter.next())["at"] - began)
    figures.row(f"plug to known, {plugs} plugs", **_spread(came))
    figures.row("pull to known, debounce included", **_spread(went))


async def _plug_to_ready(folder: Path, usb: VirtualUsb, figures: Figures, plugs: int) -> None:
    """Through the daemon: from the cable to a printer that may take a card, as the API shows it, and back."""
    came, went = [], []
    async with PluggedStation(folder / "station", usb) as station:
        for number in range(plugs):
            began = time.monotonic()
            plugged = usb.plug_printer(lp=number % 2)
            await station.until(is_ready)
            came.append(time.monotonic() - began)
            began = time.monotonic()
            usb.unplug(plugged)
            await station.until(is_gone)
            went.append(time.monotonic() - began)
    figures.row(f"plug to ready in the API, {plugs} plugs", first=f"{1000 * came[0]:.0f} ms", **_spread(came))
    figures.row("pull to stopped in the API", **_spread(went))


async def _burst(usb: VirtualUsb, figures: Figures) -> None:
    async with DeviceReporter(usb.environment(), "--uvloop") as reporter:
        began = time.monotonic()
        for number in range(1, _BURST + 1):
            usb.plug_printer(port=f"1.{number}", serial=f"SN{number:04}", lp=number)
        plugged = time.monotonic()
        present: dict[str, Any] = {}
        with contextlib.suppress(TimeoutError):
            await reporter.follow(present, lambda p: len(p) >= _BURST)
        known = time.monotonic()
        look_s = (await reporter.ask())["counters"]["look_s"]
    figures.row(
        f"burst of {_BURST}",
        seen=f"{len(present)}",
        plugged_in=f"{1000 * (plugged - began):.0f} ms",
        all_known_after=f"{1000 * (known - plugged):.0f} ms",
        one_look=f"{1000 * look_s:.1f} ms",
    )


async def _idle(usb: VirtualUsb, figures: Figures, idle_s: float) -> None:
    for number in range(1, _IDLE_DEVICES + 1):
        usb.plug_printer(port=f"1.{number}", serial=f"SN{number:04}", lp=number)
    # A look every second here stands for sixty times the looks of the daemon, which looks every minute.
    async with DeviceReporter(usb.environment(), "--uvloop", "--rescan", "1") as reporter:
        before = await reporter.ask()
        await asyncio.sleep(idle_s)
        after = await reporter.ask()
    looks = after["counters"]["looks"] - before["counters"]["looks"]
    used = after["cpu_s"] - before["cpu_s"]
    figures.row(
        f"idle with {_IDLE_DEVICES} devices",
        one_look=f"{1000 * used / max(looks, 1):.1f} ms CPU",
        at_a_look_a_minute=f"{100 * used / max(looks, 1) / 60:.3f} % of a core",
    )


async def _idle_daemon(folder: Path, usb: VirtualUsb, figures: Figures, idle_s: float) -> None:
    """The whole daemon with as many printers in use, asked how they are, after a minute without work."""
    async with PluggedStation(folder / "idle", usb) as station:
        for number in range(1, _IDLE_DEVICES + 1):
            usb.plug_printer(port=f"1.{number}", serial=f"SN{number:04}", lp=number)
        async with asyncio.timeout(WITHIN_S * 3):
            while sum(map(is_ready, (await station.devices()).values())) < _IDLE_DEVICES:
                await asyncio.sleep(0.05)
        used = []
        for pause_s in (3.0, QUIET_AFTER_S):
            await asyncio.sleep(pause_s)
            before = station.cpu_s()
            await asyncio.sleep(idle_s)
            used.append(f"{100 * (station.cpu_s() - before) / idle_s:.2f} % of a core")
    figures.row(f"daemon with {_IDLE_DEVICES} idle printers", at_first=used[0], after_a_minute=used[1])


async def _leak(usb: VirtualUsb, figures: Figures, cycles: int) -> None:
    async with DeviceReporter(usb.environment(), "--uvloop", "--vanish", "0") as reporter:
        usb.unplug(usb.plug_printer())
        await asyncio.sleep(1)
        before = await reporter.ask()
        began = time.monotonic()
        for _ in range(cycles):
            usb.unplug(usb.plug_printer())
        took = time.monotonic() - began
        usb.plug_printer(lp=5)
        is_back = {"node": "/dev/usb/lp5"}.items()
        await reporter.follow({}, lambda p: any(is_back <= r["seen"].items() for r in p.values()))
        after = await reporter.ask()
    figures.row(
        f"{cycles} plugs and pulls",
        rate=f"{cycles / took:.0f}/s",
        files=f"{before['files']} → {after['files']}",
        tasks=f"{before['tasks']} → {after['tasks']}",
        threads=f"{before['threads']} → {after['threads']}",
        rss=f"{before['rss_kb'] // 1024} → {after['rss_kb'] // 1024} MB",
    )


async def _daemon_leak(folder: Path, usb: VirtualUsb, figures: Figures, rounds: int) -> None:
    """Through the daemon: rounds of printers that become ready in the API and go again, each with its own spooler."""
    numbers = range(1, _AT_ONCE + 1)
    names = [f"usb-0f49-0c12-sn{number:04}" for number in numbers]

    async with PluggedStation(folder / "rounds", usb) as station:

        async def all_are(is_so: Callable[[Shown], bool]) -> None:
            async with asyncio.timeout(WITHIN_S * 3):
                while True:
                    shown = await station.devices()
                    if sum(is_so(each) for key, each in shown.items() if key.startswith(tuple(names))) == _AT_ONCE:
                        return
                    await asyncio.sleep(0.02)

        async def one_round() -> None:
            plugged = [usb.plug_printer(port=f"1.{each}", serial=f"SN{each:04}", lp=each) for each in numbers]
            await all_are(is_ready)
            for each in plugged:
                usb.unplug(each)
            await all_are(is_gone)

        for _ in range(_WARM_ROUNDS):
            await one_round()
        before = await station.usage()
        began = time.monotonic()
        for _ in range(rounds):
            await one_round()
        took = time.monotonic() - began
        after = await station.usage()
    figures.row(
        f"{rounds * _AT_ONCE} plugs and pulls through the daemon, {_AT_ONCE} at a time",
        a_round=f"{took / rounds:.2f} s",
        files=f"{before.files} → {after.files}",
        tasks=f"{before.tasks} → {after.tasks}",
        threads=f"{before.threads} → {after.threads}",
        rss=f"{before.rss_kb // 1024} → {after.rss_kb // 1024} MB",
    )


def _spread(seconds: list[float]) -> dict[str, str]:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    return {"p50": f"{1000 * statistics.median(ordered):.0f} ms", "p99": f"{1000 * p99:.0f} ms"}
