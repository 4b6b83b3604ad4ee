"""One Prometheus of a city, or of a nation: memory and work by the number of stations.

One process plays all stations, with the bodies of eighteen simulated ones that live on between two scrapes. An agent
asks them every 30 seconds and sends to a Prometheus that receives as the city's does, with the city's rules. Only that
one is measured.

Prometheus keeps the last two to three hours in memory, and a run has minutes. So a smaller number of stations is asked
every two seconds until each series has a whole chunk (120 samples, an hour of a real station); what that adds to each
series is added to the nation. Whole chunks go to files that are mapped, so that it stops growing there.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from stationd.demo.city.palembang import STATIONS
from stationd.demo.city.station import SimulatedStation
from tests.bench.figures import Figures
from tests.bench.footprint import rss_mb
from tests.rigs.agent_and_city import free_port
from tests.rigs.prometheus import answered

SIZES = (18, 500, 1500)
NATION = 7285
SCRAPE_S = 30
WARM_S = 65
MEASURED_S = 90
AGED_SIZE = 200
AGED_SCRAPE_S = 2
AGED_SAMPLES = 125
RULES = Path(__file__).parents[2] / "config" / "city" / "rules"
_AGENT = """\
global: {{scrape_interval: {scrape}s}}
scrape_configs:
  - job_name: stationd
    http_sd_configs: [{{url: "{stations}/targets", refresh_interval: 1h}}]
remote_write: [{{url: "http://127.0.0.1:{city}/api/v1/write"}}]
"""
_CITY = """\
global: {{evaluation_interval: 1m}}
storage: {{tsdb: {{out_of_order_time_window: 12h}}}}
rule_files: ["{rules}/*.yml"]
"""


async def city(folder: Path, figures: Figures) -> None:
    """Memory, processor time, series and samples a second for each size; the nation by a straight line through them."""
    found = []
    for size in SIZES:
        place = folder / str(size)
        await asyncio.to_thread(place.mkdir)
        found.append(await _measured(place, size, figures))
    place = folder / "aged"
    await asyncio.to_thread(place.mkdir)
    aged_mb = await _aged(place, figures)
    memory, cores = ([each[at] for each in found] for at in (0, 1))
    young_mb = _line(SIZES, memory, NATION)
    figures.row(
        f"{NATION} stations, by the line through {', '.join(map(str, SIZES))}",
        memory=f"{young_mb / 1024:.1f} GB",
        with_an_hour=f"{(young_mb + aged_mb * NATION) / 1024:.1f} GB",
        cores=f"{_line(SIZES, cores, NATION):.2f}",
    )


async def _aged(folder: Path, figures: Figures) -> float:
    """Megabytes that an hour of samples adds to a station."""
    async with _watched(folder, AGED_SIZE, AGED_SCRAPE_S) as (_url, process):
        await asyncio.sleep(4 * AGED_SCRAPE_S + 15)
        young = rss_mb(process.pid)
        await asyncio.sleep(AGED_SAMPLES * AGED_SCRAPE_S)
        old = rss_mb(process.pid)
    added = max(0.0, old - young) / AGED_SIZE
    figures.row(
        f"{AGED_SIZE} stations, {AGED_SAMPLES} samples of each series",
        before=f"{young:.0f} MB",
        after=f"{old:.0f} MB",
        a_station=f"{1024 * added:.0f} kB",
    )
    return added


def _line(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The value at ``x`` of the straight line that misses the points least (least squares)."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(xs, ys, strict=True)) / sum((a - mean_x) ** 2 for a in xs)
    return mean_y + slope * (x - mean_x)


async def _measured(folder: Path, size: int, figures: Figures) -> tuple[float, float]:
    async with _watched(folder, size, SCRAPE_S) as (url, process):
        await asyncio.sleep(WARM_S)
        before_s, before = time.monotonic(), _cpu_s(process.pid)
        samples = await _own(url, "prometheus_tsdb_head_samples_appended_total")
        await asyncio.sleep(MEASURED_S)
        passed = time.monotonic() - before_s
        cores = (_cpu_s(process.pid) - before) / passed
        samples = (await _own(url, "prometheus_tsdb_head_samples_appended_total") - samples) / passed
        series = await _own(url, "prometheus_tsdb_head_series")
        memory = rss_mb(process.pid)
        up = len(await answered(url, "up == 1"))
        rules_s = await _own(url, "prometheus_rule_group_last_duration_seconds")
    figures.row(
        f"{size} stations",
        up=str(up),
        memory=f"{memory:.0f} MB",
        cores=f"{cores:.3f}",
        series=f"{series:.0f}",
        series_a_station=f"{series / size:.0f}",
        samples=f"{samples:.0f}/s",
        rules=f"{rules_s:.2f} s a minute",
    )
    return memory, cores


@asynccontextmanager
async def _watched(folder: Path, size: int, scrape_s: float) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """The address and the process of the Prometheus that receives."""
    receiver, agent = free_port(), free_port()
    async with _stations(size, scrape_s) as stations:
        config = _AGENT.format(scrape=scrape_s, stations=stations, city=receiver)
        (folder / "agent.yml").write_text(config, encoding="utf-8")
        (folder / "city.yml").write_text(_CITY.format(rules=RULES), encoding="utf-8")
        async with (
            _running(folder, "city", receiver, "--web.enable-remote-write-receiver") as process,
            _running(folder, "agent", agent, "--enable-feature=agent"),
        ):
            yield f"http://127.0.0.1:{receiver}", process


@asynccontextmanager
async def _stations(size: int, scrape_s: float) -> AsyncIterator[str]:
    played = [SimulatedStation(number, now_ms=time.time_ns() // 1_000_000) for number in range(1, len(STATIONS) + 1)]
    bodies = [b""] * len(played)

    async def live() -> None:
        while True:
            for at, each in enumerate(played):
                each.live(scrape_s / 86_400, faults=frozenset(), real_s=time.time())
                bodies[at] = each.render()
                await asyncio.sleep(scrape_s / 2 / len(played))

    async def targets(request: web.Request) -> web.Response:
        groups = [
            {
                "targets": [request.host],
                "labels": {
                    "__metrics_path__": f"/{number}",
                    "station": f"{number // 100:04d}-{number % 100:02d}",
                    "kecamatan": f"Kecamatan {number}",
                },
            }
            for number in range(size)
        ]
        return web.json_response(groups)

    async def metrics(request: web.Request) -> web.Response:
        body = bodies[int(request.match_info["number"]) % len(bodies)]
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4"})

    living = asyncio.create_task(live())
    app = web.Application()
    app.router.add_get("/targets", targets)
    app.router.add_get("/{number}", metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        living.cancel()
        await runner.cleanup()


@asynccontextmanager
async def _running(folder: Path, name: str, port: int, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    store = "agent" if name == "agent" else "tsdb"
    with (folder / f"{name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            "prometheus",
            f"--config.file={folder}/{name}.yml",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--storage.{store}.path={folder}/{name}",
            *options,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()


async def _own(url: str, name: str) -> float:
    """The sum of a figure that Prometheus tells of itself."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as answer:
        text = await answer.text()
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", text, re.MULTILINE))


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
