"""Nothing of a person is anywhere but sealed: a station is run through its paths, and what it leaves is searched."""

import asyncio
import base64
import json
import re
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.rigs.cupsd import Cupsd
from tests.rigs.documents import _chunk, png
from tests.rigs.station import OFFICER, PIN, StationProcess, job

PLANTED = {
    "nik": "9999450607890123",
    "name": "Zebedeus Kuswarantara",
    "address": "Gang Pematang Rekaan 77",
    "phone": "+6281999887766",
    "police": "LP/4711/X/REKAAN",
    "proxy": "Ludwina Rekaantika",
    "officer": "Petugas Contoh",
    "pin": PIN,
    "picture": "GAMBAR-YANG-HANYA-UNTUK-PENCETAK",
}


def picture() -> bytes:
    """A picture with words in it that nobody but the printer may see."""
    plain = png(7)
    return plain[:-12] + _chunk(b"teXt", PLANTED["picture"].encode() * 40) + plain[-12:]


def order(kind: str = "first", **changes: Any) -> dict[str, Any]:
    """The planted person's order."""
    body = job(1, picture())
    holder = {key: PLANTED[key] for key in ("nik", "name", "address", "phone")}
    return {**body, "kind": kind, "holder": holder, "police_report": PLANTED["police"], **changes}


def forms(value: str) -> Iterable[bytes]:
    """How a value may be written."""
    yield value.encode()
    yield value.encode("utf-16-le")
    yield value.encode().hex().encode()
    yield quote(value).encode()
    yield json.dumps(value)[1:-1].encode()
    for shift in range(3):  # base64, wherever it begins
        yield base64.b64encode(bytes(shift) + value.encode())[(4 if shift else 0) : -4]


def found_in(data: bytes) -> set[str]:
    """The names of what was planted and is there."""
    return {name for name, value in PLANTED.items() if any(form in data for form in forms(value))}


def left_behind(folder: Path, *, without: Iterable[Path] = ()) -> dict[str, set[str]]:
    """Files below ``folder`` in which something planted stands, and what."""
    skipped = set(without)
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not skipped & {path, *path.parents} and (what := found_in(path.read_bytes())):
            found[str(path.relative_to(folder))] = what
    return found


async def hand_over(station: StationProcess, job_id: str) -> str:
    """Check, shelve, find, and hand the card to a proxy; the session's token."""
    session = await station.sign_in()
    token = f"Bearer {session}"
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        (f"{job_id}/check", {}),
        (f"{job_id}/shelve", {"place": "A/1"}),
        ("find", {"name": PLANTED["name"]}),
        ("find", {"nik": PLANTED["nik"]}),
        (
            f"{job_id}/handover",
            {
                "identity": {"document": "kk"},
                "proxy": {"relation": "spouse", "family_card_checked": True, "name": PLANTED["proxy"]},
            },
        ),
    )
    for path, body in steps:
        status, answer = await station.call("POST", f"/v1/cards/{path}", body, Authorization=token)
        assert status == 200, (path, answer)
    return session


def test_the_search_finds_what_is_planted(tmp_path):
    for name, value in PLANTED.items():
        for number, form in enumerate(forms(value)):
            (tmp_path / f"{name}{number}").write_bytes(b"\0\xff" + form + b"x")
    (tmp_path / "innocent").write_bytes(png(3))
    assert len(left_behind(tmp_path)) == len(PLANTED) * 8


async def test_a_station_leaves_nothing_of_a_holder_behind(stocked, tmp_path):
    tray, gate = tmp_path / "tray", "[readiness]\nstop_printing = []\n"
    printer = {"name": "kartu-1", "driver": "simulator", "folder": str(tray), "seconds": 0.05}
    async with stocked(printer, extra=gate) as station:
        station.wrapper = ("-X", "dev", "-m", "stationd")
        station.appoint()
        (station.folder / "pin").unlink()
        await station.start()
        texts: list[object] = []

        async def tell(method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
            status, answer = await station.call(method, path, body, **headers)
            texts.append(answer)
            return status, answer

        status, accepted = await tell("POST", "/v1/jobs", order(), Idempotency_Key="one")
        assert status == 201, accepted
        refusals = [
            await tell("POST", "/v1/jobs", order("lost"), Idempotency_Key="one"),
            await tell("POST", "/v1/jobs", order(order="PRR-2"), Idempotency_Key="two"),
            await tell("POST", "/v1/jobs", order("data_change", order="PRR-3"), Idempotency_Key="three"),
            await tell("POST", "/v1/jobs", order(profile=PLANTED["name"], order="PRR-4"), Idempotency_Key="four"),
            await tell("POST", "/v1/jobs", order(kind=PLANTED["name"]), Idempotency_Key="five"),
            await tell("POST", "/v1/jobs", {PLANTED["name"]: PLANTED["nik"]}, Idempotency_Key="six"),
            await tell("POST", "/v1/jobs", order(holder={"nik": PLANTED["nik"] + "x"}), Idempotency_Key="seven"),
            await tell("POST", "/v1/jobs", [PLANTED["phone"]], Idempotency_Key="eight"),
        ]
        assert all(400 <= status < 500 for status, _ in refusals), refusals
        assert (await tell("POST", "/v1/sessions", {"number": OFFICER, "pin": PLANTED["phone"][1:9]}))[0] >= 400
        assert await station.settled() == {"printed": 1}
        assert any(path.stat().st_size for path in tray.iterdir())
        session = await hand_over(station, accepted["id"])
        for path in ("/metrics", "/v1/readiness", "/v1/jobs?limit=10", f"/v1/receipts/{accepted['receipt']}"):
            await tell("GET", path)
        assert station.process is not None
        station.process.send_signal(signal.SIGABRT)  # where cores are written, this writes one
        await asyncio.to_thread(station.process.wait, 10)
        await station.start()
        await asyncio.to_thread(station.command, "backup", str(station.folder / "copy.db"))
        assert "in order" in await asyncio.to_thread(station.command, "verify")
        texts.append([await asyncio.to_thread(station.command, *words) for words in (("verify",), ("token", "list"))])
        station.kill()

        assert left_behind(tmp_path, without=[tray]) == {}
        assert found_in(json.dumps(texts, ensure_ascii=False).encode()) == set()
        events = "\n".join(data for (data,) in station.rows("SELECT data FROM event"))
        assert found_in(events.encode()) == set()
        assert not list(station.folder.glob("core*"))
        assert session.encode() not in b"".join(
            path.read_bytes() for path in station.folder.rglob("*") if path.is_file()
        )
        assert left_behind(tray), "the card itself must have it, or the search is blind"


async def test_the_process_cannot_be_looked_into_by_its_own_user(stocked):
    async with stocked() as station:
        await station.start()
        assert station.process is not None
        limits = Path(f"/proc/{station.process.pid}/limits").read_text(encoding="ascii")
        assert re.search(r"Max core file size\s+0\s+0", limits)
        assert Path(f"/proc/{station.process.pid}").stat().st_uid == 0


@pytest.mark.parametrize("keeps_files", [False, True])
async def test_a_spooler_keeps_the_document_no_longer_than_the_print_where_it_is_told_so(
    stocked, tmp_path, keeps_files: bool
):
    spooler = Cupsd(tmp_path / "cups")
    conf = spooler.folder / "cupsd.conf"
    if not keeps_files:
        conf.write_text(conf.read_text("utf-8").replace("PreserveJobFiles Yes", "PreserveJobFiles No"), "utf-8")
    with spooler:
        table = {"name": "kartu-1", "driver": "ipp", "uri": spooler.uri, "poll_s": 0.2, "timeout_s": 3}
        async with stocked(table) as station:
            await station.start()
            status, answer = await station.call("POST", "/v1/jobs", order(), Idempotency_Key="one")
            assert status == 201, answer
            assert await station.settled() == {"printed": 1}
        kept: dict[str, set[str]] = {}
        for name in ("spool", "cache", "state", "log"):
            kept |= left_behind(spooler.folder / name)
    assert bool(kept) == keeps_files, kept
