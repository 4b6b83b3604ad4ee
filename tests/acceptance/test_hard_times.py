"""A disk with errors, a disk that turned read-only, no file descriptors, no memory to spare, a clock that jumps."""

import asyncio
import errno
import os
import resource
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.campaign.soak import grown, laps
from tests.rigs.documents import png
from tests.rigs.powercut import Recorder

OPEN_GATE = "[readiness]\nstop_printing = []\n"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), Path("libfaketime of .ci/packages-test.txt"))


def simulator(tmp_path: Path, seconds: float = 0.05) -> dict[str, object]:
    return {"name": "kartu-1", "driver": "simulator", "folder": str(tmp_path / "tray"), "seconds": seconds}


async def until(condition: Callable[[], Awaitable[bool]], *, timeout_s: float = 30) -> None:
    """Wait until an awaitable condition holds."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.05)


def cards(tmp_path: Path) -> int:
    return sum(not path.name.startswith(".") for path in (tmp_path / "tray").iterdir())


@pytest.mark.parametrize(("number", "code"), [(errno.EIO, "storage-failed"), (errno.EROFS, "storage-failed")])
async def test_a_disk_that_fails_is_told_and_the_station_goes_on_by_itself_when_it_is_well(
    stocked, tmp_path, number: int, code: str
):
    async with stocked(simulator(tmp_path), extra=OPEN_GATE) as station:
        recorder = Recorder(station.folder / "state", tmp_path / "record", cards=tmp_path / "tray")
        station.environment.update(recorder.environment)
        try:
            await station.start()
            assert (await station.submit(1, png(1)))[0] == 201
            await station.settled()
            recorder.fail(number)
            status, problem = await station.submit(2, png(2))
            assert status >= 500
            assert problem["code"] == code, problem
            assert (await station.call("GET", "/healthz"))[0] == 200
            status, page = await station.call("GET", "/v1/jobs?limit=10")
            assert (status, len(page["items"])) == (200, 1)
            recorder.fail(None)

            async def is_taken() -> bool:
                return (await station.submit(2, png(2)))[0] in {200, 201}

            await until(is_taken)
            assert await station.settled() == {"printed": 2}
            station.check_books()
            assert cards(tmp_path) == 2
            assert "Traceback" not in station.tail()
        finally:
            recorder.close()


async def test_without_file_descriptors_it_prints_on_and_serves_again_when_there_are_some(stocked, tmp_path):
    async with stocked(simulator(tmp_path, 0.3), extra=OPEN_GATE) as station:
        await station.start()
        for number in range(1, 6):
            assert (await station.submit(number, png(number)))[0] == 201
        assert station.process is not None
        pid = station.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = count(Path(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 4, before[1]))
        callers = [socket.socket(socket.AF_UNIX) for _ in range(20)]
        try:
            for caller in callers:
                caller.settimeout(1)
                caller.connect(str(station.socket))
            await asyncio.sleep(1)
            assert station.process.poll() is None, station.tail()
        finally:
            for caller in callers:
                caller.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

        async def is_served() -> bool:
            return (await station.call("GET", "/healthz"))[0] == 200

        await until(is_served)
        assert await station.settled() == {"printed": 5}
        station.check_books()
        assert cards(tmp_path) == 5


async def test_within_bounded_memory_a_day_of_large_documents_goes_through(stocked, tmp_path):
    async with stocked(simulator(tmp_path, 0.01), extra=OPEN_GATE) as station:
        await station.start()
        assert station.process is not None
        pages = int(Path(f"/proc/{station.process.pid}/statm").read_text("ascii").split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + 200 * 1024 * 1024
        resource.prlimit(station.process.pid, resource.RLIMIT_AS, (limit, limit))
        for number in range(1, 61):
            assert (await station.submit(number, png(number, size=1_000_000)))[0] == 201
        assert await station.settled() == {"printed": 60}
        station.check_books()
        assert cards(tmp_path) == 60


async def test_a_clock_that_jumps_fires_nothing_and_keeps_the_order(stocked, tmp_path):
    assert FAKETIME.exists(), FAKETIME
    told = tmp_path / "clock"

    def jump(when: str) -> None:
        fresh = tmp_path / "clock.fresh"
        fresh.write_text(f"{when}\n", encoding="ascii")
        fresh.replace(told)

    jump("+0")
    async with stocked(extra=OPEN_GATE) as station:
        station.environment.update(
            LD_PRELOAD=str(FAKETIME),
            FAKETIME_TIMESTAMP_FILE=str(told),
            FAKETIME_NO_CACHE="1",
            DONT_FAKE_MONOTONIC="1",
        )
        await station.start()
        for number, when in enumerate(("+0", "+400d", "-20000d", "+0"), start=1):
            jump(when)
            assert (await station.submit(number, png(number)))[0] == 201
        again = await station.submit(1, png(1))
        assert again[0] == 200, "the same key is the same job, whatever the clock says"
        assert station.rows("SELECT count(*) FROM document") == [(4,)]
        line = station.rows("SELECT order_ref FROM job WHERE state = 'queued' ORDER BY rank")
        assert [int(order[-6:]) for (order,) in line] == [1, 2, 3, 4]
        jump("+400d")
        station.terminate()
        station.configure([simulator(tmp_path)], extra=OPEN_GATE)
        await station.start()
        assert await station.settled() == {"printed": 4}
        assert station.rows("SELECT count(*) FROM document") == [(4,)], "nothing is forgotten by a clock gone wrong"
        printed = station.rows("SELECT job FROM attempt ORDER BY opened_at, job")
        assert [job for (job,) in printed] == sorted(job for (job,) in printed)
        station.check_books()
        assert "in order" in await asyncio.to_thread(station.command, "verify")


async def test_three_hundred_cards_leave_nothing_growing(stocked, tmp_path):
    async with stocked(simulator(tmp_path, 0.005), extra=OPEN_GATE) as station:
        await station.start()
        await station.receive(400)
        assert grown(await laps(station, 100, 3)) == []


def count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir())
