"""A day at the station, through the API of a running daemon: from the opening count to the minutes."""

import asyncio
import csv
import io
import os
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from tests.rigs.documents import png
from tests.rigs.station import OFFICER, PIN, StationProcess

OTHER = "199902022026022002"
OFFICE = '[office]\nabove = ["Pemerintah Kota Contoh"]\naddress = ["Jalan Contoh Nomor 1"]\ncity = "Contoh"\n'
WITNESSES = [
    {"name": "AGUS SPESIMEN", "nip": "197003031995031003", "office": "Kepala Seksi Pemerintahan"},
    {"name": "DEWI SPESIMEN", "office": "Satuan Polisi Pamong Praja"},
]


class Officer:
    """One officer's hands at the API."""

    def __init__(self, station: StationProcess, token: str) -> None:
        self.station = station
        self.headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: object = None):
        return await self.station.call(method, path, body, **self.headers)

    async def enter(self, kind: str, quantity: int, *, expects: int = 201, **more):
        status, answer = await self.call("POST", "/v1/blanks/entries", {"kind": kind, "quantity": quantity, **more})
        assert status == expects, answer
        return answer

    async def file(self, path: str) -> bytes:
        async with self.station.session.get(f"http://localhost{path}", headers=self.headers) as answer:
            assert answer.status == 200
            return await answer.read()


async def settled(station: StationProcess, total: int) -> dict[str, int]:
    """Wait until every card is printed or in question."""
    async with asyncio.timeout(60):
        while True:
            counts = await asyncio.to_thread(station.counts)
            if counts.get("printed", 0) + counts.get("uncertain", 0) == total:
                return counts
            await asyncio.sleep(0.05)


@pytest.fixture
async def station(tmp_path: Path):
    printer = {
        "name": "kartu-1",
        "driver": "simulator",
        "seconds": 0.05,
        "window": 1,
        "folder": str(tmp_path / "cards"),
    }
    printer["faults"] = {"spoil": 3, "restart": 5}
    station = StationProcess(tmp_path / "station", [printer], extra=OFFICE, is_duty_required=True)
    station.appoint(OFFICER)
    station.appoint(OTHER)
    async with station:
        yield station


async def test_a_day_from_the_opening_count_to_the_minutes(station: StationProcess, tmp_path: Path):
    await station.receive(200)
    siti = Officer(station, await station.go_on_duty(OFFICER))
    budi = Officer(station, await station.sign_in(OTHER))

    # The opening count, by two who do not see each other's figure.
    first = await siti.enter("counted", 200)
    assert (first["count"]["state"], first["count"]["difference"]) == ("awaits-second-person", None)
    _, seen = await budi.call("GET", "/v1/blanks")
    assert seen["count"] == first["count"]
    assert not {200, "200"} & set(seen["count"].values()), "the second person is not led by the figure of the first"
    assert (await siti.enter("counted", 200, expects=403))["code"] == "second-officer-same-person"
    opened = await budi.enter("counted", 200)
    assert (opened["count"]["state"], opened["count"]["people"], opened["count"]["difference"]) == ("booked", 2, 0)
    assert opened["minutes"] is None

    # A delivery in sealed packs; one is opened, the hopper is filled.
    packs = [
        {"number": "DUS-0001", "quantity": 50, "first_serial": "A0001", "last_serial": "A0050"},
        {"number": "DUS-0002", "quantity": 50},
    ]
    await siti.enter("received", 100, packs=packs, delivery_note="SJ-77/2026")
    await siti.enter("opened", 50, pack="DUS-0001")
    loaded = await siti.enter("loaded", 20, printer="kartu-1")
    assert (loaded["safe"], loaded["printer"], loaded["at_hand"]) == (280, 20, 300)
    assert loaded["hoppers"] == {"kartu-1": 20}

    # What cannot be: nothing changes.
    myself, guessed = {"number": OFFICER, "pin": PIN}, {"number": OTHER, "pin": "wrong-pin"}
    refusals = [
        ({"kind": "spoiled", "quantity": -1}, 422, "body-invalid"),
        ({"kind": "received", "quantity": 10**9}, 422, "body-invalid"),
        ({"kind": "returned", "quantity": 281}, 409, "blanks-not-there"),
        ({"kind": "counted", "quantity": 281}, 409, "blanks-not-there"),
        ({"kind": "opened", "quantity": 50, "pack": "DUS-0009"}, 404, "pack-unknown"),
        ({"kind": "received", "quantity": 50, "packs": [packs[1]]}, 409, "pack-known"),
        ({"kind": "spoiled", "quantity": 2, "serials": ["A1", "A1"]}, 422, "entry-inconsistent"),
        ({"kind": "loaded", "quantity": 1, "printer": "kartu-9"}, 404, "device-unknown"),
        ({"kind": "corrected", "quantity": 1, "corrects": 999}, 404, "entry-unknown"),
        ({"kind": "destroyed", "quantity": 1, "witnesses": WITNESSES}, 409, "blanks-not-there"),
        ({"kind": "counted", "quantity": 280, "second": myself}, 403, "second-officer-same-person"),
        ({"kind": "counted", "quantity": 280, "second": guessed}, 403, "second-officer-refused"),
    ]  # fmt: skip
    _, before = await siti.call("GET", "/v1/blanks")
    for body, status, code in refusals:
        answered, problem = await siti.call("POST", "/v1/blanks/entries", body)
        assert (answered, problem["code"]) == (status, code), (body, problem)
    assert (await siti.call("GET", "/v1/blanks"))[1] == before

    # A slip of the pen is corrected by another entry, once.
    slip = await siti.enter("spoiled", 10, category="factory-bad")
    mended = await budi.enter("corrected", 1, corrects=slip["entry"], note="salah ketik")
    assert (mended["safe"], mended["spoiled"]) == (279, 1)
    assert (await siti.enter("corrected", 0, corrects=slip["entry"], expects=409))["code"] == "entry-corrected"

    # Cards: one spoiled on the way, and the power blinks in one, on which a person decides.
    for number in range(6):
        status, answer = await station.submit(number, png(number))
        assert status == 201, answer
    counts = await settled(station, 6)
    assert counts == {"printed": 5, "uncertain": 1}
    _, page = await siti.call("GET", "/v1/jobs?state=uncertain")
    status, judged = await siti.call("POST", f"/v1/jobs/{page['items'][0]['id']}/verdict", {"outcome": "printed"})
    assert (status, judged["state"]) == (200, "printed")
    _, now = await siti.call("GET", "/v1/blanks")
    used = 6 + now["spoiled"] - 1
    assert now["spoiled"] >= 2
    assert (now["issued"], now["safe"], now["hoppers"]) == (6, 279, {"kartu-1": 20 - used})
    assert now["received"] == sum(
        now[name]
        for name in ("safe", "printer", "issued", "spoiled", "quarantined", "returned", "destroyed", "missing")
    )

    # The closing count: first they differ, then both find one missing in the safe.
    hoppers = {"kartu-1": 20 - used}
    await siti.enter("counted", 278, hoppers=hoppers)
    assert (await budi.enter("counted", 279, hoppers=hoppers, expects=409))["code"] == "counts-differ"
    assert (await siti.call("GET", "/v1/blanks"))[1]["missing"] == 0
    await budi.enter("counted", 278, hoppers=hoppers)
    closed = await siti.enter("counted", 278, hoppers=hoppers)
    assert (closed["count"]["difference"], closed["missing"], closed["safe"]) == (-1, 1, 278)
    _, gate = await siti.call("GET", "/v1/readiness")
    assert "did not find 1 blanks" in str(gate)

    # Destruction before witnesses, agreed to by the other officer.
    spoiled = now["spoiled"]
    assert (await siti.enter("destroyed", spoiled, expects=422))["code"] == "witnesses-needed"
    items = [{"category": "factory-bad", "quantity": 1}, {"category": "printer-spoil", "quantity": spoiled - 1}]
    asked = await siti.enter("destroyed", spoiled, witnesses=WITNESSES, items=items, note="dibakar di halaman kantor")
    assert asked["destroyed"] == 0
    _, request = await budi.call("GET", f"/v1/approvals/{asked['approval']}")
    assert "SPESIMEN" not in str(request)
    assert (await siti.call("POST", f"/v1/approvals/{asked['approval']}/approve", {}))[0] == 403
    status, agreed = await budi.call("POST", f"/v1/approvals/{asked['approval']}/approve", {})
    assert (status, agreed["state"]) == (200, "approved")
    _, balances = await budi.call("GET", "/v1/blanks")
    assert (balances["spoiled"], balances["destroyed"]) == (0, spoiled)

    # The minutes: drawn up by the acts, and the book of the day by an officer.
    today = datetime.now().astimezone().date().isoformat()
    status, book = await siti.call("POST", "/v1/minutes", {"kind": "blank-book", "on": today})
    assert status == 201, book
    assert (await siti.call("POST", "/v1/minutes", {"kind": "blank-book", "on": today}))[1] == book
    assert (await siti.call("POST", "/v1/minutes", {"kind": "blank-book", "on": "2999-01-01"}))[1][
        "code"
    ] == "day-to-come"
    _, register = await siti.call("GET", "/v1/minutes")
    assert [line["kind"] for line in register["items"]] == ["blank-book", "destruction", "count-difference"]
    for line in register["items"]:
        pdf = await siti.file(f"/v1/minutes/{line['id']}.pdf")
        assert pdf.startswith(b"%PDF-")
        assert await siti.file(f"/v1/minutes/{line['id']}.pdf") == pdf
        if folder := os.environ.get("KEEP_MINUTES"):  # to be looked at
            (Path(folder) / f"{line['kind']}.pdf").write_bytes(pdf)
    rows = await sheet(siti, register["items"][1]["id"])
    assert ["AGUS SPESIMEN" in row for row in rows].count(True) == 1
    assert any(f"{spoiled} (" in cell for row in rows for cell in row)
    rows = await sheet(siti, book["id"])
    begin, gained, lost, end = next(row[2:] for row in rows if row[:2] == ["1", "Brankas"])
    assert (begin, end, int(gained) - int(lost)) == ("0", "278", 278)
    assert (await siti.call("GET", f"/v1/blanks?at={today}"))[1]["missing"] == 1
    assert (await siti.call("GET", "/v1/blanks?at=2020-01-01"))[1]["received"] == 0

    # The ledger, page by page, and the packs.
    entries, path = [], "/v1/blanks/entries?limit=7"
    while path:
        _, page = await siti.call("GET", path)
        entries += page["items"]
        path = page["next"] and f"/v1/blanks/entries?limit=7&after={page['next']}"
    assert [entry["seq"] for entry in entries] == list(range(len(entries), 0, -1))
    _, listed = await siti.call("GET", "/v1/blanks/packs?sealed=true")
    assert [pack["number"] for pack in listed["items"]] == ["DUS-0002"]

    # The command line sees the same, and every book is in order; nothing of a person stands outside of the seals.
    number = register["items"][1]["number"]
    assert number in await asyncio.to_thread(station.command, "minutes", "list")
    written = tmp_path / "destruction.pdf"
    await asyncio.to_thread(station.command, "minutes", "print", number, str(written))
    assert await asyncio.to_thread(written.read_bytes) == await siti.file(
        f"/v1/minutes/{register['items'][1]['id']}.pdf"
    )
    assert "in order" in await asyncio.to_thread(station.command, "verify")
    figures = (await station.call("GET", "/metrics"))[1]
    assert 'stationd_blank_counts_total{outcome="booked"} 2.0' in figures
    assert "stationd_blank_count_difference -1.0" in figures
    assert "SPESIMEN" not in figures
    station.terminate()
    await asyncio.to_thread(station.check_books)
    assert b"AGUS SPESIMEN" not in await asyncio.to_thread(station.database.read_bytes)
    assert "SPESIMEN" not in await asyncio.to_thread(station.log.read_text)
    edit(station.database)
    with pytest.raises(RuntimeError, match="blank_entry row 2: was edited"):
        await asyncio.to_thread(station.command, "verify")


async def sheet(officer: Officer, minutes_id: str) -> list[list[str]]:
    text = (await officer.file(f"/v1/minutes/{minutes_id}.csv")).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def edit(database: Path) -> None:
    """Change one figure of the ledger, as somebody would who has the file."""
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("DROP TRIGGER blank_entry_unedited")
        connection.execute("UPDATE blank_entry SET quantity = quantity - 1 WHERE seq = 2")
    connection.close()
