"""Killing the daemon at random moments of real work, and in some rounds its printer, until it was enough."""

import asyncio
import contextlib
import hashlib
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from stationd.domain.blanks import MAX_QUANTITY
from tests.rigs.documents import pdf, png
from tests.rigs.press import GenuinePress, SimulatedPress, press
from tests.rigs.reckoning import Reckoning, reckon_digests
from tests.rigs.station import StationProcess

CLIENTS = 2
BACKLOG = 5
"""Clients wait while so many jobs are in the line: the campaign is about cards in the making, not about a long line."""
_LONGEST_LIFE_S = 1.0
_STILLBORN = 0.1
"""Share of rounds in which the daemon is killed while it starts."""
_PRINTER_TOO = 0.2
"""Share of rounds in which the printer dies as well, before, with or after the daemon. Not a spooler: cupsd, killed
itself, sends an interrupted job again on its own account."""
_SETTLE_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do: until ``kills`` daemons or ``minutes`` are over; ``seed`` decides every moment and document."""

    printer: str
    seed: int
    kills: int | None = None
    minutes: float | None = None


@dataclass(slots=True)
class Tally:
    """What was done and what came of it."""

    kills: int = 0
    printer_kills: int = 0
    retried: int = 0
    digests: dict[int, str] = field(default_factory=dict)
    reckoning: Reckoning | None = None


class Campaign:
    """One campaign in a folder of its own; ``run`` gives the tally or raises what broke."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder = folder
        self._plan = plan
        self._chance = random.Random(plan.seed)
        self._tally = Tally()
        self._numbers = iter(range(1, 1_000_000))
        self._is_over = False

    async def run(self) -> Tally:
        """Kill, restart, and in the end let everything settle and count."""
        with press(self._plan.printer, self._folder) as printer:
            printer.slow_down(0.05)
            station = StationProcess(self._folder / "station", [printer.table])
            try:
                await station.start()
                await station.receive(MAX_QUANTITY)
                async with asyncio.TaskGroup() as clients:
                    for number in range(CLIENTS):
                        clients.create_task(self._submit(station), name=f"client {number + 1}")
                    await self._kill_again_and_again(station, printer)
                    self._is_over = True
                await self._settle(station)
                self._tally.reckoning = reckon_digests(station, self._tally.digests, printer.printed(), printer.begun())
                station.check_books()
            finally:
                await station.aclose()
        return self._tally

    async def _kill_again_and_again(self, station: StationProcess, printer: GenuinePress | SimulatedPress) -> None:
        began = time.monotonic()
        plan, chance = self._plan, self._chance
        while (plan.kills is None or self._tally.kills < plan.kills) and (
            plan.minutes is None or time.monotonic() - began < plan.minutes * 60
        ):
            deaths = [("daemon", chance.uniform(0, _LONGEST_LIFE_S))]
            if plan.printer == "ippeve" and chance.random() < _PRINTER_TOO:
                deaths.append(("printer", chance.uniform(0, _LONGEST_LIFE_S)))
            past_s = 0.0
            for who, at_s in sorted(deaths, key=lambda death: death[1]):
                await asyncio.sleep(at_s - past_s)
                past_s = at_s
                if who == "daemon":
                    station.kill()
                    self._tally.kills += 1
                else:
                    printer.kill()
                    self._tally.printer_kills += 1
            if len(deaths) > 1:
                await asyncio.to_thread(printer.start)
            station.spawn()
            if chance.random() < _STILLBORN:
                await asyncio.sleep(chance.uniform(0, 0.5))
            else:
                await station.until_up()
        await station.until_up()

    async def _submit(self, station: StationProcess) -> None:
        """Submit one document after another; each is sent again, under its key, until it is answered."""
        while not self._is_over:
            number = next(self._numbers)
            size = self._chance.choice((0, 20_000, 60_000, 300_000))
            is_pdf = self._chance.random() < 0.5
            data, kind = (
                (pdf(number, size=size), "application/pdf") if is_pdf else (png(number, size=size), "image/png")
            )
            self._tally.digests[number] = hashlib.sha256(data).hexdigest()
            while True:
                with contextlib.suppress(aiohttp.ClientError, OSError):
                    status, answer = await station.submit(number, data, kind)
                    if status in {200, 201}:
                        break
                    if status < 500:
                        raise AssertionError(f"a good order was refused: {answer}")
                await asyncio.sleep(0.02)
            while not self._is_over and self._waiting(station) > BACKLOG:
                await asyncio.sleep(0.02)

    @staticmethod
    def _waiting(station: StationProcess) -> int:
        counts = station.counts()
        return counts.get("queued", 0) + counts.get("printing", 0)

    async def _settle(self, station: StationProcess) -> None:
        """Let the line run dry; an order whose tries were used up by kills is taken up again, as an officer would."""
        await station.settled(timeout_s=_SETTLE_S)
        for (job_id,) in station.rows("SELECT id FROM job WHERE state = 'failed'"):
            status, answer = await station.call("POST", f"/v1/jobs/{job_id}/retry")
            assert status == 200, answer
            self._tally.retried += 1
        await station.settled(timeout_s=_SETTLE_S)
