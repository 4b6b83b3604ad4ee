"""Thousands of stations at one cluster: what connections and consumers cost, and how all come back after a restart.

Each station is its genuine link (:class:`CityLink` over :class:`NatsCity`: TLS, JWT, one inbox, pull requests to its
own durable consumer), without books and printers, all of them in this process. Three sizes are measured, each with new
servers, and a straight line of least squares through them says what 7,285 would cost; beside it stands how far the
measured points are from that line.
"""

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stationd.adapters.nats.engine import NatsCity, Route
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.city.engine import Engine
from stationd.domain.errors import Faulted
from stationd.ports.city import CitySession
from stationd.services.backoff import SPREAD_S
from stationd.services.city_desk import FETCH_AT_ONCE
from stationd.services.city_link import STEADY_AFTER_S, CityLink
from tests.bench.figures import Figures
from tests.bench.link_up import engine_at
from tests.bench.processes import Line, cpu_s, descriptors, line, memory_mb
from tests.rigs.city_cluster import CityCluster

SIZES, SIZES_FULL = (60, 120, 240), (500, 1000, 2000)
NATION = 7_285
CITY = 18
ORDERS_EACH = 2
IN_STEP_S = 0.5
AT_ONCE = 64
"""As `stationd-city` sends."""
WELCOMED_AT_ONCE = 8
IDLE_S = 5.0
ORDER = bytes(600)
"""An order with a template is of some 600 bytes."""
WITHIN_S = 280.0


@dataclass(slots=True, kw_only=True)
class Measured:
    """What one size cost; of the three servers together, unless said otherwise."""

    stations: int
    values: dict[str, float] = field(default_factory=dict)


class Station:
    """The link of a station, and nothing behind it."""

    def __init__(self, route: Route, name: str, spread_s: float) -> None:
        self.name = name
        self.came = 0
        clock, entropy = SystemClock(), SystemEntropy()
        engine = NatsCity(route, station=name)
        self.link = CityLink(engine, (self._take,), clock=clock, entropy=entropy, spread_s=spread_s)

    async def _take(self, session: CitySession) -> None:
        while True:
            for delivery in await session.fetch(FETCH_AT_ONCE):
                self.came += 1
                await session.acknowledge(delivery)


async def nation(folder: Path, figures: Figures, *, is_full: bool) -> None:
    """Three sizes, the lines through them, and the herd as it was before waits were spread."""
    found = []
    for size in SIZES_FULL if is_full else SIZES:
        found.append(await measured(folder / f"n{size}", size))
        _show(figures, f"{size} stations", found[-1])
    for name in ON_A_LINE:
        through = line([(each.stations, each.values[name]) for each in found])
        figures.row(name, **_line(through, UNITS[name]))
    crowd = await measured(folder / "crowd", found[-1].stations, spread_s=IN_STEP_S)
    _show(figures, f"{crowd.stations} stations, all within half a second", crowd)


UNITS = {
    "memory, no station": "MB",
    "memory, consumers": "MB",
    "memory, connected": "MB",
    "processor, consumers": "% of a core",
    "processor, connected": "% of a core",
    "descriptors of a server": "",
    "a consumer made in": "ms",
    "this process": "MB",
    "orders taken a second": "",
    "all back after a restart": "s",
    "most in a second": "",
    "tries to be back": "a station",
    "processor until all are back": "s",
    "an order to each after a restart": "s",
}
ON_A_LINE = (
    "memory, consumers",
    "memory, connected",
    "processor, consumers",
    "processor, connected",
    "descriptors of a server",
    "processor until all are back",
)


def _show(figures: Figures, title: str, found: Measured) -> None:
    shown = {name.replace(" ", "_"): f"{value:.4g} {UNITS[name]}".strip() for name, value in found.values.items()}
    figures.row(title, **shown)


def _line(through: Line, unit: str) -> dict[str, str]:
    return {
        "line": f"{through.base:.4g} + {through.slope:.4g} a station {unit}".strip(),
        "off_at_most": f"{through.off:.3g}",
        f"{CITY}_stations": f"{through.at(CITY):.4g} {unit}".strip(),
        f"{NATION:,}_by_the_line": f"{through.at(NATION):.4g} {unit}".strip(),
    }


async def measured(folder: Path, size: int, *, spread_s: float | None = None) -> Measured:
    """A cluster with so many stations, from its first start on; with ``spread_s`` only how they come back."""
    names = [f"1671-{number // 100:02}-{number % 100:02}" for number in range(size)]
    result = Measured(stations=size)
    values = result.values
    async with CityCluster(folder) as cluster, engine_at(cluster) as engine:
        values["memory, no station"] = _memory(cluster)
        began = time.perf_counter()
        await asyncio.gather(*(engine.welcome(names[n::WELCOMED_AT_ONCE]) for n in range(WELCOMED_AT_ONCE)))
        values["a consumer made in"] = (time.perf_counter() - began) / size * 1000
        if spread_s is None:
            values["processor, consumers"] = await _idle(cluster)
            values["memory, consumers"] = _memory(cluster)
        async with _connected(cluster, names, SPREAD_S if spread_s is None else spread_s) as stations:
            await _up(stations, [0] * size)
            await asyncio.sleep(STEADY_AFTER_S)  # from here on a loss is one of a good connection
            if spread_s is None:
                values["processor, connected"] = await _idle(cluster)
                values["memory, connected"] = _memory(cluster)
                values["descriptors of a server"] = max(map(descriptors, _pids(cluster)))
                values["this process"] = memory_mb(os.getpid())
                began = time.perf_counter()
                await _order(engine, names * ORDERS_EACH)
                await _came(stations, [ORDERS_EACH] * size)
                values["orders taken a second"] = size * ORDERS_EACH / (time.perf_counter() - began)
            await engine.aclose()
            await _restarted(cluster, stations, values)
    return result


async def _restarted(cluster: CityCluster, stations: Sequence[Station], values: dict[str, float]) -> None:
    """All servers killed and started at once."""
    tries = sum(each.link.figures.connections + each.link.figures.failures for each in stations)
    before = [each.link.figures.connections for each in stations]
    came = [each.came + 1 for each in stations]
    await cluster.restart()
    began = time.perf_counter()
    await _up(stations, before)
    values["all back after a restart"] = time.perf_counter() - began
    values["most in a second"] = max(Counter(int(each.link.figures.since) for each in stations).values())
    values["processor until all are back"] = cpu_s(_pids(cluster))
    after = sum(each.link.figures.connections + each.link.figures.failures for each in stations)
    values["tries to be back"] = (after - tries) / len(stations) - 1  # that it was lost counts as a failure
    await cluster.until_led()
    async with engine_at(cluster) as engine:
        await _order(engine, [each.name for each in stations])
        await _came(stations, came)
    values["an order to each after a restart"] = time.perf_counter() - began


@contextlib.asynccontextmanager
async def _connected(cluster: CityCluster, names: Sequence[str], spread_s: float) -> AsyncIterator[Sequence[Station]]:
    files = cluster.credentials(names)
    stations, tasks = [], []
    try:
        for name in names:
            route = Route(servers=tuple(cluster.urls), ca=cluster.pem, credentials=files[name])
            stations.append(Station(route, name, spread_s))
            tasks.append(asyncio.create_task(stations[-1].link.run()))
            await asyncio.sleep(0.003)  # they were not all set up in one moment
        yield stations
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _up(stations: Sequence[Station], before: Sequence[int]) -> None:
    """Until each has had one connection more than before, and has it still."""
    async with asyncio.timeout(WITHIN_S):
        while not all(
            each.link.figures.is_up and each.link.figures.connections > seen
            for each, seen in zip(stations, before, strict=True)
        ):
            await asyncio.sleep(0.05)


async def _came(stations: Sequence[Station], numbers: Sequence[int]) -> None:
    """Until each has so many orders."""
    async with asyncio.timeout(WITHIN_S):
        while not all(each.came >= number for each, number in zip(stations, numbers, strict=True)):
            await asyncio.sleep(0.05)


async def _order(engine: Engine, names: Sequence[str]) -> None:
    """An order to each of these, so many under way as `stationd-city` has."""
    numbers = iter(range(len(names)))
    stamp = time.time_ns()

    async def send() -> None:
        for number in numbers:
            while True:
                try:
                    await engine.post(f"order-{stamp}-{number}", names[number], ORDER)
                    break
                except Faulted:  # no leader yet
                    await asyncio.sleep(0.2)

    await asyncio.gather(*(send() for _ in range(AT_ONCE)))


async def _idle(cluster: CityCluster) -> float:
    """Per cent of a core that the servers use while nothing happens."""
    before, began = cpu_s(_pids(cluster)), time.perf_counter()
    await asyncio.sleep(IDLE_S)
    return (cpu_s(_pids(cluster)) - before) / (time.perf_counter() - began) * 100


def _memory(cluster: CityCluster) -> float:
    return sum(map(memory_mb, _pids(cluster)))


def _pids(cluster: CityCluster) -> list[int]:
    return [node.process.pid for node in cluster.nodes if node.process is not None]
