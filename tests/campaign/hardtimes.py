"""A disk that fails at every single write: ``python -m tests.campaign.hardtimes [EVERY]``.

The writes of an order's life, from its acceptance to its card, are counted; then the disk is full, or reports errors,
from the first of them on, from the second on, and so forth, while the station works and while it starts. Each time
the disk gets well again, and everything accepted must have become exactly one card. The same at each level of a small
disk that is really full, and with so little memory in a control group that the kernel ends the process.
"""

import asyncio
import errno
import os
import resource
import shutil
import socket
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.rigs.blockdisk import formatted, mounted
from tests.rigs.documents import png
from tests.rigs.powercut import Act, Recorder
from tests.rigs.reckoning import digests_in, reckon
from tests.rigs.station import StationProcess

SIZE = 20_000
MEMORY = Path("/sys/fs/cgroup/memory")
TOLD = {errno.ENOSPC: {"storage-full", "storage-failed"}, errno.EIO: {"storage-failed"}}
"""What the station may call it; SQLite does not say why waiting for the disk, or cutting its log, failed."""
_WITHIN_S = 40
_PAGE = 4096
_CALLERS = 20
_UNTIL_REFUSED = 60
"""Orders after which a full disk must have refused one: the log keeps what space it has."""


@dataclass(slots=True)
class Story:
    """One station that goes through it all, and what was seen."""

    station: StationProcess
    tray: Path
    documents: dict[int, bytes] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def following(self) -> int:
        """The number of the next order."""
        return len(self.documents) + 1

    async def submit(self, number: int, *, size: int = SIZE) -> bool:
        """Whether the order was accepted; what refuses it is noted."""
        document = self.documents.setdefault(number, png(number, size=size))
        status, answer = await self.station.submit(number, document)
        if status in {200, 201}:
            return True
        assert status >= 500, answer
        self.refused[answer["code"]] += 1
        return False

    async def is_well(self) -> bool:
        """Whether nothing stands in the way of printing."""
        return (await self.station.call("GET", "/readyz"))[0] == 200

    async def reasons(self) -> set[str]:
        """What the station gives as reasons for which it is not well."""
        status, answer = await self.station.call("GET", "/readyz")
        return set() if status == 200 else set(answer["reasons"])

    async def recovered(self, number: int) -> None:
        """Wait until the station is well by itself; then everything accepted has one card, and the books are right."""
        async with asyncio.timeout(_WITHIN_S):
            while not await self.is_well():
                await asyncio.sleep(0.05)
            while not await self.submit(number):
                await asyncio.sleep(0.05)
        assert set(await self.station.settled()) == {"printed"}
        self.station.check_books()
        reckon(self.station, self.documents, digests_in(self.tray)).check()
        assert "Traceback" not in self.station.tail(), self.station.tail()


@contextmanager
def story(folder: Path, *, seconds: float = 0.01) -> Iterator[tuple[Story, Recorder]]:
    """A station whose writes can be made to fail."""
    table = {"name": "kartu-1", "driver": "simulator", "folder": str(folder / "tray"), "seconds": seconds}
    station = StationProcess(folder, [table], extra="[readiness]\nstop_printing = []\n")
    (folder / "state").mkdir(parents=True, exist_ok=True)
    (folder / "tray").mkdir(exist_ok=True)
    recorder = Recorder(folder / "state", folder / "record", cards=folder / "tray")
    station.environment.update(recorder.environment)
    try:
        yield Story(station, folder / "tray"), recorder
    finally:
        recorder.close()


async def writes_of_an_order(it: Story, recorder: Recorder) -> int:
    """How often the station writes, or waits for the disk, from an order to its card."""
    before = len(recorder.changes())
    assert await it.submit(it.following)
    await it.station.settled()
    calls = {Act.WRITE, Act.SYNC, Act.TRUNCATE}
    return sum(change.act in calls for change in recorder.changes()[before:])


async def fails_while_it_works(it: Story, recorder: Recorder, number: int, after: int) -> None:
    """The disk fails from a write of an order's life on, and is well again later."""
    order = it.following
    recorder.fail(number, after=after)
    await it.submit(order)
    async with asyncio.timeout(_WITHIN_S):  # the card is there, or the station says why it cannot be
        while it.station.counts().get("printed", 0) < order and not TOLD[number] & await it.reasons():
            await asyncio.sleep(0.02)
    assert (await it.station.call("GET", "/v1/jobs?limit=5"))[0] == 200
    recorder.fail(None)
    await it.recovered(order)


async def fails_while_it_starts(it: Story, recorder: Recorder, number: int, after: int) -> bool:
    """The disk fails from a write of a start on; whether it came up all the same. Else it said why and ended."""
    it.station.kill()
    recorder.fail(number, after=after)
    said = ""
    try:
        await it.station.start()
    except RuntimeError as error:
        said = str(error)
    recorder.fail(None)
    if said:
        assert "cannot" in said, said
        assert "Traceback" not in said, said
        assert it.station.process is not None
        assert it.station.process.returncode == 1, said
        await it.station.start()
    await it.recovered(it.following)
    return not said


async def at_every_write(folder: Path, every: int) -> None:
    """Full, then with errors; at work, then at a start."""
    for number in TOLD:
        with story(folder / errno.errorcode[number]) as (it, recorder):
            async with it.station as station:
                await station.receive(2_000)
                await writes_of_an_order(it, recorder)  # the first one comes with what a start writes
                writes = await writes_of_an_order(it, recorder)
                steps = range(0, writes + 2, every)
                for after in steps:
                    await fails_while_it_works(it, recorder, number, after)
                print(f"{errno.errorcode[number]}: at work, from each of {len(steps)} writes on: {dict(it.refused)}")
                starts = [await fails_while_it_starts(it, recorder, number, after) for after in range(0, 24, every)]
                print(f"{errno.errorcode[number]}: at a start, {len(starts)} times: {sum(starts)} came up all the same")


async def at_every_level(folder: Path, every: int) -> None:
    """A small disk of the kernel's ext4, really filled until so many pages are left."""
    folder.mkdir(parents=True)
    formatted(folder / "image", 640 * 1024 * 1024)
    with mounted(folder / "image", folder / "state"), story(folder) as (it, _):
        it.station.environment.clear()
        async with it.station as station:
            await station.receive(2_000)
            levels = range(0, 256, 8 * every)
            for pages in levels:
                ballast = fill(folder / "state", pages)
                for _ in range(_UNTIL_REFUSED):
                    if not await it.submit(it.following, size=200_000):
                        break
                ballast.unlink()
                await it.recovered(len(it.documents))
            print(f"a disk really full but for 0 to 255 pages, {len(levels)} times: {dict(it.refused)}")
            assert it.refused["storage-full"] == len(levels), it.refused
            assert it.refused.total() == len(levels), it.refused


def fill(place: Path, pages: int) -> Path:
    """A file that leaves so many pages free."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        free = os.statvfs(place)
        os.posix_fallocate(file.fileno(), 0, max(free.f_bavail * free.f_frsize - 256 * _PAGE, _PAGE))
        file.seek(0, os.SEEK_END)
        while os.statvfs(place).f_bavail > pages:
            try:
                file.write(bytes(_PAGE))
            except OSError:
                break
    return ballast


async def with_few_descriptors(folder: Path) -> None:
    """At each limit a little above what is open: callers who hold connections, an order, and all of it again after."""
    with story(folder) as (it, _):
        it.station.environment.clear()
        async with it.station as station:
            await station.receive(200)
            await one_card(it)
            assert station.process is not None
            pid = station.process.pid
            before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
            for spare in range(12):
                limit = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) + spare
                resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[1]))
                callers = [socket.socket(socket.AF_UNIX) for _ in range(_CALLERS)]
                order = it.following
                try:
                    for caller in callers:
                        caller.setblocking(False)
                        caller.connect_ex(str(station.socket))
                    with suppress(TimeoutError, aiohttp.ClientError):
                        async with asyncio.timeout(2):
                            await it.submit(order)
                    async with asyncio.timeout(_WITHIN_S):
                        while "file descriptors are in use" not in station.tail():
                            await asyncio.sleep(0.1)
                finally:
                    for caller in callers:
                        caller.close()
                    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
                await it.recovered(order)
                assert station.process.poll() is None
            print(f"descriptors: with 0 to 11 to spare and {_CALLERS} callers; refused {dict(it.refused)}")


async def one_card(it: Story) -> None:
    """One order and its card, so that all is open that is ever opened."""
    assert await it.submit(it.following)
    await it.station.settled()


async def with_little_memory(folder: Path) -> None:
    """A control group with so little memory that the kernel ends the process; started again, it goes on."""
    group = MEMORY / f"stationd-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        print(f"memory: no control group can be made here ({error.strerror}); left out")
        return
    try:
        with story(folder) as (it, _):
            it.station.environment.clear()
            async with it.station as station:
                await station.receive(200)
                ends = 0
                for limit_mb in (16, 32, 48, 56, 64, 128):
                    assert station.process is not None
                    (group / "cgroup.procs").write_text(str(station.process.pid), encoding="ascii")
                    ends += await squeezed(it, group, limit_mb)
                    (group / "memory.limit_in_bytes").write_text("-1", encoding="ascii")
                    await it.recovered(it.following)
                print(f"memory: with 16 to 128 MB to grow by; ended by the kernel {ends} times")
    finally:
        group.rmdir()


async def squeezed(it: Story, group: Path, limit_mb: int) -> bool:
    """Large orders within little memory; whether the kernel ended the process, which was started again then."""
    used = int((group / "memory.usage_in_bytes").read_text("ascii"))
    (group / "memory.limit_in_bytes").write_text(str(max(used, 1 << 20) + (limit_mb << 20)), encoding="ascii")
    orders = range(it.following, it.following + 8)
    for order in orders:
        it.documents[order] = png(order, size=3_000_000)
    answers = await asyncio.gather(*(it.submit(order) for order in orders), return_exceptions=True)
    process = it.station.process
    assert process is not None
    is_ended = process.poll() is not None or any(isinstance(answer, Exception) for answer in answers)
    if is_ended:
        await asyncio.to_thread(process.wait, 30)
        (group / "memory.limit_in_bytes").write_text("-1", encoding="ascii")
        await it.station.start()
    for order in orders:
        assert await it.submit(order)
    return is_ended


async def campaign(folder: Path, every: int) -> None:
    """All of it."""
    await at_every_write(folder, every)
    await at_every_level(folder / "levels", every)
    await with_few_descriptors(folder / "descriptors")
    await with_little_memory(folder / "memory")


def main() -> int:
    """0 when all of it was as it must be."""
    folder = Path(tempfile.mkdtemp(prefix="stationd-hardtimes-"))
    try:
        asyncio.run(campaign(folder, int(sys.argv[1]) if len(sys.argv) > 1 else 1))
    except (AssertionError, RuntimeError, TimeoutError):
        traceback.print_exc()
        print(f"failed; everything is kept in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
