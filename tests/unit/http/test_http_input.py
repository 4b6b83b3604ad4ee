"""Bad input: each kind has a code and a field, nothing is stored, nothing of a person comes back or is logged."""

import asyncio
import copy
import json
import logging

import pytest
from http_door import NIK, PIXEL, doors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stationd.http.bodies import _may_repeat_a_key

SECRET = "8888880202800002"


def changed(order, path, value):
    """A copy of the order with the value at a dotted path replaced; ``...`` removes it."""
    result = copy.deepcopy(order)
    *parents, last = path.split(".")
    place = result
    for name in parents:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return result


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("order", ..., "order"),
        ("order", "", "order"),
        ("order", "-x", "order"),
        ("order", "x" * 65, "order"),
        ("order", "x\n", "order"),
        ("order", 7, "order"),
        ("kind", "gift", "kind"),
        ("kind", None, "kind"),
        ("holder", [], "holder"),
        ("holder.nik", ..., "holder.nik"),
        ("holder.nik", SECRET[:15], "holder.nik"),
        ("holder.nik", SECRET + "\n", "holder.nik"),
        ("holder.nik", SECRET[:15] + "\n", "holder.nik"),
        ("holder.nik", int(SECRET), "holder.nik"),
        ("holder.nik", SECRET[:15] + "٣", "holder.nik"),
        ("holder.name", "", "holder.name"),
        ("holder.name", "   ", "holder.name"),
        ("holder.name", SECRET * 13, "holder.name"),
        ("holder.name", f"{SECRET}\x00", "holder.name"),
        ("holder.address", f"{SECRET}\n", "holder.address"),
        ("holder.phone", f"call {SECRET}", "holder.phone"),
        ("holder.nickname", SECRET, "holder"),
        (f"holder.{SECRET}", "x", "holder"),
        (SECRET, SECRET, None),
        ("holder.phone", "((0711) 350500", "holder.phone"),
        ("police_report", 5, "police_report"),
        ("profile", "no such thing!", "profile"),
        ("document", ..., "document"),
        ("document", {}, "document"),
        ("document", {"media_type": "image/png"}, "document"),
        ("document", {"data": PIXEL}, "document"),
        ("document", {"media_type": "image/png", "data": PIXEL, "template": "specimen"}, "document"),
        ("document", {"media_type": "image/png", "data": PIXEL, "fields": {}}, "document"),
        ("document", {"template": None}, "document"),
        ("document.media_type", "text/html", "document.media_type"),
        ("document.data", f"?{SECRET}", "document.data"),
        ("document.data", "", "document.data"),
        ("document", {"template": "specimen", "fields": {"nama": "x" * 501}}, "document.fields"),
        ("document", {"template": "specimen", "fields": {SECRET * 5: "x"}}, "document.fields"),
        ("document", {"template": "specimen", "fields": {"nama": 5}}, "document.fields"),
        ("document", {"template": "../specimen"}, "document.template"),
    ],
)
async def test_a_value_that_does_not_fit_is_named_and_never_repeated(door, order, caplog, path, value, field):
    caplog.set_level(logging.DEBUG)
    status, body, _ = await door.submit(changed(order, path, value))
    assert (status, body["code"], body.get("field")) == (422, "body-invalid", field)
    assert SECRET[:15] not in json.dumps(body)
    assert SECRET[:15] not in caplog.text
    assert not door.submission.orders


async def test_an_unknown_field_is_answered_with_the_known_ones(door, order):
    body = (await door.submit(changed(order, "holder.gender", "x")))[1]
    assert body["fix"] == "allowed: nik, name, address, phone, district, village"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nonsense",
        b"{} trailing",
        b"\xef\xbb\xbf{}",
        b'{"order": NaN}',
        b'{"order": Infinity}',
        b'{"order": "\xff"}',
        b'{"order": "\\ud800"}',
        b'{"order": "a\nb"}',
        b"[" * 200_000,
        b'{"holder":' * 50_000,
    ],
)
async def test_what_is_not_json_never_gets_further(door, raw):
    status, body, _ = await door.submit(raw)
    assert body["code"] in {"json-malformed", "body-invalid"}
    assert status in {400, 422}
    assert not door.submission.orders


@pytest.mark.parametrize("raw", [b"", b"{", b'{"order": NaN}', b'{"order": "\xff"}', b'{"order": "\\ud800"}'])
async def test_malformed_json_is_400(door, raw):
    assert (await door.submit(raw))[1]["code"] == "json-malformed"


_NAMES = st.sampled_from(["a", "b", "fields", "x-y", ":", ", ", "", "\\u0061", '\\"', "\u00e9", "{", "]"])
_OBJECTS = st.recursive(
    st.sampled_from(["1", '":"', '", "', '"a"', '"\\\\"', "null", '"a:b"']),
    lambda inner: st.one_of(
        st.lists(st.tuples(_NAMES, st.sampled_from([":", " : ", "\n:"]), inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f'"{name}"{colon}{value}' for name, colon, value in pairs) + "}"
        ),
        st.lists(inner, max_size=3).map(lambda values: f"[{','.join(values)}]"),
    ),
    max_leaves=8,
)


@given(text=_OBJECTS)
@settings(max_examples=100)
def test_no_name_that_stands_twice_in_an_object_escapes_the_quick_look(text):
    repeated = []

    def pairs_of(pairs):
        repeated.append(len(dict(pairs)) != len(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=pairs_of)
    if not _may_repeat_a_key(text.encode()):
        assert not any(repeated)


@pytest.mark.parametrize(
    "twice",
    [
        ('"kind": "first"', '"kind": "first", "kind": "first"'),
        ('"kind": "first"', '"kind": "first", "k\\u0069nd" : "first"'),
        (f'"nik": "{NIK}"', f'"nik": "{SECRET}", "nik": "{NIK}"'),
        ('"media_type": "image/png"', '"media_type": "image/png", "media_type"\n:\n"image/png"'),
    ],
)
async def test_a_name_that_stands_twice_is_refused(door, order, twice):
    raw = json.dumps(order).replace(*twice).encode()
    assert json.loads(raw) == order
    status, body, _ = await door.submit(raw)
    assert (status, body["code"]) == (400, "json-malformed")
    assert "twice" in body["detail"]
    assert not door.submission.orders


async def test_one_name_in_two_objects_is_no_repetition(door, order):
    order["document"] = {"template": "specimen", "fields": {"name": 'A ": B', "order": ":", "nik": "\\"}}
    assert (await door.submit(order))[0] == 201


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "x"]
)
async def test_only_json_is_taken(door, order, media_type):
    status, body, _ = await door.submit(order, headers={"Content-Type": media_type})
    assert (status, body["code"]) == (415, "media-type-unsupported")


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
async def test_json_may_name_its_charset(door, order, media_type):
    assert (await door.submit(order, headers={"Content-Type": media_type}))[0] == 201


async def test_a_compressed_body_is_refused_unopened(door, order):
    status, body, _ = await door.submit(order, headers={"Content-Encoding": "gzip"})
    assert (status, body["code"]) == (415, "encoding-unsupported")


async def test_an_order_without_a_key_is_refused(door, order):
    status, body, _ = await door.submit(order, key=None)
    assert (status, body["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize("key", ["", "a b", "x" * 129, '"open', '""', '"a" b', "café", f'"{"x" * 129}"', '"a"; b=1'])
async def test_a_malformed_key_is_refused(door, order, key):
    status, body, _ = await door.submit(order, key=key)
    assert (status, body["code"]) == (400, "idempotency-key-malformed")


async def test_two_keys_are_none(door, order):
    raw = json.dumps(order).encode()
    head = (
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nAuthorization: Bearer token-of-kiosk\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n"
        "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n"
    )
    assert b"idempotency-key-malformed" in await door.knock(head.encode() + raw)


# ------------------------------------------------------------------------------------------------ size and time


async def test_fifty_megabytes_are_refused_unread_and_the_caller_sees_why(door):
    size = 50_000_000
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nAuthorization: Bearer token-of-kiosk\r\n"
        f"Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")  # the answer comes before a byte of the body
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in head.lower()
    chunk = bytes(1_000_000)
    for _ in range(size // len(chunk)):
        writer.write(chunk)
        await writer.drain()
    assert b"body-too-large" in await reader.read()
    writer.close()


async def test_a_client_that_sends_everything_first_still_sees_the_answer(door):
    size = 50_000_000
    answer = await door.knock(
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nAuthorization: Bearer token-of-kiosk\r\n"
        f"Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode()
        + bytes(size)
    )
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"body-too-large" in answer


async def test_a_chunked_body_is_cut_off_at_the_limit(open_door):
    door = await open_door(max_body=1000)

    async def endless():
        for _ in range(100_000):
            yield b" " * 4096

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    status, body, _ = await door.ask("POST", "/v1/jobs", role="kiosk", headers=headers, data=endless())
    assert (status, body["code"]) == (413, "body-too-large")


async def test_a_chunked_body_within_the_limit_is_taken(door, order):
    async def pieces():
        for byte in json.dumps(order).encode():
            yield bytes([byte])

    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    assert (await door.ask("POST", "/v1/jobs", role="kiosk", headers=headers, data=pieces()))[0] == 201


async def test_a_body_exactly_at_the_limit_is_taken(open_door, order):
    raw = json.dumps(order).encode()
    exact = await open_door(max_body=len(raw))
    assert (await exact.submit(raw))[0] == 201
    less = await open_door(max_body=len(raw) - 1)
    assert (await less.submit(raw))[0] == 413


async def test_a_body_that_trickles_is_given_up(open_door):
    door = await open_door(body_timeout_s=0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nAuthorization: Bearer token-of-kiosk\r\n"
        f"Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode()
    )
    async with asyncio.timeout(60):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head.lower()
    writer.close()


async def test_a_broken_chunked_encoding_is_a_problem_of_the_caller(door):
    answer = await door.knock(
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nAuthorization: Bearer token-of-kiosk\r\n"
        "Idempotency-Key: k\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode()
    )
    assert answer[9:13] == b"400 "
    assert b"application/problem+json" in answer


async def test_a_caller_that_waits_for_100_continue_is_told_to_go_on_or_refused_at_once(door, order):
    raw = json.dumps(order).encode()
    head = (
        "POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer token-of-{}\r\nExpect: 100-continue\r\n"
        "Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(head.format(door.port, "kiosk", len(raw)).encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(raw)
    assert (await reader.read()).startswith(b"HTTP/1.1 201 ")
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(head.format(door.port, "monitor", len(raw)).encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 403 ")
    writer.close()


async def test_a_caller_that_goes_away_in_mid_body_leaves_nothing(door, caplog):
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nAuthorization: Bearer token-of-kiosk\r\n"
        f"Idempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode()
    )
    await writer.drain()
    while not door.server.connections:
        await asyncio.sleep(0)
    writer.close()
    await writer.wait_closed()
    async with asyncio.timeout(60):
        while door.server.connections:
            await asyncio.sleep(0.001)
    assert not door.submission.orders
    assert "mistake" not in caplog.text


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40) + b"\r\n\r\n",
        f"GET /{SECRET} HTTP/9.x\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nX: {SECRET}\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: a\r\nX: {SECRET}{'x' * 10_000}\r\n\r\n".encode(),
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"H%d: x\r\n" % n for n in range(200)) + b"\r\n",
    ],
)
async def test_what_is_not_http_is_answered_as_a_problem_and_quoted_nowhere(door, caplog, junk):
    caplog.set_level(logging.DEBUG)
    answer = await door.knock(junk)
    assert answer[9:13] == b"400 "
    assert b'"code":"request-malformed"' in answer
    assert SECRET.encode() not in answer
    assert SECRET not in caplog.text


# ---------------------------------------------------------------------------------------------------- anything


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just(SECRET)
)
NAMES = st.sampled_from(
    [
        "order",
        "kind",
        "holder",
        "document",
        "nik",
        "name",
        "phone",
        "data",
        "media_type",
        "template",
        "fields",
        "photo",
        SECRET,
    ]
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=15
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    patch=st.dictionaries(NAMES, VALUES, max_size=4),
    target=st.sampled_from(["", "holder", "document", "instead"]),
    path=st.sampled_from(["/v1/jobs", "/v1/blanks/entries", "/v1/jobs/x/verdict", "/v1/jobs/x/cancel"]),
)
def test_no_json_whatsoever_breaks_the_door_or_is_echoed(patch, target, path):
    asyncio.run(_throw(patch, target, path))


async def _throw(patch, target, path):
    async with doors() as open_:
        door = await open_()
        order = {
            "order": "A-1",
            "kind": "first",
            "holder": {"nik": NIK, "name": "CONTOH"},
            "document": {"media_type": "image/png", "data": PIXEL},
        }
        if target == "instead":
            order = patch
        elif target:
            order[target] |= patch
        else:
            order |= patch
        headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
        status, body, _ = await door.ask("POST", path, headers=headers, data=json.dumps(order).encode())
        assert status < 500
        if status >= 400:
            assert SECRET not in json.dumps(body)
            assert body["code"]


async def test_what_does_not_have_the_right_form_is_told_what_the_right_one_looks_like(door, order):
    _, body, _ = await door.submit(changed(order, "order", "no spaces here"))
    assert (body["field"], body["fix"]) == ("order", "write it like PRR-16711-000123")
    _, body, _ = await door.submit(changed(order, "holder.phone", "ask my son"))
    assert body["fix"] == "write it like +62 000 000 000"


@pytest.mark.parametrize(
    ("phone", "taken"), [("(0711) 350500", "(0711) 350500"), ("", None), (None, None), ("+62 812 000", "+62 812 000")]
)
async def test_a_holder_may_have_any_number_or_none(door, order, phone, taken):
    assert (await door.submit(changed(order, "holder.phone", phone)))[0] == 201
    assert door.submission.orders[0][0].holder.phone == taken


@pytest.mark.parametrize("path", ["/v1/station/", "/officer/", "/v1/jobs/x/"])
async def test_a_slash_too_many_is_told_as_such(door, path):
    status, body, _ = await door.ask("GET", path)
    assert (status, body["code"], body["fix"]) == (404, "path-unknown", "leave off the last slash")


async def test_no_body_is_an_empty_one_where_nothing_in_it_must_be_given(door):
    status, body, _ = await door.ask("POST", "/v1/queue/pause")
    assert (status, body["is_paused"]) == (200, True)
    status, body, _ = await door.ask("POST", "/v1/cards/find")
    assert (status, body["code"]) == (415, "media-type-unsupported")
