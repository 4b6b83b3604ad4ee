"""Who asks too often is told to wait, and nobody else has to."""

import pytest
from fake_people import TOKENS

from stationd.domain.authority import Actor, Role
from stationd.http.app import ROUTES


async def test_a_kiosk_is_told_its_limit_and_when_to_come_back(open_door):
    door = await open_door(kiosk_rate=2)
    seen = [await door.ask("GET", "/v1/station", role="kiosk") for _ in range(10)]
    assert [status for status, _, _ in seen[:8]] == [200] * 8
    assert seen[0][2]["RateLimit-Policy"] == '"kiosk";q=8;w=4'
    assert seen[0][2]["RateLimit"] == '"kiosk";r=7;t=1'
    status, problem, headers = seen[9]
    assert (status, problem["code"], headers["Retry-After"]) == (429, "rate-limited", "1")
    assert headers["RateLimit"].startswith('"kiosk";r=0;t=')
    status, _, headers = await door.ask("GET", "/v1/station", role="officer")
    assert status == 200
    assert "RateLimit" not in headers


async def test_each_kiosk_has_a_limit_of_its_own(open_door, monkeypatch):
    monkeypatch.setitem(TOKENS, "token-of-second", Actor(name="second", role=Role.KIOSK))
    door = await open_door(kiosk_rate=1)
    assert {(await door.ask("GET", "/v1/station", role="kiosk"))[0] for _ in range(6)} == {200, 429}
    assert (await door.ask("GET", "/v1/station", role="second"))[0] == 200


@pytest.mark.parametrize(
    ("path", "body"), [("/v1/sessions", {"number": "1", "pin": "x"}), ("/v1/pairings", {"name": "k"})]
)
async def test_strangers_are_limited_by_their_address(door, path, body):
    answers = [await door.ask("POST", path, role=None, json=body) for _ in range(70)]
    assert answers[-1][1]["code"] == "rate-limited"
    assert answers[0][2]["RateLimit-Policy"] == '"knock";q=60;w=60'
    assert int(answers[-1][2]["Retry-After"]) >= 1


def test_every_call_without_a_token_that_takes_something_has_its_limit():
    assert [route.path for route in ROUTES if route.roles is None and route.needs_body and route.rate is None] == []


async def test_a_receipt_counts_for_the_kiosk_and_for_its_own_limit(open_door):
    door = await open_door(kiosk_rate=2)
    _, _, headers = await door.ask("GET", "/v1/receipts/2XK7-9QF4-M3TP", role="kiosk")
    assert headers["RateLimit-Policy"] == '"receipts";q=120;w=60, "kiosk";q=8;w=4'
    assert headers["RateLimit"] == '"receipts";r=119;t=1, "kiosk";r=7;t=1'


async def test_guessing_tokens_is_slowed_down_and_locks_nobody_out(door):
    codes = [(await door.ask("GET", "/v1/station", role=f"guess-{number}"))[1]["code"] for number in range(80)]
    assert codes[:60] == ["token-unknown"] * 60
    assert set(codes[61:]) == {"rate-limited"}
    assert (await door.ask("GET", "/v1/station", role="kiosk"))[0] == 200


async def test_a_token_for_other_paths_is_refused(door, monkeypatch):
    monkeypatch.setitem(TOKENS, "token-of-narrow", Actor(name="n", role=Role.ADMIN, paths=("/v1/jobs", "/v1/station")))
    assert (await door.ask("GET", "/v1/jobs", role="narrow"))[0] == 200
    assert (await door.ask("GET", "/v1/station", role="narrow"))[0] == 200
    for path in ("/v1/blanks", "/v1/jobs/../blanks", "/v1/stationx"):
        status, problem, _ = await door.ask("GET", path, role="narrow")
        assert (status, problem["code"]) in {(403, "token-scope"), (404, "path-unknown")}
