"""What Prometheus costs: a scrape with a year of history, counters after a restart, and scraping while it prints."""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from stationd.domain.events import GENESIS, linked
from stationd.domain.ids import job_id
from tests.bench.figures import Figures
from tests.bench.footprint import rss_mb
from tests.bench.history import fill
from tests.bench.utilisation import print_all
from tests.rigs.station import StationProcess

CARDS = 250_000
"""A thousand a working day: four times what the busiest kecamatan of a large city prints."""
SCRAPES = 1000
PRINTERS = 8
SCRAPE_EVERY_S = 1.0
"""Thirty times as often as the agent does."""

_ROWS = 50_000
_BEGAN_MS = 1_700_000_000_000
_APART_MS = 120_000


async def metrics(folder: Path, figures: Figures) -> None:
    """A station with eight printers and 1.25 million events behind it."""
    printers = [
        {"name": f"kartu-{n}", "driver": "simulator", "seconds": 0, "folder": str(folder / f"c{n}")}
        for n in range(1, PRINTERS + 1)
    ]
    station = StationProcess(folder / "station", printers)
    try:
        await station.start()
        station.terminate()
        events = await asyncio.to_thread(remember, station.database, CARDS)
        station.spawn()
        up = await station.until_up()
        behind, slowest = await _until_whole(station)
        figures.row(
            "first start, nothing kept", events=f"{events}", up=f"{up:.2f} s", whole=f"{behind:.1f} s", call=slowest
        )
        await _scrapes(station, figures)
        station.terminate()
        station.spawn()
        up = await station.until_up()
        behind, _ = await _until_whole(station)
        figures.row("start with kept counts", up=f"{up:.2f} s", whole=f"{behind:.2f} s")
    finally:
        await station.aclose()
    for name, beside in (("no scrape", _nothing), ("a scrape every second", _scraping)):
        figures.row(f"2 printers, {name}", **await print_all(folder / name, 2, 2, beside))


async def _until_whole(station: StationProcess) -> tuple[float, str]:
    """Seconds until the counters are there, and how the station answered meanwhile."""
    began, took = time.perf_counter(), []
    while True:
        before = time.perf_counter()
        async with station.session.get("http://localhost/healthz") as answer:
            await answer.read()
        took.append(time.perf_counter() - before)
        if "stationd_events_total{" in (await station.call("GET", "/metrics"))[1]:
            return time.perf_counter() - began, f"p50 {_share(took, 0.5)}, p99 {_share(took, 0.99)}"
        await asyncio.sleep(0.02)


async def _scrapes(station: StationProcess, figures: Figures) -> None:
    took, text = [], ""
    assert station.process is not None
    cpu = cpu_s(station.process.pid)
    for _ in range(SCRAPES):
        began = time.perf_counter()
        _, text = await station.call("GET", "/metrics")
        took.append(time.perf_counter() - began)
        await asyncio.sleep(0.002)
    cpu = cpu_s(station.process.pid) - cpu
    series = [line for line in text.splitlines() if line and not line.startswith("#")]
    figures.row(
        f"scrape, {PRINTERS} printers, a year",
        p50=_share(took, 0.5),
        p99=_share(took, 0.99),
        cpu=f"{cpu / SCRAPES * 1000:.1f} ms",
        size=f"{len(text) / 1024:.0f} KiB",
        series=str(len(series)),
        of_a_printer=str(sum('printer="kartu-1"' in line for line in series)),
        memory=f"{rss_mb(station.process.pid):.0f} MB",
    )


def cpu_s(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _share(took: list[float], share: float) -> str:
    return f"{sorted(took)[min(len(took) - 1, int(len(took) * share))] * 1000:.1f} ms"


@asynccontextmanager
async def _nothing(_: StationProcess) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _scraping(station: StationProcess) -> AsyncIterator[None]:
    async def scrape() -> None:
        while True:
            await station.call("GET", "/metrics")
            await asyncio.sleep(SCRAPE_EVERY_S)

    task = asyncio.create_task(scrape())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def remember(path: Path, cards: int) -> int:
    """Write that many printed and fetched cards into the books, with their events; how many events there are."""
    fill(path, cards)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    seq, previous = connection.execute("SELECT coalesce(max(seq), 0), NULL FROM event").fetchone()
    row = connection.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    previous = GENESIS if row is None else row[0]
    rows = []
    for at, kind, subject, data in _lives(cards):
        seq += 1
        written = (seq, at, kind, subject, json.dumps(data, separators=(",", ":")))
        previous = linked(previous, written)
        rows.append((*written, previous))
        if len(rows) == _ROWS:
            _write(connection, rows)
    _write(connection, rows)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return int(seq)


def _write(connection: sqlite3.Connection, rows: list[tuple[object, ...]]) -> None:
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO event (seq, at, type, subject, data, hash) VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    rows.clear()


def _lives(cards: int) -> Iterator[tuple[int, str, str, dict[str, object]]]:
    """The events of each card: taken, claimed, printed, shelved, fetched."""
    kinds, evidences = ("first", "lost", "damaged"), ("counter", "printer", "officer")
    for number in range(cards):
        at = _BEGAN_MS + number * _APART_MS
        job, printer = job_id(at, number + 1, number), f"kartu-{number % PRINTERS + 1}"
        facts: dict[str, object] = {"kind": kinds[number % 3], "rank": number, "profile": "ktp-el", "actor": "station"}
        yield at, "job.accepted", job, {"state": "queued"} | facts
        facts["printer"] = printer
        yield at + 3_600_000, "job.claimed", job, {"state": "printing", "from": "queued"} | facts
        made = {"evidence": evidences[number // 3 % 3], "attempt": 1, "took_ms": 20_000 + number % 9_000}
        yield at + 3_630_000, "job.card_printed", job, {"state": "printed", "from": "printing"} | facts | made
        yield at + 7_200_000, "card.shelved", job, {"custody": "on_shelf", "from": "checked"}
        fetched = {"custody": "handed_over", "from": "on_shelf", "held_ms": number % 90 * 86_400_000}
        yield at + 7_200_000, "card.handed_over", job, fetched | {"by_proxy": number % 7 == 0}
