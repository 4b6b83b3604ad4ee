"""What the door does with transfers and slips."""

import json

import pytest
from fake_cards import TRANSFER_ID
from fake_queue import JOB_ID

from stationd.domain.transfer import TransferState
from stationd.services.transfers import Seen, Wanted

TRANSFER = f"/v1/transfers/{TRANSFER_ID}"


async def test_a_packet_is_made_of_what_is_due_or_of_what_is_named(door):
    status, body, headers = await door.ask("POST", "/v1/transfers", json={"to": "1671-09"})
    assert (status, headers["Location"], body["state"]) == (201, TRANSFER, "sent")
    assert body["items"] == [{"place": 1, "receipt": "2XK7-9QF4-M3TP", "state": "sent", "card": JOB_ID}]
    await door.ask("POST", "/v1/transfers", json={"to": "1671-09", "cards": [JOB_ID]})
    await door.ask("POST", "/v1/transfers", json={"to": "1671-09", "due_only": False})
    assert [wanted for _, wanted in door.transfers.done] == [
        Wanted(to="1671-09"),
        Wanted(to="1671-09", card_ids=(JOB_ID,)),
        Wanted(to="1671-09", is_due_only=False),
    ]


@pytest.mark.parametrize("body", [{}, {"to": "somewhere"}, {"to": "1671-09", "cards": []}, {"to": "1671-09", "x": 1}])
async def test_a_packet_without_an_address_is_refused(door, body):
    assert (await door.ask("POST", "/v1/transfers", json=body))[0] == 422


async def test_transfers_are_listed_by_state(door):
    _, body, _ = await door.ask("GET", "/v1/transfers?state=sent&limit=3&after=1~x")
    assert (body["next"], body["items"][0]["items"]) == (f"1~{TRANSFER_ID}", [])
    assert door.transfers.done == [("page", {"state": TransferState.SENT, "after": "1~x", "limit": 3})]
    _, body, _ = await door.ask("GET", "/v1/transfers/due")
    assert body["items"] == [
        {"district": "16.71.09", "partner": "1671-09", "cards": 4, "oldest": "2023-11-14T22:13:20.123000Z"}
    ]


@pytest.mark.parametrize(("path", "act"), [("incoming", "announce"), ("confirmations", "confirm")])
async def test_a_file_is_taken_byte_for_byte(door, path, act):
    raw = json.dumps({"format": "stationd-transfer/1", "more": [1]}, indent=3).encode()
    headers = {"Content-Type": "application/json"}
    status, _, _ = await door.ask("POST", f"/v1/transfers/{path}", data=raw, headers=headers)
    assert (status, door.transfers.done) == (201 if act == "announce" else 200, [(act, raw)])
    for cut in (raw[:-3], b"", b"\xff"):
        assert (await door.ask("POST", f"/v1/transfers/{path}", data=cut, headers=headers))[0] in {400, 422}
    assert len(door.transfers.done) == 1


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ({"receipt": "2XK7"}, Seen(receipt="2XK7")),
        ({"nik": "9999990101900001"}, Seen(nik="9999990101900001")),
        ({"place": 3}, Seen(place=3)),
    ],
)
async def test_a_card_is_scanned_by_one_thing(door, body, seen):
    status, told, _ = await door.ask("POST", f"{TRANSFER}/scan", json=body)
    assert (status, told["result"], door.transfers.done) == (200, "arrived", [("scan", seen)])
    assert (await door.ask("POST", f"{TRANSFER}/scan", json={**body, "place": 1, "receipt": "x"}))[0] == 422


async def test_a_packet_is_confirmed_with_or_without_differences(door):
    await door.ask("POST", f"{TRANSFER}/confirm", json={"with_differences": True})
    await door.ask("POST", f"{TRANSFER}/confirm", json={})
    assert door.transfers.done == [("settle", True), ("settle", False)]


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("file.json", "application/json"), ("minutes.pdf", "application/pdf"), ("minutes.csv", "text/csv; charset=utf-8")],
)
async def test_files_are_answered_to_be_saved(door, name, content_type):
    status, _, headers = await door.ask("GET", f"{TRANSFER}/{name}")
    assert (status, headers["Content-Type"]) == (200, content_type)
    assert headers["Content-Disposition"].startswith("attachment; filename=")
    assert headers["Cache-Control"] == "no-store"


async def test_what_is_not_there_yet_is_told_as_such(door):
    status, body, _ = await door.ask("GET", f"{TRANSFER}/confirmation.json")
    assert (status, body["code"]) == (409, "transfer-unconfirmed")
    assert (await door.ask("GET", "/v1/transfers/nothing"))[0] == 404


async def test_a_kiosk_prints_a_slip_and_a_monitor_does_not(door):
    status, body, _ = await door.ask("POST", f"/v1/jobs/{JOB_ID}/slip", role="kiosk", json={})
    assert (status, body) == (200, {"receipt": "2XK7-9QF4-M3TP"})
    assert (await door.ask("POST", f"/v1/jobs/{JOB_ID}/slip", role="monitor", json={}))[0] == 403
