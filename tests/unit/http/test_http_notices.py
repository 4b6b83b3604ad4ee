"""Notices behind the door: what is taken, what is answered."""

import json

from fake_notices import CARD_ID

from stationd.domain.notice_machine import NoticeState
from stationd.ports.notices import ToldBy


async def test_notices_are_listed_by_state(door):
    status, body, _ = await door.ask("GET", "/v1/notices?state=unknown&limit=1")
    assert (status, body["next"], body["items"][0]["reason"]) == (200, "1", "no-answer")
    assert door.services.notices.done == [("page", NoticeState.UNKNOWN)]
    assert (await door.ask("GET", "/v1/notices?state=withdrawn"))[0] == 400


async def test_an_officer_writes_down_who_was_told_and_is_told_when_a_message_would_be_too_soon(door):
    path = f"/v1/cards/{CARD_ID}/notices"
    status, body, _ = await door.ask("POST", path, json={"how": "by-phone"})
    assert (status, body["next_on"]) == (201, "2026-07-06")
    status, body, _ = await door.ask("POST", path, json={"how": "message"})
    assert (status, body["code"]) == (409, "notice-too-soon")
    assert (await door.ask("POST", path, json={"how": "pigeon"}))[0] == 422
    assert door.services.notices.done == [("told", ToldBy.BY_PHONE)]


async def test_a_number_is_mended_and_never_answered_back(door):
    status, body, _ = await door.ask("PUT", f"/v1/cards/{CARD_ID}/number", json={"number": "0812 0000 0001"})
    assert status == 200
    assert "81200000001" not in json.dumps(body).replace(" ", "")
    assert (await door.ask("PUT", f"/v1/cards/{CARD_ID}/number", json={"number": "a\nb"}))[0] == 422


async def test_sending_is_paused_and_resumed(door):
    assert (await door.ask("POST", "/v1/notices/pause"))[1]["is_paused"] is True
    assert (await door.ask("POST", "/v1/notices/resume"))[1]["is_paused"] is False


async def test_the_forecast_is_rounded_and_carries_its_error(door):
    status, body, _ = await door.ask("GET", "/v1/forecast?weeks=2", role="monitor")
    assert status == 200
    assert [week["expected"] for week in body["printed"]] == [150.0, 150.0]
    assert body["printed"][0]["error"] == 12.3
    assert (await door.ask("GET", "/v1/forecast?weeks=0"))[0] == 400
