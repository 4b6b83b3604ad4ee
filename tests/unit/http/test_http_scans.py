"""What a reader reads, at the door: with its content, for those who listen at that moment and may."""

import asyncio

from fake_devices import READER
from fake_people import TOKENS

from stationd.domain.scan import ReaderState, ReaderStatus, Scan, ScanKind
from tests.rigs.listener import EventReader, Heard

AT_MS = 1_700_000_000_000
AT = "2023-11-14T22:13:20Z"


def listening(door, role="officer"):
    url = f"http://127.0.0.1:{door.port}/v1/devices/{READER.id}/scans"
    return EventReader(door.session, url, f"token-of-{role}")


async def heard(events, count) -> list[Heard]:
    found = []
    async with asyncio.timeout(60):
        async for event in events:
            found.append(event)
            if len(found) == count:
                break
    await events.aclose()
    return found


async def until_listened(door, count=1):
    async with asyncio.timeout(60):
        while len(door.readers.live) != count:
            await asyncio.sleep(0.01)


async def test_a_scan_is_heard_with_its_content_after_how_the_reader_is(door):
    hearing = asyncio.create_task(heard(listening(door).events(), 5))
    await until_listened(door)
    for seen in (
        Scan.of_frame("Kartu 7 \u2013 uji".encode(), AT_MS),
        Scan.of_frame(b"\x00\xff", AT_MS),
        Scan(kind=ScanKind.CARD, at_ms=AT_MS, data=b"\x04\xa1", atr=b"\x3b\x8f"),
        ReaderStatus(state=ReaderState.ABSENT, reasons=("port-lost",), since_ms=AT_MS),
    ):
        door.readers.live.tell(READER.id, seen)
    ready, text, other, card, absent = await hearing
    assert (ready.type, ready.data) == ("reader", {"state": "ready", "reasons": []})
    empty = {"at": AT, "text": None, "receipt": None, "hex": None, "atr": None}
    assert (text.type, text.data) == ("scan", empty | {"kind": "text", "text": "Kartu 7 \u2013 uji"})
    assert other.data == empty | {"kind": "bytes", "hex": "00ff"}
    assert card.data == empty | {"kind": "card", "hex": "04a1", "atr": "3b8f"}
    assert absent.data == {"state": "absent", "reasons": ["port-lost"]}
    assert {each.id for each in (ready, text, other, card, absent)} == {None}, "there is nothing to go on after"
    await until_listened(door, 0)


async def test_the_stream_is_kept_alive_and_ends_with_the_reader_and_with_the_token(open_door, monkeypatch):
    door = await open_door(heartbeat_s=0.05)
    client = listening(door)
    hearing = asyncio.create_task(heard(client.events(), 9))
    await until_listened(door)
    async with asyncio.timeout(60):
        while client.comments < 3:
            await asyncio.sleep(0.01)
    door.readers.live.end(READER.id)
    assert [each.type for each in await hearing] == ["reader"]
    monkeypatch.setitem(TOKENS, "token-of-guest", TOKENS["token-of-officer"])
    hearing = asyncio.create_task(heard(listening(door, role="guest").events(), 9))
    await until_listened(door)
    monkeypatch.delitem(TOKENS, "token-of-guest")
    assert [each.type for each in await hearing] == ["reader"]


async def test_no_other_device_no_other_kiosk_and_no_monitor_is_let_in(door):
    assert (await door.ask("GET", "/v1/devices/none/scans"))[0] == 404
    status, problem, _ = await door.ask("GET", f"/v1/devices/{READER.id}/scans", role="kiosk")
    assert (status, problem["code"]) == (403, "reader-of-another")
    status, problem, _ = await door.ask("GET", f"/v1/devices/{READER.id}/scans", role="monitor")
    assert (status, problem["code"]) == (403, "role-not-allowed")
    status, _, headers = await door.ask("HEAD", f"/v1/devices/{READER.id}/scans")
    assert (status, headers["Cache-Control"]) == (200, "no-store")
