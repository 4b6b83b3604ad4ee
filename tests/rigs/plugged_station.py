"""A station on the virtual USB bus, with a matcher that takes its printers and a driver that writes to their nodes."""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stationd.adapters.printers import drivers
from tests.rigs.station import StationProcess
from tests.rigs.vusb import VirtualUsb

VENDOR = Path(__file__).parent / "vendor"
DRIVER = "usblp" if "usblp" in drivers.names() else "direct"
"""Ours for ready streams where it is installed, else a vendor's."""

NAME = "usb-0f49-0c12-10000123456"
"""What the printer is called that :meth:`tests.rigs.vusb.VirtualUsb.plug_printer` plugs in by default."""

WITHIN_S = 60.0

Shown = dict[str, Any]


def matcher(driver: str = DRIVER) -> str:
    """A file for ``devices.d``: printers of the rig's model, by ``driver``."""
    return f"""
[[device]]
name = "on-the-rig"
title = "Card printer on the rig"
kind = "printer"
driver = "{driver}"
vendor = "0f49"
products = ["0c12"]
interface_class = 7
profiles = ["ktp-el"]
nominal_s = 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a daemon holds. ``files`` are its descriptors without sockets.

    The rig's preload loses some sockets of its own when two threads open nodes at once; the campaign in a genuine
    kernel counts them too.
    """

    files: int
    tasks: int
    threads: int
    rss_kb: int


class PluggedStation(StationProcess):
    """Watches a virtual bus."""

    def __init__(self, folder: Path, usb: VirtualUsb, *, driver: str = DRIVER, **more: Any) -> None:
        (folder / "devices.d").mkdir(parents=True, exist_ok=True)
        (folder / "devices.d" / "rig.toml").write_text(matcher(driver), encoding="utf-8")
        environment = usb.environment({}) | {"PYTHONPATH": str(VENDOR)}
        super().__init__(folder, **more, is_watching=True, environment=environment)

    async def devices(self) -> dict[str, Shown]:
        """What the API shows, by id."""
        _, answer = await self.call("GET", "/v1/devices")
        return {item["id"]: item for item in answer["items"]}

    async def until(self, is_so: Callable[[Shown], bool], name: str = NAME, within_s: float = WITHIN_S) -> Shown:
        """Wait until the API shows a device so; what it shows."""
        began = time.monotonic()
        shown: Any = None
        while time.monotonic() - began < within_s:
            status, shown = await self.call("GET", f"/v1/devices/{name}")
            if status == 200 and is_so(shown):
                return dict(shown)
            await asyncio.sleep(0.005)
        raise TimeoutError(f"{name} is not so after {within_s} s: {shown}\n{self.tail()}")

    async def usage(self) -> Usage:
        """What the daemon holds now."""
        _, figures = await self.call("GET", "/metrics")
        tasks = re.search(r"^stationd_tasks (\d+)", figures, re.MULTILINE)
        assert tasks is not None, figures
        return await asyncio.to_thread(self._usage, int(tasks[1]))

    def cpu_s(self) -> float:
        """Seconds of processor that the daemon has used."""
        assert self.process is not None, "it runs"
        user, system = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _usage(self, tasks: int) -> Usage:
        assert self.process is not None, "it runs"
        folder = Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (folder / "status").read_text(encoding="ascii").splitlines())
        links = []
        for each in (folder / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                links.append(str(each.readlink()))
        files = sum(not link.startswith("socket:") for link in links)
        return Usage(files=files, tasks=tasks, threads=int(status["Threads"]), rss_kb=int(status["VmRSS"].split()[0]))

    async def job(self, job_id: str, *states: str) -> Shown:
        """Wait until a job is in one of the states; the job."""
        began = time.monotonic()
        job: Any = None
        while time.monotonic() - began < WITHIN_S:
            _, job = await self.call("GET", f"/v1/jobs/{job_id}")
            if job["state"] in states:
                return dict(job)
            await asyncio.sleep(0.01)
        raise TimeoutError(f"the job is not {states}: {job}\n{self.tail()}")


def is_ready(shown: Shown) -> bool:
    """Whether a device is there and at work."""
    return bool(shown["state"] in {"idle", "processing"} and shown["usb"]["is_present"])


def is_gone(shown: Shown) -> bool:
    """Whether a printer was pulled out and its spooler knows."""
    return bool(shown["state"] == "stopped" and not shown["usb"]["is_present"])
