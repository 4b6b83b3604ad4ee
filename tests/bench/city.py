"""One Prometheus of a city, or of a nation: memory and work by the number of stations.

One process plays all stations, with the bodies of eighteen simulated ones that live on between two scrapes. An agent
asks them every 30 seconds and sends to a Prometheus that receives as the city's does, with the city's rules. Only that
one is measured.

Prometheus keeps the last two to three hours in memory, and a run has minutes. So a smaller number of stations is asked
every two seconds until each series has a whole chunk (120 samples, an hour of a real station); what that adds to each
series is added to the nation. Whole chunks go to files that are mapped, so that it stops growing there.

What the rules cost is measured by a history of four weeks of a few stations, filled in as blocks, and is as long again
for each more: every rule reads the series of each station.
"""

import asyncio
import re
import subprocess
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
from tests.rigs.ports import free_port
from tests.rigs.prometheus import answered

SIZES = (18, 500, 1500)
NATION = 7285
SCRAPE_S = 30
WARM_S = 65
MEASURED_S = 90
AGED_SIZE = 200
AGED_SCRAPE_S = 2
AGED_SAMPLES = 125
STATIONS_OF_WEEKS = 6
DAYS_OF_WEEKS = 28
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
    place = folder / "weeks"
    await asyncio.to_thread(place.mkdir)
    weeks_s, others_s = await _weeks(place, figures)
    memory, cores = ([each[at] for each in found] for at in (0, 1))
    young_mb = _line(SIZES, memory, NATION)
    figures.row(
        f"{NATION} stations, by the line through {', '.join(map(str, SIZES))}",
        memory=f"{young_mb / 1024:.1f} GB",
        with_an_hour=f"{(young_mb + aged_mb * NATION) / 1024:.1f} GB",
        cores=f"{_line(SIZES, cores, NATION):.2f}",
        rules_of_weeks=f"{weeks_s * NATION:.0f} s of 900",
        other_rules=f"{others_s * NATION:.0f} s of 60",
    )


async def _weeks(folder: Path, figures: Figures) -> tuple[float, float]:
    """Seconds that the rules of weeks take for one station with four weeks of history, and those of every minute."""
    await asyncio.to_thread(_fill, folder)
    for path in await asyncio.to_thread(sorted, RULES.glob("*.yml")):
        text = path.read_text(encoding="utf-8")
        (folder / path.name).write_text(re.sub("interval: .*", "interval: 15s", text), encoding="utf-8")
    config = "global: {evaluation_interval: 15s}\nrule_files: [figures.yml, alerts.yml]\n"
    (folder / "city.yml").write_text(config, encoding="utf-8")
    port = free_port()
    async with _running(folder, "city", port, "--storage.tsdb.retention.time=400d") as process:
        await asyncio.sleep(50)
        before = _cpu_s(process.pid)
        await asyncio.sleep(45)
        used = (_cpu_s(process.pid) - before) / 3
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/api/v1/rules") as answer:
            groups = (await answer.json())["data"]["groups"]
    took = {group["name"]: sum(rule["evaluationTime"] for rule in group["rules"]) for group in groups}
    weeks = took.pop("stationd figures of weeks")
    others = sum(took.values())
    figures.row(
        f"{STATIONS_OF_WEEKS} stations with {DAYS_OF_WEEKS} days of history",
        weeks=f"{1000 * weeks:.0f} ms a round",
        others=f"{1000 * others:.0f} ms a round",
        processor=f"{1000 * used:.0f} ms for both",
    )
    return weeks / STATIONS_OF_WEEKS, others / STATIONS_OF_WEEKS


def _fill(folder: Path) -> None:
    """The series that rules of days and weeks read, a sample every 30 seconds, as blocks."""
    now_s = int(time.time())
    times = range(now_s - DAYS_OF_WEEKS * 86_400, now_s, SCRAPE_S)
    families = {
        "stationd_card_wait_seconds_bucket": ['le="432000.0"'],
        "stationd_card_wait_seconds_count": [""],
        "stationd_events_total": ['type="job.card_printed"', 'type="job.card_spoiled"'],
        "stationd_cards_printed_total": [f'printer="kartu-1",evidence="counter",kind="{kind}"' for kind in "abc"],
        "stationd_order_changes_total": ['change="moved_ahead"', 'change="released"'],
        "up": ['job="stationd"'],
    }
    text = folder / "history.om"
    with text.open("w", encoding="utf-8") as out:
        for family, labels in families.items():
            out.write(f"# TYPE {family.removesuffix('_total')} {'counter' if family.endswith('_total') else 'gauge'}\n")
            for number in range(STATIONS_OF_WEEKS):
                for label in labels:
                    series = f'{family}{{station="{number}",kecamatan="K {number}"{"," if label else ""}{label}}}'
                    out.writelines(
                        f"{series} {1 if family == 'up' else at // 7 * (number + 1)} {second}\n"
                        for at, second in enumerate(times)
                    )
        out.write("# EOF\n")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "city"), "--quiet"]
    subprocess.run([*command, "--max-block-duration=744h"], check=True, capture_output=True)
    text.unlink()


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
