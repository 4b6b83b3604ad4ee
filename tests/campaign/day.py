"""A day of a station, its clock running fast: ``python -m tests.campaign.day [HOURS] [SPEED]``.

The genuine daemon under libfaketime, whose hours pass as fast as ``SPEED`` says, timers included. In each of them a
busy office's work: cards printed, shelved, told and handed over, officers who come and go, listeners that break off,
a reload, figures read by a collector, a backup, data forgotten. Printed are the figures of each hour; what grows
between the first hours and the last must not.
"""

import asyncio
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGHUP

import aiohttp

from tests.campaign.soak import grown, sizes
from tests.rigs.documents import png
from tests.rigs.listener import EventReader
from tests.rigs.station import StationProcess, job

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
HOURS = 24
SPEED = 180
CARDS = 13
"""An hour: 312 a day, more than one printer of an office makes on its fullest day."""
LISTENERS = 20
SCRAPES = 60
BACKUP_EVERY_H = 6
RELOAD_EVERY_H = 8
SETTINGS = """
[clock]
trust = "always"
[readiness]
stop_printing = []
[retention]
documents_hours = 2
[notices]
ways = ["simulator"]
open = "00:00"
close = "24:00"
weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
per_day = 10000
"""
_HOUR_S = 3600
_WITHIN_S = 120


class Office:
    """One station, hour by hour."""

    def __init__(self, folder: Path, speed: float) -> None:
        table = {"name": "kartu-1", "driver": "simulator", "folder": str(folder / "tray"), "seconds": 20}
        self.station = StationProcess(folder / "station", [table], extra=SETTINGS)
        self.station.environment.update(LD_PRELOAD=str(FAKETIME), FAKETIME=f"+0 x{speed:g}")
        self.backups = folder / "backups"
        self.backups.mkdir()
        self.speed = speed
        self.cards = 0
        self.officer = ""

    async def hour(self, number: int) -> dict[str, int]:
        """An hour's work, spread over it; what the daemon holds at its end."""
        ends = time.monotonic() + _HOUR_S / self.speed
        await self.officer_comes()
        if number % RELOAD_EVERY_H == RELOAD_EVERY_H - 1:
            await self.reload()
        for _ in range(CARDS):
            await self.card()
        await self.listen()
        if number % BACKUP_EVERY_H == BACKUP_EVERY_H - 1:
            await asyncio.to_thread(self.station.command, "backup", "--keep", "2", str(self.backups))
        for scrape in range(SCRAPES):
            await self.station.call("GET", "/metrics")
            await asyncio.sleep(max(0.0, (ends - time.monotonic()) / (SCRAPES - scrape)))
        await self.station.call("DELETE", "/v1/sessions/current", Authorization=f"Bearer {self.officer}")
        held = await asyncio.to_thread(sizes, self.station)
        _, figures = await self.station.call("GET", "/metrics")
        found = re.search(r"^stationd_tasks (\d+)", figures, re.MULTILINE)
        assert found is not None
        return held | {"tasks": int(found[1])}

    async def officer_comes(self) -> None:
        """Signs in and goes on duty."""
        self.officer = await self.station.go_on_duty()

    async def card(self) -> None:
        """An order, its card, the shelf, a receipt asked for, and the hand-over."""
        self.cards += 1
        body = job(self.cards, png(self.cards, size=40_000), phone=f"0812{self.cards:08}")
        status, made = await self.station.call("POST", "/v1/jobs", body, Idempotency_Key=f"key-{self.cards}")
        assert status == 201, made
        path = f"/v1/cards/{made['id']}"
        async with asyncio.timeout(_WITHIN_S):
            while (await self.station.call("GET", f"/v1/jobs/{made['id']}"))[1]["state"] != "printed":
                await asyncio.sleep(0.05)
        await self.act(f"{path}/check", {})
        await self.act(f"{path}/shelve", {"place": f"A{self.cards}/1"})
        assert (await self.station.call("GET", f"/v1/receipts/{made['receipt']}"))[0] == 200
        if self.cards % 2:
            await self.act(f"{path}/handover", {"identity": {"document": "kk"}})

    async def act(self, path: str, body: object) -> None:
        """Something that the officer does."""
        status, answer = await self.station.call("POST", path, body, Authorization=f"Bearer {self.officer}")
        assert status < 300, (path, answer)

    async def listen(self) -> None:
        """Listeners who break off in mid-stream."""
        for _ in range(LISTENERS):
            connector = aiohttp.UnixConnector(str(self.station.socket))
            async with aiohttp.ClientSession(connector=connector) as session:
                events = EventReader(session, "http://localhost/v1/events", self.station.token).events(after="0")
                with suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        async for _event in events:
                            break

    async def reload(self) -> None:
        """The configuration read anew, and the station built anew inside its process."""
        assert self.station.process is not None
        self.station.process.send_signal(SIGHUP)
        await asyncio.sleep(1)
        async with asyncio.timeout(_WITHIN_S):
            while True:
                with suppress(aiohttp.ClientError):
                    if (await self.station.call("GET", "/readyz"))[0] == 200:
                        break
                await asyncio.sleep(0.1)
        await self.officer_comes()


async def day(folder: Path, hours: int, speed: float) -> list[str]:
    """Run a station through so many hours; what has grown."""
    office = Office(folder, speed)
    station = office.station
    seen: list[dict[str, int]] = []
    try:
        station.appoint()
        await station.start()
        await station.receive(hours * CARDS + 10)
        for number in range(hours):
            seen.append(await office.hour(number))
            told = "  ".join(f"{name} {value}" for name, value in seen[-1].items())
            print(f"hour {number + 1:>2}  {office.cards:>4} cards  {told}", flush=True)
        station.check_books()
        print("in all: " + ", ".join(f"{what} {count}" for what, count in counted(station)))
        return grown_in_a_day(seen)
    finally:
        await station.aclose()


def counted(station: StationProcess) -> Sequence[tuple[str, int]]:
    """What there is in the books afterwards."""
    asked = {
        "cards": "SELECT count(*) FROM job WHERE state = 'printed'",
        "notices": "SELECT count(*) FROM notice",
        "events": "SELECT count(*) FROM event",
        "documents kept": "SELECT count(*) FROM document",
        "hours by its own clock": "SELECT (max(at) - min(at)) / 3600000 FROM event",
    }
    return [(what, station.rows(sql)[0][0]) for what, sql in asked.items()]


def grown_in_a_day(seen: Sequence[dict[str, int]]) -> list[str]:
    """As over laps, and tasks as well; the first hours warm up."""
    found = grown(seen[min(2, len(seen) - 1) :])
    if seen[-1]["tasks"] > seen[0]["tasks"] + 3:
        found.append(f"tasks: {seen[0]['tasks']} → {seen[-1]['tasks']}")
    return found


def main() -> int:
    """0 when nothing grew."""
    if FAKETIME is None:
        print("install libfaketime first", file=sys.stderr)
        return 1
    hours = int(sys.argv[1]) if len(sys.argv) > 1 else HOURS
    folder = Path(tempfile.mkdtemp(prefix="stationd-day-"))
    found = asyncio.run(day(folder, hours, float(sys.argv[2]) if len(sys.argv) > 2 else SPEED))
    for line in found:
        print(f"grown: {line}", file=sys.stderr)
    shutil.rmtree(folder)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
