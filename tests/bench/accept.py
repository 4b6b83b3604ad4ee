"""Durable accept over HTTP beside a bare handler, and from accept to printed with every step durable."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench.figures import Figures
from tests.rigs.station import StationProcess

SIZE = 1024
CLIENTS = {1: 1_500, 8: 8_000, 32: 16_000, 256: 16_000}
PRINTERS = 8
JOBS = 12_000
WEIGHTLESS = ("-m", "tests.bench.weightless")
_TICKS = os.sysconf("SC_CLK_TCK")


async def load(socket: Path, token: str, first: int, count: int, clients: int) -> dict[str, float]:
    """Run the load client as a process of its own."""
    arguments = [str(socket), "/v1/jobs", token, str(first), str(count), str(clients), str(SIZE)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.client", *arguments, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    figures: dict[str, float] = json.loads(out)
    if figures["bad"]:
        raise RuntimeError(f"{figures['bad']} answers were not 201")
    return figures


async def accept(folder: Path, figures: Figures) -> None:
    """Requests a second at several numbers of clients, bare and durable by turns, median of three rounds."""
    bare_socket = folder / "bare.sock"
    bare = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", str(bare_socket)], stdout=subprocess.PIPE)
    station = StationProcess(folder / "station")
    try:
        assert bare.stdout is not None
        bare.stdout.readline()
        await station.start()
        first = 0
        for clients, count in CLIENTS.items():
            pairs = []
            for _ in range(3):
                nothing = await load(bare_socket, "none", 0, count, clients)
                durable = await load(station.socket, station.token, first, count, clients)
                first += count
                pairs.append((durable["rate"] / nothing["rate"], nothing, durable))
            ratio, nothing, durable = sorted(pairs, key=lambda pair: pair[0])[1]
            figures.row(
                f"accept, {clients} clients",
                durable=f"{durable['rate']:.0f}/s",
                bare=f"{nothing['rate']:.0f}/s",
                ratio=f"{ratio:.2f}",
                p50=f"{durable['p50_ms']:.2f} ms",
                p99=f"{durable['p99_ms']:.2f} ms",
            )
        assert station.rows("SELECT count(*) FROM job") == [(first,)]
    finally:
        bare.kill()
        bare.wait()
        await station.aclose()


def weightless(folder: Path, count: int) -> list[Mapping[str, object]]:
    """The tables of so many pretended printers that print at once, for a station with the wrapper ``WEIGHTLESS``."""
    return [
        {"name": f"kartu-{n}", "driver": "simulator", "seconds": 0, "folder": str(folder / f"cards-{n}")}
        for n in range(1, count + 1)
    ]


async def throughput(folder: Path, figures: Figures) -> None:
    """Accept to printed, eight simulators at zero seconds a card; first while accepting, then a queue drained.

    The pretended machines cost nothing, see :mod:`tests.bench.weightless`.
    """
    printers = weightless(folder, PRINTERS)
    async with StationProcess(folder / "station", printers, wrapper=WEIGHTLESS) as station:
        await station.receive(100_000)
        began = (await load(station.socket, station.token, 0, JOBS, 32))["began"]
        while station.rows("SELECT value FROM tally WHERE name = 'job_state' AND label = 'printed'") != [(JOBS,)]:
            await asyncio.sleep(0.02)
        both = time.perf_counter() - began
        for printer in printers:
            await station.call("POST", f"/v1/devices/{printer['name']}/pause")
        before = _threads_s(station)
        await load(station.socket, station.token, JOBS, JOBS, 32)
        between = _threads_s(station)
        began = time.perf_counter()
        for printer in printers:
            await station.call("POST", f"/v1/devices/{printer['name']}/resume")
        while station.rows("SELECT value FROM tally WHERE name = 'job_state' AND label = 'printed'") != [(2 * JOBS,)]:
            await asyncio.sleep(0.02)
        drained = time.perf_counter() - began
        after = _threads_s(station)
        station.check_books()
        figures.row(
            f"accept to printed, {PRINTERS} printers at 0 s",
            while_accepting=f"{JOBS / both:.0f} jobs/s",
            queue_drained=f"{JOBS / drained:.0f} jobs/s",
        )
        figures.row(
            "its CPU a job, on the loop and in other threads",
            taking=_cost(before, between),
            printing=_cost(between, after),
        )


def _threads_s(station: StationProcess) -> tuple[float, float]:
    """Processor seconds of the daemon's first thread, which has the loop, and of all others."""
    assert station.process is not None
    loop, others = 0.0, 0.0
    for task in Path(f"/proc/{station.process.pid}/task").iterdir():
        user, system = (task / "stat").read_text().rsplit(")", 1)[1].split()[11:13]
        seconds = (int(user) + int(system)) / _TICKS
        if task.name == str(station.process.pid):
            loop = seconds
        else:
            others += seconds
    return loop, others


def _cost(before: tuple[float, float], after: tuple[float, float]) -> str:
    loop, others = (round((end - start) / JOBS * 1e6) for start, end in zip(before, after, strict=True))
    return f"{loop} + {others} µs"
