"""A station cut off from its city: a genuine agent asks the real daemon, and sends over mutual TLS through a cut line.

``python -m tests.campaign.cuts``: a cut that the agent's log outlasts, a killed daemon, and a cut that the log does not
outlast, hours compressed by the agent's own options. Samples are counted on both sides; what was lost is filled in from
the books.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import aiohttp

from stationd.adapters.sqlite.connection import reading
from tests.rigs.agent_and_city import Site
from tests.rigs.cut_line import CutLine
from tests.rigs.documents import png
from tests.rigs.ports import free_port
from tests.rigs.station import StationProcess

WITHIN_S = 120.0
KEPT_S = 20
"""What the agent keeps, in place of three days."""
_UP = 'up{job="stationd"}'
_CARDS = "stationd_cards_printed_total"


@dataclass(frozen=True, kw_only=True)
class Count:
    """Samples of one stretch: asked of the station, and kept by the city."""

    asked: int
    kept: int


class Cut:
    """The station, its agent, the line and the city."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        station_port, asking_port, line_port = free_port(), free_port(), free_port()
        printer = {"name": "kartu-1", "driver": "simulator", "seconds": 0.05, "folder": str(folder / "cards")}
        self.station = StationProcess(folder / "station", [printer], is_on_tcp=True)
        config = self.station.config.read_text(encoding="utf-8")
        self.station.config.write_text(config.replace("127.0.0.1:0", f"127.0.0.1:{station_port}"), encoding="utf-8")
        self.site = Site(folder, interval="1s", target_port=asking_port, city_port=line_port)
        self.asking = CutLine(asking_port, station_port)
        self.line = CutLine(line_port, self.site.port)
        self.orders = 0

    async def print_cards(self, count: int) -> None:
        """So many more cards."""
        for _ in range(count):
            self.orders += 1
            assert (await self.station.submit(self.orders, png(self.orders)))[0] == 201
        await self.station.settled()

    async def raw(self, query: str) -> list[tuple[float, float]]:
        """Every sample that the city has, in the order of time; series of one moment are added up."""
        try:
            found = await self.site.asked(f"{query}[1h]")
        except (aiohttp.ClientError, KeyError):
            return []
        sums: dict[float, float] = {}
        for series in found:
            for at, value in series["values"]:
                sums[at] = sums.get(at, 0) + float(value)
        return sorted(sums.items())

    async def caught_up(self) -> None:
        """Until the city has a sample of now."""
        began = time.time()
        async with asyncio.timeout(WITHIN_S):
            while not any(at > began for at, _ in await self.raw(_UP)):
                await asyncio.sleep(0.5)

    async def stretch(self, since: float, until: float) -> Count:
        """What was asked and what is kept of a stretch; the ends are put between two samples."""
        kept = [at for at, _ in await self.raw(_UP) if since < at <= until]
        return Count(asked=sum(since < at <= until for at in self.asking.asked), kept=len(kept))

    def between_two(self) -> float:
        """A moment just past, in the middle between two askings."""
        first, second = self.asking.asked[-3:-1]
        return (first + second) / 2


async def outlasted(cut: Cut, seconds: float) -> Count:
    """A cut that the agent's log outlasts, with cards printed in it; what the city has of it afterwards."""
    since = cut.between_two()
    await cut.line.cut()
    await cut.print_cards(3)
    await asyncio.sleep(seconds)
    await cut.line.mend()
    await cut.caught_up()
    return await cut.stretch(since, cut.between_two())


async def never_back(cut: Cut) -> None:
    """Kill the daemon, start it again, print more: the city sees no counter go back."""
    cut.station.kill()
    await cut.station.start()
    await cut.print_cards(2)
    async with asyncio.timeout(WITHIN_S):
        while not (cards := [value for _, value in await cut.raw(_CARDS)]) or max(cards) < cut.orders:
            await asyncio.sleep(0.5)
    assert cards == sorted(cards), cards
    assert cards[-1] == cut.orders, (cards[-1], cut.orders)


async def too_long(cut: Cut, seconds: float) -> tuple[float, Count, float, float]:
    """A cut longer than the agent keeps: how long it was, its count, the first and last moment of what is missing."""
    since = cut.between_two()
    began = time.time()
    await cut.line.cut()
    for _ in range(6):
        await cut.print_cards(2)
        await asyncio.sleep(seconds / 6)
    await cut.line.mend()
    lasted_s = time.time() - began
    await cut.caught_up()
    until = cut.between_two()
    times = [at for at, _ in await cut.raw(_UP) if since - 5 < at <= until]
    gaps = [(later - earlier, earlier, later) for earlier, later in pairwise(times)]
    _, first, last = max(gaps)
    return lasted_s, await cut.stretch(since, until), first, last


async def fill_in(cut: Cut, first: float, last: float) -> int:
    """Fill in what is missing from the books; how many of its moments the city has then, each as the books have it."""
    written = cut.folder / "past.om"
    span = [datetime.fromtimestamp(round(at), UTC).isoformat() for at in (first, last)]
    cut.station.command("history", "--openmetrics", "--from", span[0], "--to", span[1], "--every", "1s",
                        "--label", f"instance=127.0.0.1:{cut.site.target_port}", "--output", str(written))  # fmt: skip
    blocks = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(written), str(cut.folder / "tsdb")]
    await asyncio.to_thread(subprocess.run, blocks, check=True, capture_output=True, timeout=120)
    async with asyncio.timeout(WITHIN_S):
        while True:  # Prometheus looks for new blocks once a minute
            found = [(at, value) for at, value in await cut.raw(_CARDS) if first < at < last]
            if found:
                break
            await asyncio.sleep(1)

    def books() -> list[int]:
        question = "SELECT count(*) FROM attempt WHERE outcome = 'printed' AND settled_at < ?"
        with reading(cut.station.database) as connection:
            return [connection.execute(question, (at * 1000,)).fetchone()[0] for at, _ in found]

    assert [value for _, value in found] == await asyncio.to_thread(books)
    return len(found)


async def campaign(folder: Path, short_s: float, long_s: float) -> list[str]:
    """Both cuts; what was seen, line by line. Raises ``AssertionError`` when something is not as promised."""
    cut, told = Cut(folder), []
    options = (f"--storage.agent.retention.max-time={KEPT_S}s", "--storage.agent.retention.min-time=1s",
               "--storage.agent.wal-truncate-frequency=4s")  # fmt: skip
    try:
        await cut.station.start()
        await cut.station.receive(100)
        async with cut.asking, cut.line:
            with cut.site.city():
                with cut.site.agent():
                    await cut.caught_up()
                    await cut.print_cards(1)
                    count = await outlasted(cut, short_s)
                    told.append(f"cut of {short_s:.0f} s, all kept: asked {count.asked}, at the city {count.kept}")
                    assert count.kept == count.asked, told
                    await never_back(cut)
                    told.append(f"daemon killed: no counter went back, cards {cut.orders}")
                if long_s:
                    with cut.site.agent(*options):
                        await cut.caught_up()
                        lasted_s, count, first, last = await too_long(cut, long_s)
                        seen = f"asked {count.asked}, at the city {count.kept}, the longest gap {last - first:.0f} s"
                        told.append(f"cut of {lasted_s:.0f} s, kept {KEPT_S} s: {seen}")
                        filled = await fill_in(cut, first, last)
                        told.append(f"filled in from the books: {filled} moments, each as the books have it")
                        await never_back(cut)
    finally:
        await cut.station.aclose()
    return told


def main() -> int:
    """0 when everything was as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign.cuts", description=__doc__)
    parser.add_argument("--short", type=float, default=120, help="seconds of the cut that the log outlasts")
    parser.add_argument("--long", type=float, default=120, help=f"seconds of the cut, of which {KEPT_S} are kept")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stationd-cuts-") as folder:
        for line in asyncio.run(campaign(Path(folder), args.short, args.long)):
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
