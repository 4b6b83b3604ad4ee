"""The link to the city: facts a second, catching up after an outage, and that printing does not notice it."""

import asyncio
import time
from pathlib import Path

from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from stationd.adapters.city_keys import CityKeys
from stationd.adapters.city_messages import StationMessages
from stationd.adapters.nats.engine import NatsCity, Route
from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.outbox import SqliteOutbox
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.adapters.transfer_files import StationKeys
from stationd.domain.city_link import Fact, Particulars
from stationd.ports.city import Fate, Letter
from stationd.services.city_link import CityLink
from stationd.services.facts import Facts
from tests.bench.figures import Figures
from tests.bench.utilisation import print_all
from tests.rigs import city
from tests.rigs.nats import Servers, make_streams

STATION = "1671-07"
FACTS = 100_000
AT_ONCE = 500
DATA = {
    "state": "printed",
    "from": "printing",
    "kind": "first",
    "printer": "kartu-1",
    "evidence": "printer",
    "attempt": 1,
}


async def link(folder: Path, figures: Figures) -> None:
    """Letters written, 100,000 rows caught up with, one node and three; utilisation without a link and with one."""
    letters(figures)
    for nodes in (1, 3):
        await catch_up(folder / f"nodes-{nodes}", nodes, figures)
    figures.row("2 printers, window 2, no link", **await print_all(folder / "alone", 2, 2))
    async with Servers(_made(folder / "servers"), 3) as servers:
        await _streams(servers, 3)
        extra = city.table(servers.urls)
        figures.row("2 printers, window 2, a link", **await print_all(folder / "linked", 2, 2, extra=extra))


def letters(figures: Figures) -> None:
    """What signing and sealing cost: a letter without and with the particulars of a holder."""
    messages = _messages(StationSeal(bytes(32)))
    plain = _fact()
    told = Particulars(order="PRR-16711-000001", receipt="2XK7-9QF4-M3TP", nik="9999990101900001")
    for name, fact in (("signed", plain), ("signed, with a holder sealed", _fact(told))):
        began, count = time.perf_counter(), 3000
        for _ in range(count):
            messages.write(fact)
        figures.row(f"a letter, {name}", cost=f"{(time.perf_counter() - began) / count * 1e6:.0f} us")


async def catch_up(folder: Path, nodes: int, figures: Figures) -> None:
    """An outage is over, and 100,000 rows wait."""
    database = await Database.open(_made(folder) / "station.db", SystemClock())
    for _ in range(FACTS // AT_ONCE):
        await database.writer.once(_rows)
    seal = StationSeal(bytes(32))
    messages = _messages(seal)

    def write(fact: Fact) -> Letter:
        headers, body = messages.write(fact)
        return Letter(fact.topic, headers, body)

    outbox = SqliteOutbox(database.writer, database.reader, seal, station=STATION)
    facts = Facts(outbox, write, in_flight=256, clock=SystemClock(), entropy=SystemEntropy())
    await facts.load()
    async with Servers(folder, nodes) as servers, servers.client() as jetstream:
        await _streams(servers, nodes)
        engine = NatsCity(Route(servers=tuple(servers.urls), ca=None, credentials=None), station=STATION)
        running = CityLink(engine, (facts.run,), clock=SystemClock(), entropy=SystemEntropy())
        began, cpu = time.perf_counter(), time.process_time()
        task = asyncio.ensure_future(running.run())
        while facts.sent < FACTS:
            await asyncio.sleep(0.05)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        stored = (await jetstream.stream_info("EVENTS")).state.messages
        memory = max(servers.memory_kib()) / 1024
    await database.aclose()
    figures.row(
        f"catching up with {FACTS:,} facts, {nodes} node{'s' if nodes > 1 else ''} that sync each",
        took=f"{took:.1f} s",
        rate=f"{FACTS / took:.0f}/s",
        station=f"{cpu / FACTS * 1e6:.0f} us of processor a fact",
        stored=f"{stored:,}",
        unknown=str(facts.figures.fates[Fate.UNKNOWN]),
        node=f"{memory:.0f} MB",
    )


async def _streams(servers: Servers, nodes: int) -> None:
    async with servers.client() as jetstream, asyncio.timeout(60):
        while True:
            try:
                await make_streams(jetstream, stations=[STATION], replicas=nodes)
            except (NatsError, JetStreamError):
                await asyncio.sleep(0.5)
            else:
                return


def _messages(seal: StationSeal) -> StationMessages:
    keys = CityKeys([city.SIGNING.public_key().public_bytes_raw()])
    return StationMessages(STATION, StationKeys(seal.derived), keys, city.SEALING.public_key().public_bytes_raw())


def _fact(particulars: Particulars | None = None) -> Fact:
    data = '{"state":"queued","kind":"first","rank":1,"profile":"ktp-el","actor":"kiosk"}'
    return Fact(
        station=STATION,
        seq=1,
        at=1,
        type="job.accepted",
        subject="0190",
        data=data,
        hash=bytes(32),
        particulars=particulars,
    )


def _rows(transaction: Transaction) -> None:
    for _ in range(AT_ONCE):
        transaction.event("job.card_printed", "0190a1b2-c3d4-7000-8000-000000000001", DATA)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
