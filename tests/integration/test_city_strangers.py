"""Who the servers let in as shipped, whom a station and the city believe, and what a stolen paper is good for."""

import asyncio
import contextlib
import json
import secrets
import time

import pytest

from stationd.adapters.nats.engine import NatsCity, Route
from stationd.city.engine import Engine
from stationd.city.identity import Identity
from stationd.city.nkeys import Kind, NKey, credentials
from stationd.city.rights import Rights
from stationd.city.settings import Servers
from stationd.domain.city_order import decoded, encoded
from stationd.domain.errors import Faulted
from stationd.ports.city import Fate, Letter
from tests.rigs.agent_and_city import certify
from tests.rigs.city_cluster import RIGHTS_AT, CityCluster
from tests.rigs.paper_city import PaperStation

A, B = "1671-07", "1671-09"


@pytest.fixture
async def cluster(tmp_path):
    async with CityCluster(tmp_path / "servers", 1) as running:
        yield running


def city_of(cluster, papers, *, station=A, pem=None, urls=None):
    route = Route(servers=tuple(urls or cluster.urls), ca=pem or cluster.pem, credentials=papers, answer_s=1.0)
    return NatsCity(route, station=station)


async def refusal(city):
    """Why a station was not let in."""
    with pytest.raises(Faulted) as told:
        await city.connect()
    return told.value.code


def with_claims(jwt, signer, **changes):
    """A token with other claims, signed anew."""
    head, body, _ = jwt.split(".")
    claims = encoded(json.dumps(json.loads(decoded(body)) | changes).encode())
    return f"{head}.{claims}.{encoded(signer.sign(f'{head}.{claims}'.encode()))}"


async def test_only_a_station_of_this_city_is_let_in(cluster, tmp_path):
    papers = cluster.credentials([A])[A]
    session = await city_of(cluster, papers).connect()
    await session.aclose()

    other_city = Rights(Identity(b"\x09" * 32), "1672")
    user, self_made = (NKey(kind, secrets.token_bytes(32)) for kind in (Kind.USER, Kind.ACCOUNT))
    its = {"type": "user", "issuer_account": cluster.rights._account.public}
    ours = cluster.rights._stations
    good = ours.token(user.public, A, its, at=RIGHTS_AT)
    head, body, signature = good.split(".")
    strangers = {
        "of another city": other_city.station_credentials(A, at=RIGHTS_AT)[1],
        "signed by nobody we know": credentials(self_made.token(user.public, A, its, at=RIGHTS_AT), user),
        "signed by itself": credentials(user.token(user.public, A, its, at=RIGHTS_AT), user),
        "expired": credentials(with_claims(good, ours, exp=int(time.time()) - 60), user),
        "with another's key": credentials(papers.read_text().split("\n")[1], user),
        "altered": credentials(f"{head}.{body}.{signature[:-6]}AAAAAA", user),
        "renamed by itself": credentials(with_claims(good, user, name=B), user),
    }
    file = tmp_path / "stranger.creds"
    for what, text in strangers.items():
        file.write_text(text)
        assert await refusal(city_of(cluster, file)) == "city-denied", what
    assert await refusal(city_of(cluster, None)) == "city-denied", "without papers"
    file.write_text(credentials(good, user))
    await (await city_of(cluster, file).connect()).aclose()


async def test_with_another_s_papers_a_station_is_that_other_and_its_facts_are_nobody_s(cluster):
    papers = cluster.credentials([B])[B]
    session = await city_of(cluster, papers, station=A).connect()
    try:
        posted = await session.post(Letter(f"events.{A}.job.done", {"Nats-Msg-Id": "1"}, b"{}"))
        assert not posted.is_there, "its own subjects are not those of the papers"
    finally:
        await session.aclose()
    thief = PaperStation(B, seed="thief").accept("PRR-1")[1]
    other = PaperStation(B).messages
    read = cluster.identity.messages.read(
        thief.subject, thief.headers, thief.body, sign_key=PaperStation(B).keys.signing_key
    )
    assert (read.code, other is not None) == ("fact-signature-invalid", True), "papers do not sign facts"


@contextlib.asynccontextmanager
async def broker(told):
    """Somebody else's server, in plain text: what it says of itself is ``told``; and all that it heard."""
    heard = []

    async def serve(reader, writer):
        writer.write(f"INFO {json.dumps(told)}\r\n".encode())
        while part := await reader.read(65_536):
            heard.append(part)
            writer.write(b"PONG\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


@pytest.mark.parametrize("asks", [{}, {"tls_required": False, "auth_required": True, "nonce": "abcdefgh"}])
async def test_nothing_is_said_in_plain_text_to_a_server_that_asks_for_none_better(cluster, asks):
    told = {"server_id": "x", "version": "2.11.0", "max_payload": 1 << 20, "headers": True, **asks}
    papers = cluster.credentials([A])[A]
    async with broker(told) as (port, heard):
        urls = [f"tls://127.0.0.1:{port}"]
        assert await refusal(city_of(cluster, papers, urls=urls)) == "city-unreachable"
        where = Servers(urls=tuple(urls), ca=cluster.pem, replicas=1, events_mib=64, orders_mib=64)
        with pytest.raises(Faulted, match="cannot talk"):
            await Engine(where, cluster.rights, lambda: RIGHTS_AT).connect()
        assert heard == []


async def test_a_server_whose_papers_our_authority_did_not_sign_hears_nothing_of_us(cluster, tmp_path):
    papers = cluster.credentials([A])[A]
    (tmp_path / "other").mkdir()
    assert await refusal(city_of(cluster, papers, pem=certify(tmp_path / "other"))) == "city-unreachable"
    by_name = [url.replace("127.0.0.1", "localhost") for url in cluster.urls]
    assert await refusal(city_of(cluster, papers, urls=by_name)) == "city-unreachable", "papers of another name"


async def test_the_servers_hear_nobody_in_plain_text(cluster):
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.nodes[0].port)
    async with asyncio.timeout(60):
        assert (await reader.readline()).startswith(b"INFO ")
        writer.write(b'CONNECT {"verbose":true}\r\nPUB events.1671-07.job.done 2\r\n{}\r\nPING\r\n')
        assert b"PONG" not in await reader.read()
    writer.close()


async def test_a_letter_that_no_server_may_take_is_refused_and_the_next_one_taken(cluster):
    papers = cluster.credentials([A])[A]
    session = await city_of(cluster, papers).connect()
    try:
        huge = Letter(f"events.{A}.transfer.packed", {"Nats-Msg-Id": "1"}, bytes((8 << 20) + 1))
        assert (await session.post(huge)).fate is Fate.REFUSED
        assert session.is_open
    finally:
        await session.aclose()
