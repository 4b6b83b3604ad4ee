"""What the door does with devices: shown with where they are, named by officers, and with what happened to them."""

import pytest
from fake_devices import UNUSED

HERE = f"/v1/devices/{UNUSED.id}"


async def test_what_nothing_takes_is_shown_with_the_reason_and_where_it_is(door):
    status, answer, _ = await door.ask("GET", HERE, role="kiosk")
    assert status == 200
    assert (answer["kind"], answer["driver"], answer["state"]) == ("unknown", None, "unused")
    assert (answer["reasons"], answer["label"]) == (["no-matcher"], None)
    assert answer["usb"]["identity"] == "usb:1234:0001:x7:00"
    assert (answer["usb"]["is_by_port"], answer["usb"]["plugs"]) == (False, 1)
    assert answer["usb"]["first_seen"] == "2023-11-14T22:13:20Z"
    assert (await door.ask("GET", "/v1/devices/kartu-1"))[1]["usb"] is None


async def test_an_officer_names_a_device_and_takes_the_name_away(door):
    assert (await door.ask("PUT", f"{HERE}/label", json={"label": "Loket 2"}))[1]["label"] == "Loket 2"
    assert (await door.ask("PUT", f"{HERE}/label", json={"label": None}))[1]["label"] is None


@pytest.mark.parametrize("label", ["", "x" * 65, "two\nlines", "\x1b[31m", 7])
async def test_a_name_is_one_line_of_sixty_four_characters(door, label):
    status, answer, _ = await door.ask("PUT", f"{HERE}/label", json={"label": label})
    assert (status, answer["code"], answer["field"]) == (422, "body-invalid", "label")


async def test_what_is_only_configured_takes_no_name(door):
    status, answer, _ = await door.ask("PUT", "/v1/devices/kartu-1/label", json={"label": "Loket 2"})
    assert (status, answer["code"]) == (409, "device-not-on-the-bus")


async def test_history_comes_in_pages_the_last_first(door):
    status, answer, _ = await door.ask("GET", f"{HERE}/history?limit=1", role="monitor")
    assert status == 200
    assert answer["next"] == "7"
    (event,) = answer["items"]
    assert (event["type"], event["at"]) == ("device.plugged", "2023-11-14T22:13:20Z")
    assert event["details"] == {"port": "0000.00.14.0-usb2-1", "is_new": True, "matcher": None}
    assert (await door.ask("GET", f"{HERE}/history?after=x"))[1]["code"] == "cursor-malformed"
    assert (await door.ask("GET", f"{HERE}/history?limit=501"))[1]["code"] == "query-invalid"
    assert (await door.ask("GET", "/v1/devices/none/history"))[1]["code"] == "device-unknown"
