"""Facts up: one station to the disks of three servers, and eighteen through them into the city's books."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psycopg

from stationd.adapters.nats.engine import Route
from stationd.adapters.system import SystemClock
from stationd.city.assigning import Policy
from stationd.city.books import Books
from stationd.city.desk import Desk
from stationd.city.engine import Engine
from stationd.city.settings import Servers as Where
from stationd.domain.errors import Faulted
from stationd.ports.city import Fate
from tests.bench.figures import Figures
from tests.bench.link_station import LinkedStation, write_book
from tests.bench.processes import cpu_s, family, memory_mb
from tests.rigs.city_cluster import CityCluster
from tests.rigs.city_process import CityProcess
from tests.rigs.paper_city import CITY_KEY
from tests.rigs.postgres import binaries, postgres

STATIONS = 18
ONE, ONE_FULL = 20_000, 100_000
EACH, EACH_FULL = 600, 1_500
WITHIN_S = 500.0
MIB = 512


async def up(folder: Path, figures: Figures, *, is_full: bool) -> None:
    """One station to the servers; then a city's stations into its books, of each kind that is there."""
    await one(folder / "one", ONE_FULL if is_full else ONE, figures)
    each = EACH_FULL if is_full else EACH
    await many(folder / "sqlite", f"sqlite:{folder}/sqlite/city.db", each, figures)
    if binaries() is None:
        figures.row("into PostgreSQL", not_measured="it is not installed: .ci/install-packages .ci/packages-bench.txt")
        return
    data = folder / "postgres"
    data.mkdir()
    for above in (folder, folder.parent):
        above.chmod(0o755)  # the user that it runs as has to get there
    with postgres(data) as url:
        await many(folder / "into-postgres", url, each, figures, data=data)


async def one(folder: Path, rows: int, figures: Figures) -> None:
    """A station's rows to the disks of three servers."""
    async with CityCluster(folder / "nats") as cluster, engine_at(cluster) as engine:
        station = LinkedStation(folder, "1671-01", cluster.identity)
        await engine.welcome([station.id])
        await write_book(station.book, rows)
        await station.open(_route(cluster, cluster.credentials([station.id])[station.id]))
        nodes = [node.process.pid for node in cluster.nodes if node.process is not None]
        began, cpu, servers_cpu = time.perf_counter(), time.process_time(), cpu_s(nodes)
        async with _at_work([station]):
            async with asyncio.timeout(WITHIN_S):
                while station.facts.sent < rows:
                    await asyncio.sleep(0.02)
            took, cpu = time.perf_counter() - began, time.process_time() - cpu
            servers_cpu = cpu_s(nodes) - servers_cpu
        await station.aclose()
        figures.row(
            f"a station sends {rows:,} facts, 3 servers",
            rate=f"{rows / took:.0f}/s",
            station=f"{cpu / rows * 1e6:.0f} us of processor a fact",
            servers=f"{servers_cpu / rows * 1e6:.0f} us, all three",
            unknown=str(station.facts.figures.fates[Fate.UNKNOWN]),
            server=f"{max(map(memory_mb, nodes)):.0f} MB",
        )


async def many(folder: Path, database: str, each: int, figures: Figures, *, data: Path | None = None) -> None:
    """A city's stations at once, into its books; ``data`` is PostgreSQL's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"1671-{number:02}" for number in range(1, STATIONS + 1)]
    async with CityCluster(folder / "nats") as cluster:
        stations = [LinkedStation(folder / "stations", name, cluster.identity) for name in names]
        files = await _enrolled(database, cluster, stations)
        for station in stations:
            await write_book(station.book, each)
        city = CityProcess(folder / "city", cluster.urls, cluster.pem, database, replicas=3, mib=MIB)
        (folder / "city" / "city.key").write_bytes(CITY_KEY)
        (folder / "city" / "city.key").chmod(0o600)
        city.start()
        try:
            async with asyncio.timeout(WITHIN_S):
                while not await asyncio.to_thread(city.is_connected):
                    await asyncio.sleep(0.2)
            for station in stations:
                await station.open(_route(cluster, files[station.id]))
            figures.row(
                f"{STATIONS} stations, {database.partition(':')[0]}",
                **await _measured(cluster, city, database, data, stations, each),
            )
        finally:
            city.end()
            for station in stations:
                await station.aclose()


async def _measured(
    cluster: CityCluster,
    city: CityProcess,
    database: str,
    data: Path | None,
    stations: Sequence[LinkedStation],
    each: int,
) -> dict[str, str]:
    assert city.process is not None
    nodes = [node.process.pid for node in cluster.nodes if node.process is not None]
    books = [city.process.pid]
    store = [] if data is None else [int((data / "data" / "postmaster.pid").read_text().split()[0])]
    store += [pid for parent in store for pid in family(parent) if pid != parent]
    facts, kinds = len(stations) * each, (books, store, nodes)
    before = [cpu_s(pids) for pids in kinds]
    began, cpu = time.perf_counter(), time.process_time()
    sent_in = None
    async with _at_work(stations), asyncio.timeout(WITHIN_S):
        while (taken := await asyncio.to_thread(_taken, database)) < facts:
            if sent_in is None and all(station.facts.sent >= each for station in stations):
                sent_in = time.perf_counter() - began
            assert city.process.poll() is None, city.log.read_text()
            await asyncio.sleep(0.1)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    spent = [cpu_s(pids) - first for pids, first in zip(kinds, before, strict=True)]
    found = {
        "facts": f"{taken:,}",
        "into_the_books": f"{facts / took:.0f}/s",
        "onto_the_servers": f"{facts / (sent_in or took):.0f}/s",
        "station": f"{cpu / facts * 1e6:.0f} us of processor a fact",
        "city": f"{spent[0] / facts * 1e6:.0f} us",
        "database": f"{spent[1] / facts * 1e6:.0f} us",
        "servers": f"{spent[2] / facts * 1e6:.0f} us, all three",
        "memory_of_the_city": f"{memory_mb(books[0], 'VmHWM'):.0f} MB",
    }
    if not store:
        del found["database"]
    return found


@contextlib.asynccontextmanager
async def engine_at(cluster: CityCluster) -> AsyncIterator[Engine]:
    """The city's engine, connected, with its streams made."""
    where = Where(urls=tuple(cluster.urls), ca=cluster.pem, replicas=len(cluster.nodes), events_mib=MIB, orders_mib=MIB)
    async with asyncio.timeout(WITHIN_S):
        while True:
            engine = Engine(where, cluster.rights, lambda: SystemClock().now_ms() // 1000)
            try:
                await engine.connect()
                break
            except Faulted:  # no leader yet
                await asyncio.sleep(0.5)
    try:
        yield engine
    finally:
        await engine.aclose()


async def _enrolled(database: str, cluster: CityCluster, stations: Sequence[LinkedStation]) -> dict[str, Path]:
    """Books with these stations in them, and the files that let them in."""
    books = Books(database, SystemClock().now_ms)
    await books.open()
    try:
        desk = Desk(books, cluster.identity, cluster.rights, Policy(leave_ahead=200, life_s=86_400), lambda: None)
        found = {}
        for station in stations:
            text = await desk.enrol(station.id, f"Kecamatan {station.id}", station.identity)
            found[station.id] = cluster.folder / f"{station.id}.creds"
            found[station.id].write_text(text, encoding="ascii")
        return found
    finally:
        await books.aclose()


@contextlib.asynccontextmanager
async def _at_work(stations: Sequence[LinkedStation]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(station.link.run()) for station in stations]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _route(cluster: CityCluster, credentials: Path) -> Route:
    return Route(servers=tuple(cluster.urls), ca=cluster.pem, credentials=credentials)


def _taken(database: str) -> int:
    """How many facts are in the books, each station's without a gap."""
    sql = "SELECT CAST(COALESCE(SUM(seq), 0) AS BIGINT) FROM station"
    if database.startswith("sqlite:"):
        connection = sqlite3.connect(database.partition(":")[2], timeout=30)
        try:
            return int(connection.execute(sql).fetchone()[0])
        finally:
            connection.close()
    with psycopg.connect(database) as asked:
        row = asked.execute(sql).fetchone()
        return 0 if row is None else int(row[0])
