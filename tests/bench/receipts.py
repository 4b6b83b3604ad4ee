"""Citizens' questions: receipts looked up while a printer prints at full speed, and while nothing is printed."""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import uvloop

from tests.bench.accept import load
from tests.bench.client import Connection, Load
from tests.bench.figures import Figures
from tests.rigs.station import StationProcess

JOBS = 6_000
LOOKUPS = 20_000
CLIENTS = 8


async def receipts(folder: Path, figures: Figures) -> None:
    """Lookups a second and their p99 over eight connections; cards a second with and without them."""
    printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0, "folder": str(folder / "cards")}
    unlimited = "[pickup]\nlookups_per_minute = 1000000"
    async with StationProcess(folder / "station", [printer], extra=unlimited) as station:
        await station.receive(2 * JOBS)
        alone = await _printing(station, 0, folder, is_asked=False)
        figures.row("printing alone", cards=f"{alone['cards']:.0f}/s")
        asked = await _printing(station, JOBS, folder, is_asked=True)
        figures.row(
            "receipts while it prints",
            lookups=f"{asked['rate']:.0f}/s",
            p50=f"{asked['p50_ms']:.2f} ms",
            p99=f"{asked['p99_ms']:.2f} ms",
            cards=f"{asked['cards']:.0f}/s",
        )
        idle = await _ask(station, folder)
        figures.row(
            "receipts at an idle station",
            lookups=f"{idle['rate']:.0f}/s",
            p50=f"{idle['p50_ms']:.2f} ms",
            p99=f"{idle['p99_ms']:.2f} ms",
        )


async def _printing(station: StationProcess, first: int, folder: Path, *, is_asked: bool) -> dict[str, float]:
    """Queue jobs with the printer paused, let it print them, and ask meanwhile."""
    await station.call("POST", "/v1/devices/kartu-1/pause")
    await load(station.socket, station.token, first, JOBS, 32)
    await station.call("POST", "/v1/devices/kartu-1/resume")
    began, before = time.perf_counter(), _printed(station)
    asked = await _ask(station, folder) if is_asked else {}
    if is_asked:
        elapsed, cards = time.perf_counter() - began, _printed(station) - before
    else:
        while (cards := _printed(station) - before) < JOBS:
            await asyncio.sleep(0.02)
        elapsed = time.perf_counter() - began
    while _printed(station) < first + JOBS:
        await asyncio.sleep(0.05)
    return asked | {"cards": cards / elapsed}


def _printed(station: StationProcess) -> int:
    found = station.rows("SELECT value FROM tally WHERE name = 'job_state' AND label = 'printed'")
    return found[0][0] if found else 0


async def _ask(station: StationProcess, folder: Path) -> dict[str, float]:
    known = folder / "receipts.json"
    known.write_text(json.dumps([receipt for (receipt,) in station.rows("SELECT receipt FROM job")]))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.receipts",
        str(station.socket),
        station.token,
        str(known),
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    figures: dict[str, float] = json.loads(out)
    if figures["bad"]:
        raise RuntimeError(f"{figures['bad']} answers were not 200")
    return figures


async def _run(socket: str, token: str, known: Path) -> dict[str, float]:
    found = json.loads(known.read_text())
    head = f"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    asked = [f"GET /v1/receipts/{found[(n * 7919) % len(found)]} {head}".encode() for n in range(LOOKUPS)]
    loop = asyncio.get_running_loop()
    shared = Load(requests=iter(asked), left=CLIENTS, done=loop.create_future(), good=b"200")
    connections = [(await loop.create_unix_connection(lambda: Connection(shared), socket))[1] for _ in range(CLIENTS)]
    began = time.perf_counter()
    for connection in connections:
        connection.next()
    await shared.done
    return shared.figures(LOOKUPS, began)


if __name__ == "__main__":
    print(json.dumps(uvloop.run(_run(sys.argv[1], sys.argv[2], Path(sys.argv[3])))))
