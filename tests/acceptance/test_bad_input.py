"""Bad input to the daemon as it runs: a problem with a stable code, nothing stored, nothing of a person anywhere."""

import asyncio
import base64
import copy
import json
import struct

import pytest

from tests.rigs.documents import pdf, png
from tests.rigs.hostile import attacked, defects
from tests.rigs.press import SimulatedPress
from tests.rigs.station import StationProcess, job

PLANTED = {
    "nik": "9999017711900042",
    "name": "Zarquona Ujicobawati",
    "address": "Gang Rekayasa Nomor 4711",
    "phone": "+620009998887",
}
"""An invented person with values that occur nowhere else, to be searched for."""


def order(number: int = 1, **changes: object) -> dict[str, object]:
    """A good order of the planted person, with top-level values replaced; ``...`` removes one."""
    body = copy.deepcopy(job(number, png(number)))
    body["holder"] = dict(PLANTED)
    for name, value in changes.items():
        if value is ...:
            del body[name]
        else:
            body[name] = value
    return body


def document(media_type: str, data: bytes) -> dict[str, str]:
    """The part of an order that carries a document."""
    return {"media_type": media_type, "data": base64.b64encode(data).decode()}


def wanting(name: str, **replaced: object) -> dict[str, object]:
    """The planted holder without one value, or with others."""
    return {key: value for key, value in {**PLANTED, **replaced}.items() if key != name}


SEED = 20_161_101
HUGE_PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 60_000, 60_000, 8, 6, 0, 0, 0)

BAD_ORDERS = {
    "no order": (order(order=...), 422, "body-invalid", "order"),
    "no holder": (order(holder=...), 422, "body-invalid", "holder"),
    "no NIK": (order(holder=wanting("nik")), 422, "body-invalid", "holder.nik"),
    "a NIK as a number": (order(holder={**PLANTED, "nik": int(PLANTED["nik"])}), 422, "body-invalid", "holder.nik"),
    "a NIK cut short": (order(holder={**PLANTED, "nik": PLANTED["nik"][:15]}), 422, "body-invalid", "holder.nik"),
    "a NIK in the name's place": (
        order(holder={**PLANTED, "name": [PLANTED["nik"]]}),
        422,
        "body-invalid",
        "holder.name",
    ),
    "an unknown field": (order(**{PLANTED["nik"]: PLANTED["name"]}), 422, "body-invalid", None),
    "an unknown field of the holder": (order(holder={**PLANTED, "mother": "x"}), 422, "body-invalid", "holder"),
    "an unknown kind": (order(kind=PLANTED["name"]), 422, "body-invalid", "kind"),
    "a change of data": (order(kind="data_change"), 422, "data-change-belongs-to-the-office", "kind"),
    "a lost card without a report": (order(kind="lost"), 422, "police-report-missing", "police_report"),
    "an unknown profile": (order(profile="no-such"), 422, "profile-unknown", "profile"),
    "no document": (order(document=...), 422, "body-invalid", "document"),
    "not base64": (order(document={"media_type": "image/png", "data": "%"}), 422, "body-invalid", "document.data"),
    "a PDF called PNG": (order(document=document("image/png", pdf(1))), 422, "document-invalid", "document.data"),
    "a PNG called PDF": (order(document=document("application/pdf", png(1))), 422, "document-invalid", "document.data"),
    "a PNG cut short": (order(document=document("image/png", png(1)[:-20])), 422, "document-invalid", "document.data"),
    "a PNG too large to draw": (order(document=document("image/png", HUGE_PNG)), 422, "document-invalid", None),
    "text called JPEG": (order(document=document("image/jpeg", b"text")), 422, "document-invalid", "document.data"),
    "an unknown media type": (
        order(document=document("text/html", b"<p>")),
        422,
        "body-invalid",
        "document.media_type",
    ),
    "an unknown template": (order(document={"template": "no-such", "fields": {}}), 422, "document-invalid", None),
}

BAD_BODIES = {
    "nothing": (b"", 400, "json-malformed"),
    "half an object": (json.dumps(order()).encode()[:-40], 400, "json-malformed"),
    "not UTF-8": (json.dumps(order()).encode().replace(b"Zarquona", b"Zarq\xff\xfe"), 400, "json-malformed"),
    "deeply nested": (b"[" * 100_000, 422, "body-invalid"),
    "a list": (b"[]", 422, "body-invalid"),
    "a name twice": (
        json.dumps(order()).replace('"kind"', '"kind": "first", "kind"', 1).encode(),
        400,
        "json-malformed",
    ),
}


@pytest.fixture
async def station(stocked, tmp_path):
    """A running station whose printer takes nothing, so that a job that was stored would show."""
    press = SimulatedPress(tmp_path / "cards")
    async with stocked({**press.table, "seconds": 3600}, extra="body_timeout_s = 1") as running:
        yield await running.start()


async def post(
    station: StationProcess, raw: bytes, *, key: str | None = "key-1", media_type: str = "application/json"
) -> tuple[int, dict[str, object]]:
    """Status and problem of a raw body."""
    headers = {"Authorization": f"Bearer {station.token}", "Content-Type": media_type}
    if key is not None:
        headers["Idempotency-Key"] = key
    async with station.session.post("http://localhost/v1/jobs", data=raw, headers=headers) as answer:
        assert answer.content_type == "application/problem+json"
        body = await answer.json(content_type=None)
        assert (body["status"], body["type"]) == (answer.status, f"urn:stationd:problem:{body['code']}")
        return answer.status, body


async def knock(station: StationProcess, *parts: bytes, pause_s: float = 0) -> bytes:
    """What the station answers to bytes written in parts."""
    reader, writer = await asyncio.open_unix_connection(station.socket)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        return await reader.read()
    finally:
        writer.close()


def head(station: StationProcess, length: int) -> bytes:
    """The head of a submission of ``length`` bytes."""
    return (
        f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {station.token}\r\n"
        f"Idempotency-Key: key-1\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()


def nothing_is_stored(station: StationProcess) -> None:
    """No trace of a refused order in any table."""
    for table in ("job", "holder", "document", "idempotency", "attempt"):
        assert station.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    station.check_books()


def forms(value: str) -> list[bytes]:
    """The bytes of a planted value as they might slip out."""
    raw = value.encode()
    return [raw, base64.b64encode(raw).rstrip(b"=")[:-1], raw.hex().encode(), raw[::-1]]


def nothing_slipped_out(station: StationProcess, *told: object) -> None:
    """No planted value in the log, in any file of the state directory, or in what was ``told``."""
    places = {"the log": station.log.read_bytes(), "an answer": json.dumps(told, ensure_ascii=False).encode()}
    places.update({str(path): path.read_bytes() for path in station.database.parent.rglob("*") if path.is_file()})
    assert len(places) > 3
    for value in (*PLANTED.values(), station.token):
        for form in forms(value):
            for place, content in places.items():
                assert form not in content, f"a planted value is in {place}"


async def test_each_bad_order_is_a_problem_with_its_code_and_field(station):
    told = []
    for name, (body, status, code, field) in BAD_ORDERS.items():
        answered, problem = await post(station, json.dumps(body).encode())
        assert (answered, problem["code"]) == (status, code), (name, problem)
        if field is not None:
            assert problem.get("field") == field, (name, problem)
        told.append(problem)
    nothing_is_stored(station)
    nothing_slipped_out(station, told)


async def test_each_bad_body_is_a_problem_with_its_code(station):
    told = []
    for name, (raw, status, code) in BAD_BODIES.items():
        answered, problem = await post(station, raw)
        assert (answered, problem["code"]) == (status, code), name
        told.append(problem)
    nothing_is_stored(station)
    nothing_slipped_out(station, told)


async def test_an_order_without_a_key_or_as_another_media_type_is_refused(station):
    raw = json.dumps(order()).encode()
    assert (await post(station, raw, key=None))[1]["code"] == "idempotency-key-missing"
    assert (await post(station, raw, key="a b"))[1]["code"] == "idempotency-key-malformed"
    assert (await post(station, raw, media_type="text/plain"))[1]["code"] == "media-type-unsupported"
    nothing_is_stored(station)


async def test_fifty_megabytes_are_refused_before_they_are_read(station):
    answer = await knock(station, head(station, 50_000_000))
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"body-too-large"' in answer
    nothing_is_stored(station)


async def test_a_body_that_comes_too_slowly_is_refused_and_others_are_served_meanwhile(station):
    raw = json.dumps(order()).encode()
    slow = asyncio.create_task(
        knock(station, head(station, len(raw)), *(raw[i : i + 1] for i in range(30)), pause_s=0.05)
    )
    for _ in range(20):
        assert (await station.call("GET", "/healthz"))[0] == 200
        await asyncio.sleep(0.05)
    answer = await slow
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"body-too-slow"' in answer
    nothing_is_stored(station)
    nothing_slipped_out(station, answer.decode())


async def test_an_order_broken_off_in_its_middle_leaves_nothing(station):
    raw = json.dumps(order()).encode()
    _, writer = await asyncio.open_unix_connection(station.socket)
    writer.write(head(station, len(raw)) + raw[: len(raw) // 2])
    await writer.drain()
    writer.transport.abort()
    assert (await station.call("GET", "/healthz"))[0] == 200
    nothing_is_stored(station)
    nothing_slipped_out(station)


async def test_a_key_used_again_for_another_order_stores_nothing_more(station):
    assert (await station.submit(1, png(1)))[0] == 201
    assert (await station.submit(1, png(1)))[0] == 200
    status, problem = await post(station, json.dumps(order(2)).encode(), key="key-1")
    assert (status, problem["code"]) == (409, "idempotency-key-reused")
    status, problem = await post(station, json.dumps(order(1)).encode(), key="another")
    assert (status, problem["code"], problem["field"]) == (409, "order-has-a-live-job", "order")
    assert station.rows("SELECT count(*) FROM job") == [(1,)]
    station.check_books()


@pytest.mark.parametrize("job_id", ["x", "00000000-0000-7000-8000-000000000000", "..%2f..%2fetc%2fpasswd", "1;drop"])
async def test_an_unknown_job_is_unknown_whatever_is_asked_of_it(station, job_id):
    for method, rest, body in (
        ("GET", "", None),
        ("POST", "/cancel", None),
        ("POST", "/verdict", {"outcome": "printed", "note": ""}),
    ):
        status, problem = await station.call(method, f"/v1/jobs/{job_id}{rest}", body)
        assert status == 404, problem
        assert problem["code"] in {"job-unknown", "path-unknown"}


async def test_an_illegal_verdict_changes_nothing(station):
    _, submitted = await station.submit(1, png(1))
    place = f"/v1/jobs/{submitted['id']}/verdict"
    for body, status, code in (
        ({"outcome": "perhaps", "note": ""}, 422, "body-invalid"),
        ({"outcome": 1, "note": ""}, 422, "body-invalid"),
        ({}, 422, "body-invalid"),
        ({"outcome": "printed", "note": "", "sure": True}, 422, "body-invalid"),
        ({"outcome": "printed", "note": "x" * 1001}, 422, "body-invalid"),
        ({"outcome": "printed", "note": ""}, 409, "job-not-uncertain"),
    ):
        answered, problem = await station.call("POST", place, body)
        assert (answered, problem["code"]) == (status, code), body
    assert station.counts() in ({"queued": 1}, {"printing": 1})
    station.check_books()


async def test_nothing_of_a_holder_shows_anywhere_after_a_good_order(station):
    body = order(1)
    body["document"] = {
        "template": "specimen",
        "fields": {"name": PLANTED["name"], "address": PLANTED["address"], "order": "PRR-16711-000001"},
    }
    status, answer = await station.call("POST", "/v1/jobs", body, Idempotency_Key="key-1")
    assert status == 201, answer
    told = [answer]
    paths = ["/v1/jobs?limit=10", f"/v1/jobs/{answer['id']}", "/v1/devices", "/v1/blanks", "/v1/station"]
    paths += ["/metrics", "/readyz", "/healthz", "/openapi.json", "/no/such/place"]
    told += [(await station.call("GET", path))[1] for path in paths]
    status, _ = await station.call("POST", f"/v1/jobs/{answer['id']}/cancel")
    assert status in {200, 409}
    nothing_slipped_out(station, told)
    station.kill()
    nothing_slipped_out(station)


async def test_hundreds_of_hostile_requests_are_answered_without_a_defect_and_leave_the_books_whole(station):
    answers = await attacked(station.socket, station.token, 300, SEED)
    assert not defects(answers), answers
    assert answers.total() == 300
    assert (await station.call("GET", "/healthz"))[0] == 200
    assert "Traceback" not in station.tail()
    station.check_books()
