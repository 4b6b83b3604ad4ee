"""Bulk submission through a running station."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.rigs.documents import png
from tests.rigs.station import StationProcess, job

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
async def station(tmp_path: Path):
    async with StationProcess(tmp_path) as started:
        yield started


def line(number: int, **changes: object) -> bytes:
    return json.dumps({**job(number, png(number)), "idempotency_key": f"bulk-{number}", **changes}).encode() + b"\n"


async def post(station: StationProcess, body: bytes | AsyncIterator[bytes]) -> tuple[int, list[dict]]:
    headers = {**NDJSON, "Authorization": f"Bearer {station.token}"}
    async with station.session.post("http://localhost/v1/jobs/bulk", data=body, headers=headers) as answer:
        return answer.status, [json.loads(each) async for each in answer.content]


async def test_every_line_is_answered_in_its_place_and_stored(station: StationProcess):
    status, answers = await post(station, b"".join(line(number) for number in range(1000)))
    assert status == 200
    assert [each["line"] for each in answers] == list(range(1, 1001))
    assert {each["status"] for each in answers} == {201}
    assert station.counts() == {"queued": 1000}
    assert [each["job"]["order"] for each in answers] == [job(number, b"")["order"] for number in range(1000)]


async def test_a_bad_line_fails_alone_and_says_where(station: StationProcess):
    lines = [
        line(1),
        b"this is not JSON\n",
        line(2, kind="data_change"),
        b"\n",
        line(3, surprise=1),
        line(1, order="PRR-OTHER"),
        line(4),
    ]
    _, answers = await post(station, b"".join(lines))
    told = [(each["line"], each["status"], each.get("problem", {}).get("code")) for each in answers]
    assert told == [
        (1, 201, None),
        (2, 400, "json-malformed"),
        (3, 422, "data-change-belongs-to-the-office"),
        (5, 422, "body-invalid"),
        (6, 409, "idempotency-key-reused"),
        (7, 201, None),
    ]
    assert station.counts() == {"queued": 2}


async def test_sending_everything_again_stores_nothing_twice(station: StationProcess):
    body = b"".join(line(number) for number in range(300))
    _, first = await post(station, body)
    _, again = await post(station, body)
    assert {each["status"] for each in again} == {200}
    assert [each["job"]["id"] for each in first] == [each["job"]["id"] for each in again]
    assert station.counts() == {"queued": 300}


async def test_a_line_is_answered_before_the_next_is_sent(station: StationProcess):
    answered = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield line(1)
        yield line(2)
        await asyncio.wait_for(answered.wait(), 60)
        yield line(3)

    headers = {**NDJSON, "Authorization": f"Bearer {station.token}"}
    async with station.session.post("http://localhost/v1/jobs/bulk", data=slowly(), headers=headers) as answer:
        assert json.loads(await answer.content.readline())["line"] == 1
        answered.set()
        assert [json.loads(each)["line"] async for each in answer.content] == [2, 3]


async def test_a_broken_connection_keeps_what_was_answered(station: StationProcess):
    reader, writer = await asyncio.open_unix_connection(str(station.socket), limit=1 << 20)
    head = (
        "POST /v1/jobs/bulk HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: Bearer {station.token}\r\nContent-Length: 100000000\r\n\r\n"
    )
    writer.write(head.encode() + b"".join(line(number) for number in range(200)))
    async with asyncio.timeout(60):
        answered = await reader.readuntil(b'{"line":200,')
    assert answered.count(b'"status":201') == 199
    writer.transport.abort()
    status, answers = await post(station, b"".join(line(number) for number in range(250)))
    assert status == 200
    assert [each["status"] for each in answers] == [200] * 200 + [201] * 50
    assert station.counts() == {"queued": 250}
    station.check_books()


async def test_another_media_type_is_refused(station: StationProcess):
    status, answer = await station.call("POST", "/v1/jobs/bulk", {"a": 1})
    assert (status, answer["code"]) == (415, "media-type-unsupported")
