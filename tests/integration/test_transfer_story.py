"""Two stations as processes of their own: cards are printed at one, carried to the other, and fetched there."""

import contextlib
import json
from pathlib import Path

import pytest

from tests.rigs.station import OFFICER, PIN, StationProcess, job
from tests.simulation.picture import picture_for

PICTURE = picture_for("PRR-16711-000001")
SECOND = "199902022026022002"
SECOND_PIN = "rahasia-kedua"
VILLAGE = "16.71.09.1001"
NAMES = ("Satu", "Dua", "Tiga")
SHOWN = {"identity": {"document": "kk", "result": "match"}}


@pytest.fixture
async def stations(tmp_path: Path):
    """The stations of two kecamatan that know each other, each with an officer; the first one has a printer."""
    printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.01, "folder": str(tmp_path / "cards")}
    one = StationProcess(tmp_path / "one", [printer])
    other = StationProcess(tmp_path / "other", station="1671-09", name="Kecamatan Umpama")
    tables = {station: station.command("transfer", "identity") for station in (one, other)}
    one.configure([printer], tables[other])
    other.configure([], tables[one])
    async with contextlib.AsyncExitStack() as stack:
        for station in (one, other):
            await stack.enter_async_context(station)
        yield one, other


async def done(station: StationProcess, method: str, path: str, body: object = None, **headers: str) -> dict:
    status, answer = await station.call(method, path, body, **headers)
    assert status in {200, 201}, answer
    return answer


async def refusal(station: StationProcess, method: str, path: str, body: object = None, **headers: str) -> str:
    status, answer = await station.call(method, path, body, **headers)
    assert status >= 400, answer
    return answer["code"]


async def printed(station: StationProcess, count: int) -> list[dict]:
    """Cards for people who live in the other kecamatan, checked and on the shelf."""
    await station.receive(count)
    for number in range(count):
        body = job(number, PICTURE)
        body["holder"] |= {"village": VILLAGE, "name": f"Contoh Rekaan {NAMES[number]}"}
        await done(station, "POST", "/v1/jobs", body, Idempotency_Key=f"k{number}")
    await station.settled()
    cards = (await done(station, "GET", "/v1/cards?custody=printed"))["items"]
    assert len(cards) == count
    for slot, card in enumerate(cards, 1):
        await done(station, "POST", f"/v1/cards/{card['id']}/check", {})
        await done(station, "POST", f"/v1/cards/{card['id']}/shelve", {"place": f"A/{slot}"})
    return cards


async def test_cards_go_from_one_station_to_the_other_on_a_stick_and_are_fetched_there(stations, tmp_path):
    one, other = stations
    cards = await printed(one, 3)
    stick = tmp_path / "stick"
    stick.mkdir()

    # the sender packs, prints the minutes, and puts the file on the stick
    one.appoint()
    session = f"Bearer {await one.sign_in()}"
    wanted = {"to": "1671-09", "cards": [card["id"] for card in cards]}
    transfer = await done(one, "POST", "/v1/transfers", wanted, Authorization=session)
    path = f"/v1/transfers/{transfer['id']}"
    assert transfer["number"].startswith("470/001/")
    status, pdf = await one.call("GET", f"{path}/minutes.pdf")
    assert (status, pdf[:5]) == (200, "%PDF-")
    status, table = await one.call("GET", f"{path}/minutes.csv")
    assert status == 200
    assert all(f"Contoh Rekaan {name}" in table for name in NAMES)
    exported = Path(one.command("transfer", "export", transfer["id"], "--to", str(stick)).strip())
    receipt = f"/v1/receipts/{cards[0]['receipt']}"
    assert (await done(one, "GET", receipt))["stage"] == "in-transit"
    assert await refusal(one, "POST", f"/v1/cards/{cards[0]['id']}/handover", SHOWN) == "card-not-here"

    # the receiver reads it in, once, and scans what is in the packet
    file = json.loads(exported.read_bytes())
    altered = file | {"header": file["header"] | {"cards": 2}}
    assert await refusal(other, "POST", "/v1/transfers/incoming", altered) == "transfer-altered"
    assert await refusal(one, "POST", "/v1/transfers/incoming", file) == "transfer-sender-unknown"
    assert "announced" in other.command("transfer", "import", str(exported))
    assert await refusal(other, "POST", "/v1/transfers/incoming", file) == "transfer-known"
    assert await refusal(other, "GET", receipt) == "receipt-unknown"
    for card in cards[:2]:
        scanned = await done(other, "POST", f"{path}/scan", {"receipt": card["receipt"]})
        assert scanned["result"] == "arrived"
    assert (await done(other, "POST", f"{path}/scan", {"place": 1}))["result"] == "known"
    assert await refusal(other, "POST", f"{path}/confirm", {}) == "transfer-incomplete"
    settled = await done(other, "POST", f"{path}/confirm", {"with_differences": True})
    assert (settled["state"], settled["missing"]) == ("differing", 1)

    # the confirmation goes back: both ends show the same difference
    back = Path(other.command("transfer", "export", transfer["id"], "--to", str(stick)).strip())
    assert "2 arrived, 1 missing" in one.command("transfer", "confirm", str(back))
    assert (await done(one, "GET", path))["state"] == "differing"
    answer = await done(one, "GET", receipt)
    assert (answer["stage"], answer["place"]) == ("transferred", "Kecamatan Umpama")

    # the third card was stuck in the envelope: a second confirmation, by the API this time, and both ends agree
    await done(other, "POST", f"{path}/scan", {"receipt": cards[2]["receipt"]})
    assert (await done(other, "POST", f"{path}/confirm", {}))["state"] == "agreed"
    status, raw = await other.call("GET", f"{path}/confirmation.json")
    assert status == 200
    confirmed = await done(one, "POST", "/v1/transfers/confirmations", raw)
    assert (confirmed["state"], confirmed["arrived"], confirmed["missing"]) == ("agreed", 3, 0)
    assert await refusal(one, "POST", "/v1/transfers/confirmations", raw) == "confirmation-outdated"

    # a card that came by transfer is fetched like any other, after a restart as well
    other.kill()
    other.spawn()
    await other.until_up()
    (found,) = (await done(other, "POST", "/v1/cards/find", {"name": "satu contoh"}))["items"]
    there = f"/v1/cards/{found['card']['id']}"
    assert found["card"]["origin"] == "1671-07"
    await done(other, "POST", f"{there}/shelve", {"place": "B/1"})
    assert (await done(other, "GET", receipt))["stage"] == "ready"
    await done(other, "POST", f"{there}/call", {"counter": "2"})
    assert (await done(other, "POST", f"{there}/handover", SHOWN))["custody"] == "handed_over"
    assert await refusal(other, "POST", f"{there}/handover", SHOWN) == "card-handed-over"

    for station in (one, other):
        station.check_books()
    other.command("verify")  # raises when it finds anything


@pytest.fixture
async def station(tmp_path: Path):
    """One station with a printer."""
    printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.01, "folder": str(tmp_path / "cards")}
    async with StationProcess(tmp_path / "one", [printer]) as one:
        yield one


async def test_a_hand_over_is_undone_by_two_officers(station):
    one = station
    (card,) = await printed(one, 1)
    one.appoint()
    one.appoint(SECOND, SECOND_PIN)
    session = f"Bearer {await one.sign_in(OFFICER, PIN)}"
    path = f"/v1/cards/{card['id']}"
    await done(one, "POST", f"{path}/handover", SHOWN, Authorization=session)
    asked = await done(one, "POST", f"{path}/handover/undo", {"reason": "salah orang"}, Authorization=session)
    assert (asked["state"], asked["kind"]) == ("pending", "hand-over.undo")
    approve = f"/v1/approvals/{asked['id']}/approve"
    assert await refusal(one, "POST", approve, {}, Authorization=session) == "second-officer-same-person"
    second = f"Bearer {await one.sign_in(SECOND, SECOND_PIN)}"
    await done(one, "POST", approve, {}, Authorization=second)
    undone = await done(one, "GET", path)
    assert (undone["custody"], undone["hand_overs"][0]["undone_at"] is None) == ("checked", False)
    # and destroyed, at one screen
    await done(one, "POST", f"{path}/quarantine", {"reason": "bent"}, Authorization=session)
    body = {"reason": "bent", "second": {"number": SECOND, "pin": SECOND_PIN}}
    destroyed = await done(one, "POST", f"{path}/destroy", body, Authorization=session)
    assert destroyed["state"] == "approved"
    assert (await done(one, "GET", f"/v1/receipts/{card['receipt']}"))["stage"] == "closed"
    one.check_books()
