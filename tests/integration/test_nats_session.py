"""The city's engine, genuine: what is refused is told apart from what is unknown, and what is lost is noticed."""

import asyncio

import pytest

from stationd.adapters.nats.engine import NatsCity, Route, read_credentials
from stationd.domain.errors import Faulted
from stationd.ports.city import Fate, Letter
from tests.rigs.line import Line
from tests.rigs.nats import Servers, make_streams
from tests.rigs.ports import free_port

STATION = "1671-07"
RIGHTS = """
accounts {CITY {jetstream: enabled, users: [
  {user: city, password: city}
  {user: station, password: station, permissions: {
    publish: {allow: ["events.1671-07.>", "$JS.API.CONSUMER.MSG.NEXT.ORDERS.1671-07", "$JS.ACK.ORDERS.1671-07.>"]}
    subscribe: {allow: ["_INBOX.1671-07.>"]}}}]}}
no_auth_user: station
"""


def letter(topic="events.1671-07.job.done", *, size=1, id_="1671-07.1"):
    return Letter(topic, {"Nats-Msg-Id": id_}, b"." * size)


def engine(*ports, election_s=60.0):
    servers = tuple(f"nats://127.0.0.1:{port}" for port in ports)
    route = Route(servers=servers, ca=None, credentials=None, answer_s=1.0, election_s=election_s)
    return NatsCity(route, station=STATION)


async def test_a_station_with_its_rights_alone_sends_is_refused_what_it_may_not_and_takes_its_orders(tmp_path):
    async with Servers(tmp_path, more=RIGHTS, user="city", password="city") as servers, servers.client() as jetstream:
        session = await engine(servers.nodes[0].port, election_s=0).connect()
        try:
            nobody = await session.post(letter())
            assert (nobody.fate, "no stream" in nobody.why) == (Fate.REFUSED, True)
            patient = await engine(servers.nodes[0].port).connect()
            assert (await patient.post(letter())).fate is Fate.UNKNOWN, "they may be choosing a leader"
            await patient.aclose()
            asked_at = asyncio.get_running_loop().time()
            assert await session.fetch(5) == []  # told at once that nobody is there, and not asked again at once
            assert asyncio.get_running_loop().time() - asked_at > 1.5
            await make_streams(jetstream, stations=[STATION], max_bytes=200_000, ack_wait_s=0.5)
            assert (await session.post(letter())).fate is Fate.TAKEN
            assert (await session.post(letter())).fate is Fate.REPEATED
            denied = await session.post(letter("events.1671-09.job.done"))
            assert (denied.fate, "may not publish" in denied.why) == (Fate.REFUSED, True)
            assert (await session.post(letter(size=9 << 20, id_="big"))).fate is Fate.REFUSED
            full = await session.post(letter(size=300_000, id_="full"))
            assert (full.fate, "maximum" in full.why) == (Fate.REFUSED, True)
            assert session.is_open

            await jetstream.publish("orders.1671-07", b"first")
            (first,) = await session.fetch(5)
            assert (first.body, first.is_again) == (b"first", False)
            await asyncio.sleep(0)
        finally:
            await session.aclose()
        session = await engine(free_port(), servers.nodes[0].port).connect()  # the first of its servers is down
        try:
            found = []
            while not found:  # what was not acknowledged comes again
                found = await session.fetch(5)
            assert (found[0].body, found[0].is_again) == (b"first", True)
            await session.acknowledge(found[0])
            assert (await session.post(letter(id_="1671-07.2"))).fate is Fate.TAKEN
        finally:
            await session.aclose()
        assert not session.is_open
        async with asyncio.timeout(60):
            while (await jetstream.stream_info("ORDERS")).state.messages:
                await asyncio.sleep(0.05)


async def test_a_lost_connection_is_noticed_by_whoever_waits(tmp_path):
    async with Servers(tmp_path) as servers, servers.client() as jetstream, Line(servers.nodes[0].port) as line:
        await make_streams(jetstream, stations=[STATION])
        session = await engine(line.port).connect()
        waiting = asyncio.ensure_future(session.fetch(5))
        line.is_silent = True
        posting = asyncio.ensure_future(session.post(letter()))
        await asyncio.sleep(0.1)
        line.cut()
        assert (await posting).fate is Fate.UNKNOWN
        with pytest.raises(Faulted, match="lost"):
            await waiting
        assert not session.is_open
        assert (await session.post(letter())).fate is Fate.UNKNOWN
        with pytest.raises(Faulted, match="lost"):
            await session.fetch(1)
        await session.aclose()
        with pytest.raises(Faulted) as told:
            await engine(line.port).connect()
        assert told.value.code == "city-unreachable"


async def test_a_station_that_is_not_let_in_is_told_so(tmp_path):
    more = "authorization {user: city, password: city}"
    async with Servers(tmp_path, more=more, user="city", password="city") as servers:
        with pytest.raises(Faulted) as told:
            await engine(servers.nodes[0].port).connect()
        assert told.value.code == "city-denied"


def test_credentials_are_read_as_the_city_gives_them_and_never_repeated():
    seed = "SUAAVFUCYK6SDRE7KBUTHVUPKEABCJKMFKOVIBJ4JHY4PLUIFVVGLHPKEY"
    text = (
        "-----BEGIN NATS USER JWT-----\ne.y.J\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
    jwt, key = read_credentials(text)
    assert jwt == b"e.y.J"
    assert len(key.sign(b"nonce")) == 64
    for wrong in ("", text.replace(seed, "SU1"), text.replace(seed, "SUAA"), text.replace("e.y.J", "")):
        with pytest.raises(ValueError, match="seed") as told:
            read_credentials(wrong)
        assert seed not in str(told.value)


async def test_large_orders_come_a_few_at_a_time_and_all_of_them(tmp_path):
    async with Servers(tmp_path) as servers, servers.client() as jetstream:
        await make_streams(jetstream, stations=[STATION])
        for _ in range(5):
            await jetstream.publish("orders.1671-07", bytes(7 << 20))
        session = await engine(servers.nodes[0].port).connect()
        found = []
        try:
            async with asyncio.timeout(60):
                while sum(found) < 5:
                    deliveries = await session.fetch(16)
                    found.append(len(deliveries))
                    for delivery in deliveries:
                        await session.acknowledge(delivery)
        finally:
            await session.aclose()
        assert max(found) <= 2, found
