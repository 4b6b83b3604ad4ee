"""The world of the link campaign: everybody as shipped, and what is done to them."""

import asyncio
import contextlib
import itertools
import json
import random
import re
import shutil
import signal
import sqlite3
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from nats.errors import Error as NatsError

from stationd.domain.city_link import EVENTS, ORDERS
from stationd.domain.errors import Faulted
from tests.rigs.city_cluster import CityCluster
from tests.rigs.city_process import CityProcess
from tests.rigs.faketime import FAKETIME
from tests.rigs.line import Line
from tests.rigs.paper_city import CITY_KEY
from tests.rigs.postgres import Postgres, binaries
from tests.rigs.station import StationProcess, job
from tests.simulation.picture import picture_for

HERE, THERE = "1671-07", "1671-09"
PICTURE = picture_for("PRR-16711-000001")
AT_HAND = 20_000
ORDERS_WAITING = 30
PEACE_S = 240.0
OWN = 500_000
"""Orders from this number on are the counters' own."""
_SHORTER = """
import stationd.city.engine as engine
import stationd.city.run as run
engine._WINDOW_S, engine._ACK_WAIT_S, run._ASK_EVERY_S = 1, 5, 3
"""
"""The stream remembers ids for one second, shorter than an outage, and the city does not wait long; else as shipped."""
_CLOCKS = ("+0", "-20m", "+20m")


class World:
    """Stations, servers, city and database; ``done`` counts what was done to them."""

    def __init__(self, servers, city, database, stations, lines, chance):
        self.servers, self.city, self.database = servers, city, database
        self.stations, self.lines, self.chance = stations, lines, chance
        self.done = Counter()
        self.filed = {}
        self.numbers, self.own_numbers = itertools.count(1), itertools.count(OWN)
        self.locks = {name: asyncio.Lock() for name in (*stations, "servers", "city", "database")}
        self._caller = aiohttp.ClientSession()

    async def aclose(self):
        await self._caller.close()

    # ------------------------------------------------------------------------------------------------------ the city

    async def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The city's answer through its door; ``None`` when it has none now: nobody knows then what became of it."""
        found = re.findall(r"http://127\.0\.0\.1:\d+", self.city.log.read_text(encoding="utf-8"))
        if not found:
            return None
        headers = {"Authorization": f"Bearer {'0123456789abcdef' * 4}", "Content-Type": "application/x-ndjson"}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            limit = aiohttp.ClientTimeout(10)
            async with self._caller.request(method, found[-1] + path, data=body, headers=headers, timeout=limit) as got:
                if got.status < 500:
                    return json.loads(await got.text())
        return None

    async def order(self, until: float) -> None:
        """File orders, and move, cancel or bring back some of them."""
        while time.monotonic() < until:
            await asyncio.sleep(0.05)
            what, name = self.chance.random(), self.chance.choice([HERE, THERE])
            if what < 0.6 and len(self.filed) < self.printed_count() + ORDERS_WAITING:
                body = job(next(self.numbers), PICTURE)
                await self.file(body, name)
            elif what < 0.85 and self.filed:
                await self.move(self.chance.choice(list(self.filed)), name)
            elif what < 0.88 and self.filed:
                answer = await self.ask("POST", f"/v1/orders/{self.chance.choice(list(self.filed))}/cancel")
                self.done["cancelled"] += answer is not None and answer.get("result") != "settled"

    async def file(self, body: dict[str, object], name: str) -> None:
        answer = None
        while answer is None:  # whoever files gets no answer at times, and files the same again
            answer = await self.ask("POST", f"/v1/orders?station={name}", json.dumps(body).encode())
            if answer is None:
                await asyncio.sleep(0.2)
        assert answer["result"] in {"offered", "repeated", "order-at-counter"}, answer
        if answer["result"] != "order-at-counter":
            self.filed[str(body["order"])] = body

    async def move(self, order: str, to: str) -> None:
        answer = await self.ask("POST", f"/v1/orders/{order}/move?to={to}")
        result = None if answer is None else answer.get("result", answer.get("code"))
        self.done[f"moved, {result}"] += result in {"done", "asked-back"}

    async def stand_at_counters(self, until: float) -> None:
        """Counters have orders of their own, and try the city's, as filed, or as filed a moment later."""
        while time.monotonic() < until:
            await asyncio.sleep(self.chance.uniform(0.1, 0.6))
            station = self.stations[self.chance.choice([HERE, THERE])]
            body = job(next(self.own_numbers), PICTURE)
            body["order"] = str(body["order"]).replace("PRR", "LKT")
            if self.filed and self.chance.random() < 0.5:
                body = self.chance.choice(list(self.filed.values()))
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                key = f"counter-{body['order']}"
                async with asyncio.timeout(10):
                    status, answer = await station.call("POST", "/v1/jobs", body, Idempotency_Key=key)
                self.done[f"counter: {'job' if status < 300 else answer['code']}"] += 1

    # ----------------------------------------------------------------------------------------------------- the trouble

    async def break_things(self, until: float) -> None:
        """One thing after the other, and two at a time now and then."""
        acts = [self.kill_a_server, self.kill_a_station, self.kill_the_city, self.cut_a_line, self.silence_a_line]
        acts += [self.wipe_a_server, self.kill_the_database, self.lose_the_streams]
        while time.monotonic() < until:
            await asyncio.gather(*(act() for act in self.chance.sample(acts, self.chance.choice([1, 1, 2]))))
            await asyncio.sleep(self.chance.uniform(0.2, 1.5))

    async def kill_a_server(self) -> None:
        """The leader of the facts, or one of its followers."""
        async with self.locks["servers"]:
            leader = await self.leader()
            if leader is None:
                return
            is_leader = self.chance.random() < 0.5
            others = [node for node in self.servers.nodes if node is not leader]
            node = leader if is_leader else self.chance.choice(others)
            node.kill()
            self.done["leader killed" if is_leader else "follower killed"] += 1
            await asyncio.sleep(self.chance.uniform(1.0, 4.0))
            node.start()
            await self.until_current()

    async def wipe_a_server(self) -> None:
        """Killed, and its disk is lost; the other two have everything, which is when that may be survived."""
        async with self.locks["servers"]:
            if not await self.until_current():
                return
            node = self.chance.choice(self.servers.nodes)
            node.kill()
            shutil.rmtree(node.store / "jetstream", ignore_errors=True)
            self.done["disk of a server lost"] += 1
            node.start()
            await self.until_current()

    async def lose_the_streams(self) -> None:
        """Both streams are gone, with all that was on its way; at most once in a while."""
        async with self.locks["servers"]:
            if self.chance.random() < 0.5 or not await self.until_current():
                return
            async with self.as_city() as context:
                for name in (EVENTS, ORDERS):
                    await context.delete_stream(name)
                self.done["streams lost"] += 1
            async with self.locks["city"]:
                self.city.end()
                self.city.start()
            await self.until_current()

    async def kill_a_station(self) -> None:
        """SIGKILL, and start it again; one of them with another time on its clock."""
        name = self.chance.choice([HERE, THERE])
        async with self.locks[name]:
            station = self.stations[name]
            station.kill()
            self.done["station killed"] += 1
            await asyncio.sleep(self.chance.uniform(0.0, 3.0))
            if name == THERE:
                self.done["clock of a station"] += self.set_clock(station.environment)
            await self.up(station)

    async def up(self, station: StationProcess) -> None:
        """Start a station, however long the busy machine takes."""
        station.spawn()
        async with asyncio.timeout(120):
            while True:
                with contextlib.suppress(RuntimeError):
                    await station.until_up()
                    return
                if station.process is None or station.process.poll() is not None:
                    raise RuntimeError(station.tail())

    async def kill_the_city(self) -> None:
        """SIGKILL of `stationd-city run`; it starts again with another time on its clock."""
        async with self.locks["city"]:
            self.city.end()
            self.done["city killed"] += 1
            await asyncio.sleep(self.chance.uniform(0.0, 3.0))
            self.done["clock of the city"] += self.set_clock(self.city.environment)
            self.city.start()

    async def kill_the_database(self) -> None:
        """SIGKILL of PostgreSQL, where the books are in it."""
        if self.database is None:
            return
        async with self.locks["database"]:
            self.database.end(signal.SIGKILL)
            self.done["database killed"] += 1
            await asyncio.sleep(self.chance.uniform(0.0, 2.0))
            await asyncio.to_thread(self.database.start)

    def set_clock(self, environment: dict[str, str]) -> bool:
        """Another time for the next start; whether it is another than the right one."""
        clock = self.chance.choice(_CLOCKS)
        environment.clear()
        if FAKETIME.exists() and clock != "+0":
            environment.update(LD_PRELOAD=str(FAKETIME), FAKETIME=clock, DONT_FAKE_MONOTONIC="1")
        return bool(environment)

    async def cut_a_line(self) -> None:
        """All lines of a station, for longer than the stream remembers ids."""
        await self._hold("line cut", Line.cut)

    async def silence_a_line(self) -> None:
        """Nothing arrives, and nobody is told: no reset, no end."""
        await self._hold("line half-open", lambda line: setattr(line, "is_silent", True))

    async def _hold(self, what, act) -> None:
        name = self.chance.choice([HERE, THERE])
        for line in self.lines[name]:
            act(line)
        self.done[what] += 1
        await asyncio.sleep(self.chance.uniform(1.0, 8.0))
        for line in self.lines[name]:
            line.mend()

    # ------------------------------------------------------------------------------------------------- the servers

    @contextlib.asynccontextmanager
    async def as_city(self):
        """JetStream with all the city's rights."""
        from stationd.city.engine import Engine
        from stationd.city.settings import Servers

        where = Servers(urls=tuple(self.servers.urls), ca=self.servers.pem, replicas=3, events_mib=64, orders_mib=64)
        engine = Engine(where, self.servers.rights, lambda: int(time.time()))
        try:
            engine._client = await engine._connected(
                self.servers.rights.city_user, self.servers.rights.city_token(at=int(time.time()))
            )
            yield engine._client.jetstream(timeout=5)
        finally:
            await engine.aclose()

    async def infos(self):
        """Both streams as the servers tell of them; ``None`` while they cannot."""
        try:
            async with self.as_city() as context:
                return [await context.stream_info(name) for name in (EVENTS, ORDERS)]
        except (NatsError, OSError, TimeoutError, Faulted):
            return None

    async def leader(self):
        """The node that leads the stream of facts."""
        found = await self.infos()
        if found is None or found[0].cluster is None or found[0].cluster.leader is None:
            return None
        return self.servers.leader(found[0])

    async def until_current(self, within_s: float = 60.0) -> bool:
        """Wait until every node has all of both streams; whether they have."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            found = await self.infos()
            clusters = [] if found is None else [info.cluster for info in found if info.cluster is not None]
            if len(clusters) == 2 and all(
                c.leader and len(c.replicas or []) == 2 and all(r.current and not r.offline for r in c.replicas)
                for c in clusters
            ):
                return True
            await asyncio.sleep(0.5)
        return False

    # ------------------------------------------------------------------------------------------------------- the end

    async def peace(self) -> None:
        """Everything is mended; wait until nothing is under way any more. Raises ``TimeoutError``."""
        self.city.end()
        self.city.environment.clear()
        self.city.start()
        self.stations[THERE].kill()
        self.stations[THERE].environment.clear()
        await self.up(self.stations[THERE])
        async with asyncio.timeout(PEACE_S):
            while await self.unrest():
                await self.judge()
                for each in await self.differences():  # what nobody has goes to the station whose clock was right
                    if each["code"] == "order-free":
                        await self.move(each["subject"], HERE)
                await asyncio.sleep(1.0)
            for station in self.stations.values():
                await asyncio.to_thread(station.terminate, 60)
                await asyncio.to_thread(self.say_the_rest, station)
            while await self.unrest():  # what was written while they stopped is sent at the next start
                await asyncio.sleep(1.0)

    def say_the_rest(self, station: StationProcess) -> None:
        """Start a station and kill it once it has told all; what a start writes must be told as well."""
        station.spawn()
        end = time.monotonic() + PEACE_S
        while time.monotonic() < end and not self.is_told(station):
            time.sleep(0.5)
        station.kill()

    def is_told(self, station: StationProcess) -> bool:
        (last,) = station.rows("SELECT MAX(seq) FROM event")[0]
        try:
            (told,) = self.books(f"SELECT seq FROM station WHERE id = '{station.station}'")[0]
        except Exception:  # noqa: BLE001 - whichever database it is
            return False
        return last == told and station.process is not None and station.socket.exists()

    async def unrest(self) -> dict[str, int]:
        """What is still under way: by kind, how many."""
        found = {
            f"{name} tells": 1
            for name, station in self.stations.items()
            if not await asyncio.to_thread(self.is_told, station)
        }
        found |= dict(self.books("SELECT hold, COUNT(*) FROM city_order WHERE hold <> 'settled' GROUP BY hold"))
        (unsent,) = self.books("SELECT COUNT(*) FROM message WHERE sent_at IS NULL")[0]
        live = sum(
            count
            for station in self.stations.values()
            for state, count in station.counts().items()
            if state not in {"printed", "cancelled"}
        )
        return found | ({"unsent": unsent} if unsent else {}) | ({"jobs": live} if live else {})

    async def judge(self) -> None:
        """An officer looks at cards of which nobody knows; the folder of the printer knows."""
        for station in self.stations.values():
            _, answer = await station.call("GET", "/v1/jobs?state=uncertain&limit=100")
            for each in answer["items"]:
                outcome = "printed" if self.is_in_the_tray(station, each["order"]) else "not_printed"
                await station.call("POST", f"/v1/jobs/{each['id']}/verdict", {"outcome": outcome, "note": "looked"})
                self.done["judged"] += 1

    def is_in_the_tray(self, station, order: str) -> bool:
        """Whether a card of an order came out of the station's printer, as the log of cards has it."""
        rows = station.rows(f"SELECT a.id FROM attempt AS a JOIN job ON job.seq = a.job WHERE order_ref = '{order}'")
        return any(list(Path(station.folder, "cards").glob(f"*{id_}*")) for (id_,) in rows)

    async def differences(self) -> list[dict[str, str]]:
        """What `reconcile` tells."""
        answer = None
        while answer is None:
            answer = await self.ask("GET", "/v1/differences")
            if answer is None:
                await asyncio.sleep(0.2)
        return answer["items"]

    def printed(self) -> Counter:
        """Cards by order, in both books; of the city's orders alone."""
        found: Counter = Counter()
        for station in self.stations.values():
            rows = station.rows("SELECT order_ref FROM job WHERE state = 'printed' AND order_ref LIKE 'PRR-%'")
            found.update(order for (order,) in rows)
        return found

    def printed_count(self) -> int:
        return sum(self.printed().values())

    def books(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the city's books, read beside it."""
        if self.database is None:
            connection = sqlite3.connect(f"file:{self.city.folder}/books.db?mode=ro", uri=True, timeout=10)
        else:
            import psycopg

            connection = psycopg.connect(self.database.url)
        try:
            return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in connection.execute(sql)]
        finally:
            connection.close()

    def check_ways(self) -> None:
        """No station has gone round the lines: it holds a connection to no server itself."""
        ports = {node.port for node in self.servers.nodes}
        for name, station in self.stations.items():
            assert station.process is not None
            assert not peers_of(station.process.pid) & ports, f"{name} goes round its lines"


def peers_of(pid: int) -> set[int]:
    """The ports that a process is connected to over TCP."""
    inodes = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.update(re.findall(r"socket:\[(\d+)\]", str(each.readlink())))
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(line[2].split(":")[1], 16) for line in lines if line[9] in inodes}


async def built(stack, folder: Path, chance: random.Random, *, is_reserved: bool) -> World:
    """Everything started and the stations connected."""
    servers = await stack.enter_async_context(CityCluster(folder / "servers", 3))
    database, url = None, f"sqlite:{folder}/city/books.db"
    if binaries() is not None:
        (folder / "pg").mkdir()
        database = Postgres(folder / "pg")
        stack.callback(database.end)
        database.start()
        url = database.url
    city = CityProcess(folder / "city", servers.urls, servers.pem, url, replicas=3)
    city.before = _SHORTER
    text = city.config.read_text()
    city.config.write_text(text.replace("[books]", 'reserved = ["PRR-"]\n[books]') if is_reserved else text)
    stack.callback(city.end)
    (folder / "city" / "city.key").write_bytes(CITY_KEY)
    (folder / "city" / "city.key").chmod(0o600)
    stations, lines = {}, {}
    for name in (HERE, THERE):
        lines[name] = [await stack.enter_async_context(Line(node.port)) for node in servers.nodes]
        printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.05, "folder": str(folder / name / "cards")}
        station = StationProcess(folder / name, [printer], station=name, name=f"Kecamatan {name}")
        stack.push_async_callback(station.aclose)
        identity = tomllib.loads(station.command("transfer", "identity"))["partner"][0]["identity"]
        file = folder / name / "city.creds"
        city.command("enrol", name, f"Kecamatan {name}", identity, "--out", str(file))
        city.command("issue-blanks", name, str(AT_HAND), f"SJ-{name}")
        table = city.command("identity")
        for node, line in zip(servers.nodes, lines[name], strict=True):
            table = table.replace(f"127.0.0.1:{node.port}", f"127.0.0.1:{line.port}")
        files = f'ca_file = "{servers.pem}"\ncredentials_file = "{file}"\n'
        station.configure([printer], f'{table}{files}[clock]\ntrust = "always"\n')
        stations[name] = station
    world = World(servers, city, database, stations, lines, chance)
    stack.push_async_callback(world.aclose)
    city.start()
    for station in stations.values():
        await station.start()
        await station.receive(AT_HAND)
    async with asyncio.timeout(120):
        while not all([await asyncio.to_thread(world.is_told, station) for station in stations.values()]):
            await asyncio.sleep(0.2)
    world.check_ways()
    return world
