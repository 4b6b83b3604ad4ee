"""Who is let in: every role on every route, every name, every site; and nothing leaves without its headers."""

import pytest
from fake_cards import TRANSFER_ID
from fake_queue import JOB_ID

from stationd.domain.authority import Role
from stationd.http.app import ROUTES

WRITTEN_DOWN = {
    ("GET", "/healthz"): None,
    ("GET", "/readyz"): None,
    ("GET", "/metrics"): None,
    ("GET", "/openapi.json"): None,
    ("GET", "/docs"): None,
    ("GET", "/docs/reference.css"): None,
    ("GET", "/v1/events"): {"kiosk", "officer", "admin", "monitor"},
    ("GET", "/v1/devices/{device_id}/scans"): {"kiosk", "officer", "admin"},
    ("GET", "/v1/figures"): {"officer", "admin", "monitor"},
    ("POST", "/v1/pairings"): None,
    ("POST", "/v1/pairings/collect"): None,
    ("GET", "/v1/pairings"): {"officer", "admin"},
    ("POST", "/v1/pairings/{code}/approve"): {"officer", "admin"},
    ("DELETE", "/v1/pairings/{code}"): {"officer", "admin"},
    ("GET", "/v1/station"): {"kiosk", "officer", "admin", "monitor"},
    ("POST", "/v1/jobs"): {"kiosk", "officer", "admin"},
    ("GET", "/v1/jobs"): {"officer", "admin"},
    ("GET", "/v1/jobs/{job_id}"): {"officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/cancel"): {"officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/retry"): {"officer", "admin"},
    ("POST", "/v1/jobs/bulk"): {"kiosk", "officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/verdict"): {"officer", "admin"},
    ("GET", "/v1/readiness"): {"kiosk", "officer", "admin", "monitor"},
    ("POST", "/v1/sessions"): None,
    ("GET", "/v1/sessions/current"): {"officer", "admin"},
    ("DELETE", "/v1/sessions/current"): {"officer", "admin"},
    ("GET", "/v1/duty"): {"officer", "admin"},
    ("POST", "/v1/duty"): {"officer", "admin"},
    ("DELETE", "/v1/duty"): {"officer", "admin"},
    ("GET", "/v1/approvals"): {"officer", "admin"},
    ("GET", "/v1/approvals/{approval_id}"): {"officer", "admin"},
    ("POST", "/v1/approvals/{approval_id}/approve"): {"officer", "admin"},
    ("POST", "/v1/approvals/{approval_id}/decline"): {"officer", "admin"},
    ("GET", "/v1/officers"): {"admin"},
    ("POST", "/v1/officers"): {"admin"},
    ("POST", "/v1/officers/revoke"): {"admin"},
    ("GET", "/v1/devices"): {"kiosk", "officer", "admin", "monitor"},
    ("GET", "/v1/devices/{device_id}"): {"kiosk", "officer", "admin", "monitor"},
    ("GET", "/v1/devices/{device_id}/label"): {"officer", "admin"},
    ("PUT", "/v1/devices/{device_id}/label"): {"officer", "admin"},
    ("GET", "/v1/devices/{device_id}/history"): {"officer", "admin", "monitor"},
    ("POST", "/v1/devices/{device_id}/pause"): {"officer", "admin"},
    ("POST", "/v1/devices/{device_id}/resume"): {"officer", "admin"},
    ("POST", "/v1/devices/{device_id}/drain"): {"officer", "admin"},
    ("POST", "/v1/devices/{device_id}/test-card"): {"officer", "admin"},
    ("GET", "/v1/queue"): {"officer", "admin", "monitor"},
    ("POST", "/v1/queue/pause"): {"officer", "admin"},
    ("POST", "/v1/queue/resume"): {"officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/hold"): {"officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/release"): {"officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/jump"): {"officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/surrender"): {"officer", "admin"},
    ("GET", "/v1/jobs/{job_id}/preview.png"): {"officer", "admin"},
    ("GET", "/v1/blanks"): {"officer", "admin", "monitor"},
    ("POST", "/v1/blanks/entries"): {"officer", "admin"},
    ("GET", "/v1/blanks/entries"): {"officer", "admin", "monitor"},
    ("GET", "/v1/blanks/packs"): {"officer", "admin", "monitor"},
    ("GET", "/v1/blanks/serials/{serial}"): {"officer", "admin", "monitor"},
    ("GET", "/v1/minutes"): {"officer", "admin"},
    ("POST", "/v1/minutes"): {"officer", "admin"},
    ("GET", "/v1/minutes/{minutes_id}.pdf"): {"officer", "admin"},
    ("GET", "/v1/minutes/{minutes_id}.csv"): {"officer", "admin"},
    ("GET", "/v1/cards"): {"officer", "admin"},
    ("POST", "/v1/cards/find"): {"officer", "admin"},
    ("GET", "/v1/cards/{card_id}"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/check"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/shelve"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/call"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/handover"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/handover/undo"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/quarantine"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/release"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/found"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/destroy"): {"officer", "admin"},
    ("GET", "/v1/notices"): {"officer", "admin"},
    ("GET", "/v1/notices/sending"): {"officer", "admin", "monitor"},
    ("POST", "/v1/notices/pause"): {"officer", "admin"},
    ("POST", "/v1/notices/resume"): {"officer", "admin"},
    ("GET", "/v1/notices/unreachable"): {"officer", "admin"},
    ("GET", "/v1/notices/board.pdf"): {"officer", "admin"},
    ("GET", "/v1/cards/{card_id}/notices"): {"officer", "admin"},
    ("POST", "/v1/cards/{card_id}/notices"): {"officer", "admin"},
    ("PUT", "/v1/cards/{card_id}/number"): {"officer", "admin"},
    ("GET", "/v1/forecast"): {"officer", "admin", "monitor"},
    ("GET", "/v1/receipts/{receipt}"): {"kiosk", "officer", "admin"},
    ("POST", "/v1/jobs/{job_id}/slip"): {"kiosk", "officer", "admin"},
    ("GET", "/v1/transfers/due"): {"officer", "admin"},
    ("GET", "/v1/transfers"): {"officer", "admin"},
    ("POST", "/v1/transfers"): {"officer", "admin"},
    ("POST", "/v1/transfers/incoming"): {"officer", "admin"},
    ("POST", "/v1/transfers/confirmations"): {"officer", "admin"},
    ("GET", "/v1/transfers/{transfer_id}"): {"officer", "admin"},
    ("POST", "/v1/transfers/{transfer_id}/cancel"): {"officer", "admin"},
    ("POST", "/v1/transfers/{transfer_id}/scan"): {"officer", "admin"},
    ("POST", "/v1/transfers/{transfer_id}/confirm"): {"officer", "admin"},
    ("GET", "/v1/transfers/{transfer_id}/file.json"): {"officer", "admin"},
    ("GET", "/v1/transfers/{transfer_id}/confirmation.json"): {"officer", "admin"},
    ("GET", "/v1/transfers/{transfer_id}/minutes.pdf"): {"officer", "admin"},
    ("GET", "/v1/transfers/{transfer_id}/minutes.csv"): {"officer", "admin"},
}
CALLS = [pytest.param(route, id=f"{route.method} {route.path}") for route in ROUTES]


def address(route):
    return route.path.format(
        job_id=JOB_ID,
        device_id="kartu-1",
        approval_id=JOB_ID,
        card_id=JOB_ID,
        transfer_id=TRANSFER_ID,
        receipt="2XK7-9QF4-M3TP",
        serial="A1",
        minutes_id=JOB_ID,
        code="K7Q-4MX",
    )


def test_the_roles_are_those_written_down():
    assert {(route.method, route.path): route.roles for route in ROUTES} == WRITTEN_DOWN


@pytest.mark.parametrize("route", CALLS)
@pytest.mark.parametrize("role", list(Role))
async def test_a_role_reaches_what_it_may_and_nothing_else(door, route, role):
    status, body, _ = await door.ask(route.method, address(route), role=role)
    allowed = WRITTEN_DOWN[route.method, route.path]
    if allowed is None or role in allowed:
        assert status not in {401, 403} or body["code"] == "session-needed"  # let in; only an officer can do it
    else:
        assert (status, body["code"]) == (403, "role-not-allowed")


@pytest.mark.parametrize("route", [each for each in CALLS if each.values[0].roles is not None])
async def test_nobody_gets_in_without_a_token(door, route):
    status, body, headers = await door.ask(route.method, address(route), role=None)
    assert (status, body["code"], headers["WWW-Authenticate"]) == (401, "token-missing", 'Bearer realm="stationd"')
    status, body, headers = await door.ask(route.method, address(route), role="nobody")
    assert (status, body["code"]) == (401, "token-unknown")
    assert 'error="invalid_token"' in headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "token-missing"),
        ("Bearer", "token-missing"),
        ("Basic dXNlcjpwdw==", "token-missing"),
        ("Bearer ", "token-missing"),
        ("Bearer   x", "token-unknown"),
        ("Bearer " + "x" * 2000, "token-unknown"),
        ("Bearer caf\u00e9", "token-unknown"),
    ],
)
async def test_a_strange_authorization_is_refused(door, value, code):
    status, body, _ = await door.ask("GET", "/v1/station", headers={"Authorization": value})
    assert (status, body["code"]) == (401, code)


async def test_the_scheme_is_read_without_case(door):
    assert (await door.ask("GET", "/v1/station", headers={"Authorization": "bEARER token-of-kiosk"}))[0] == 200


@pytest.mark.parametrize("route", CALLS)
async def test_a_rebound_name_reaches_nothing(door, route):
    status, body, _ = await door.ask(route.method, address(route), headers={"Host": f"evil.example:{door.port}"})
    assert (status, body["code"]) == (421, "host-not-allowed")


@pytest.mark.parametrize("path", ["/", "/nothing", "/v1/jobs"])
@pytest.mark.parametrize("method", ["PUT", "OPTIONS"])
async def test_a_rebound_name_learns_nothing_of_what_is_not_there_either(door, path, method):
    assert (await door.ask(method, path, headers={"Host": "evil.example"}))[0] == 421


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1:{port}.evil.example", "[::1]:{port}", "", "{ok}, x"]
)
async def test_only_exact_names_are_answered(door, host):
    ok = f"127.0.0.1:{door.port}"
    assert (await door.ask("GET", "/healthz", headers={"Host": host.format(port=door.port, ok=ok)}))[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "LocalHost:{}"])
async def test_the_own_names_are_answered(door, host):
    assert (await door.ask("GET", "/healthz", headers={"Host": host.format(door.port)}))[0] == 200


async def test_a_request_without_a_host_is_refused(door):
    assert b" 421 " in (await door.knock(b"GET /healthz HTTP/1.0\r\n\r\n")).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/healthz"), ("POST", "/v1/jobs"), ("GET", "/nothing"), ("PUT", "/v1/jobs")]
)
async def test_other_sites_are_kept_out(door, sent, method, path):
    headers = {name: value.format(port=door.port) for name, value in sent.items()}
    status, body, answer = await door.ask(method, path, headers=headers)
    assert (status, body["code"]) == (403, "cross-site")
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize(
    "sent", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost:{port}"}]
)
async def test_the_stations_own_pages_are_let_in(door, sent):
    headers = {name: value.format(port=door.port) for name, value in sent.items()}
    status, _, answer = await door.ask("GET", "/v1/station", headers=headers)
    assert status == 200
    assert "Access-Control-Allow-Origin" not in answer


async def test_a_configured_origin_may_call_and_read_even_the_refusal(open_door):
    door = await open_door(origins=frozenset({"http://kiosk.local"}))
    headers = {"Origin": "http://kiosk.local", "Sec-Fetch-Site": "cross-site"}
    for path, expected in (("/v1/station", 200), ("/v1/jobs/x", 404), ("/nothing", 404)):
        status, _, answer = await door.ask("GET", path, headers=headers)
        assert (status, answer["Access-Control-Allow-Origin"], answer["Vary"]) == (
            expected,
            "http://kiosk.local",
            "Origin",
        )
    assert (await door.ask("GET", "/v1/station", headers=headers | {"Origin": "http://other.local"}))[0] == 403


async def test_a_configured_origin_is_told_what_it_may_send(open_door):
    door = await open_door(origins=frozenset({"http://kiosk.local"}))
    preflight = {"Origin": "http://kiosk.local", "Access-Control-Request-Method": "POST"}
    status, _, answer = await door.ask("OPTIONS", "/v1/jobs", role=None, headers=preflight)
    assert status == 204
    assert answer["Access-Control-Allow-Methods"] == "POST, GET, HEAD, OPTIONS"
    assert "Idempotency-Key" in answer["Access-Control-Allow-Headers"]
    assert (await door.ask("OPTIONS", "/v1/jobs", role=None, headers=preflight | {"Origin": "http://x"}))[0] == 403


async def test_what_is_not_there_is_404_and_what_may_not_be_done_is_405(door):
    status, body, _ = await door.ask("GET", "/v1/nothing")
    assert (status, body["code"]) == (404, "path-unknown")
    status, body, headers = await door.ask("PATCH", "/v1/jobs")
    assert (status, body["code"], headers["Allow"]) == (405, "method-not-allowed", "POST, GET, HEAD, OPTIONS")
    assert (await door.ask("TRACE", "/healthz"))[0] == 405


async def test_head_answers_as_get_without_the_body(door):
    status, text, headers = await door.ask("HEAD", "/v1/station")
    assert (status, text) == (200, "")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/healthz", None),
        ("GET", "/metrics", None),
        ("GET", "/openapi.json", None),
        ("GET", "/v1/station", "kiosk"),
        ("GET", "/v1/station", None),
        ("POST", "/v1/jobs", "kiosk"),
        ("GET", "/nothing", None),
        ("PUT", "/v1/jobs", None),
        ("OPTIONS", "/v1/jobs", None),
    ],
)
async def test_every_answer_carries_the_security_headers(door, method, path, role):
    _, _, headers = await door.ask(method, path, role=role)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "stationd"
    assert headers["X-Request-Id"]


async def test_request_ids_never_repeat(door):
    seen = [(await door.ask("GET", "/healthz", role=None))[2]["X-Request-Id"] for _ in range(20)]
    assert len(set(seen)) == 20


async def test_a_stranger_is_refused_before_its_body_is_read(door):
    answer = await door.knock(
        f"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Length: 5\r\n"
        "Connection: close\r\n\r\n{bad}".encode()
    )
    assert b"token-missing" in answer
