"""The link to the city against a genuine NATS server: facts up, whatever breaks in between."""

import asyncio
from collections import Counter

import pytest

from stationd.domain.city_link import PARTICULARS_OF
from tests.rigs import city
from tests.rigs.documents import png
from tests.rigs.line import Line
from tests.rigs.nats import Servers, make_streams
from tests.rigs.station import StationProcess

STATION = "1671-07"


async def until(holds, *, timeout_s=60):
    """Wait for a condition; generous, since the machine may be busy."""
    async with asyncio.timeout(timeout_s):
        while not await holds():
            await asyncio.sleep(0.05)


async def has_all(station, jetstream, sign_key):
    (last,) = station.rows("SELECT max(seq) FROM event")[0]
    return {fact.seq for fact in await city.stored(jetstream, sign_key)} >= set(range(1, last + 1))


async def metric(station, name):
    _, text = await station.call("GET", "/metrics")
    return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(name)))


@pytest.fixture
async def servers(tmp_path):
    async with Servers(tmp_path) as servers, servers.client() as jetstream:
        servers.jetstream = jetstream
        yield servers


async def test_the_city_s_stream_equals_the_station_s_book_after_cuts_and_kills_of_both(servers, tmp_path):
    jetstream = servers.jetstream
    await make_streams(jetstream, stations=[STATION], duplicate_window_s=0.2)
    document = png(1)
    async with Line(servers.nodes[0].port) as line:
        printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.05, "folder": str(tmp_path / "cards")}
        station = StationProcess(
            tmp_path / "station", [printer], extra=city.table([f"nats://127.0.0.1:{line.port}"]), station=STATION
        )
        async with station:
            await station.receive(100)
            for number in range(10):
                await station.submit(number, document)
            line.cut()
            for number in range(10, 20):
                await station.submit(number, document)
            station.kill()
            await station.start()
            line.mend()
            for number in range(20, 25):
                await station.submit(number, document)
            servers.nodes[0].kill()
            for number in range(25, 30):
                await station.submit(number, document)
            servers.nodes[0].start()
            await station.settled()
            keys = await asyncio.to_thread(city.keys_of, tmp_path / "station" / "state")
            await until(lambda: has_all(station, jetstream, keys.signing_key))
            assert await metric(station, "stationd_city_connected") == 1
            await asyncio.to_thread(station.terminate, 30)
            rows = station.rows("SELECT seq, at, type, subject, data, hash FROM event ORDER BY seq")
            (remembered,) = station.rows("SELECT seq FROM city_sent")[0]
    facts = await city.stored(jetstream, keys.signing_key)
    by_seq = {fact.seq: fact for fact in facts}
    told = [(f.seq, f.at, f.type, f.subject, f.data, f.hash) for f in by_seq.values()]
    sent = rows[: len(told)]  # what was written while stopping goes with the next start
    assert sorted(told) == sent
    assert len(sent) >= remembered >= len(sent) - 300
    assert len({fact.id for fact in facts}) == len(by_seq), "no number stands for two rows"
    assert city.is_chain(sorted(by_seq.values(), key=lambda fact: fact.seq))
    accepted = [fact for fact in by_seq.values() if fact.type == PARTICULARS_OF]
    assert Counter(fact.particulars.order for fact in accepted) == Counter(f"PRR-16711-{n:06d}" for n in range(30))
    assert all(fact.particulars.nik.startswith("9999") for fact in accepted)
