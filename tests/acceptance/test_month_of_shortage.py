"""A month of shortage, told through the API of a running daemon: who is served, who waits, and nobody is forgotten."""

import asyncio
import json
import re
from typing import Any

import pytest

from tests.rigs.documents import png
from tests.rigs.station import OFFICER, PIN, StationProcess, job

COLLEAGUE = "199902022026022002"
RESERVE = 5
PRINTER = {"name": "kartu-1", "driver": "simulator", "seconds": 0.02}
NIK = re.compile(r"9999\d{12}")  # the form of every invented number here; four digits alone also stand in identifiers
SHORT = ("deferred", ["blanks-short"])


class Office:
    """A station with two officers, one of them at the screen."""

    def __init__(self, station: StationProcess) -> None:
        self.station = station
        self.tokens: dict[str, str] = {}
        self.number = 0

    async def ask(
        self, method: str, path: str, body: object = None, *, who: str | None = OFFICER, **headers: str
    ) -> Any:
        """Status and answer; without ``who`` the bare token asks, which is nobody's."""
        token = self.station.token if who is None else self.tokens[who]
        return await self.station.call(method, path, body, Authorization=f"Bearer {token}", **headers)

    async def order(self, kind: str = "first", *, person: int | None = None, **more: object) -> tuple[int, Any]:
        self.number += 1
        body = job(self.number, png(self.number)) | {"kind": kind} | more
        if person is not None:
            body["holder"] = body["holder"] | {"nik": f"9999{person:08d}7777"}  # type: ignore[operator]
        if kind == "lost":
            body.setdefault("police_report", "SKTLK/CONTOH/1")
        if kind == "damaged" and "surrendered" not in more:
            body["surrendered"] = {"card": f"AMPLOP-{self.number}"}
        if kind == "damaged" and more.get("surrendered", "") is None:
            del body["surrendered"]
        return await self.ask("POST", "/v1/jobs", body, Idempotency_Key=f"key-{self.number}")

    async def taken(self, kind: str = "first", **more: Any) -> dict[str, Any]:
        status, answer = await self.order(kind, **more)
        assert status == 201, answer
        return answer

    async def state(self, id_: str) -> tuple[str, list[str]]:
        _, answer = await self.ask("GET", f"/v1/jobs/{id_}")
        return answer["state"], answer["reasons"]

    async def until(self, id_: str, *wanted: str, timeout_s: float = 60) -> None:
        async with asyncio.timeout(timeout_s):
            while (await self.state(id_))[0] not in wanted:
                await asyncio.sleep(0.03)

    async def figure(self, name: str) -> float:
        _, text = await self.ask("GET", "/metrics")
        return float(next(line.split()[-1] for line in text.splitlines() if line.startswith(name)))

    def printed_in_order(self) -> list[str]:
        rows = self.station.rows(
            "SELECT j.order_ref FROM attempt AS a JOIN job AS j ON j.seq = a.job WHERE a.outcome = 'printed' "
            "ORDER BY a.id"
        )
        return [order for (order,) in rows]


@pytest.fixture
async def office(tmp_path):
    printer = PRINTER | {"folder": str(tmp_path / "cards")}
    station = StationProcess(
        tmp_path / "station", [printer], extra=f"[blanks]\nreserve_for_first = {RESERVE}\n", is_duty_required=True
    )
    async with station:
        office = Office(station)
        for number in (OFFICER, COLLEAGUE):
            station.appoint(number)
        office.tokens = {OFFICER: await station.go_on_duty(), COLLEAGUE: await station.sign_in(COLLEAGUE)}
        yield office


async def test_a_month_of_shortage(office: Office):
    station = office.station

    # The week begins with twelve blanks. Five are kept for those who never had a card.
    await station.receive(12)
    lost = [await office.taken("lost") for _ in range(9)]
    assert [each["state"] for each in lost[:7]] == ["queued"] * 7, "the last two may be put off as soon as they come"
    for each in lost[:7]:
        await office.until(each["id"], "printed")
    for each in lost[7:]:
        await office.until(each["id"], "deferred")
        assert await office.state(each["id"]) == SHORT

    # From now on replacements wait, and say why, in both languages. First-timers are served.
    damaged = await office.taken("damaged")
    assert (damaged["state"], damaged["reasons"]) == SHORT
    _, told = await office.ask("GET", f"/v1/jobs/{damaged['id']}")
    assert [each["code"] for each in told["why"]] == ["blanks-short", "comes-back"]
    assert "2 sebelumnya" in told["why"][1]["id"]
    firsts = [await office.taken(person=100 + place) for place in range(2)]
    for each in firsts:
        await office.until(each["id"], "printed")
    assert await office.state(damaged["id"]) == SHORT

    # Somebody with a card asks for a first one, somebody twice, somebody for a changed name.
    status, refused = await office.order(person=100)
    assert (status, refused["code"], refused["see"]) == (409, "holder-has-a-live-card", firsts[0]["id"])
    assert not NIK.search(json.dumps(refused))
    status, refused = await office.order("data_change", person=101)
    assert (status, refused["code"]) == (422, "data-change-belongs-to-the-office")
    assert "Dinas Dukcapil" in refused["tell"]["say"]["id"]
    assert {"en", "id"} == set(refused["tell"]["bring"][0])

    # A damaged card has not come back yet: the order is taken and waits for it, then for blanks.
    waiting = await office.taken("damaged", person=102, surrendered=None)
    assert (waiting["state"], waiting["reasons"]) == ("deferred", ["surrender-missing"])
    status, answer = await office.ask("POST", f"/v1/jobs/{waiting['id']}/surrender", {"card": "AMPLOP-102"})
    assert (status, answer["state"], answer["reasons"]) == (200, *SHORT)

    # One person alone moves nobody ahead; a bare token is no person; the request outlives a power cut.
    jump = f"/v1/jobs/{waiting['id']}/jump"
    status, asked = await office.ask("POST", jump, {"reason": "leaves for surgery abroad tomorrow"})
    assert (status, asked["state"], asked["reasons"]) == (202, *SHORT)
    approve = f"/v1/approvals/{asked['approval']}/approve"
    assert (await office.ask("POST", approve, {}))[1]["code"] == "second-officer-same-person"
    assert (await office.ask("POST", approve, {}, who=None))[1]["code"] == "session-needed"
    station.kill()
    await station.start()
    assert (await office.ask("GET", f"/v1/approvals/{asked['approval']}"))[1]["needs"] == 1
    status, answer = await office.ask("POST", approve, {}, who=COLLEAGUE)
    assert (status, answer["state"], answer["first"], answer["second"]) == (200, "approved", OFFICER, COLLEAGUE)
    await office.until(waiting["id"], "printed")
    assert (await office.ask("GET", f"/v1/jobs/{waiting['id']}"))[1]["order_changed"]

    # Those whom it overtook can see that, and not by whom.
    _, told = await office.ask("GET", f"/v1/jobs/{damaged['id']}")
    assert (told["order_changed"], [each["code"] for each in told["why"]][-1]) == (True, "overtaken")
    assert OFFICER not in json.dumps(told)
    assert await office.figure('stationd_order_changes_total{change="moved_ahead"}') == 1

    # The policy can be tried without a change: how many blanks are wanting?
    dry = json.loads(station.command("policy", "explain", damaged["receipt"], "--json"))
    assert (dry["ruling"], dry["reserve"], dry["at_hand"], dry["blanks_wanting"]) == ("stays-deferred", RESERVE, 2, 6)
    assert json.loads(station.command("policy", "explain", damaged["id"], "--delivery", "6", "--json"))["ruling"] == (
        "comes-back"
    )

    # A delivery: those who waited come back by themselves, the oldest first, and nobody stays behind.
    late = await office.taken("lost", person=103)
    await station.receive(50)
    for each in (*lost[7:], damaged, late):
        await office.until(each["id"], "printed")
    orders = office.printed_in_order()
    assert [order for order in orders if order in {each["order"] for each in (*lost[7:], damaged, late)}] == [
        each["order"] for each in (*lost[7:], damaged, late)
    ]
    assert await office.figure("stationd_blanks_short") == 0
    assert await office.figure('stationd_line{place="rationed"}') == 0

    # The month ends with the books in order, and nothing of a person in what was told.
    station.check_books()
    assert station.command("verify").strip() == "the books are in order"
    told_of = json.dumps(station.rows("SELECT type, subject, data FROM event")) + station.tail()
    assert not NIK.search(told_of)
    assert "surgery" not in told_of
    assert "Contoh Rekaan" not in told_of
    _, metrics = await office.ask("GET", "/metrics")
    assert OFFICER not in metrics


async def test_what_smells_of_misuse_changes_nothing_and_is_written_down(office: Office):
    station = office.station
    await station.receive(50)
    for path in ("/v1/queue/pause",):
        assert (await office.ask("POST", path, {}))[0] == 200
    waiting = await office.taken()
    jump = f"/v1/jobs/{waiting['id']}/jump"
    cases: list[tuple[dict[str, object], int, str]] = [
        ({}, 422, "body-invalid"),
        ({"reason": ""}, 422, "body-invalid"),
        ({"reason": "x" * 1001}, 422, "body-invalid"),
        ({"reason": "x", "second": {"number": OFFICER, "pin": PIN}}, 403, "second-officer-same-person"),
        ({"reason": "x", "second": {"number": COLLEAGUE, "pin": "wrong"}}, 403, "second-officer-refused"),
        ({"reason": "x", "second": {"number": "nobody", "pin": PIN}}, 403, "second-officer-refused"),
        ({"reason": "x", "second": {"number": COLLEAGUE, "pin": "wrong"}}, 403, "second-officer-refused"),
        ({"reason": "x", "second": {"number": COLLEAGUE, "pin": "wrong"}}, 429, "sign-in-locked"),
        ({"reason": "x", "second": {"number": COLLEAGUE, "pin": PIN}}, 429, "sign-in-locked"),
    ]
    for body, status, code in cases:
        answer = await office.ask("POST", jump, body)
        assert (answer[0], answer[1]["code"]) == (status, code), body
    for path, body in (("/v1/jobs/nothing/jump", {"reason": "x"}), ("/v1/jobs/nothing/surrender", {"card": "A"})):
        assert (await office.ask("POST", path, body))[1]["code"] == "job-unknown"
    surrender = f"/v1/jobs/{waiting['id']}/surrender"
    assert (await office.ask("POST", surrender, {"card": "9999010101010001"}))[1]["code"] == "surrender-invalid"
    assert (await office.ask("POST", surrender, {"card": "A"}))[1]["code"] == "surrender-not-awaited"
    assert (await office.ask("POST", "/v1/approvals/nothing/approve", {}))[1]["code"] == "approval-unknown"
    assert await office.state(waiting["id"]) == ("queued", [])
    kinds = [
        kind for (kind,) in station.rows("SELECT type FROM event WHERE type LIKE 'approval.%' OR type LIKE 'sign_in.%'")
    ]
    assert kinds.count("approval.refused") == 1
    assert (kinds.count("sign_in.refused"), kinds.count("sign_in.locked")) == (3, 1)
    assert station.rows("SELECT count(*) FROM approval") == [(0,)]
    assert PIN not in station.tail()
