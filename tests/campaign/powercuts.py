"""Cutting the power of a working station, hundreds of times: ``python -m tests.campaign.powercuts [CUTS] [SEED]``.

One daemon works and is recorded; then the power is cut at random moments of that record, and each disk that may be
found is opened as a start does, recovered, and held against everything that must be true.
"""

import asyncio
import random
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stationd.adapters.seal import load_key
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.keyring import seal_of
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemClock
from stationd.domain.errors import Faulted
from tests.rigs.documents import png
from tests.rigs.powercut import Act, Change, Disk, Recorder
from tests.rigs.station import StationProcess

JOBS = 90
CLIENTS = 6
SIZE = 40_000
"""Bytes of a document: together they are more than the log holds before it is folded into the file."""
CUTS = 300


@dataclass(slots=True)
class Tally:
    """What was tried and what was found wrong."""

    cuts: int = 0
    changes: int = 0
    acknowledged: int = 0
    lost_writes: int = 0
    torn_writes: int = 0
    repaired: int = 0
    """File systems that only a whole repair brought back."""
    wrong: Counter[str] = field(default_factory=Counter)


async def record(folder: Path) -> tuple[Recorder, list[Change]]:
    """The record of a station that takes orders, prints them, folds its log and is killed at last."""
    state = folder / "state"
    table = {"name": "kartu-1", "driver": "simulator", "folder": f"{state}/tray", "seconds": 0.02}
    station = StationProcess(folder, [table], extra="[readiness]\nstop_printing = []\n")
    try:
        station.token = station.command("token", "create", "--role", "admin", "--name", "test").strip()
        recorder = Recorder(state, folder / "record", cards=state / "tray")
        station.environment.update(recorder.environment)
        await work(station, recorder)
    finally:
        await station.aclose()
    return recorder, list(recorder.changes())


async def work(station: StationProcess, recorder: Recorder) -> None:
    """Take orders, print them, fold the log, and be killed."""
    await station.start()
    await station.receive(JOBS + 10)
    recorder.acknowledge("blanks")
    numbers = iter(range(1, JOBS + 1))

    async def client() -> None:
        for number in numbers:
            status, answer = await station.submit(number, png(number, size=SIZE))
            assert status == 201, answer
            recorder.acknowledge(answer["id"])

    async with asyncio.TaskGroup() as clients:
        for _ in range(CLIENTS):
            clients.create_task(client())
    await station.settled()
    station.kill()
    recorder.close()


async def examine(disk: Disk, state: Path) -> list[str]:
    """What is wrong with the books on a disk, opened as a start does."""
    try:
        key = await asyncio.to_thread(load_key, state, {})
        database = await Database.open(state / "station.db", SystemClock())
    except Faulted as fault:
        return [f"cannot be opened: {fault.code}"]
    try:
        found = await database.reader.run(lambda connection: verify(connection, seal_of(connection, key)))
        wrong = [str(finding) for finding in found]
        states = dict(
            await database.reader.run(lambda connection: connection.execute("SELECT id, state FROM job").fetchall())
        )
        wrong += [f"lost: job {job}" for job in disk.acknowledged if job != "blanks" and job not in states]
        attempts = dict(
            await database.reader.run(
                lambda connection: connection.execute(
                    "SELECT a.id, j.state FROM attempt AS a JOIN job AS j ON j.seq = a.job"
                ).fetchall()
            )
        )
        cards = "".join(disk.landed)
        begun = {attempt for attempt in attempts if attempt in cards}
        if len(begun) != len(disk.landed):
            wrong.append(f"a card came out of which no attempt is in the book: {len(disk.landed) - len(begun)}")
        wrong += [
            f"a card came out whose job is {attempts[attempt]}"
            for attempt in begun
            if attempts[attempt] not in {"printing", "printed", "uncertain"}
        ]
    except Faulted as fault:
        return [f"cannot be read: {fault.code}"]
    finally:
        await database.aclose()
    return wrong


async def cut(folder: Path, recorder: Recorder, changes: Sequence[Change], cuts: int, seed: int) -> Tally:
    """Cut many times in one record."""
    tally = Tally(changes=len(changes), acknowledged=sum(change.act is Act.ACKNOWLEDGED for change in changes))
    rnd = random.Random(seed)
    for number in range(cuts):
        disk = recorder.cut(changes, rnd.randrange(1, len(changes)), rnd)
        state = folder / f"disk-{number}"
        recorder.restore(disk, state)
        tally.cuts += 1
        tally.lost_writes += disk.lost
        tally.torn_writes += disk.torn
        wrong = await examine(disk, state)
        tally.wrong.update(wrong)
        if not wrong:
            shutil.rmtree(state)
    return tally


async def campaign(folder: Path, cuts: int, seed: int) -> Tally:
    """Record once, cut many times."""
    recorder, changes = await record(folder / "station")
    return await cut(folder, recorder, changes, cuts, seed)


def main() -> int:
    """0 when nothing was found wrong."""
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else CUTS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(1 << 32)
    folder = Path(tempfile.mkdtemp(prefix="stationd-cuts-"))
    return told(asyncio.run(campaign(folder, cuts, seed)), folder, seed)


def told(tally: Tally, folder: Path, seed: int) -> int:
    """Print the figures, remove the folder; 1 when something was found wrong, and then the disks are kept."""
    print(f"seed          {seed}")
    print(f"power cuts    {tally.cuts}")
    print(f"changes       {tally.changes}, of them acknowledgements {tally.acknowledged}")
    print(f"writes lost   {tally.lost_writes}, torn {tally.torn_writes}")
    if tally.repaired:
        print(f"repaired      {tally.repaired} file systems, by e2fsck -y")
    print(f"found wrong   {tally.wrong.total()}")
    for what, times in tally.wrong.most_common(20):
        print(f"  {times} × {what}")
    if tally.wrong:
        print(f"the disks are kept in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
