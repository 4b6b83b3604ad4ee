"""Killing the daemon at random moments of real work, and in some rounds its printers, until it was enough."""

import asyncio
import contextlib
import hashlib
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from stationd.domain.blanks import MAX_QUANTITY
from tests.rigs.cupsd import Cupsd
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
"""Share of rounds in which a printer dies as well, before, with or after the daemon. Not a bare spooler: cupsd, killed
itself, sends an interrupted job again on its own account, unless ``stationd-once`` stands before the device."""
_BLACKOUT = 0.25
"""Share of the rounds of several printers in which the daemon and all of them die at one moment."""
_ALONE = 0.3
"""Share of the deaths of cupsd in which its backend lives on."""
_MORTAL = frozenset({"ippeve", "cups-once"})
_SETTLE_S = 180.0
_DAEMON = "daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do: until ``kills``, ``jobs`` or ``minutes`` are over; ``seed`` decides every moment and document.

    With several ``printers`` each round kills any of the daemon and them, all at once in some.
    """

    printers: tuple[str, ...]
    seed: int
    kills: int | None = None
    minutes: float | None = None
    jobs: int | None = None

    @property
    def is_whole_office(self) -> bool:
        """Whether there are several printers, and everybody dies alike."""
        return len(self.printers) > 1


@dataclass(slots=True)
class Tally:
    """What was done and what came of it."""

    kills: int = 0
    printer_kills: Counter[str] = field(default_factory=Counter)
    blackouts: int = 0
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
        self._began = time.monotonic()

    async def run(self) -> Tally:
        """Kill, restart, and in the end let everything settle and count."""
        with contextlib.ExitStack() as stack:
            presses = {name: stack.enter_context(press(name, self._folder / name)) for name in self._plan.printers}
            for each in presses.values():
                each.slow_down(0.4 if self._plan.is_whole_office else 0.05)
            tables = [{**each.table, "name": f"kartu-{n}"} for n, each in enumerate(presses.values(), 1)]
            station = StationProcess(self._folder / "station", tables)
            try:
                await station.start()
                await station.receive(MAX_QUANTITY)
                async with asyncio.TaskGroup() as clients:
                    submitting = [
                        clients.create_task(self._submit(station), name=f"client {number + 1}")
                        for number in range(CLIENTS)
                    ]
                    while not self._is_enough(submitting):
                        await self._round(station, presses)
                    await station.until_up()
                    self._is_over = True
                await self._settle(station)
                self._tally.reckoning = reckon_digests(
                    station,
                    self._tally.digests,
                    [card for each in presses.values() for card in each.printed()],
                    [card for each in presses.values() for card in each.begun()],
                )
                station.check_books()
            finally:
                await station.aclose()
        return self._tally

    def _is_enough(self, submitting: Sequence["asyncio.Task[None]"]) -> bool:
        plan = self._plan
        if plan.kills is not None and self._tally.kills >= plan.kills:
            return True
        if plan.minutes is not None and time.monotonic() - self._began >= plan.minutes * 60:
            return True
        return all(task.done() for task in submitting)

    async def _round(self, station: StationProcess, presses: Mapping[str, GenuinePress | SimulatedPress]) -> None:
        """Some deaths, then new lives for all that died."""
        deaths = self._deaths()
        past_s = 0.0
        for at_s, who in sorted(deaths):
            await asyncio.sleep(at_s - past_s)
            past_s = at_s
            if who == _DAEMON:
                station.kill()
                self._tally.kills += 1
            else:
                self._kill_printer(presses[who])
                self._tally.printer_kills[who] += 1
        for who in sorted(each for _, each in deaths if each != _DAEMON):
            await asyncio.to_thread(presses[who].start)
        if _DAEMON not in {who for _, who in deaths}:
            return
        station.spawn()
        if self._chance.random() < _STILLBORN:
            await asyncio.sleep(self._chance.uniform(0, 0.5))
        else:
            await station.until_up()

    def _kill_printer(self, printer: GenuinePress | SimulatedPress) -> None:
        """Cut its power; or kill cupsd alone: its backend goes on as an orphan, while the next takes up the queue."""
        rig = printer.rig if isinstance(printer, GenuinePress) else None
        if isinstance(rig, Cupsd) and self._chance.random() < _ALONE:
            rig.kill_alone()
        else:
            printer.kill()

    def _deaths(self) -> list[tuple[float, str]]:
        """Who dies in this round, and when."""
        chance, plan = self._chance, self._plan
        mortal = [name for name in plan.printers if name in _MORTAL]
        if plan.is_whole_office and chance.random() < _BLACKOUT:
            self._tally.blackouts += 1
            at_s = chance.uniform(0, _LONGEST_LIFE_S)
            return [(at_s, who) for who in (_DAEMON, *mortal)]
        share = 0.5 if plan.is_whole_office else _PRINTER_TOO
        dying = [name for name in mortal if chance.random() < share]
        if not dying or chance.random() < 0.6 or not plan.is_whole_office:
            dying.append(_DAEMON)
        return [(chance.uniform(0, _LONGEST_LIFE_S), who) for who in dying]

    async def _submit(self, station: StationProcess) -> None:
        """Submit one document after another; each is sent again, under its key, until it is answered."""
        while not self._is_over:
            number = next(self._numbers)
            if self._plan.jobs is not None and number > self._plan.jobs:
                return
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
