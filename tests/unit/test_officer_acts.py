"""What officers do at the desk, each act through the door of a running station, and each refusal that it may meet."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stationd.domain.job import JobState
from tests.rigs.documents import png
from tests.rigs.station import OFFICER, job
from tests.unit.test_attending import OTHER, Running, station

WHY = {"reason": "Alasan contoh"}
SHOWN = {"identity": {"document": "kk", "result": "match"}}


class Desk:
    """Two officers who have signed in, the first on duty."""

    def __init__(self, running: Running, first: str, other: str) -> None:
        self.running = running
        self.first = first
        self.other = other

    async def does(self, path: str, body: object = None, *, token: str | None = None, **headers: str) -> Any:
        """The answer to an act that must be allowed."""
        status, answer, _ = await self.running.call("POST", path, body, token=token or self.first, **headers)
        assert status < 300, answer
        return answer

    async def cannot(self, path: str, body: object = None, *, token: str | None = None) -> str:
        """The code of the refusal, which is told whole in both languages."""
        said = []
        for language in ("en", "id"):
            status, problem, headers = await self.running.call(
                "POST", path, body, token=token or self.first, Accept_Language=language
            )
            assert status in {403, 404, 409, 422}, problem
            assert headers["Content-Language"] == language
            said.append(problem)
        one, other = said
        assert one["code"] == other["code"]
        assert one["detail"] != other["detail"]
        assert "Alasan contoh" not in json.dumps(said)
        return one["code"]

    async def reads(self, path: str) -> Any:
        status, answer, _ = await self.running.call("GET", path, token=self.first)
        assert status == 200, answer
        return answer

    async def order(self, number: int, **more: object) -> Any:
        body = job(number, png(number)) | more
        return await self.does("/v1/jobs", body, Idempotency_Key=f"key-{number}")

    async def printed(self, number: int) -> str:
        """The id of a card that lies in the tray."""
        id_ = (await self.order(number))["id"]

        async def is_printed() -> bool:
            return (await self.reads(f"/v1/jobs/{id_}"))["state"] == JobState.PRINTED

        await self.running.until(is_printed, timeout_s=60)
        return id_


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with station(tmp_path, station={"mode": "attended"}, blanks={"reserve_for_first": 1}) as running:
        await running.receive(9)
        assert (await running.appoint())[0] == 201
        assert (await running.appoint(OTHER))[0] == 201
        yield Desk(running, await running.go_on_duty(OFFICER), (await running.sign_in(OTHER))[1]["token"])


async def test_a_job_is_held_released_and_given_up_and_tried_again_only_after_it_failed(desk: Desk):
    await desk.does("/v1/queue/pause", {})
    id_ = (await desk.order(1))["id"]
    path = f"/v1/jobs/{id_}"
    assert await desk.cannot(f"{path}/retry") == "job-state"
    assert await desk.cannot(f"{path}/release", WHY) == "job-not-held"
    assert (await desk.does(f"{path}/hold", WHY))["state"] == "deferred"
    assert await desk.cannot(f"{path}/hold", WHY) == "job-state"
    assert await desk.cannot(f"{path}/jump", WHY) == "job-state"
    assert (await desk.does(f"{path}/release", WHY))["state"] == "queued"
    assert await desk.cannot(f"{path}/verdict", {"outcome": "printed"}) == "job-not-uncertain"
    assert (await desk.does(f"{path}/cancel"))["state"] == "cancelled"
    assert await desk.cannot(f"{path}/cancel") == "job-state"
    for act in ("retry", "cancel"):
        assert await desk.cannot(f"/v1/jobs/{id_[:-1]}x/{act}") == "job-unknown"


async def test_the_damaged_card_comes_back_once_and_only_where_it_is_awaited(desk: Desk):
    await desk.does("/v1/queue/pause", {})
    awaited = await desk.order(2, kind="damaged")
    assert (awaited["state"], awaited["reasons"]) == ("deferred", ["surrender-missing"])
    path = f"/v1/jobs/{awaited['id']}/surrender"
    nik = job(2, b"")["holder"]["nik"]
    assert await desk.cannot(path, {"card": nik}) == "surrender-invalid"
    assert await desk.cannot(f"/v1/jobs/{awaited['id']}/release", WHY) == "surrender-missing"
    assert (await desk.does(path, {"card": "AMPLOP-1"}))["state"] == "queued"
    assert await desk.cannot(path, {"card": "AMPLOP-1"}) == "surrender-not-awaited"


async def test_what_is_rationed_is_released_by_two_different_officers(desk: Desk):
    await desk.does("/v1/queue/pause", {})
    await desk.does("/v1/blanks/entries", {"kind": "returned", "quantity": 8})
    rationed = await desk.order(3, kind="lost", police_report="SKTLK/CONTOH/1")
    assert (rationed["state"], rationed["reasons"]) == ("deferred", ["blanks-short"])
    path = f"/v1/jobs/{rationed['id']}/release"
    approval = (await desk.does(path, WHY))["approval"]
    assert (await desk.does(path, WHY))["approval"] == approval, "who asks again is told of the same request"
    assert await desk.cannot(f"/v1/approvals/{approval}/approve", {}) == "second-officer-same-person"
    assert (await desk.does(f"/v1/approvals/{approval}/decline"))["state"] == "declined"
    assert await desk.cannot(f"/v1/approvals/{approval}/decline") == "approval-settled"
    assert await desk.cannot(f"/v1/approvals/{approval}/approve", {}, token=desk.other) == "approval-settled"
    again = (await desk.does(path, WHY))["approval"]
    assert (await desk.does(path, WHY, token=desk.other))["state"] == "queued", "whoever else asks for it agrees"
    assert (await desk.reads(f"/v1/approvals/{again}"))["state"] == "approved"
    assert await desk.cannot(f"/v1/approvals/{again[:-1]}x/decline") == "approval-unknown"


async def test_a_printer_is_drained_and_makes_a_test_card_on_a_blank_that_is_there(desk: Desk):
    path = "/v1/devices/kartu-1"

    async def is_idle() -> bool:
        return (await desk.reads(path))["state"] == "idle"

    await desk.running.until(is_idle, timeout_s=60)
    assert (await desk.does(f"{path}/drain"))["is_paused"]
    assert await desk.cannot("/v1/devices/none/drain") == "device-unknown"
    assert await desk.cannot("/v1/devices/none/test-card") == "device-unknown"
    assert not (await desk.does(f"{path}/resume"))["is_paused"]
    before = await desk.reads("/v1/blanks")
    await desk.does(f"{path}/test-card")

    async def is_booked() -> bool:
        return (await desk.reads("/v1/blanks"))["spoiled"] == before["spoiled"] + 1

    await desk.running.until(is_booked, timeout_s=60)
    await desk.running.until(is_idle, timeout_s=60)
    await desk.does("/v1/blanks/entries", {"kind": "returned", "quantity": before["safe"] - 1, "source": "safe"})
    assert await desk.cannot(f"{path}/test-card") == "blanks-not-there"


async def test_a_card_is_set_aside_and_destroyed_and_a_hand_over_undone_by_two(desk: Desk):
    first, other = f"/v1/cards/{await desk.printed(4)}", f"/v1/cards/{await desk.printed(5)}"
    assert await desk.cannot(f"{first}/shelve", {"place": "A/1"}) == "card-state"
    assert await desk.cannot(f"{first}/destroy", WHY) == "card-state"
    assert await desk.cannot(f"{first}/handover/undo", WHY) == "card-state"
    for card in (first, other):
        await desk.does(f"{card}/check", {})
    assert (await desk.does(f"{first}/quarantine", WHY))["custody"] == "quarantined"
    assert await desk.cannot(f"{first}/quarantine", WHY) == "card-state"
    assert await desk.cannot(f"{first}/handover", SHOWN) == "card-state"
    assert (await desk.does(f"{first}/release", WHY))["custody"] == "checked"
    assert await desk.cannot(f"{first}/found", WHY) == "card-state"
    await desk.does(f"{first}/quarantine", WHY)
    asked = await desk.does(f"{first}/destroy", WHY)
    assert (asked["state"], asked["needs"]) == ("pending", 1)
    assert (await desk.does(f"/v1/approvals/{asked['id']}/approve", {}, token=desk.other))["state"] == "approved"
    assert (await desk.reads(first))["custody"] == "destroyed"

    stranger = {"identity": {"document": "kk", "result": "no-match"}}
    assert await desk.cannot(f"{other}/handover", stranger) == "identity-not-shown"
    assert (await desk.does(f"{other}/handover", SHOWN))["custody"] == "handed_over"
    assert await desk.cannot(f"{other}/handover", SHOWN) == "card-handed-over"
    asked = await desk.does(f"{other}/handover/undo", WHY)
    assert await desk.cannot(f"/v1/approvals/{asked['id']}/approve", {}) == "second-officer-same-person"
    await desk.does(f"/v1/approvals/{asked['id']}/approve", {}, token=desk.other)
    assert (await desk.reads(other))["custody"] == "checked"
    assert await desk.cannot("/v1/cards/none/destroy", WHY) == "card-unknown"


async def test_of_two_officers_with_the_same_page_one_moves_the_card(desk: Desk):
    card = f"/v1/cards/{await desk.printed(6)}"
    await desk.does(f"{card}/check", {})
    _, _, headers = await desk.running.call("GET", card, token=desk.first)
    seen = headers["ETag"]
    status, _, headers = await desk.running.call(
        "POST", f"{card}/shelve", {"place": "A/1"}, token=desk.first, If_Match=seen
    )
    assert status == 200
    status, problem, now = await desk.running.call(
        "POST", f"{card}/shelve", {"place": "B/2"}, token=desk.other, If_Match=seen
    )
    assert (status, problem["code"], now["ETag"]) == (412, "changed-meanwhile", headers["ETag"])
    assert (await desk.reads(card))["place"] == "A/1"
    status, _, _ = await desk.running.call(
        "POST", f"{card}/shelve", {"place": "B/2"}, token=desk.other, If_Match=now["ETag"]
    )
    assert (status, (await desk.reads(card))["place"]) == (200, "B/2")
