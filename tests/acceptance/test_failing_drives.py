"""A drive that reports errors, a file system that the kernel turned read-only, a disk that is full at any write."""

import asyncio
import errno
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.hardtimes import fails_while_it_starts, fails_while_it_works, story, writes_of_an_order
from tests.rigs.blockdisk import broken_drive, flawed, formatted, mounted, recorded, repaired, turned_read_only
from tests.rigs.documents import png
from tests.rigs.reckoning import digests_in, reckon
from tests.rigs.station import StationProcess

OPEN_GATE = "[readiness]\nstop_printing = []\n"
STEPS = 2


@pytest.fixture
def image(tmp_path) -> Iterator[Path]:
    made = tmp_path / "image"
    formatted(made, 24 * 1024 * 1024)
    yield made
    made.unlink()


def put_there(copy: Path, state: Path) -> None:
    """The books of a stocked station on another file system, and surely on its disk."""
    shutil.copytree(copy, state, dirs_exist_ok=True)
    subprocess.run(["sync", "--file-system", str(state)], check=True)


async def until_told(station: StationProcess, *codes: str) -> None:
    """Wait until the readiness gives one of these reasons."""
    async with asyncio.timeout(60):
        while not set(codes) & set((answer := await station.call("GET", "/readyz"))[1]["reasons"]):
            await asyncio.sleep(0.05)
        assert answer[0] == 503


async def refuses_and_answers(station: StationProcess, number: int, *codes: str) -> None:
    """Orders are refused by name, and what can be read is answered all the same."""
    status, problem = await station.submit(number, png(number))
    assert status >= 500
    assert problem["code"] in codes, problem
    await until_told(station, *codes)
    assert (await station.call("GET", "/healthz"))[0] == 200
    status, page = await station.call("GET", "/v1/jobs?limit=10")
    assert (status, len(page["items"])) == (200, number - 1)


async def goes_on_after_a_repair(station: StationProcess, tray: Path, orders: int) -> None:
    """Started on the repaired disk, everything accepted is there and has one card."""
    await station.start()
    assert (await station.submit(orders, png(orders)))[0] in {200, 201}
    assert await station.settled() == {"printed": orders}
    station.check_books()
    reckon(station, {number: png(number) for number in range(1, orders + 1)}, digests_in(tray)).check()
    assert "Traceback" not in station.log.read_text(encoding="utf-8")


async def test_a_file_system_turned_read_only_is_named_and_the_station_goes_on_after_the_repair(
    stocked, image, tmp_path
):
    table = {"name": "kartu-1", "driver": "simulator", "folder": str(tmp_path / "tray"), "seconds": 0.05}
    async with stocked(table, extra=OPEN_GATE, state=tmp_path / "copy") as station:
        state = station.folder / "state"
        with mounted(image, state):
            put_there(tmp_path / "copy", state)
            await station.start()
            assert (await station.submit(1, png(1)))[0] == 201
            await station.settled()
            turned_read_only(state)
            await refuses_and_answers(station, 2, "storage-read-only")
            assert "read-only" in station.tail()
            station.terminate(60)
            station.spawn()
            assert station.process is not None
            assert await asyncio.to_thread(station.process.wait, 30) == 1, "it must not start there"
            assert "read-only" in station.tail().splitlines()[-2], station.tail()
        repaired(image)
        with mounted(image, state):
            await goes_on_after_a_repair(station, tmp_path / "tray", 2)
            station.terminate()
        assert flawed(image) is None


async def test_a_drive_that_reports_errors_loses_nothing_that_was_answered(stocked, tmp_path):
    table = {"name": "kartu-1", "driver": "simulator", "folder": str(tmp_path / "tray"), "seconds": 0.05}
    async with stocked(table, extra=OPEN_GATE, state=tmp_path / "copy") as station:
        state, record = station.folder / "state", tmp_path / "record"
        with recorded(tmp_path / "drive", state, record):
            put_there(tmp_path / "copy", state)
            await station.start()
            for number in (1, 2):
                assert (await station.submit(number, png(number)))[0] == 201
            await station.settled()
            broken_drive(record).touch()
            await refuses_and_answers(station, 3, "storage-failed", "storage-read-only")
            station.terminate()
        image = tmp_path / "drive" / "image"
        repaired(image)
        with mounted(image, state):
            await goes_on_after_a_repair(station, tmp_path / "tray", 3)
            station.terminate()


async def test_a_disk_full_from_any_write_of_an_order_on_costs_nothing_accepted(tmp_path):
    with story(tmp_path / "full") as (it, recorder):
        async with it.station as station:
            await station.receive(50)
            await writes_of_an_order(it, recorder)
            writes = await writes_of_an_order(it, recorder)
            assert writes > STEPS
            for step in range(STEPS):
                await fails_while_it_works(it, recorder, errno.ENOSPC, step * writes // STEPS)
            assert it.refused["storage-full"]
            await fails_while_it_starts(it, recorder, errno.ENOSPC, 0)
