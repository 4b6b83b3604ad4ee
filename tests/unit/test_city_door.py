"""The city's door with a hostile caller: everything is answered, nothing is told that was sent, and it goes on."""

import asyncio
import io
import json
from types import SimpleNamespace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from stationd.adapters.books_metrics import BooksMetrics
from stationd.city import door
from stationd.city.desk import Desk
from stationd.city.identity import Identity
from stationd.city.run import City
from tests.rigs.guarded_nats import settings_for
from tests.rigs.paper_city import CITY_KEY, PaperStation

TOKEN = "invented-token-of-the-door-0123456789"
NO_SERVERS = SimpleNamespace(urls=["nats://127.0.0.1:1"])
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
NIK = "1671070101900001"
ORDER = {"order": "PRR-1", "kind": "first", "holder": {"nik": NIK}, "document": {"data": "QUJD"}, "station": "1671-07"}


@pytest.fixture
async def client(tmp_path):
    city = City(settings_for(NO_SERVERS, tmp_path), Identity(CITY_KEY))
    await city.desk.books.open()
    try:
        await city.desk.enrol("1671-07", "Kecamatan Contoh", PaperStation("1671-07").keys.identity)
        server = TestServer(door.build(city.desk, BooksMetrics(), TOKEN), host="127.0.0.1")
        async with TestClient(server) as client:
            yield client
    finally:
        await city.desk.books.aclose()


def filing(*lines):
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    return {"data": body, "headers": WITH_TOKEN | {"Content-Type": "application/x-ndjson"}}


async def test_who_has_no_token_learns_nothing_whatever_he_asks_for(client):
    for path in (
        "/v1/stations",
        "/v1/orders/PRR-1",
        "/v1/nothing",
        "/metrics/../v1/stations",
        "/metrics/",
        "/v1/differences",
    ):
        for header in (
            {},
            {"Authorization": TOKEN},
            {"Authorization": f"Bearer {TOKEN[:-1]}"},
            {"Authorization": "\xff"},
        ):
            async with client.get(path, headers=header) as answer:
                assert (answer.status, (await answer.json(content_type=None))["code"]) == (401, "token-invalid"), path
    async with client.get("/v1/stations", headers=WITH_TOKEN | {"Host": "evil.example"}) as answer:
        assert answer.status == 421
    async with client.get("/healthz") as answer:
        assert answer.status == 200
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(b"GET /v1/stations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\r\n\r\n")
    assert (await reader.readline()).split()[1] in {b"400", b"401"}
    writer.close()


async def test_lines_that_are_no_orders_are_answered_one_by_one_and_stop_no_other(client):
    strange = [
        b"\xff\xfe", b"[" * 100_000, b'{"order": "PRR-2", "station": "\\ud800"}', b"null", b"{}", b'{"order": 1e999}',
        ORDER | {"order": "PRR-3\n"}, ORDER | {"order": "x" * 65}, ORDER | {"station": "\0"}, ORDER | {"kind": "\0"},
        ORDER | {"holder": {"nik": NIK, "name": "\ud800"}}, ORDER | {"holder": {"nik": float("nan")}},
        ORDER | {"station": "1671-99"}, ORDER | {"signature": "e30.e30.e30"}, ORDER | {"document": []},
    ]  # fmt: skip
    async with client.post("/v1/orders", **filing(*strange, ORDER)) as answer:
        text = await answer.text()
    results = [json.loads(line)["result"] for line in text.splitlines()]
    assert (answer.status, results[-1], len(results)) == (200, "offered", len(strange) + 1)
    assert set(results[:-1]) <= {"order-malformed", "station-unknown"}
    assert NIK not in text


async def test_what_is_too_much_or_not_there_is_a_problem_like_every_other(client):
    asked = [
        ("POST", "/v1/orders", filing(b"\n" * 10_001), 413, "too-many-lines"),
        (
            "POST",
            "/v1/orders",
            {"data": io.BytesIO(b"x" * ((64 << 20) + 1)), "headers": filing()["headers"]},
            413,
            "body-too-large",
        ),
        ("POST", "/v1/orders", {"json": ORDER, "headers": WITH_TOKEN}, 415, "media-type-unsupported"),
        ("GET", "/v1/nothing", {"headers": WITH_TOKEN}, 404, "http-404"),
        ("DELETE", "/v1/stations", {"headers": WITH_TOKEN}, 405, "http-405"),
        ("GET", "/v1/orders/PRR%00", {"headers": WITH_TOKEN}, 422, "text-malformed"),
        ("POST", "/v1/orders/PRR-1/move?to=%00", {"headers": WITH_TOKEN}, 422, "text-malformed"),
        ("GET", "/v1/receipts/%00", {"headers": WITH_TOKEN}, 422, "receipt-malformed"),
    ]
    for method, path, more, status, code in asked:
        async with client.request(method, path, **more) as answer:
            told = await answer.json(content_type=None)
            assert (answer.status, told["code"]) == (status, code), path
            assert answer.content_type == "application/problem+json"


async def test_a_defect_is_answered_and_logged_without_what_was_sent(client, monkeypatch, caplog):
    async def dies(*_):
        raise KeyError(NIK)

    monkeypatch.setattr(Desk, "order", dies)
    async with client.get("/v1/orders/PRR-1", headers=WITH_TOKEN) as answer:
        assert (answer.status, NIK in await answer.text()) == (500, False)
    assert "KeyError" in caplog.text
    assert NIK not in caplog.text
