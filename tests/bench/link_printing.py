"""What the link costs the printers: while 100,000 facts are caught up with, on an ordinary day, and when it fails."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from tests.bench.figures import Figures
from tests.bench.link_station import write_book
from tests.bench.link_up import engine_at
from tests.bench.processes import cpu_s, memory_mb
from tests.bench.utilisation import print_all, simulators
from tests.rigs import city
from tests.rigs.city_cluster import CityCluster
from tests.rigs.line import Line
from tests.rigs.station import StationProcess

STATION = "1671-07"
FACTS = 100_000
PRINTERS, WINDOW = 2, 2
CARDS, CARDS_FULL = 40, 60
OUTAGES, OUTAGES_FULL = 1, 3
ROUNDS, ROUNDS_FULL = 2, 4
WITHIN_S = 500.0
EACH_WAY_S = 1.0
"""How long a failing link works, is silent, and is cut, by turns."""


async def catching_up(folder: Path, figures: Figures, *, is_full: bool) -> None:
    """An outage is over and 100,000 rows wait: the station with the link, by turns with the same one without."""
    cards = CARDS_FULL if is_full else CARDS
    kept: dict[str, list[dict[str, str]]] = {"without": [], "with": []}
    for number in range(OUTAGES_FULL if is_full else OUTAGES):
        for kind, found in kept.items():
            where = folder / f"{kind}-{number}"
            async with CityCluster(where / "nats") as cluster, engine_at(cluster) as engine:
                await engine.welcome([STATION])
                watch = _CatchingUp(where, _table(cluster, cluster.urls) if kind == "with" else "")
                found.append(await print_all(where, PRINTERS, WINDOW, watch.beside, cards=cards, before=watch.before))
            figures.row(f"a book of {FACTS:,} rows, {kind} a link", **found[-1], **watch.found)
    ratio = _utilisation(kept["with"]) / _utilisation(kept["without"])
    figures.row("utilisation while catching up ÷ without a link", ratio=f"{ratio:.3f}")


class _CatchingUp:
    """A station whose book is filled while it is down, and what is seen of it once it is up again."""

    def __init__(self, folder: Path, extra: str) -> None:
        self._folder = folder
        self._extra = extra
        self.found: dict[str, str] = {}

    async def before(self, station: StationProcess) -> None:
        """Stop it, write the book, start it with the link."""
        await asyncio.to_thread(station.terminate, 60)
        await write_book(station.database, FACTS)
        station.configure(simulators(self._folder, PRINTERS, WINDOW), self._extra)
        self._began = time.perf_counter()
        await station.start()

    @contextlib.asynccontextmanager
    async def beside(self, station: StationProcess) -> AsyncIterator[None]:
        """Cards are printed; afterwards wait until the city has everything that was there before."""
        assert station.process is not None
        pid = station.process.pid
        yield
        if self._extra:
            at_last_card = _sent(station)
            async with asyncio.timeout(WITHIN_S):
                while (sent := _sent(station)) < FACTS:
                    await asyncio.sleep(0.1)
            took = time.perf_counter() - self._began
            self.found["caught_up_in"] = f"{took:.1f} s"
            self.found["rate"] = f"{sent / took:.0f}/s"
            self.found["sent_at_the_last_card"] = f"{at_last_card:,}"
        self.found["processor"] = f"{cpu_s([pid]):.1f} s"
        self.found["memory_at_most"] = f"{memory_mb(pid, 'VmHWM'):.0f} MB"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    name: str
    extra: str
    beside: Callable[[StationProcess], contextlib.AbstractAsyncContextManager[None]]


async def printing(folder: Path, figures: Figures, *, is_full: bool) -> None:
    """Two printers without a link, with one, and with one that fails all the time, by turns."""
    cards = CARDS_FULL if is_full else CARDS
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(CityCluster(folder / "nats"))
        engine = await stack.enter_async_context(engine_at(cluster))
        await engine.welcome([STATION])
        lines = [await stack.enter_async_context(Line(node.port)) for node in cluster.nodes]
        through = [f"tls://127.0.0.1:{line.port}" for line in lines]
        variants = (
            _Variant(name="no link", extra="", beside=_nothing),
            _Variant(name="a link", extra=_table(cluster, cluster.urls), beside=_nothing),
            _Variant(name="a link that fails", extra=_table(cluster, through), beside=lambda _: _failing(lines)),
        )
        kept: dict[str, list[dict[str, str]]] = {variant.name: [] for variant in variants}
        for number in range(ROUNDS_FULL if is_full else ROUNDS):
            for variant in variants:
                where = folder / f"{number}-{variant.name.replace(' ', '-')}"
                found = await print_all(where, PRINTERS, WINDOW, variant.beside, extra=variant.extra, cards=cards)
                kept[variant.name].append(found)
                figures.row(f"{PRINTERS} printers, {variant.name}", **found)
    alone = _utilisation(kept["no link"])
    for name in ("a link", "a link that fails"):
        figures.row(f"utilisation with {name} ÷ without", ratio=f"{_utilisation(kept[name]) / alone:.3f}")


@contextlib.asynccontextmanager
async def _nothing(_: StationProcess) -> AsyncIterator[None]:
    yield


@contextlib.asynccontextmanager
async def _failing(lines: Sequence[Line]) -> AsyncIterator[None]:
    """The lines work, are silent and are cut, by turns."""

    async def fail() -> None:
        while True:
            await asyncio.sleep(EACH_WAY_S)
            for line in lines:
                line.is_silent = True
            await asyncio.sleep(EACH_WAY_S)
            for line in lines:
                line.cut()
            await asyncio.sleep(EACH_WAY_S)
            for line in lines:
                line.mend()

    task = asyncio.create_task(fail())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for line in lines:
            line.mend()


def _table(cluster: CityCluster, servers: list[str]) -> str:
    (file,) = cluster.credentials([STATION]).values()
    file.chmod(0o600)
    return city.table(servers, ca_file=f'"{cluster.pem}"', credentials_file=f'"{file}"')


def _sent(station: StationProcess) -> int:
    rows = station.rows("SELECT seq FROM city_sent")
    return int(rows[0][0]) if rows else 0


def _utilisation(found: Sequence[dict[str, str]]) -> float:
    return mean(float(each["utilisation"]) for each in found)
