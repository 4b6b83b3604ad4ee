"""``python -m tests.campaign.link``: two stations, a city, and three servers between them, while all of it breaks.

The cluster's leader and a follower are killed by turns, the lines of the stations are cut or go silent, the stations
are killed, and the stream remembers ids for one second only. Orders come and move from one station to the other all
the while, and cards are printed. In the end everything is left in peace, and the city's stream is held against the two
stations' books, row by row: nothing lost, nothing twice. Nobody has two cards, and every order has one.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from stationd.domain.city_link import EVENTS
from stationd.domain.fence import Hold
from tests.rigs import city
from tests.rigs.line import Line
from tests.rigs.nats import Servers, make_streams
from tests.rigs.station import StationProcess, job
from tests.simulation.picture import picture_for

HERE, THERE = "1671-07", "1671-09"
PICTURE = picture_for("PRR-16711-000001")
AT_HAND = 4000
ORDERS_WAITING = 30
PEACE_S = 180.0

_SELECT = "SELECT seq, at, type, subject, data, hash FROM event ORDER BY seq"


class World:
    """Everybody, and what was done to them."""

    def __init__(self, servers, jetstream, stations, lines, chance):
        self.servers = servers
        self.jetstream = jetstream
        self.stations = stations
        self.lines = lines
        self.chance = chance
        self.registrar = city.Registrar(jetstream)
        self.done = Counter()
        self.numbers = iter(range(1, 1_000_000))
        self.locks = {name: asyncio.Lock() for name in stations}
        self.bodies = {}

    # ------------------------------------------------------------------------------------------------------ the city

    async def order(self, until: float) -> None:
        """Give orders, and move some of them."""
        while time.monotonic() < until:
            await asyncio.sleep(0.02)
            waiting = [o for o, a in self.registrar.book.items() if a.hold in {Hold.OFFERED, Hold.GRANTED}]
            if len(waiting) < ORDERS_WAITING:
                body = job(next(self.numbers), PICTURE)
                self.bodies[body["order"]] = body
                await self.registrar.give(body, self.chance.choice([HERE, THERE]))
            if waiting and self.chance.random() < 0.1:
                await self.registrar.take_back(self.chance.choice(waiting))
            await self.give_again()

    async def give_again(self) -> None:
        """What came back goes to the other station, or to the same."""
        for order, book in list(self.registrar.book.items()):
            if book.hold is Hold.FREE:
                self.done["moved"] += 1
                await self.registrar.give(self.bodies[order], self.chance.choice([HERE, THERE]))

    # ----------------------------------------------------------------------------------------------------- the trouble

    async def break_things(self, until: float) -> None:
        """One thing after the other, and two at a time now and then."""
        acts = [self.kill_a_node, self.kill_a_station, self.cut_a_line, self.silence_a_line]
        while time.monotonic() < until:
            await asyncio.gather(*(act() for act in self.chance.sample(acts, self.chance.choice([1, 1, 2]))))
            await asyncio.sleep(self.chance.uniform(0.5, 2.0))

    async def kill_a_node(self) -> None:
        """The leader of the facts, or one of its followers."""
        try:
            leader = self.servers.leader(await self.jetstream.stream_info(EVENTS))
        except (NatsError, JetStreamError, StopIteration, TimeoutError):
            return
        others = [node for node in self.servers.nodes if node is not leader]
        is_leader = self.chance.random() < 0.5
        node = leader if is_leader else self.chance.choice(others)
        node.kill()
        self.done["leader killed" if is_leader else "follower killed"] += 1
        await asyncio.sleep(self.chance.uniform(1.0, 5.0))
        node.start()
        await asyncio.sleep(4.0)

    async def kill_a_station(self) -> None:
        """SIGKILL, and start it again."""
        name = self.chance.choice([HERE, THERE])
        async with self.locks[name]:
            self.stations[name].kill()
            self.done["station killed"] += 1
            await asyncio.sleep(self.chance.uniform(0.0, 3.0))
            await self.stations[name].start()

    async def cut_a_line(self) -> None:
        """All lines of a station, for longer than the stream remembers ids."""
        await self._hold("line cut", Line.cut)

    async def silence_a_line(self) -> None:
        """Nothing arrives, and nobody is told."""
        await self._hold("line silent", lambda line: setattr(line, "is_silent", True))

    async def _hold(self, what, act) -> None:
        name = self.chance.choice([HERE, THERE])
        for line in self.lines[name]:
            act(line)
        self.done[what] += 1
        await asyncio.sleep(self.chance.uniform(1.0, 8.0))
        for line in self.lines[name]:
            line.mend()

    # ------------------------------------------------------------------------------------------------------- the end

    async def peace(self, hearing: asyncio.Task[None]) -> None:
        """Wait until every order has its card and the city has every row. Raises ``TimeoutError``."""
        async with asyncio.timeout(PEACE_S):
            while not hearing.done():
                await self.give_again()
                await self.judge()
                books = self.registrar.book
                if len(self.printed()) == len(books) and self.is_whole():
                    return
                await asyncio.sleep(0.5)
            await hearing

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

    def printed(self) -> Counter:
        """Cards by order, in both books."""
        found: Counter = Counter()
        for station in self.stations.values():
            found.update(order for (order,) in station.rows("SELECT order_ref FROM job WHERE state = 'printed'"))
        return found

    def is_whole(self) -> bool:
        """Whether the city has heard as many rows as the books have."""
        rows = sum(station.rows("SELECT count(*) FROM event")[0][0] for station in self.stations.values())
        return len(self.registrar.facts) >= rows

    async def compare(self) -> list[str]:
        """What is wrong, one line each."""
        wrong = []
        by_station = {}
        for name, station in self.stations.items():
            await asyncio.to_thread(station.terminate, 30)
            by_station[name] = station.rows(_SELECT)
        keys = {name: self.registrar.keys[name].signing_key for name in self.stations}
        stored = await city.stored_of(self.jetstream, keys)
        for name, rows in by_station.items():
            facts = [fact for fact in stored if fact.station == name]
            told = {f.seq: (f.seq, f.at, f.type, f.subject, f.data, f.hash) for f in facts}
            twice = len({fact.id for fact in facts}) - len(told)
            missing = [row[0] for row in rows if row[0] not in told]
            tail = [
                seq for seq in missing if seq > max(told, default=0)
            ]  # written while stopping: sent at the next start
            lost = set(missing) - set(tail)
            differs = [row[0] for row in rows if row[0] in told and told[row[0]] != row]
            trays = len(list(Path(self.stations[name].folder, "cards").glob("*.png")))
            print(
                f"{name}: {len(rows)} rows, {len(told)} in the stream, {len(facts) - len(told)} of them stored again "
                f"under their id, lost {len(lost)}, twice {twice}, other {len(differs)}, "
                f"written while stopping {len(tail)}; {trays} cards in the tray"
            )
            if lost or twice or differs or len(tail) > 3:
                wrong.append(f"{name}: lost {sorted(lost)[:5]}, twice {twice}, other {differs[:5]}, tail {tail[:5]}")
            self.stations[name].check_books()
            if trays != self.stations[name].counts().get("printed", 0):
                wrong.append(f"{name}: {trays} cards in the tray, {self.stations[name].counts()} in the book")
        cards = self.printed()
        if any(count != 1 for count in cards.values()) or set(cards) != set(self.registrar.book):
            wrong.append(f"cards: {[order for order, count in cards.items() if count != 1][:5]}")
        two = sum(count > 1 for count in cards.values())
        print(f"orders {len(self.registrar.book)}, cards {sum(cards.values())}, orders with two {two}")
        return wrong


async def campaign(folder: Path, seconds: float, seed: int) -> bool:
    """Whether all is as promised."""
    chance = random.Random(seed)
    async with contextlib.AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Servers(folder, 3))
        jetstream = await stack.enter_async_context(servers.client())
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(NatsError, JetStreamError, OSError):
                    await make_streams(jetstream, stations=[HERE, THERE], replicas=3, duplicate_window_s=1)
                    break
                await asyncio.sleep(0.5)
        stations, lines = {}, {}
        for name in (HERE, THERE):
            lines[name] = [await stack.enter_async_context(Line(node.port)) for node in servers.nodes]
            urls = [f"nats://127.0.0.1:{line.port}" for line in lines[name]]
            printer = {
                "name": "kartu-1",
                "driver": "simulator",
                "seconds": 0.05,
                "folder": str(folder / name / "cards"),
            }
            stations[name] = StationProcess(folder / name, [printer], extra=city.table(urls), station=name)
            stack.push_async_callback(stations[name].aclose)
            await stations[name].start()
            await stations[name].receive(AT_HAND)
        world = World(servers, jetstream, stations, lines, chance)
        for name, station in stations.items():
            world.registrar.keys[name] = city.keys_of(station.folder / "state")
        hearing = asyncio.ensure_future(world.registrar.run())
        stack.callback(hearing.cancel)
        until = time.monotonic() + seconds
        working = asyncio.gather(world.order(until), world.break_things(until))
        await asyncio.wait({hearing, working}, return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            working.cancel()
            await hearing  # raises what made an end of it
        await working
        print(f"broken: {dict(world.done)}", flush=True)
        began = time.monotonic()
        try:
            await world.peace(hearing)
        except TimeoutError:
            print(f"no peace: {Counter(a.hold for a in world.registrar.book.values())}, whole {world.is_whole()}")
        print(f"at peace after {time.monotonic() - began:.1f} s; memory of the nodes {servers.memory_kib()} KiB")
        wrong = await world.compare()
    for line in wrong:
        print("BROKEN:", line)
    return not wrong


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.link", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="link-") as folder:
        is_good = asyncio.run(campaign(Path(folder), options.seconds, options.seed))
    print("as promised" if is_good else "BROKEN")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
