"""The whole city put together on loopback: servers, books, the city's program, and its stations, started in steps."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout

from stationd.adapters.system import SystemClock
from stationd.city.books import Books
from stationd.demo.city.child import Child, cancelled, memory_mib
from stationd.demo.city.files import city_files
from stationd.demo.city.link.cluster import NODES, Cluster, nats_server, version_of
from stationd.demo.city.link.counter import Counter
from stationd.demo.city.link.kecamatan import Kecamatan, city_table
from stationd.demo.city.link.line import Line
from stationd.demo.city.link.office import Office
from stationd.demo.city.link.postgres import Postgres, usable
from stationd.demo.city.palembang import STATIONS
from stationd.demo.city.scratch import Scratch
from stationd.domain.errors import Refused, StationError

BLANKS: Final = 2000
"""Blanks that each station is given."""
_AT_ONCE: Final = 2
"""Stations that start at the same time: a start takes a second of a core."""
_OFFICER_EVERY_S: Final = 2.0

Tell = Callable[[str], None]


class BrokenError(Exception):
    """Something did not come to pass."""


class LinkedCity:
    """A city of ``count`` stations in ``folder``, as an async context; ``tell`` is given a line for whatever happens.

    Raises ``Refused`` when a program is missing or does not start.
    """

    def __init__(
        self,
        folder: Path,
        scratch: Scratch,
        *,
        count: int,
        seconds: float,
        is_trial: bool,
        patience_s: float,
        tell: Tell,
    ) -> None:
        """``seconds`` a card; ``is_trial``: SQLite, whatever there is; ``patience_s``: how long anything may take."""
        self.folder = folder
        self.tell = tell
        self._scratch = scratch
        self._is_trial = is_trial
        self._patience_s = patience_s
        self.cluster = Cluster(folder / "nats", city_files() / "nats", tell)
        self.office = Office(folder / "city", tell)
        self.stations = [
            Kecamatan(station, name, folder / station, seconds, tell)
            for station, name in list(STATIONS.items())[:count]
        ]
        self.lines: dict[str, list[Line]] = {}
        """The lines of the station whose link is cut, one to each server."""
        self.books: Books
        self.counter: Counter
        self.session: ClientSession
        self._stack = AsyncExitStack()
        self.children: list[Child] = []
        """The programs, in the order in which they were started."""

    @property
    def cut_off(self) -> Kecamatan:
        """The station whose link goes through lines of ours."""
        return self.stations[-1]

    # ---------------------------------------------------------------------------------------------------- its start

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        self.session = await self._stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=10)))
        self._stack.push_async_callback(self._end)
        await asyncio.to_thread(self.cluster.prepare)
        database = await self._database()
        self.office.prepare(database=database, servers=self.cluster.urls, ca_file=self.cluster.ca_file)
        await self.office.command("init")
        await asyncio.to_thread(self.cluster.write, await self.office.command("server-config"))
        for node in self.cluster.nodes:
            await self.run(node.process)
        self.books = Books(database, SystemClock().now_ms)
        self._stack.push_async_callback(self.books.aclose)
        await self.books.open()
        await self.office.command("backup", exits=(0, 1))  # 1 where there is no pg_dump: an alert will tell
        await self.run(self.office.process)
        await self.until(lambda: self.office.is_connected(self.session), "the city reaches its servers")
        version = await version_of(nats_server())
        self.tell(
            f"{NODES} NATS servers ({version}) with the files that a city installs: TLS, rights by JWT, sync always."
        )
        self.tell(f"stationd-city works; its door is at {await self.office.door()}.")
        self.counter = Counter(self.office, self.books, [each.station for each in self.stations])

    async def _database(self) -> str:
        why_not = "SQLite was asked for" if self._is_trial else await asyncio.to_thread(usable)
        if why_not is not None:
            self.tell(f"The city's books are in SQLite, for a trial: {why_not}.")
            return f"sqlite:{self.folder}/city/books.db"
        folder = await self._scratch.folder("stationd-pg-")
        server = Postgres(folder, self.folder / "postgres.log", self.tell)
        self.children.append(server.process)
        await server.start()
        await self.until(server.is_ready, "PostgreSQL answers")
        self.tell(f"The city's books are in PostgreSQL {server.version}, on a socket of its own.")
        return server.url

    async def start_stations(self) -> None:
        """Enrol and start them, a few at a time; then orders are filed, and officers look after the printers."""
        told = await self.office.command("identity")
        self.lines[self.cut_off.station] = [
            await self._stack.enter_async_context(Line(node.port)) for node in self.cluster.nodes
        ]
        gate = asyncio.Semaphore(_AT_ONCE)
        up = 0

        async def start(station: Kecamatan) -> None:
            nonlocal up
            async with gate:
                await self._start_one(station, told)
                up += 1
                if up in {1, len(self.stations)} or up % 3 == 0:
                    self.tell(f"{up} of {len(self.stations)} stations enrolled and at work.")

        try:
            async with asyncio.TaskGroup() as tasks:
                for each in self.stations:
                    tasks.create_task(start(each), name=f"start {each.station}")
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several
        memory = memory_mib([each.process for each in self.stations])
        self.tell(f"Each is a process of its own with a simulated printer; together they use {memory} MiB of memory.")
        self._work(self.counter.run(self.session), "counter")
        self._work(self._officer(), "officer")

    async def _start_one(self, station: Kecamatan, told: str) -> None:
        """What the setting up of a station is, by docs/city-operations.md."""
        await asyncio.to_thread(station.configure)
        identity = await station.identity()
        name = f"Kecamatan {station.name}"
        await self.office.command("enrol", station.station, name, identity, "--out", str(station.credentials))
        await self.office.command("issue-blanks", station.station, str(BLANKS), f"SJ-{station.station}")
        ports = [line.port for line in self.lines.get(station.station, ())]
        urls = [f"tls://127.0.0.1:{port}" for port in ports] or self.cluster.urls
        table = city_table(told, urls, self.cluster.ca_file, station.credentials)
        await asyncio.to_thread(station.configure, table)
        await self.run(station.process)
        await self.until(lambda: station.is_up(self.session), f"station {station.station} answers")
        entry = {"kind": "received", "quantity": BLANKS, "note": f"SJ-{station.station}"}
        await station.call(self.session, "POST", "/v1/blanks/entries", entry)

    # ----------------------------------------------------------------------------------------------------- its life

    async def run(self, child: Child) -> None:
        """Start a program that ends with the city."""
        self.children.append(child)
        await child.start()

    async def _end(self) -> None:
        """End all programs: the stations together, then what they need, the last that was started first."""
        stations = [each.process for each in self.stations]
        await asyncio.gather(*(each.end() for each in stations))
        for child in reversed(self.children):
            if child not in stations:
                await child.end()

    async def until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until something is so. Raises ``BrokenError`` after too long, ``Refused`` when a program fails."""
        end = time.monotonic() + self._patience_s
        while True:
            try:
                if await holds():
                    return
            except StationError:
                pass  # the books cannot be asked for a moment
            for child in self.children:
                if child.is_hopeless:
                    raise Refused(
                        "city-not-started", f"cannot go on: {child.name} ends again and again: see {child.log}"
                    )
            if time.monotonic() > end:
                raise BrokenError(f"waited {self._patience_s:g} s, and it never came to this: {what}")
            await asyncio.sleep(0.2)

    async def _officer(self) -> None:
        """An officer looks at every card of which nobody knows whether it was printed."""
        while True:
            for station in self.stations:
                try:
                    judged = await station.look_in_the_tray(self.session)
                except (ClientError, TimeoutError):
                    continue  # it is down: later
                for order, is_there in judged:
                    found = "lies in the tray: printed" if is_there else "is not in the tray: not printed"
                    self.tell(
                        f"An officer of {station.name} looks for the card of {order}, of which nobody knew: it {found}."
                    )
            await asyncio.sleep(_OFFICER_EVERY_S)

    def _work(self, work: Coroutine[None, None, None], name: str) -> None:
        self._stack.push_async_callback(cancelled, asyncio.create_task(work, name=name))
