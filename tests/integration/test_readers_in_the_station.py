"""Readers in the daemon itself, a process of its own: shown, lost, found again, let go."""

import asyncio
import re

import aiohttp
import pytest

from tests.bench.footprint import rss_mb
from tests.rigs.listener import EventReader
from tests.rigs.pcscd import SOCKET, Pcscd
from tests.rigs.serial_line import SerialDevice
from tests.rigs.station import StationProcess
from tests.rigs.vcard import VirtualCard

SECRET = "9999990101900001"
WITHIN_S = 60.0


@pytest.fixture
def device(tmp_path):
    with SerialDevice(tmp_path) as device:
        yield device


def station_with(folder, *readers):
    tables = "\n".join(f"[[reader]]\n{reader}\n" for reader in readers)
    # The rig's tables come first in the file; an array of tables may stand behind any of them.
    return StationProcess(folder / "station", extra=tables, environment={"PCSCLITE_CSOCK_NAME": str(SOCKET)})


async def until(station, name, state, reason=None):
    """Wait until the API shows the reader so; the answer."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            status, answer = await station.call("GET", f"/v1/devices/{name}")
            assert status == 200, answer
            if answer["state"] == state and (reason is None or answer["reasons"] == [reason]):
                return answer
            await asyncio.sleep(0.02)


async def test_a_serial_reader_comes_and_goes_in_the_running_station(tmp_path, device):
    reader = f'name = "pemindai-1"\ndriver = "serial"\nport = "{device.port}"'
    async with station_with(tmp_path, reader) as station:
        shown = await until(station, "pemindai-1", "ready")
        assert (shown["kind"], shown["driver"], shown["evidence"]) == ("reader", "serial", None)
        for _ in range(3):
            device.send(SECRET.encode() + b"\n" + SECRET.encode())
            device.pull()
            lost = await until(station, "pemindai-1", "absent")
            assert lost["last_fault"]
            device.plug()
            await until(station, "pemindai-1", "ready")
        _, answer = await station.call("GET", "/v1/devices")
        assert [item["id"] for item in answer["items"]] == ["pemindai-1"]
        _, figures = await station.call("GET", "/metrics")
        assert 'stationd_reader_state{reader="pemindai-1",state="ready"} 1.0' in figures
        assert re.search(r'stationd_reader_frames_total\{fate="scanned",reader="pemindai-1"\} [0-3]\.0', figures)
        assert SECRET not in figures
        assert station.terminate() < 30
        log = station.log.read_text(encoding="utf-8")
    assert SECRET not in log
    assert len(re.findall(r"(?:WARNING|warning|<4>).*pemindai-1", log)) <= 1
    assert "Traceback" not in log


async def test_megabytes_without_a_terminator_cost_the_station_no_memory_and_the_next_code_is_heard(tmp_path, device):
    reader = f'name = "pemindai-1"\ndriver = "serial"\nport = "{device.port}"'
    async with station_with(tmp_path, reader) as station:
        await until(station, "pemindai-1", "ready")
        before = rss_mb(station.process.pid)
        sent = 0
        async with asyncio.timeout(60):
            while sent < 16 * 1024 * 1024:
                try:
                    sent += device.send(b"9" * 4096)
                except BlockingIOError:
                    await asyncio.sleep(0.001)
            for piece in (b"\n", b"KODE-UJI-1\n"):
                while True:
                    try:
                        assert device.send(piece) == len(piece)
                        break
                    except BlockingIOError:
                        await asyncio.sleep(0.001)
            scanned = 'stationd_reader_frames_total{fate="scanned",reader="pemindai-1"} 1.0'
            while scanned not in (figures := (await station.call("GET", "/metrics"))[1]):
                await asyncio.sleep(0.05)
        assert 'stationd_reader_frames_total{fate="garbled",reader="pemindai-1"} 1.0' in figures
        assert rss_mb(station.process.pid) - before < 8
        assert station.log.stat().st_size < 10_000


async def test_a_station_stops_in_time_while_its_reader_is_missing(tmp_path):
    reader = f'name = "pemindai-1"\ndriver = "serial"\nport = "{tmp_path}/none"'
    async with station_with(tmp_path, reader) as station:
        await until(station, "pemindai-1", "absent", "port-missing")
        assert station.terminate() < 30


async def test_a_card_reader_outlives_its_service_in_the_running_station(tmp_path):
    with Pcscd() as service:
        async with station_with(tmp_path, 'name = "kartu-chip"\ndriver = "pcsc"') as station:
            assert "Virtual PCD" in (await until(station, "kartu-chip", "ready"))["model"]
            async with VirtualCard(service.ports[0], bytes.fromhex("04A1B2C3D4E5F6")):
                service.kill()
                await until(station, "kartu-chip", "absent", "service-missing")
            service.start()
            await until(station, "kartu-chip", "ready")
            assert station.terminate() < 30
            assert "Traceback" not in station.log.read_text(encoding="utf-8")


async def test_a_reader_that_cannot_be_used_keeps_the_station_from_starting_and_says_why(tmp_path):
    station = station_with(tmp_path, 'name = "a"\ndriver = "serial"\nport = "/dev/ttyS0"\nbaud = 7')
    with pytest.raises(RuntimeError, match=r"cannot use reader a: baud = 7: allowed is 1200"):
        await station.start()
    await station.aclose()


async def test_a_kiosk_hears_what_its_reader_reads_and_nothing_of_it_is_kept(tmp_path, device):
    reader = f'name = "pemindai-1"\ndriver = "serial"\nport = "{device.port}"\nkiosks = ["kiosk-1"]'
    async with station_with(tmp_path, reader) as station:
        tokens = [station.command("token", "create", "--role", "kiosk", "--name", f"kiosk-{n}").strip() for n in (1, 2)]
        await until(station, "pemindai-1", "ready")
        heard = []
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(station.socket))) as session:

            async def listen(path: str) -> None:
                async for event in EventReader(session, f"http://localhost{path}", tokens[0]).events():
                    heard.append(event)  # noqa: PERF401 - while it comes

            scans = asyncio.create_task(listen("/v1/devices/pemindai-1/scans"))
            events = asyncio.create_task(listen("/v1/events?topics=reader"))
            async with asyncio.timeout(WITHIN_S):
                while not [each for each in heard if each.type in {"scan", "reader.scanned"}][1:]:
                    device.send(SECRET.encode() + b"\n")
                    await asyncio.sleep(0.1)
            async with session.get(
                "http://localhost/v1/devices/pemindai-1/scans", headers={"Authorization": f"Bearer {tokens[1]}"}
            ) as refused:
                assert refused.status == 403
            assert station.terminate() < 30, "listeners do not keep it"
            async with asyncio.timeout(WITHIN_S):
                await asyncio.gather(scans, events, return_exceptions=True)
    scanned = [each for each in heard if each.type == "scan"]
    assert {each.data["text"] for each in scanned} == {SECRET}
    told = [each for each in heard if each.type == "reader.scanned"]
    assert told
    assert SECRET not in str(told), "the stream of events says that something was read, and not what"
    kept = [
        path for path in (tmp_path / "station").rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert kept == []
