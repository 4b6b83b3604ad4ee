"""Memory and start: idle, with a long queue, and from exec to listening."""

import asyncio
import re
import time
from pathlib import Path

from tests.bench.accept import load
from tests.bench.figures import Figures
from tests.rigs.station import StationProcess

QUEUED = 100_000
STARTS = 7


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) / 1024


async def footprint(folder: Path, figures: Figures) -> None:
    """RSS idle and with 100,000 queued jobs; exec to listening with an empty and with that queue."""
    printers = [{"name": "kartu-1", "driver": "simulator", "seconds": 0, "folder": str(folder / "cards")}]
    station = StationProcess(folder / "station", printers)
    await station.start()
    try:
        await asyncio.sleep(2)
        assert station.process is not None
        idle = rss_mb(station.process.pid)
        empty = await starts(station)
        for first in range(0, QUEUED, 20_000):
            await load(station.socket, station.token, first, 20_000, 64)
        assert station.process is not None
        after_load = rss_mb(station.process.pid)
        full = await starts(station)
        await asyncio.sleep(2)
        restarted = rss_mb(station.process.pid)
        loaded, again = f"{after_load:.0f} MB", f"{restarted:.0f} MB"
        figures.row("memory", idle=f"{idle:.0f} MB", queue_of_100k=loaded, restarted=again)
        figures.row("exec to listening, median", empty=f"{empty:.2f} s", queue_of_100k=f"{full:.2f} s")
    finally:
        await station.aclose()


async def starts(station: StationProcess) -> float:
    """Median seconds from exec to an answer."""
    took = []
    for _ in range(STARTS):
        station.terminate()
        began = time.perf_counter()
        station.spawn()
        await station.until_up()
        took.append(time.perf_counter() - began)
    return sorted(took)[STARTS // 2]
