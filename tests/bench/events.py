"""The stream of events: how soon an event is heard, what a listener costs, and that printing does not notice them."""

import asyncio
import re
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Self

from tests.bench.figures import Figures
from tests.bench.footprint import rss_mb
from tests.bench.utilisation import print_all
from tests.rigs.documents import png
from tests.rigs.station import StationProcess

LISTENERS = 200
JOBS = 200
PAUSE_S = 0.02
_AT = re.compile(rb'"at":"([^"]+)"')


class Ear:
    """One listener over the unix socket: counts what it hears, and how late where it is asked to."""

    def __init__(self) -> None:
        self.heard = 0
        self.late_ms: list[float] = []

    async def listen(self, station: StationProcess, *, is_timed: bool) -> None:
        """Until cancelled."""
        reader, writer = await asyncio.open_unix_connection(str(station.socket), limit=1 << 20)
        ask = f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {station.token}\r\n\r\n"
        writer.write(ask.encode())
        try:
            while chunk := await reader.read(1 << 16):
                self.heard += chunk.count(b"\ndata: ")
                if is_timed:
                    now = time.time()
                    self.late_ms += [(now - moment(found)) * 1000 for found in _AT.findall(chunk)]
        finally:
            writer.close()


def moment(text: bytes) -> float:
    """The time of an event as Unix seconds."""
    return datetime.fromisoformat(text.decode()).timestamp()


class Crowd:
    """Listeners of one station, for ``async with``."""

    def __init__(self, station: StationProcess, count: int) -> None:
        self.ears = [Ear() for _ in range(count)]
        self._station = station
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for number, ear in enumerate(self.ears):
            self._tasks.append(asyncio.create_task(ear.listen(self._station, is_timed=number % 50 == 0)))
        while f"stationd_event_listeners {len(self.ears)}.0" not in (await self._station.call("GET", "/metrics"))[1]:
            await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task


async def events(folder: Path, figures: Figures) -> None:
    """From the commit's time stamp to the listener's hands; memory a listener; utilisation with none and with many."""
    for count in (1, LISTENERS):
        async with StationProcess(folder / f"heard-{count}") as station:
            assert station.process is not None
            await station.call("GET", "/metrics")
            before = rss_mb(station.process.pid)
            async with Crowd(station, count) as crowd:
                memory_kb = (rss_mb(station.process.pid) - before) * 1024 / count
                for number in range(JOBS):
                    await station.submit(number, png(number))
                    await asyncio.sleep(PAUSE_S)
                async with asyncio.timeout(30):
                    while min(ear.heard for ear in crowd.ears) < JOBS:
                        await asyncio.sleep(0.05)
            late = sorted(each for ear in crowd.ears for each in ear.late_ms)
            figures.row(
                f"event to {count} listener{'s' if count > 1 else ''}",
                p50=f"{late[len(late) // 2]:.1f} ms",
                p99=f"{late[int(len(late) * 0.99)]:.1f} ms",
                memory=f"{memory_kb:.0f} KB a listener",
            )
    for count in (0, LISTENERS):
        figures.row(
            f"2 printers, window 2, {count} listeners",
            **await print_all(folder / f"printed-{count}", 2, 2, beside=lambda station, n=count: Crowd(station, n)),
        )
