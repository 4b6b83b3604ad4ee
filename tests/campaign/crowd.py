"""A crowd at the door: many connections that say nothing or never finish, and the station answers beside them.

``python -m tests.campaign.crowd --connections 10000``; as many as the limit of open files allows.
"""

import argparse
import asyncio
import contextlib
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.rigs.station import StationProcess

_SPARE_FILES = 200
_AT_ONCE = 200
_QUESTIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What was seen: connections made, the slowest answer beside them in seconds, the daemon's memory in MB."""

    connections: int
    slowest_s: float
    memory_mb: float


async def stand_around(station: StationProcess, connections: int) -> Crowd:
    """Open connections, half of them silent and half with unfinished headers, and ask in between."""
    address = urlsplit(station.address)
    writers: list[asyncio.StreamWriter] = []
    slowest_s = 0.0

    async def one(number: int) -> None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(address.hostname, address.port)
            writers.append(writer)
            if number % 2:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")

    try:
        for begun in range(0, connections, _AT_ONCE):
            await asyncio.gather(*map(one, range(begun, min(begun + _AT_ONCE, connections))))
            slowest_s = max(slowest_s, await _ask(station))
        for _ in range(_QUESTIONS):
            slowest_s = max(slowest_s, await _ask(station))
        return Crowd(connections=len(writers), slowest_s=slowest_s, memory_mb=_memory_mb(station))
    finally:
        for writer in writers:
            writer.close()


async def _ask(station: StationProcess) -> float:
    began = time.perf_counter()
    status, _ = await station.call("GET", "/v1/station")
    assert status == 200, status
    return time.perf_counter() - began


def _memory_mb(station: StationProcess) -> float:
    assert station.process is not None
    status = Path(f"/proc/{station.process.pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


async def campaign(connections: int) -> Crowd:
    """A station with a crowd at its door."""
    with tempfile.TemporaryDirectory(prefix="stationd-crowd-") as folder:
        async with StationProcess(Path(folder), is_on_tcp=True) as station:
            return await stand_around(station, connections)


def main() -> int:
    """0 when every question was answered."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.crowd", description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    args = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seen = asyncio.run(campaign(min(args.connections, hard - _SPARE_FILES)))
    print(f"connections {seen.connections}")
    print(f"slowest     {seen.slowest_s * 1000:.0f} ms")
    print(f"memory      {seen.memory_mb:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
