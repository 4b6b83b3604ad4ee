"""The station beside other queues: taking jobs durably, and taking, handing out and finishing them, by turns.

The station is spoken to over HTTP, with tokens, schemas, sealing, an audit chain and a ledger; huey, persist-queue,
saq and procrastinate are called directly from Python, CUPS over IPP. All on unix sockets, jobs of one document of 1 kB.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.accept import WEIGHTLESS, load, weightless
from tests.bench.figures import Figures
from tests.bench.peers.syncs import Syncs
from tests.bench.peers.task import Task
from tests.rigs.station import StationProcess

PYTHON = Path(".cache/bench-peers/bin/python")
"""The environment of the other queues; made by ``make bench-peers``."""

CLIENTS = 32
WORKERS = 8
ROUNDS = 3
SLOW_MS = 5.0


@dataclass(frozen=True)
class Contestant:
    """A queue and how many jobs it gets: to take and to finish, on this disk and on a slow one."""

    name: str
    module: str
    setting: str
    jobs: tuple[int, int]
    slow_jobs: tuple[int, int]


STATION = Contestant("stationd", "", "", (12_000, 8_000), (4_000, 3_000))
OTHERS = (
    Contestant("CUPS", "cups_queue", "default", (1_500, 800), (1_500, 800)),
    Contestant("CUPS made durable", "cups_queue", "durable", (800, 400), (200, 150)),
    Contestant("procrastinate on PostgreSQL", "postgres_queue", "", (1_500, 600), (600, 300)),
    Contestant("saq on redis, fsync always", "redis_queue", "", (8_000, 2_500), (3_000, 800)),
    Contestant("huey on SQLite", "sqlite_queues", "huey", (3_000, 1_500), (300, 150)),
    Contestant("persist-queue on SQLite", "sqlite_queues", "persist-queue", (3_000, 1_000), (300, 150)),
)


async def peers(folder: Path, figures: Figures) -> None:
    """Print rates, and how many times a peer's rate the station's is, median of rounds by turns; syncs a job."""
    if not PYTHON.exists():
        figures.row("other queues", left_out="run `make bench-peers` once")
        return
    folder.chmod(0o711)  # PostgreSQL runs as another user below it
    for delay_ms in (0.0, SLOW_MS):
        for workers in (0, WORKERS):
            what = f"accept to done, {workers} workers at 0 s" if workers else "accept"
            disk = f", {delay_ms:g} ms more a sync" if delay_ms else ""
            await _compare(folder, figures, f"{what}{disk}", workers, delay_ms)


async def _compare(folder: Path, figures: Figures, what: str, workers: int, delay_ms: float) -> None:
    results: dict[str, list[dict[str, float]]] = {each.name: [] for each in (STATION, *OTHERS)}
    for _ in range(ROUNDS):
        for each in (STATION, *OTHERS):
            jobs = (each.slow_jobs if delay_ms else each.jobs)[bool(workers)]
            scratch = folder / "run"
            scratch.mkdir()
            syncs = Syncs(folder)
            environment = syncs.environment(delay_ms)
            if each is STATION:
                result = await _station(scratch, jobs, workers, syncs, environment)
            else:
                result = await _other(each, Task(jobs, CLIENTS, workers, scratch, each.setting), environment)
            results[each.name].append(result)
            shutil.rmtree(scratch)
    ours = results[STATION.name]
    for name, rounds in results.items():
        values = {
            "rate": f"{statistics.median(each['rate'] for each in rounds):.0f}/s",
            "syncs_a_job": f"{statistics.median(each['syncs'] for each in rounds):.2f}",
        }
        if name != STATION.name:
            ratios = sorted(own["rate"] / each["rate"] for own, each in zip(ours, rounds, strict=True))
            values["stationd_is"] = f"{statistics.median(ratios):.1f} × ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        figures.row(f"{what}: {name}", **values)


async def _station(
    folder: Path, jobs: int, workers: int, syncs: Syncs, environment: Mapping[str, str]
) -> dict[str, float]:
    printers = weightless(folder, workers)
    async with StationProcess(folder, printers, wrapper=WEIGHTLESS, environment=environment) as station:
        if workers:
            await station.receive(jobs)
        before = syncs.count()
        result = await load(station.socket, station.token, 0, jobs, CLIENTS)
        if not workers:
            return {"rate": result["rate"], "syncs": (syncs.count() - before) / jobs}
        while station.rows("SELECT value FROM tally WHERE name = 'job_state' AND label = 'printed'") != [(jobs,)]:
            await asyncio.sleep(0.02)
        done = time.perf_counter()
        return {"rate": jobs / (done - result["began"]), "syncs": (syncs.count() - before) / jobs}


async def _other(each: Contestant, task: Task, environment: Mapping[str, str]) -> dict[str, float]:
    python = sys.executable if each.module == "cups_queue" else str(PYTHON.absolute())
    process = await asyncio.create_subprocess_exec(
        python,
        "-m",
        f"tests.bench.peers.{each.module}",
        *task.arguments(),
        stdout=subprocess.PIPE,
        env={**os.environ, **environment},
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{each.name} failed, see above")
    result: dict[str, float] = json.loads(out)
    return result
