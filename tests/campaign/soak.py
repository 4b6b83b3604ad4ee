"""Weeks of work in minutes, to see that nothing grows: ``python -m tests.campaign.soak [CARDS]``."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.rigs.documents import png
from tests.rigs.station import StationProcess

CARDS = 6_000
"""A month of a busy office."""
LAPS = 10
SIZE = 20_000
_LOG_BYTES = 17 * 1024 * 1024
_FEW = 3
"""Threads and descriptors that come once, such as those of the reading-through of the books."""


def sizes(station: StationProcess) -> dict[str, int]:
    """What may grow: open descriptors, threads, kilobytes of memory, bytes of the database's log."""
    assert station.process is not None
    proc = Path(f"/proc/{station.process.pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text("ascii").splitlines())
    return {
        "descriptors": sum(1 for _ in (proc / "fd").iterdir()),
        "threads": int(status["Threads"]),
        "memory": int(status["VmRSS"].split()[0]),
        "log": station.database.with_name("station.db-wal").stat().st_size,
    }


async def laps(station: StationProcess, cards: int, count: int) -> list[dict[str, int]]:
    """Print so many cards in a lap, and look after each."""
    seen = []
    for lap in range(count):
        for number in range(cards * lap + 1, cards * (lap + 1) + 1):
            status, answer = await station.submit(number, png(number, size=SIZE))
            assert status == 201, answer
        await station.settled(timeout_s=600)
        seen.append(sizes(station))
    return seen


def grown(seen: Sequence[Mapping[str, int]]) -> list[str]:
    """What has grown that must not, one line each; the first lap warms up."""
    first, middle, last = seen[0], seen[len(seen) // 2], seen[-1]
    found = [
        f"{name}: {first[name]} → {last[name]}"
        for name in ("descriptors", "threads")
        if last[name] > first[name] + _FEW
    ]
    if last["log"] > _LOG_BYTES:
        found.append(f"log: {last['log']} bytes")
    if last["memory"] > middle["memory"] * 1.15 + 4096:
        found.append(f"memory: {middle['memory']} → {last['memory']} kB")
    return found


async def soak(folder: Path, cards: int) -> list[str]:
    """Run a station through ``cards`` cards; what has grown."""
    table = {"name": "kartu-1", "driver": "simulator", "folder": str(folder / "tray"), "seconds": 0.005}
    station = StationProcess(folder / "station", [table], extra="[readiness]\nstop_printing = []\n")
    try:
        await station.start()
        await station.receive(cards + 10)
        seen = await laps(station, cards // LAPS, LAPS)
        for lap, each in enumerate(seen, start=1):
            print(f"{lap * (cards // LAPS):>7} cards  " + "  ".join(f"{name} {value}" for name, value in each.items()))
        station.check_books()
        return grown(seen)
    finally:
        await station.aclose()


def main() -> int:
    """0 when nothing grew."""
    folder = Path(tempfile.mkdtemp(prefix="stationd-soak-"))
    found = asyncio.run(soak(folder, int(sys.argv[1]) if len(sys.argv) > 1 else CARDS))
    for line in found:
        print(f"grown: {line}", file=sys.stderr)
    shutil.rmtree(folder)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
