"""The daemon killed while a notice is on its way: the gateway has it, the answer is lost, and nobody is told twice."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.rigs.documents import png
from tests.rigs.station import job

NUMBER = "081200000001"
WITHIN_S = 60


class Gateway:
    """Accepts every message and answers none while it is told to hang."""

    def __init__(self):
        self.accepted = []
        self.is_hanging = True
        self.is_delivered = False

    async def send(self, request):
        self.accepted.append(json.loads(await request.read()))
        if self.is_hanging:
            await asyncio.sleep(3600)
        return web.json_response({"id": len(self.accepted)})

    async def state(self, request):
        known = request.match_info["id"] in {each["ref"] for each in self.accepted}
        return web.json_response({"status": "delivered" if known and self.is_delivered else "queued"})


@asynccontextmanager
async def served():
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/send", gateway.send)
    app.router.add_get("/state/{id}", gateway.state)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield gateway
    finally:
        await runner.cleanup()


def configured(gateway, timeout_s):
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    return f"""
[clock]
trust = "always"
[notices]
ways = ["gateway"]
open = "00:00"
close = "24:00"
weekdays = {json.dumps(week)}
[gateway]
url = "{gateway.url}/send"
fields = {{ to = "{{number}}", message = "{{text}}", ref = "{{id}}" }}
timeout_s = {timeout_s}
report_url = "{gateway.url}/state/{{id}}"
"""


async def until(condition):
    async with asyncio.timeout(WITHIN_S):
        while not await condition():
            await asyncio.sleep(0.05)


async def shelved_card(station):
    """Print one card and put it on the shelf; its id."""
    body = job(1, png(1))
    body["holder"]["phone"] = NUMBER
    status, made = await station.call("POST", "/v1/jobs", body, Idempotency_Key="key-1")
    assert status == 201
    await station.settled()
    status, _ = await station.call("POST", f"/v1/cards/{made['id']}/check", {})
    assert status == 200
    status, _ = await station.call("POST", f"/v1/cards/{made['id']}/shelve", {"place": "A1/1"})
    assert status == 200
    return made["id"]


async def states(station, card):
    _, told = await station.call("GET", f"/v1/cards/{card}/notices")
    return [(each["state"], each["reason"]) for each in told["items"]]


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "timed out"])
async def test_a_notice_whose_answer_was_lost_is_unknown_never_sent_again_and_settled_by_its_report(
    stocked, tmp_path, is_killed
):
    printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.01, "folder": str(tmp_path / "cards")}
    async with served() as gateway, stocked(printer, extra=configured(gateway, 300 if is_killed else 1)) as station:
        await station.start()
        card = await shelved_card(station)

        async def accepted():
            return bool(gateway.accepted)

        await until(accepted)
        if is_killed:
            assert await states(station, card) == [("intended", "")]
            station.kill()
            await station.start()
        gateway.is_hanging = False

        async def is_unknown():
            return [state for state, _ in await states(station, card)] == ["unknown"]

        await until(is_unknown)
        assert await states(station, card) == [("unknown", "station-restarted" if is_killed else "gateway-timed-out")]
        gateway.is_delivered = True

        async def is_delivered():
            return [state for state, _ in await states(station, card)] == ["delivered"]

        await until(is_delivered)
        assert len(gateway.accepted) == 1
        assert gateway.accepted[0]["to"] == "+6281200000001"
        station.terminate()
        assert "8120000" not in station.tail()
        station.check_books()
