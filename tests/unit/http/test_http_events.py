"""The stream of events at the door: resumed, narrowed, kept alive, and cut off when nobody reads."""

import asyncio
import socket

import pytest
from fake_people import TOKENS

from stationd.domain.events import GENESIS, Event, linked
from tests.rigs.listener import EventReader, Heard


def follow(door, *kinds, **data):
    seq = door.stream.last.seq
    events = []
    previous = GENESIS
    for number, kind in enumerate(kinds, seq + 1):
        previous = linked(previous, (number, kind))
        events.append(Event(number, 1_700_000_000_000, kind, "thing", data, previous))
    door.stream._log.events += events
    door.stream.follow(events)


def reader(door, role="officer", last_id=None):
    return EventReader(door.session, f"http://127.0.0.1:{door.port}/v1/events", f"token-of-{role}", last_id)


async def first(events, count=1) -> list[Heard]:
    found = []
    async with asyncio.timeout(60):
        async for event in events:
            found.append(event)
            if len(found) == count:
                break
    await events.aclose()
    return found


async def listened(door, count=1):
    async with asyncio.timeout(60):
        while len(door.stream) != count:
            await asyncio.sleep(0.01)


async def test_events_are_streamed_and_resumed_by_their_id(door):
    client = reader(door)
    hearing = asyncio.create_task(first(client.events()))
    await listened(door)
    follow(door, "job.claimed", state="printing", actor="officer-1")
    (event,) = await hearing
    assert event.type == "job.claimed"
    assert event.data == {
        "type": "job.claimed",
        "at": "2023-11-14T22:13:20Z",
        "subject": "thing",
        "data": {"state": "printing", "actor": "officer-1"},
    }
    follow(door, "job.card_printed", "blanks.received")
    events = await first(client.events(), 2)
    assert [each.type for each in events] == ["job.card_printed", "blanks.received"]
    assert client.last_id == events[-1].id


async def test_a_role_hears_its_share_and_the_topics_it_asked_for(door):
    follow(door, "token.created", "job.claimed", "blanks.received", "printer.paused", actor="x")
    kiosk = await first(reader(door, "kiosk").events(after="0"), 2)
    assert [(each.type, each.data["subject"]) for each in kiosk] == [("job.claimed", None), ("printer.paused", "thing")]
    assert all(each.data["data"] == {} for each in kiosk)
    (only,) = await first(reader(door, "admin").events(after="0", topics="printer"))
    assert only.type == "printer.paused"
    for query in ({"topics": "jobs"}, {"topics": "job,"}, {"after": "x"}, {"before": "1"}):
        status, problem, _ = await door.ask("GET", "/v1/events", params=query)
        assert (status, problem["code"]) in [(400, "topic-unknown"), (400, "query-invalid"), (400, "cursor-malformed")]


async def test_passing_events_have_no_id_and_leave_the_last_one_alone(door):
    client = reader(door, "kiosk")
    hearing = asyncio.create_task(first(client.events()))
    await listened(door)
    door.stream.tell("reader.scanned", "pemindai-1", {"kind": "receipt", "receipt": "2XK7-9QF4-M3TP", "length": 14})
    (scan,) = await hearing
    assert (scan.type, scan.id, client.last_id) == ("reader.scanned", None, "0-00000000")
    assert scan.data["data"] == {"kind": "receipt", "receipt": "2XK7-9QF4-M3TP"}


@pytest.mark.parametrize("last_id", ["7-00000000", "999", "nonsense", "1-ffffffff"])
async def test_a_position_that_is_not_ours_is_answered_with_a_reset(door, last_id):
    follow(door, "job.claimed", "job.claimed")
    client = reader(door, last_id=last_id)
    (event,) = await first(client.events())
    assert (event.type, event.data) == ("reset", {"reason": "other-history"})
    assert client.last_id == str(door.stream.last)


async def test_a_quiet_stream_shows_that_it_lives_and_where_it_stands(open_door):
    door = await open_door(heartbeat_s=0.05)
    client = reader(door, "kiosk")
    hearing = asyncio.create_task(first(client.events()))
    await listened(door)
    follow(door, "token.created")  # not for a kiosk, and yet behind it
    async with asyncio.timeout(60):
        while client.comments < 3 or client.last_id != str(door.stream.last):
            await asyncio.sleep(0.01)
    hearing.cancel()
    await asyncio.wait({hearing})


async def test_a_stream_ends_when_its_token_does(open_door, monkeypatch):
    door = await open_door(heartbeat_s=0.05)
    monkeypatch.setitem(TOKENS, "token-of-guest", TOKENS["token-of-kiosk"])
    hearing = asyncio.create_task(first(reader(door, "guest").events()))
    await listened(door)
    monkeypatch.delitem(TOKENS, "token-of-guest")
    assert await hearing == []


async def test_closing_the_stream_ends_it_for_all(door):
    hearing = asyncio.create_task(first(reader(door).events()))
    await listened(door)
    door.stream.close()
    assert await hearing == []
    status, problem, headers = await door.ask("GET", "/v1/events")
    assert (status, problem["code"], headers["Retry-After"]) == (503, "streams-full", "5")


async def test_head_begins_no_stream(door):
    status, _, headers = await door.ask("HEAD", "/v1/events")
    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    assert len(door.stream) == 0


async def test_a_page_of_a_configured_origin_may_read_the_stream(open_door):
    door = await open_door(origins=frozenset({"http://kiosk.test"}))
    headers = {"Authorization": "Bearer token-of-kiosk", "Origin": "http://kiosk.test"}
    async with door.session.get(f"http://127.0.0.1:{door.port}/v1/events", headers=headers) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "http://kiosk.test"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-Id"]


async def test_who_does_not_read_is_cut_off_and_costs_little(open_door):
    door = await open_door(patience_s=0.3)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, ("127.0.0.1", door.port))
        head = f"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nAuthorization: Bearer token-of-admin\r\n\r\n"
        await loop.sock_sendall(sock, head.encode())
        await listened(door)
        async with asyncio.timeout(60):
            while len(door.stream):
                follow(door, *["job.claimed"] * 50, filler="x" * 2000)
                await asyncio.sleep(0.01)
    assert door.stream.cut_off == 1
