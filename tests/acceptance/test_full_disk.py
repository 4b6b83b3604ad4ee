"""A disk that is full, and a database file that is damaged: said plainly, nothing half-written, nothing lost."""

import asyncio
import errno
import os
import subprocess
from pathlib import Path

import pytest

from tests.rigs.documents import png
from tests.rigs.press import GenuinePress, press
from tests.rigs.reckoning import reckon
from tests.rigs.station import StationProcess

DISK = "8m"
OPEN_GATE = "[readiness]\nstop_printing = []\n"
"""No stop while space is merely low: these tests are about the disk that takes nothing at all."""


class SmallDisk:
    """A file system of its own at ``path``, which can be filled to the last byte."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Leave no page free."""
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT)
        try:
            free = os.statvfs(self.path)
            os.posix_fallocate(descriptor, 0, free.f_bavail * free.f_frsize - 64 * 1024)
            os.lseek(descriptor, 0, os.SEEK_END)
            while True:
                os.write(descriptor, bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        finally:
            os.close(descriptor)

    def free(self) -> None:
        """Take the ballast away."""
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "station" / "state"
    path.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(path)], check=True)
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def printer(tmp_path):
    with press("ippeve", tmp_path) as running:
        assert isinstance(running, GenuinePress)
        yield running


async def until_ready(station: StationProcess) -> None:
    """Wait until nothing stands in the way of printing."""
    async with asyncio.timeout(60):
        while (await station.call("GET", "/readyz"))[0] != 200:
            await asyncio.sleep(0.05)


async def until_full(station: StationProcess) -> None:
    """Wait until the readiness gives the full disk as a reason."""
    async with asyncio.timeout(60):
        while "storage-full" not in (answer := await station.call("GET", "/readyz"))[1]["reasons"]:
            await asyncio.sleep(0.05)
        assert answer[0] == 503


async def until_ended(station: StationProcess) -> int:
    """The exit code of a daemon that ends by itself."""
    assert station.process is not None
    return await asyncio.to_thread(station.process.wait, 60)


async def test_a_full_disk_refuses_orders_pauses_printing_and_goes_on_by_itself(stocked, disk, printer, tmp_path):
    gate = tmp_path / "gate"
    printer.rig.behave(f'while [ ! -e "{gate}" ]; do sleep 0.02; done')
    documents = {number: png(number, size=20_000) for number in (1, 2, 3)}
    async with stocked(printer.table, extra=OPEN_GATE) as station:
        await station.start()
        for number in (1, 2):
            assert (await station.submit(number, documents[number]))[0] == 201
        await asyncio.to_thread(printer.rig.wait_for_begun, 1)
        events = station.rows("SELECT count(*) FROM event")
        disk.fill()

        status, problem = await station.submit(3, documents[3])
        assert (status, problem["code"]) == (507, "storage-full")
        status, problem = await station.call("POST", "/v1/blanks/entries", {"kind": "received", "quantity": 5})
        assert (status, problem["code"]) == (507, "storage-full")
        await until_full(station)
        assert (await station.call("GET", "/healthz"))[0] == 200

        gate.touch()  # the first card comes out while nothing can be written down but its outcome
        await asyncio.to_thread(printer.rig.wait_for_cards, 1)
        async with asyncio.timeout(60):  # the outcome is written into the space that was kept back for it
            while station.counts() != {"printed": 1, "queued": 1}:
                await asyncio.sleep(0.05)
        assert station.rows("SELECT count(*) FROM event") > events
        assert not (disk.path / "reserve").exists()
        await asyncio.sleep(1.5)  # long enough for the next card to be tried, and refused, more than once
        assert len(printer.begun()) == 1, "the next card must wait until there is space"
        assert station.counts() == {"printed": 1, "queued": 1}
        assert (await station.submit(3, documents[3]))[0] == 507, "what was kept back is for outcomes only"
        status, page = await station.call("GET", "/v1/jobs?limit=10")
        assert (status, len(page["items"])) == (200, 2)

        disk.free()
        await until_ready(station)
        assert (disk.path / "reserve").exists()
        assert await station.settled() == {"printed": 2}
        assert (await station.submit(3, documents[3]))[0] == 201
        assert await station.settled() == {"printed": 3}
        station.check_books()
        reckon(station, documents, printer.printed(), printer.begun()).check()


async def test_an_idle_station_notices_by_itself_that_there_is_space_again(stocked, disk, printer):
    async with stocked(printer.table, extra=OPEN_GATE) as station:
        await station.start()
        await until_ready(station)
        disk.fill()
        assert (await station.submit(1, png(1)))[0] == 507
        await until_full(station)
        disk.free()
        await until_ready(station)
        station.check_books()


async def test_a_station_killed_on_a_full_disk_finds_the_outcome_again(stocked, disk, printer, tmp_path):
    gate = tmp_path / "gate"
    printer.rig.behave(f'while [ ! -e "{gate}" ]; do sleep 0.02; done')
    documents = {1: png(1), 2: png(2)}
    async with stocked(printer.table, extra=OPEN_GATE) as station:
        await station.start()
        for number, document in documents.items():
            assert (await station.submit(number, document))[0] == 201
        await asyncio.to_thread(printer.rig.wait_for_begun, 1)
        disk.fill()
        gate.touch()
        await asyncio.to_thread(printer.rig.wait_for_cards, 1)
        station.kill()
        await station.start()
        await until_full(station)
        assert station.counts() in ({"printing": 1, "queued": 1}, {"printed": 1, "queued": 1})
        disk.free()
        assert await station.settled() == {"printed": 2}
        station.check_books()
        reckon(station, documents, printer.printed(), printer.begun()).check()


async def test_a_stop_on_a_full_disk_is_in_time_and_loses_nothing(stocked, disk, printer):
    async with stocked(printer.table, extra=OPEN_GATE) as station:
        await station.start()
        assert (await station.submit(1, png(1)))[0] == 201
        await station.settled()
        disk.fill()
        assert (await station.submit(2, png(2)))[0] == 507
        assert station.terminate() < 30
        disk.free()
        assert station.counts() == {"printed": 1}
        station.check_books()


@pytest.mark.parametrize("damage", ["header", "pages", "cut"])
async def test_a_damaged_database_is_named_with_the_way_back(stocked, damage):
    async with stocked() as station:
        data = bytearray(station.database.read_bytes())
        if damage == "header":
            data[:100] = b"\x5a" * 100
        elif damage == "pages":
            data[8192:40_960] = b"\x5a" * (40_960 - 8192)
        else:
            del data[len(data) // 2 :]
        station.database.write_bytes(data)
        station.spawn()
        assert await until_ended(station) == 1
        told = station.tail()
        assert str(station.database) in told
        assert "restore" in told
        assert "Traceback" not in told
        assert station.database.read_bytes() == data, "a damaged file is left as it was found"
