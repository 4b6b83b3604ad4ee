"""Two stations, a city between them, and a genuine NATS server: orders down, an order that moves, a packet of cards."""

import asyncio
import base64
import contextlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stationd.adapters.city_messages import CityMessages, parcel
from tests.rigs import city
from tests.rigs.nats import Servers, make_streams
from tests.rigs.station import StationProcess, job
from tests.simulation.picture import picture_for

HERE, THERE = "1671-07", "1671-09"
PICTURE = picture_for("PRR-16711-000001")


async def until(holds, *, timeout_s=60):
    """Wait for a condition; generous, since the machine may be busy."""
    async with asyncio.timeout(timeout_s):
        while not holds():
            await asyncio.sleep(0.05)


@pytest.fixture
async def world(tmp_path):
    """The stations, not started yet, and the city that hears them."""
    async with contextlib.AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Servers(tmp_path))
        jetstream = await stack.enter_async_context(servers.client())
        await make_streams(jetstream, stations=[HERE, THERE])
        registrar = city.Registrar(jetstream)
        stations = []
        for name in (HERE, THERE):
            folder = tmp_path / name
            printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.01, "folder": f"{folder}/cards"}
            station = StationProcess(folder, [printer], station=name, name=f"Kecamatan {name}")
            station.printer = printer
            station.identity = await asyncio.to_thread(station.command, "transfer", "identity")
            registrar.keys[name] = await asyncio.to_thread(city.keys_of, folder / "state")
            stations.append(station)
            stack.push_async_callback(station.aclose)
        here, there = stations
        here.configure([here.printer], city.table(servers.urls) + there.identity)
        there.configure([there.printer], city.table(servers.urls) + here.identity)
        hearing = asyncio.ensure_future(registrar.run())
        yield here, there, registrar
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


async def test_orders_come_move_and_are_printed_once_and_cards_go_through_the_city(world):
    here, there, registrar = world
    # an order for a station that is down moves to its neighbour, which prints it
    moved = job(1, PICTURE)
    first = await registrar.give(moved, HERE)
    await registrar.take_back(moved["order"])
    await registrar.give(moved, THERE)
    await there.start()
    await there.receive(10)
    await until(lambda: registrar.told(THERE, "job.card_printed"))

    # the first one comes back, finds it in its stream, asks, and is told no
    await here.start()
    await here.receive(10)
    await until(lambda: registrar.told(HERE, "order.received") and registrar.told(HERE, "order.returned"))
    assert registrar.told(HERE, "order.received")[0].subject == first
    assert here.counts() == {}
    status, answer = await here.call("POST", "/v1/jobs", moved, Idempotency_Key="by-hand")
    assert (status, answer["code"]) == (409, "order-recalled")

    # what is not the city's, or not for here, or came before, is refused and written down
    again = job(2, PICTURE)
    await registrar.give(again, HERE)
    await until(lambda: registrar.told(HERE, "job.card_printed"))
    keys = registrar.keys[HERE]
    stranger = CityMessages(Ed25519PrivateKey.generate(), city.SEALING)
    good = {"id_": "offer-of-before-0001", "fence": 9, "keys": keys}
    one, other = (city.offer_of(job(n, PICTURE), station=HERE, **good) for n in (3, 4))
    exchanged = json.dumps(json.loads(one) | {"sealed": json.loads(other)["sealed"]}).encode()
    for body in (
        b"not of this protocol",
        city.offer_of(job(5, PICTURE), station=HERE, messages=stranger, **good),
        city.offer_of(job(6, PICTURE), station=THERE, **good),
        city.offer_of(again, station=HERE, id_="offer-of-before-0002", fence=1, keys=keys),
        exchanged,
    ):
        await registrar.send(HERE, body)
    codes = {"link-malformed", "link-signature-invalid", "link-for-another", "order-repeated"}
    await until(lambda: refusals(registrar, HERE) == codes)
    assert here.counts() == {"printed": 1}

    # cards go to the neighbour: the file and the confirmation travel by themselves
    (card,) = (await done(here, "GET", "/v1/cards?custody=printed"))["items"]
    await done(here, "POST", f"/v1/cards/{card['id']}/check", {})
    await done(here, "POST", f"/v1/cards/{card['id']}/shelve", {"place": "A/1"})
    transfer = await done(here, "POST", "/v1/transfers", {"to": THERE, "cards": [card["id"]]})
    path = f"/v1/transfers/{transfer['id']}"
    await until(lambda: registrar.told(THERE, "transfer.announced"))
    assert (await done(there, "POST", f"{path}/scan", {"receipt": card["receipt"]}))["result"] == "arrived"
    await done(there, "POST", f"{path}/confirm", {})
    await until(lambda: registrar.told(HERE, "transfer.confirmed"))
    assert (await done(here, "GET", path))["state"] == "agreed"
    assert registrar.parcels == 2

    # a packet that comes again changes nothing, and one that was altered or is another's is refused and written down
    before = await done(there, "GET", path)
    (packed,) = registrar.told(HERE, "transfer.packed")
    file = json.loads(packed.enclosure.file)
    header = file["header"]
    altered = (
        file | {"signature": base64.b64encode(bytes(64)).decode()},
        file | {"header": header | {"cards": 9}},
        file | {"header": header | {"sender": "1671-99"}},
        {"format": "stationd-transfer/1"},
    )
    for each in (file, *altered):
        await registrar.send(THERE, parcel(THERE, json.dumps(each).encode()))
    await registrar.send(HERE, parcel(HERE, packed.enclosure.file))
    await until(lambda: "transfer-sender-unknown" in refusals(registrar, HERE))
    wrong = {"transfer-altered", "transfer-sender-unknown", "transfer-malformed"}
    await until(lambda: refusals(registrar, THERE) == wrong)
    assert await done(there, "GET", path) == before

    # an officer cancels an order of the city's: it goes back, and the neighbour may have it
    await here.call("POST", "/v1/blanks/entries", {"kind": "returned", "quantity": 9})
    waiting = job(7, PICTURE)
    offer = await registrar.give(waiting, HERE)
    await until(lambda: any(f.subject == offer for f in registrar.told(HERE, "order.taken")))
    (found,) = (await done(here, "GET", f"/v1/jobs?order={waiting['order']}"))["items"]
    await done(here, "POST", f"/v1/jobs/{found['id']}/cancel")
    await until(lambda: any(f.subject == offer for f in registrar.told(HERE, "order.returned")))
    await registrar.give(waiting, THERE)
    await until(lambda: len(registrar.told(THERE, "job.card_printed")) == 2)
    for station in (here, there):
        station.check_books()
    assert sum(station.counts().get("printed", 0) for station in (here, there)) == 3


def refusals(registrar, station):
    """The codes of what a station has refused and written down."""
    return {json.loads(fact.data)["code"] for fact in registrar.told(station, "link.refused")}


async def done(station, method, path, body=None):
    status, answer = await station.call(method, path, body)
    assert status in {200, 201}, answer
    return answer
