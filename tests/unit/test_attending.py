"""The running station and its people: duty, signatures, readiness, all through the API."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from stationd.adapters.city_keys import key_id
from stationd.app import App
from stationd.config import parse
from stationd.domain.authority import Role
from stationd.domain.city_order import encoded, holder_hash
from stationd.domain.readiness import DOWN_AFTER, UP_AFTER
from stationd.ports.readiness import HostReading
from stationd.services import city_orders as city_orders_module
from stationd.services import readiness as readiness_module
from tests.rigs.documents import png
from tests.rigs.station import OFFICER, PIN, job

KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = "199902022026022002"


class Running:
    """A station in this process, spoken to over its socket."""

    def __init__(self, app: App, session: aiohttp.ClientSession, folder: Path, token: str) -> None:
        self.app = app
        self.folder = folder
        self.token = token
        self._session = session

    async def call(self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str):
        """Status, decoded body and headers."""
        sent = {"Authorization": f"Bearer {token or self.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        async with self._session.request(method, f"http://localhost{path}", json=body, headers=sent) as answer:
            raw = await answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "")
            return answer.status, json.loads(raw) if is_json else raw.decode(), answer.headers

    async def submit(self, number: int, *, key: str | None = None, **more: object) -> tuple[int, Any]:
        body = job(number, png(number)) | more
        status, answer, _ = await self.call("POST", "/v1/jobs", body, Idempotency_Key=key or f"key-{number}")
        return status, answer if status < 300 else answer["code"]

    async def receive(self, quantity: int) -> None:
        status, _, _ = await self.call("POST", "/v1/blanks/entries", {"kind": "received", "quantity": quantity})
        assert status == 201

    async def appoint(self, number: str = OFFICER, **changes: object) -> tuple[int, Any]:
        body = {
            "number": number,
            "name": "Petugas Contoh",
            "decree": "SK Contoh 1/2020",
            "valid_from": "2020-01-01",
            "valid_until": "2029-12-31",
            "pin": PIN,
        }
        status, answer, _ = await self.call("POST", "/v1/officers", body | changes)
        return status, answer

    async def sign_in(self, number: str = OFFICER, pin: str = PIN) -> tuple[int, Any, Any]:
        return await self.call("POST", "/v1/sessions", {"number": number, "pin": pin}, Authorization="")

    async def go_on_duty(self, number: str = OFFICER) -> str:
        _, answer, _ = await self.sign_in(number)
        assert (await self.call("POST", "/v1/duty", token=answer["token"]))[0] == 204
        return answer["token"]

    def cards(self) -> int:
        return len(list((self.folder / "cards").glob("*.png")))

    async def until(self, condition, timeout_s: float = 60) -> None:
        async with asyncio.timeout(timeout_s):
            while not (await condition() if asyncio.iscoroutinefunction(condition) else condition()):
                await asyncio.sleep(0.01)

    async def reasons(self) -> list[str]:
        return (await self.call("GET", "/readyz"))[1]["reasons"]


@asynccontextmanager
async def station(
    folder: Path, *, seconds: float = 0.01, environment: dict[str, str] | None = None, **tables: dict[str, object]
) -> AsyncIterator[Running]:
    """A station with one simulated printer; keyword arguments are tables of its configuration."""
    at_station = {"id": "1671-07", "name": "Kecamatan Contoh", "state_dir": str(folder / "state")}
    printer = {"name": "kartu-1", "driver": "simulator", "seconds": seconds, "folder": str(folder / "cards")}
    raw: dict[str, Any] = {
        **tables,
        "station": at_station | tables.get("station", {}),
        "http": {"listen": [f"unix:{folder}/api.sock"]},
        "printer": [printer],
    }
    async with App(parse(raw, file="test"), environment=environment or {}) as app:
        row = {each.name for each in await app.tokens.all()}
        token = await app.access.create(f"test-{len(row)}", Role.ADMIN)
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(f"{folder}/api.sock")) as session:
            yield Running(app, session, folder, token)


@pytest.fixture
async def attended(tmp_path: Path):
    async with station(tmp_path) as running:
        yield running


# ------------------------------------------------------------------------------------------------------------ duty


async def test_an_attended_station_prints_only_while_an_officer_is_on_duty(attended: Running):
    await attended.appoint()
    await attended.receive(10)
    assert (await attended.submit(1))[0] == 201
    assert await attended.reasons() == ["no-officer-on-duty"]
    await asyncio.sleep(0.2)
    assert attended.cards() == 0
    token = await attended.go_on_duty()
    await attended.until(lambda: attended.cards() == 1)
    assert await attended.reasons() == []
    assert (await attended.call("DELETE", "/v1/duty", token=token))[0] == 204
    await attended.submit(2)
    await asyncio.sleep(0.2)
    assert attended.cards() == 1


@pytest.mark.parametrize("leaving", ["leave", "sign out", "revoke"])
async def test_when_the_last_leaves_the_card_in_the_machine_is_finished_and_no_other_begun(tmp_path: Path, leaving):
    async with station(tmp_path, seconds=0.15) as running:
        await running.appoint()
        await running.receive(10)
        token = await running.go_on_duty()
        for number in range(6):
            await running.submit(number)

        async def in_state(state: str) -> int:
            return len((await running.call("GET", f"/v1/jobs?state={state}"))[1]["items"])

        async def is_printing() -> bool:
            return await in_state("printing") > 0

        async def is_settled() -> bool:
            return not await is_printing()

        await running.until(is_printing)
        if leaving == "revoke":
            await running.call("POST", "/v1/officers/revoke", {"number": OFFICER})
        else:
            path = "/v1/duty" if leaving == "leave" else "/v1/sessions/current"
            assert (await running.call("DELETE", path, token=token))[0] == 204
        begun = await in_state("printing") + await in_state("printed")
        await running.until(is_settled)
        await asyncio.sleep(0.3)
        assert running.cards() == await in_state("printed") <= begun < 6
        assert await in_state("queued") == 6 - running.cards()


async def test_duty_and_sessions_go_on_after_a_restart(tmp_path: Path):
    async with station(tmp_path) as running:
        await running.appoint()
        token = await running.go_on_duty()
        await running.receive(5)
    async with station(tmp_path) as running:
        assert (await running.call("GET", "/v1/sessions/current", token=token))[1]["number"] == OFFICER
        await running.submit(1)
        await running.until(lambda: running.cards() == 1)


async def test_a_session_is_a_token_like_any_other_until_it_ends(attended: Running):
    await attended.appoint()
    _, answer, _ = await attended.sign_in()
    token = answer["token"]
    assert (await attended.call("GET", "/v1/jobs", token=token))[0] == 200
    assert (await attended.call("GET", "/v1/officers", token=token))[0] == 403
    assert (await attended.call("DELETE", "/v1/sessions/current", token=token))[0] == 204
    status, problem, _ = await attended.call("GET", "/v1/jobs", token=token)
    assert (status, problem["code"]) == (401, "token-unknown")


async def test_guessing_over_the_api_is_told_how_long_to_wait(attended: Running):
    await attended.appoint()
    answers = [await attended.sign_in(pin=f"salah-{n}") for n in range(3)]
    assert [(status, problem["code"]) for status, problem, _ in answers] == [
        (401, "sign-in-refused"),
        (401, "sign-in-refused"),
        (429, "sign-in-locked"),
    ]
    assert answers[-1][2]["Retry-After"] == "30"
    status, problem, headers = await attended.sign_in()
    assert (status, problem["code"]) == (429, "sign-in-locked")
    assert 0 < int(headers["Retry-After"]) <= 30


async def test_what_is_wrong_with_an_officer_is_said_without_repeating_it(attended: Running):
    wrong = [
        ({"number": "123"}, 422, "body-invalid"),
        ({"valid_until": "2019-01-01"}, 422, "decree-dates-wrong"),
        ({"valid_until": "soon"}, 422, "body-invalid"),
        ({"pin": "123456"}, 422, "pin-too-easy"),
        ({"region": "16.71.99"}, 422, "officer-invalid"),
        ({"name": ""}, 422, "body-invalid"),
    ]
    for changes, status, code in wrong:
        found, problem = await attended.appoint(**changes)
        assert (found, problem["code"]) == (status, code)
        assert not any(str(value) in problem["detail"] for value in changes.values() if value)
    assert (await attended.call("GET", "/v1/officers"))[1]["items"] == []
    assert (await attended.appoint())[0] == 201
    assert (await attended.appoint())[1]["code"] == "officer-known"
    status, problem, _ = await attended.call("POST", "/v1/officers/revoke", {"number": OTHER})
    assert (status, problem["code"]) == (404, "officer-unknown")


async def test_a_decree_that_ends_soon_is_announced_at_sign_in_and_in_the_register(attended: Running):
    day = attended.app.attending.calendar.clock_day
    until = day.fromordinal(day.toordinal() + 12).isoformat()
    await attended.appoint(valid_until=until)
    await attended.appoint(OTHER)
    assert (await attended.sign_in())[1]["days_left"] == 12
    assert (await attended.sign_in(OTHER))[1]["days_left"] is None
    listed = (await attended.call("GET", "/v1/officers"))[1]["items"]
    assert [(each["standing"], each["days_left"]) for each in listed] == [("appointed", 12), ("appointed", None)]


async def test_who_is_on_duty_is_told_to_officers(attended: Running):
    await attended.appoint()
    token = await attended.go_on_duty()
    answer = (await attended.call("GET", "/v1/duty", token=token))[1]
    assert (answer["is_required"], [each["number"] for each in answer["on_duty"]]) == (True, [OFFICER])


# ------------------------------------------------------------------------------------------------- the city's orders


def signature(number: int, *, id_: str | None = None, **changes: object) -> str:
    """The city's signature on the ``number``-th invented order."""
    import time

    body = job(number, b"")
    id_ = id_ or f"signature-{number:06d}-of-the-city"
    now = int(time.time())
    claims = {
        "aud": "1671-07",
        "jti": id_,
        "iat": now - 5,
        "exp": now + 600,
        "order": body["order"],
        "kind": body["kind"],
        "holder_sha256": holder_hash(id_, body["holder"]["nik"]),
    }
    head, payload = (
        encoded(json.dumps(each).encode()) for each in ({"alg": "EdDSA", "kid": key_id(PUBLIC)}, claims | changes)
    )
    return f"{head}.{payload}.{encoded(KEY.sign(f'{head}.{payload}'.encode()))}"


UNATTENDED = {"station": {"mode": "unattended"}, "city": {"keys": [encoded(PUBLIC)]}}


async def test_an_unattended_station_prints_what_the_city_signed_and_nothing_else(tmp_path: Path):
    async with station(tmp_path, **UNATTENDED) as running:
        await running.receive(5)
        assert await running.submit(1) == (403, "signature-missing")
        assert await running.submit(1, signature=signature(2)) == (403, "signature-for-another")
        assert await running.submit(1, signature=signature(1, aud="1671-08")) == (403, "signature-for-another")
        assert await running.submit(1, signature=signature(1, exp=1)) == (403, "signature-invalid")
        assert await running.submit(1, signature=signature(1)[:-4] + "AAAA") == (403, "signature-invalid")
        assert await running.submit(1, signature="no signature") == (422, "body-invalid")
        assert (await running.submit(1, signature=signature(1)))[0] == 201
        await running.until(lambda: running.cards() == 1)
        await asyncio.sleep(0.1)
        assert running.cards() == 1


async def test_a_signature_is_good_for_one_job_for_ever(tmp_path: Path):
    async with station(tmp_path, **UNATTENDED) as running:
        signed = signature(1)
        status, first = await running.submit(1, signature=signed)
        assert status == 201
        status, replayed = await running.submit(1, signature=signed)
        assert (status, replayed["id"]) == (200, first["id"])
        assert await running.submit(1, key="another", signature=signed) == (409, "signature-used")
        assert 'stationd_events_total{type="signature.refused"} 1.0' in (await running.call("GET", "/metrics"))[1]
        assert (await running.call("POST", f"/v1/jobs/{first['id']}/cancel"))[0] == 200
        assert await running.submit(1, key="again", signature=signed) == (409, "signature-used")
    async with station(tmp_path, **UNATTENDED) as running:
        assert await running.submit(1, key="restarted", signature=signed) == (409, "signature-used")


async def test_of_many_uses_at_once_one_wins(tmp_path: Path):
    async with station(tmp_path, **UNATTENDED) as running:
        signed = signature(1)
        answers = await asyncio.gather(*(running.submit(1, key=f"at-once-{n}", signature=signed) for n in range(20)))
        assert sorted(status for status, _ in answers) == [201] + [409] * 19


async def test_an_expired_signature_does_not_hide_the_job_that_it_made(tmp_path: Path, monkeypatch):
    async with station(tmp_path, clock={"trust": "always"}, **UNATTENDED) as running:
        signed = signature(1)
        status, first = await running.submit(1, signature=signed)
        assert status == 201
        later = running.app.attending.calendar.moment.now_s + 86_400
        moment = type(running.app.attending.calendar.moment)(now_s=later, is_trusted=True)
        monkeypatch.setattr(running.app.attending.city_orders, "_moment", lambda: moment)
        assert await running.submit(2, signature=signature(2)) == (403, "signature-expired")
        status, replayed = await running.submit(1, signature=signed)
        assert (status, replayed["id"]) == (200, first["id"])


async def test_an_attended_station_checks_a_signature_where_one_is_given(tmp_path: Path):
    async with station(tmp_path, city={"keys": [encoded(PUBLIC)]}) as running:
        assert (await running.submit(1))[0] == 201
        assert (await running.submit(2, signature=signature(2)))[0] == 201
        assert await running.submit(3, signature=signature(4)) == (403, "signature-for-another")


async def test_unsigned_orders_of_an_attended_past_keep_an_unattended_station_shut(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(city_orders_module, "LOOK_EVERY_S", 0.02)
    async with station(tmp_path) as running:
        await running.receive(5)
        _, unsigned = await running.submit(1)
    async with station(tmp_path, **UNATTENDED) as running:
        assert (await running.submit(2, signature=signature(2)))[0] == 201
        assert await running.reasons() == ["unsigned-orders"]
        await asyncio.sleep(0.1)
        assert running.cards() == 0
        assert (await running.call("POST", f"/v1/jobs/{unsigned['id']}/cancel"))[0] == 200
        await running.until(lambda: running.cards() == 1)
        assert await running.reasons() == []


# ------------------------------------------------------------------------------------------------------- readiness


async def test_a_link_that_is_down_stops_new_orders_and_not_the_cards_already_ordered(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(readiness_module, "LOOK_EVERY_S", 0.02)
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    centre = {"probe": f"tcp://127.0.0.1:{port}", "every_s": 1, "timeout_s": 1}
    async with station(tmp_path, centre=centre, duty={"required": False}) as running:

        async def level() -> str:
            checks = (await running.call("GET", "/v1/readiness"))[1]["checks"]
            return next(each["level"] for each in checks if each["name"] == "centre")

        assert (await running.submit(1))[0] == 201
        listening.close()
        await listening.wait_closed()

        async def is_down() -> bool:
            return await level() == "failed"

        await running.until(is_down)
        status, problem, headers = await running.call("POST", "/v1/jobs", job(2, png(2)), Idempotency_Key="key-2")
        assert (status, problem["code"], headers["Retry-After"]) == (503, "orders-stopped", "30")
        assert (await running.submit(1))[0] == 200, "what was taken is still answered"
        await running.receive(5)
        await running.until(lambda: running.cards() == 1)
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)

        async def is_up() -> bool:
            return await level() == "ok"

        await running.until(is_up)
        assert (await running.submit(2))[0] == 201
        listening.close()
    assert (DOWN_AFTER, UP_AFTER) == (3, 2)


async def test_a_full_disk_stops_printing_until_there_is_room(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(readiness_module, "LOOK_EVERY_S", 0.02)
    free = [1 << 20]

    async def read(_self) -> HostReading:
        return HostReading(free_bytes=free[0], celsius=40.0)

    monkeypatch.setattr("stationd.adapters.host.LinuxHost.read", read)
    async with station(tmp_path, duty={"required": False}) as running:
        await running.receive(5)

        async def is_shut() -> bool:
            return await running.reasons() == ["disk"]

        await running.until(is_shut)
        await running.submit(1)
        await asyncio.sleep(0.1)
        assert running.cards() == 0
        free[0] = 1 << 40
        await running.until(lambda: running.cards() == 1)


async def test_each_check_is_answered_with_words_in_both_languages_and_who_can_mend_it(attended: Running):
    await attended.receive(500)
    await attended.until(lambda: attended.app.attending.readiness._reading is not None)
    answer = (await attended.call("GET", "/v1/readiness", Accept_Language="id"))[1]
    checks = {each["name"]: each for each in answer["checks"]}
    assert list(checks) == ["centre", "equipment", "supplies", "officers", "clock", "disk", "temperature"]
    assert checks["officers"]["detail"] == "tidak ada petugas yang ditunjuk"
    assert (checks["officers"]["ok"], checks["officers"]["fix_by"]) == (False, "office")
    assert checks["officers"]["detail_en"] == "no officer is appointed"
    assert checks["supplies"]["ok"]
    assert answer["can_finish"] > 0
    assert answer["is_ready"] is False
    in_english = (await attended.call("GET", "/v1/readiness"))[1]["checks"][3]
    assert in_english["detail"] == "no officer is appointed"


async def test_readiness_is_told_to_prometheus_and_to_systemd(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        told = []

        def hear() -> str:
            while True:
                try:
                    told.append(listening.recv(4096).decode())
                except BlockingIOError:
                    return "\n".join(told)

        async with station(tmp_path, environment={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as running:
            assert "READY=1" in hear()
            assert "not printing" in hear()
            await running.receive(500)
            await running.appoint()
            await running.appoint(OTHER)
            metrics = (await running.call("GET", "/metrics"))[1]
            assert 'stationd_check_level{check="officers"} 2.0' in metrics
            assert "stationd_officers_able 2.0" in metrics
            await running.go_on_duty()
            metrics = (await running.call("GET", "/metrics"))[1]
            assert 'stationd_check_level{check="officers"} 0.0' in metrics
            assert "stationd_officers_on_duty 1.0" in metrics
            assert OFFICER not in metrics
            await running.until(lambda: "STATUS=station 1671-07 is ready" in hear())
