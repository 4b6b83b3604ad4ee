"""The city at genuine NATS servers: rights, facts, orders, moving, and what a station may not do there."""

import asyncio
import base64
import contextlib
import json
import sqlite3
import time
from dataclasses import replace

import aiohttp
import pytest
from nats.aio.client import Client
from nats.errors import Error

from stationd.adapters.nats.engine import read_credentials
from stationd.city.engine import Engine
from stationd.city.identity import Identity
from stationd.city.rights import Rights
from stationd.city.run import City, serving
from stationd.domain.city_link import EVENTS, ORDERS, Enclosure
from stationd.domain.errors import Faulted
from stationd.ports.city import Letter
from tests.rigs.guarded_nats import GuardedServers, WiredStation, city_at, settings_for, until
from tests.rigs.paper_city import CITY_KEY, RECEIPT, PaperStation, order_of

A, B = "1671-07", "1671-09"


@pytest.fixture(autouse=True)
def looking_up_often(monkeypatch):
    """A station waits for messages as long as ever, but looks up more often."""
    monkeypatch.setattr("stationd.adapters.nats.session._FETCH_FOR_S", 0.3)


@pytest.fixture
async def servers(tmp_path):
    async with GuardedServers(tmp_path) as running:
        yield running


@pytest.fixture
async def city(servers, tmp_path):
    async with city_at(settings_for(servers, tmp_path)) as at_work:
        yield at_work


@pytest.fixture
async def stations(city, servers, tmp_path):
    found = {}
    for name in (A, B):
        paper, file = PaperStation(name), tmp_path / f"{name}.creds"
        file.write_text(await city.desk.enrol(name, f"Kecamatan {name}", paper.keys.identity))
        found[name] = WiredStation(paper, servers, file)
    return found


async def work(station, *, until_true):
    """Let a station fetch, answer and send until something is true."""
    async with station.connected() as session:
        async with asyncio.timeout(60):
            while not await until_true():
                for delivery in await session.fetch(16):
                    await send(session, station.paper.hear(delivery.body))
                    await session.acknowledge(delivery)


async def send(session, letters):
    for letter in letters:
        async with asyncio.timeout(60):
            while not (
                await session.post(Letter(topic=letter.subject, headers=letter.headers, body=letter.body))
            ).is_there:
                await asyncio.sleep(0.05)


async def test_an_order_moves_from_a_silent_station_and_becomes_one_card_when_that_comes_back(city, stations):
    await city.desk.file([order_of("PRR-1"), order_of("PRR-2", nik="9999990101900002")], to=A)
    old, new = stations[A], stations[B]

    async def a_has_leave():
        return all(waiting.held.may_begin for waiting in old.paper.orders.values()) and len(old.paper.orders) == 2

    await work(old, until_true=a_has_leave)
    await send_all(old, old.paper.work("PRR-1"))
    await city.desk.file([order_of("PRR-3", nik="9999990101900003")], to=A)
    moved = await city.desk.move_all(A, B, is_waiting_only=False)
    assert sum(moved.values()) >= 2

    async def b_has_leave():
        waiting = new.paper.orders.get("PRR-3")
        return waiting is not None and waiting.held.may_begin

    await work(new, until_true=b_has_leave)
    await send_all(new, new.paper.work("PRR-3"))
    assert "PRR-2" not in new.paper.orders, "A has leave for it and is silent: nobody knows"

    async def a_gave_back():
        return not old.paper.orders["PRR-2"].held.may_begin and (await city.desk.order("PRR-2"))["station"] == B

    await work(old, until_true=a_gave_back)

    async def b_has_it():
        waiting = new.paper.orders.get("PRR-2")
        return waiting is not None and waiting.held.may_begin

    await work(new, until_true=b_has_it)
    await send_all(new, new.paper.work("PRR-2"))
    assert not old.paper.work("PRR-2")
    assert not old.paper.work("PRR-3")
    assert sorted(old.paper.cards + new.paper.cards) == ["PRR-1", "PRR-2", "PRR-3"]

    async def all_settled():
        return all([(await city.desk.order(f"PRR-{n}"))["outcome"] == "printed" for n in (1, 2, 3)])

    await until(all_settled)
    for station in stations.values():
        rows = await city.desk.books.run(lambda t, s=station.paper.id: t.rows("facts_of", station=s))
        assert [(row[0], *row[1:5], bytes(row[5])) for row in rows] == station.paper.facts
    assert await city.desk.differences() == []


async def send_all(station, letters):
    async with station.connected() as session:
        await send(session, letters)


async def test_a_file_of_a_transfer_reaches_the_other_station_and_its_confirmation_comes_back(city, stations):
    await send_all(stations[A], [stations[A].paper.pack("0190-packet", B, b"the packet's file")])

    async def one_parcel(name):
        async with stations[name].connected() as session:
            while True:
                for delivery in await session.fetch(4):
                    await session.acknowledge(delivery)
                    return stations[name].paper.messages.read(delivery.body).file

    async with asyncio.timeout(60):
        assert await one_parcel(B) == b"the packet's file"
    settled = {"state": "agreed", "from": "announced", "direction": "in", "peer": A}
    paper = stations[B].paper
    await send_all(
        stations[B],
        [paper.say("transfer.settled", "0190-packet", settled, enclosure=Enclosure(to=A, file=b"confirmed"))],
    )
    async with asyncio.timeout(60):
        assert await one_parcel(A) == b"confirmed"


async def test_a_station_may_do_its_own_and_nothing_else(city, stations, servers):
    await city.desk.file([order_of("PRR-1")], to=B)
    letter = stations[A].paper.accept("PRR-own")[1]
    await send_all(stations[A], [letter])
    refused = []

    async def hear(error):
        refused.append(str(error).lower())

    client = Client()
    jwt, key = read_credentials(await asyncio.to_thread(stations[A]._engine._route.credentials.read_text))
    await client.connect(
        servers.urls,
        allow_reconnect=False,
        error_cb=hear,
        inbox_prefix=f"_INBOX.{A}",
        user_jwt_cb=lambda: bytearray(jwt),
        signature_cb=lambda nonce: base64.b64encode(key.sign(nonce.encode())),
    )
    forbidden = [
        f"events.{B}.job.accepted",
        f"orders.{A}",
        f"orders.{B}",
        f"$JS.API.STREAM.DELETE.{EVENTS}",
        f"$JS.API.STREAM.PURGE.{ORDERS}",
        f"$JS.API.STREAM.MSG.GET.{ORDERS}",
        f"$JS.API.STREAM.INFO.{EVENTS}",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.CREATE.MINE",
        f"$JS.API.DIRECT.GET.{ORDERS}",
        f"$JS.API.CONSUMER.CREATE.{ORDERS}.mine",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{ORDERS}.{A}",
        f"$JS.API.CONSUMER.DELETE.{ORDERS}.{A}",
        f"$JS.API.CONSUMER.DELETE.{EVENTS}.books",
        f"$JS.API.CONSUMER.MSG.NEXT.{ORDERS}.{B}",
        f"$JS.API.CONSUMER.MSG.NEXT.{EVENTS}.books",
        f"$JS.ACK.{ORDERS}.{B}.1.1.1.1.0",
        f"$JS.ACK.{EVENTS}.books.1.1.1.1.0",
        "$SYS.REQ.CLAIMS.UPDATE",
        f"_INBOX.{B}.x",
    ]
    for subject in forbidden:
        await client.publish(subject, b"{}", reply=f"_INBOX.{A}.answer")
    unheard = ["events.>", f"orders.{A}", f"orders.{B}", f"_INBOX.{B}.>", "_INBOX.>", "$JS.>", "$SYS.>", ">"]
    for subject in unheard:
        await client.subscribe(subject)
    with contextlib.suppress(Error):
        await client.flush()

    def is_refused(act, subject):
        return any(f'permissions violation for {act} to "{subject.lower()}"' in each for each in refused)

    async def all_heard():
        return all(is_refused("publish", each) for each in forbidden) and all(
            is_refused("subscription", each) for each in unheard
        )

    try:
        await until(all_heard, within_s=60)
    except TimeoutError:
        wrong = [each for each in forbidden if not is_refused("publish", each)]
        wrong += [each for each in unheard if not is_refused("subscription", each)]
        pytest.fail(f"not refused: {wrong}; heard: {refused}")
    await client.close()


async def test_credentials_that_were_rotated_or_revoked_let_nobody_in(city, stations, tmp_path, servers):
    async with stations[A].connected() as session:
        clock = city.desk.books._clock
        city.desk.books._clock = lambda: clock() + 3_600_000  # the city's own clock was wrong on that day
        file = await city.desk.rotate(A)
        city.desk.books._clock = clock

        async def is_thrown_out():
            return not session.is_open

        await until(is_thrown_out)
    with pytest.raises(Faulted) as denied:
        async with stations[A].connected():
            pass
    assert denied.value.code == "city-denied"
    (tmp_path / "again.creds").write_text(file)
    again = WiredStation(stations[A].paper, servers, tmp_path / "again.creds")
    await send_all(again, [again.paper.accept("PRR-1")[1]])
    await city.desk.revoke(A)

    async def is_denied():
        try:
            async with again.connected():
                return False
        except Faulted as refused:
            return refused.code == "city-denied"

    await until(is_denied)
    async with stations[B].connected() as session:
        assert session.is_open, "the others stay"


async def test_the_city_goes_on_where_it_was_after_its_servers_and_itself_were_killed(servers, tmp_path):
    settings, paper, file = settings_for(servers, tmp_path), PaperStation(A), tmp_path / "a.creds"
    station = WiredStation(paper, servers, file)
    async with city_at(settings) as city:
        file.write_text(await city.desk.enrol(A, "Kecamatan A", paper.keys.identity))
        await send_all(station, [paper.accept("PRR-0")[1]])

        async def first_taken():
            return (await city.desk.stations())[0]["taken"] == 1

        await until(first_taken)  # what was fetched and not committed would come again, 10 s later
    await send_all(station, [paper.accept(f"PRR-{n}", nik=f"999999010190000{n}")[1] for n in range(1, 5)])
    servers.nodes[0].kill()
    async with city_at(settings) as city:
        await city.desk.file([order_of("PRR-later", nik="9999990101900009")], to=A)
        servers.nodes[0].start()
        await servers._until_up()

        async def all_taken():
            return (await city.desk.stations())[0]["taken"] == len(paper.facts)

        await until(all_taken)

        async def has_leave():
            waiting = paper.orders.get("PRR-later")
            return waiting is not None and waiting.held.may_begin

        await work(station, until_true=has_leave)
        for number in (5, 6):
            servers.nodes[0].kill()
            servers.nodes[0].start()
            await servers._until_up()
            await send_all(station, [paper.accept(f"PRR-{number}")[1]])
            await until(all_taken)


async def test_the_city_ends_at_any_moment_of_its_connecting(servers, tmp_path):
    for turns in (1, 2, 3, 5, 8, 13, 21, 34):
        async with city_at(settings_for(servers, tmp_path)):
            for _ in range(turns):
                await asyncio.sleep(0)
        async with city_at(settings_for(servers, tmp_path)):
            await asyncio.sleep(turns / 1000)


async def test_books_that_were_restored_from_a_backup_are_caught_up_from_the_stream(servers, tmp_path):
    settings, paper, file = settings_for(servers, tmp_path), PaperStation(A), tmp_path / "a.creds"
    station = WiredStation(paper, servers, file)

    async def has(city, count):
        return (await city.desk.stations())[0]["taken"] == count

    async with city_at(settings) as city:
        file.write_text(await city.desk.enrol(A, "Kecamatan A", paper.keys.identity))
        await city.desk.file([order_of("PRR-1")], to=A)
    backup = settings_for(servers, tmp_path, database=f"sqlite:{tmp_path / 'backup.db'}")
    with sqlite3.connect(tmp_path / "city.db") as now, sqlite3.connect(tmp_path / "backup.db") as then:
        now.backup(then)
    now.close()
    then.close()
    async with city_at(settings) as city:

        async def has_leave():
            waiting = paper.orders.get("PRR-1")
            return waiting is not None and waiting.held.may_begin

        await work(station, until_true=has_leave)
        await send_all(station, paper.work("PRR-1"))
        await until(lambda: has(city, len(paper.facts)))
    restored = City(backup, Identity(CITY_KEY))
    await restored.desk.books.open()
    assert await has(restored, 0)
    await restored.desk.replay()
    await restored.desk.books.aclose()
    async with city_at(backup) as city:
        await until(lambda: has(city, len(paper.facts)))
        assert (await city.desk.order("PRR-1"))["outcome"] == "printed"
        assert [each.code for each in await city.desk.differences()] == ["leave-forgotten"]


async def test_a_full_stream_of_orders_holds_no_fact_up_and_goes_on_once_there_is_room(servers, tmp_path):
    settings = settings_for(servers, tmp_path)
    settings = replace(settings, servers=replace(settings.servers, orders_mib=16))
    paper, file = PaperStation(A), tmp_path / "a.creds"
    station = WiredStation(paper, servers, file)

    def large(number, size):
        order = json.loads(order_of(f"PRR-{number}", nik=f"999999010190001{number}"))
        return json.dumps(order | {"document": {"media_type": "image/png", "data": "A" * size}}).encode()

    async with city_at(settings) as city:
        file.write_text(await city.desk.enrol(A, "Kecamatan A", paper.keys.identity))
        assert (await city.desk.file([large(0, 7 << 20)], to=A))[0].result == "order-too-large"
        filed = await city.desk.file([large(number, 5_800_000) for number in range(3)], to=A)
        assert {line.result for line in filed} == {"offered"}

        async def unsent():
            return len(await city.desk.books.run(lambda transaction: transaction.rows("unsent", most=9)))

        async def is_full():
            return await unsent() == 1

        await until(is_full)
        await send_all(station, [paper.accept(f"PRR-own-{n}", nik=f"999999010190002{n}")[1] for n in range(3)])

        async def has_facts():
            return (await city.desk.stations())[0]["taken"] == 3

        await until(has_facts)
        assert await is_full()
        assert city.metrics.is_connected

        async def has_all():
            return len(paper.orders) == 3 and not await unsent()

        await work(station, until_true=has_all)


async def test_two_of_the_city_at_once_do_the_work_of_one(servers, tmp_path):
    settings, paper, file = settings_for(servers, tmp_path), PaperStation(A), tmp_path / "a.creds"
    station = WiredStation(paper, servers, file)
    async with city_at(settings) as city, city_at(settings) as other:
        file.write_text(await city.desk.enrol(A, "Kecamatan A", paper.keys.identity))
        names = [f"PRR-{number}" for number in range(8)]
        for number, name in enumerate(names):
            await (city, other)[number % 2].desk.file([order_of(name, nik=f"999999010190001{number}")], to=A)

        async def all_have_leave():
            return len(paper.orders) == 8 and all(waiting.held.may_begin for waiting in paper.orders.values())

        await work(station, until_true=all_have_leave)
        for name in names:
            await send_all(station, paper.work(name))

        async def is_settled():
            return all([(await other.desk.order(name))["outcome"] == "printed" for name in names])

        await until(is_settled)
        rows = await city.desk.books.run(lambda transaction: transaction.rows("facts_of", station=A))
        assert [(row[0], *row[1:5], bytes(row[5])) for row in rows] == paper.facts
        assert sorted(paper.cards) == names
        assert await city.desk.differences() == []


async def test_what_went_with_the_streams_comes_again(servers, tmp_path, monkeypatch):
    monkeypatch.setattr("stationd.city.run._ASK_EVERY_S", 0.2)
    settings, paper, file = settings_for(servers, tmp_path), PaperStation(A), tmp_path / "a.creds"
    station = WiredStation(paper, servers, file)
    async with city_at(settings) as city:
        file.write_text(await city.desk.enrol(A, "Kecamatan A", paper.keys.identity))
        await city.desk.file([order_of("PRR-offered"), order_of("PRR-leave", nik="9999990101900002")], to=A)

        async def is_asked():
            return len(paper.orders) == 2

        await work(station, until_true=is_asked)

        async def all_heard_and_sent():
            granted = [(await city.desk.order(name))["hold"] for name in ("PRR-offered", "PRR-leave")]
            unsent = await city.desk.books.run(lambda transaction: transaction.rows("unsent", most=9))
            return granted == ["granted", "granted"] and not unsent

        await until(all_heard_and_sent)
        await city.desk.file([order_of("PRR-late", nik="9999990101900003")], to=A)
        await until(all_heard_and_sent)
    await send_all(station, [paper.accept(f"PRR-{n}", nik=f"999999010190001{n}")[1] for n in range(3)])
    engine = Engine(settings.servers, Rights(Identity(CITY_KEY), settings.city), lambda: int(time.time()))
    await engine.connect()
    for name in (EVENTS, ORDERS):
        await engine._stream.delete_stream(name)
    await engine.aclose()

    async with city_at(settings) as city:

        async def is_whole():
            (view,) = await city.desk.stations()
            has_leave = [waiting.held.may_begin for waiting in paper.orders.values()]
            return view["taken"] == len(paper.facts) and has_leave == [True] * 3

        async def has_streams():
            with contextlib.suppress(Faulted):
                await send_all(station, [paper.accept("PRR-4", nik="9999990101900019")[1]])
                return True

        await until(has_streams)
        await work(station, until_true=is_whole)
        assert not [each for each in await city.desk.differences() if each.code != "holder-twice"]


async def test_the_door_lets_in_who_has_the_token_and_tells_where_a_receipt_is(city, stations):
    job, letter = stations[A].paper.accept("PRR-1")
    await send_all(stations[A], [letter, *stations[A].paper.print(job)])
    async with serving(city) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as caller:
        right = {"Authorization": "Bearer invented-token-of-the-door-0123456789"}
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            async with caller.get("/v1/stations", headers=headers) as answer:
                assert answer.status == 401
        async with caller.get("/v1/stations", headers=right | {"Host": "evil.example"}) as answer:
            assert answer.status == 421

        async def printed():
            async with caller.get(f"/v1/receipts/{RECEIPT.lower()}", headers=right) as answer:
                items = (await answer.json()).get("items", [])
                return [each for each in items if each["custody"] == "printed"]

        ((found),) = await until(printed)
        assert (found["station"], found["on_its_way_to"]) == (A, None)
        body = order_of("PRR-9", nik="9999990101900009")
        headers = right | {"Content-Type": "application/x-ndjson"}
        async with caller.post(f"/v1/orders?station={B}", headers=headers, data=body) as answer:
            assert (await answer.json(content_type=None))["result"] == "offered"
        async with caller.post("/v1/orders/PRR-9/cancel", headers=right) as answer:
            assert (answer.status, (await answer.json())["result"]) == (200, "done")
        async with caller.get("/v1/orders/PRR-8", headers=right) as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, "order-unknown")
        async with caller.get("/metrics") as answer:
            text = await answer.text()
        assert "stationd_books_connected 1.0" in text
        assert "9999990101900009" not in text
