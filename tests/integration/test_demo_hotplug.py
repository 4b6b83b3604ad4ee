"""The demonstration's hands: a printer is plugged in, prints, and is pulled out with its card; a code is read."""

import asyncio

import aiohttp
import pytest

from tests.rigs.demo import Demo
from tests.rigs.listener import EventReader

WITHIN_S = 60.0
DEVICE = "usb-ffff-0001-kartu-9"


@pytest.fixture
async def ask(tmp_path):
    """The running demonstration: asks its API as an officer."""
    async with (
        Demo(tmp_path, "--speed", "20") as demo,
        aiohttp.ClientSession(demo.address, headers={"Authorization": f"Bearer {demo.tokens['officer']}"}) as session,
    ):
        token = demo.tokens["officer"]

        async def ask(method, path, body=None):
            if method == "STREAM":
                events = EventReader(session, path, token).events()
                heard = [(await anext(events)).data for _ in range(body)]
                await events.aclose()
                return heard
            async with session.request(method, path, json=body) as answer:
                is_json = answer.content_type.endswith("json")
                return answer.status, await (answer.json(content_type=None) if is_json else answer.text())

        yield ask


async def until(ask, is_so):
    """Wait until the API shows the plugged-in printer so; what it shows."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            status, shown = await ask("GET", f"/v1/devices/{DEVICE}")
            if status == 200 and is_so(shown):
                return shown
            await asyncio.sleep(0.02)


async def test_a_printer_is_plugged_in_prints_is_pulled_out_and_comes_back(ask, tmp_path):
    status, done = await ask("POST", "/demo/printers", {"name": "kartu-9", "seconds": 3})
    assert (status, done["device"]) == (201, DEVICE)
    await until(ask, lambda shown: shown["state"] == "processing" and shown["printing"])
    cards = tmp_path / "cards" / "kartu-9"
    async with asyncio.timeout(WITHIN_S):
        while not list(cards.glob("*.png")):
            await asyncio.sleep(0.05)
    assert (await ask("POST", "/demo/printers", {"name": "kartu-9"}))[1]["code"] == "device-present"

    await until(ask, lambda shown: shown["printing"])
    assert (await ask("DELETE", "/demo/printers/kartu-9"))[0] == 200
    gone = await until(ask, lambda shown: shown["state"] == "stopped" and not shown["usb"]["is_present"])
    assert gone["reasons"] == ["connecting-to-device"]
    uncertain = (await ask("GET", "/v1/jobs?state=uncertain"))[1]["items"]
    assert uncertain
    assert {job["printer"] for job in uncertain} == {DEVICE}
    assert (await ask("DELETE", "/demo/printers/kartu-9"))[1]["code"] == "device-unknown"

    assert (await ask("POST", "/demo/printers", {"name": "kartu-9"}))[0] == 201
    back = await until(ask, lambda shown: shown["state"] == "processing" and shown["usb"]["is_present"])
    assert back["usb"]["plugs"] == 2
    history = (await ask("GET", f"/v1/devices/{DEVICE}/history"))[1]["items"]
    assert [event["type"] for event in history] == ["device.plugged", "device.unplugged", "device.plugged"]


async def test_a_code_held_before_the_demonstrations_reader_is_heard(ask):
    heard = asyncio.create_task(ask("STREAM", "/v1/devices/pemindai-1/scans", 4))
    async with asyncio.timeout(WITHIN_S):
        while "stationd_scan_listeners 1.0" not in (await ask("GET", "/metrics"))[1]:
            await asyncio.sleep(0.02)
    assert (await ask("POST", "/demo/readers/pemindai-1/scans", {"text": "KODE-UJI-1"}))[0] == 201
    for act in ("insert", "unplug"):
        assert (await ask("POST", f"/demo/readers/pemindai-1/acts/{act}"))[0] == 200
    ready, code, card, gone = await asyncio.wait_for(heard, WITHIN_S)
    assert (ready["state"], gone["state"]) == ("ready", "absent")
    assert code["text"] == "KODE-UJI-1"
    assert (card["kind"], card["hex"]) == ("card", "04a1b2c3d4e5f6")
    assert (await ask("POST", "/demo/readers/pemindai-1/acts/eat"))[1]["code"] == "act-unknown"
    assert (await ask("POST", "/demo/readers/none/acts/plug"))[1]["code"] == "device-unknown"
