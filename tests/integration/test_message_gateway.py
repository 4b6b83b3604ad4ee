"""A gateway over HTTP, with a real server on loopback: what each answer means, and what each silence."""

import asyncio
import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from stationd.adapters.sms.gateway import GatewayOptions, HttpGateway
from stationd.ports.notifier import Accepted, Asked, Lost, Message, NotSent, Rejected, Report, Reports

NUMBER = "+6281200000001"
MESSAGE = Message(id="notice-7", number=NUMBER, text='Resi "2XK7" {id} & gratis')
SECRET = b"contoh-rahasia"


class Gateway:
    """Remembers what it accepted; answers as told."""

    def __init__(self):
        self.accepted = []
        self.requests = []
        self.status = 202
        self.answer = {"data": {"id": 42}}
        self.after = None
        self.states = {}

    async def send(self, request):
        raw = await request.read()
        self.requests.append((request, raw))
        if self.status < 300 or self.status in {500, 502}:
            self.accepted.append(raw)
        if self.after == "hang":
            await asyncio.sleep(3600)
        if self.after == "reset":
            request.transport.abort()
        return web.json_response(self.answer, status=self.status)

    async def state(self, request):
        self.requests.append((request, b""))
        state = self.states.get(request.match_info["id"])
        return web.json_response({"status": state}) if state else web.Response(status=404)


@pytest.fixture
async def served():
    gateway = Gateway()
    app = web.Application()
    app.router.add_route("*", "/send", gateway.send)
    app.router.add_get("/state/{id}", gateway.state)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    ways = []

    def way(**options):
        given = {
            "url": f"http://127.0.0.1:{port}/send",
            "fields": {"to": "{number}", "message": "{text}", "ref": "{id}"},
            "reference": "data.id",
            "report_url": f"http://127.0.0.1:{port}/state/{{id}}",
        }
        ways.append(HttpGateway(GatewayOptions(**(given | options)), lambda: SECRET))
        return ways[-1]

    gateway.way = way
    yield gateway
    for each in ways:
        await each.aclose()
    await runner.cleanup()


async def test_a_message_is_sent_as_json_and_its_reference_is_read(served):
    assert await served.way().send(MESSAGE) == Accepted(reference="42")
    _, raw = served.requests[0]
    assert json.loads(raw) == {"to": NUMBER, "message": MESSAGE.text, "ref": "notice-7"}


async def test_a_form_and_a_query_are_sent_as_such(served):
    await served.way(form="form", has_plus=False).send(MESSAGE)
    await served.way(method="GET").send(MESSAGE)
    (_, form), (asked, _) = served.requests
    assert parse_qs(form.decode())["to"] == ["6281200000001"]
    assert parse_qs(form.decode())["message"] == [MESSAGE.text]
    assert asked.query["to"] == NUMBER


async def test_requests_are_signed_or_carry_the_secret(served):
    await served.way(auth="hmac", auth_header="X-Signature").send(MESSAGE)
    await served.way(auth="header", auth_prefix="Bearer ").send(MESSAGE)
    (signed, raw), (bearer, _) = served.requests
    assert signed.headers["X-Signature"] == hmac.new(SECRET, raw, hashlib.sha256).hexdigest()
    assert bearer.headers["Authorization"] == "Bearer contoh-rahasia"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Accepted(reference="42")),
        (202, Accepted(reference="42")),
        (400, Rejected("http-400")),
        (422, Rejected("http-422")),
        (401, NotSent("http-401")),
        (402, NotSent("http-402")),
        (429, NotSent("http-429")),
        (503, NotSent("http-503")),
        (500, Lost("http-500")),
        (502, Lost("http-502")),
        (504, Lost("http-504")),
        (302, Lost("http-302")),
    ],
)
async def test_each_status_says_only_what_is_certain(served, status, outcome):
    served.status = status
    way = served.way()
    assert await way.send(MESSAGE) == outcome
    assert way.status.is_ready is not isinstance(outcome, NotSent)
    await way.look()
    assert way.status.is_ready


async def test_a_gateway_that_times_out_after_accepting_has_perhaps_sent_it(served):
    served.after = "hang"
    assert await served.way(timeout_s=0.5).send(MESSAGE) == Lost("gateway-timed-out")
    assert len(served.accepted) == 1


async def test_a_connection_that_breaks_after_the_request_has_perhaps_sent_it(served):
    served.after = "reset"
    assert await served.way().send(MESSAGE) == Lost("gateway-broke-off")
    assert len(served.accepted) == 1


async def test_a_gateway_that_is_not_there_has_sent_nothing(served, unused_tcp_port):
    way = served.way(url=f"http://127.0.0.1:{unused_tcp_port}/send")
    assert await way.send(MESSAGE) == NotSent("gateway-unreachable")
    assert way.status.reasons == ("gateway-unreachable",)


async def test_an_answer_that_is_not_what_was_promised_is_still_an_acceptance(served):
    served.answer = ["x"]
    assert await served.way().send(MESSAGE) == Accepted(reference=None)


async def test_delivery_is_asked_for_by_the_notices_own_id_even_when_the_answer_was_lost(served):
    way = served.way(auth="header")
    served.states = {"notice-1": "delivered", "notice-2": "expired", "notice-3": "queued"}
    asked = [Asked(id=f"notice-{number}", reference=None) for number in range(1, 5)]
    assert await way.collect(asked) == [
        Report(is_delivered=True, reason="reported", id="notice-1"),
        Report(is_delivered=False, reason="reported", id="notice-2"),
    ]
    assert served.requests[0][0].headers["Authorization"] == SECRET.decode()


async def test_a_gateway_that_knows_only_its_own_id_is_not_asked_about_what_it_never_told(served):
    way = served.way()
    by_reference = replace(way._options, report_url=way._options.report_url.replace("{id}", "{reference}"))
    way = HttpGateway(by_reference, lambda: SECRET)
    served.states = {"42": "delivered"}
    asked = [Asked(id="notice-1", reference=None), Asked(id="notice-2", reference="42")]
    assert await way.collect(asked) == [Report(is_delivered=True, reason="reported", id="notice-2")]
    assert len(served.requests) == 1
    await way.aclose()


async def test_no_report_is_expected_of_a_gateway_that_gives_none(served, unused_tcp_port):
    way = served.way(report_url=None)
    assert way.reports is Reports.NONE
    assert await way.collect([Asked(id="notice-1", reference="1")]) == ()
    gone = served.way(report_url=f"http://127.0.0.1:{unused_tcp_port}/{{id}}")
    assert gone.reports is Reports.GIVEN
    assert await gone.collect([Asked(id="notice-1", reference="1")]) == []
