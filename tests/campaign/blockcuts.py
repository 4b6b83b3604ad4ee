"""Cutting the power below the file system: ``python -m tests.campaign.blockcuts [CUTS] [SEED]``, as root.

The state directory is an ext4 of the kernel's on a disk whose every block and flush is recorded. The power is cut at
random moments of that record; each disk that may be found is brought back as a box does it, by ``e2fsck`` or by the
kernel's replay of the journal, and its books are held against everything that must be true. On every
twentieth of them the station itself is started, and prints the rest.
"""

import asyncio
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.campaign.powercuts import CUTS, JOBS, SIZE, Tally, examine, told, work
from tests.rigs.blockdisk import NAME, flawed, mounted, recorded, repaired
from tests.rigs.documents import png
from tests.rigs.powercut import Act, Change, Disk, Recorder, weights
from tests.rigs.reckoning import digests_in, reckon
from tests.rigs.station import StationProcess

STARTED = 20
"""Of so many disks one is started on."""


def station_on(folder: Path) -> StationProcess:
    """A station whose state directory is a disk of its own, and whose cards come out elsewhere."""
    table = {"name": "kartu-1", "driver": "simulator", "folder": str(folder / "tray"), "seconds": 0.02}
    return StationProcess(folder, [table], extra="[readiness]\nstop_printing = []\n")


async def record(folder: Path) -> tuple[Recorder, list[Change]]:
    """The record of the disk of a station, from its first token to its last card."""
    folder.mkdir(parents=True)
    log = folder / "record"
    (folder / "tray").mkdir()
    with recorded(folder, folder / "state", log) as began:
        recorder = Recorder(folder / "tray", log, cards=folder / "tray", before={NAME: began.read_bytes()})
        station = station_on(folder)
        try:
            station.token = station.command("token", "create", "--role", "admin", "--name", "test").strip()
            station.environment.update(recorder.environment)
            await work(station, recorder)
        finally:
            await station.aclose()
    return recorder, list(recorder.changes())


async def cut(folder: Path, recorder: Recorder, changes: Sequence[Change], cuts: int, seed: int) -> Tally:
    """Cut many times in one record."""
    tally = Tally(changes=len(changes), acknowledged=sum(change.act is Act.ACKNOWLEDGED for change in changes))
    rnd = random.Random(seed)
    moments = rnd.choices(range(len(changes)), weights(changes, NAME), k=cuts)
    for number, moment in enumerate(moments):
        disk = recorder.cut(changes, moment, rnd)
        place = folder / f"disk-{number}"
        place.mkdir(parents=True)
        image = place / "image"
        image.write_bytes(disk.files[NAME])
        tally.cuts += 1
        tally.lost_writes += disk.lost
        tally.torn_writes += disk.torn
        wrong = await brought_back(place, image, recorder, disk, tally)
        tally.wrong.update(wrong)
        if not wrong:
            shutil.rmtree(place)
    return tally


async def brought_back(place: Path, image: Path, recorder: Recorder, disk: Disk, tally: Tally) -> list[str]:
    """What is wrong with a disk when it is mounted again, and afterwards; the kernel replays every other."""
    state = place / "state"
    try:
        if tally.cuts % 2 or not is_mountable(image, state):
            tally.repaired += await asyncio.to_thread(repaired, image)
        with mounted(image, state):
            wrong = await examine(disk, state)
            if not wrong and tally.cuts % STARTED == 0:
                wrong = await goes_on(place, recorder, disk)
    except Exception as error:  # noqa: BLE001 - whatever breaks on such a disk is what is looked for
        return [f"{type(error).__name__}: {error}"]
    if said := await asyncio.to_thread(flawed, image):
        wrong.append(f"the file system is not whole: {said}")
    return wrong


def is_mountable(image: Path, place: Path) -> bool:
    """Whether the kernel takes it as it is."""
    with suppress(subprocess.CalledProcessError), mounted(image, place):
        return True
    return False


async def goes_on(place: Path, recorder: Recorder, disk: Disk) -> list[str]:
    """What is wrong after a genuine start there, and the rest of the cards."""
    (place / "tray").mkdir()
    recorder.restore(disk, place / "tray")
    station = station_on(place)
    station.token = "unused"
    try:
        await station.start()
        await station.settled()
        station.check_books()
        accepted = {int(order[-6:]) for (order,) in station.rows("SELECT order_ref FROM job")}
        documents = {number: png(number, size=SIZE) for number in accepted if number <= JOBS}
        reckon(station, documents, digests_in(place / "tray")).check()
    except (AssertionError, RuntimeError, TimeoutError) as error:
        return [f"does not go on: {error}"]
    finally:
        await station.aclose()
    return []


async def campaign(folder: Path, cuts: int, seed: int) -> Tally:
    """Record once, cut many times."""
    recorder, changes = await record(folder / "station")
    return await cut(folder, recorder, changes, cuts, seed)


def main() -> int:
    """0 when nothing was found wrong."""
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else CUTS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(1 << 32)
    folder = Path(tempfile.mkdtemp(prefix="stationd-blocks-"))
    return told(asyncio.run(campaign(folder, cuts, seed)), folder, seed)


if __name__ == "__main__":
    sys.exit(main())
