"""The daemon as it runs in the simulation: the real services over the real store, composed as the application does.

One :class:`Station` is one run of it, one process on the loop. It ends politely or is killed; the next run stands on
the same disk, before the same machines.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from stationd.adapters.printers.ipp.driver import IppPrinter
from stationd.adapters.printers.ipp.settings import read_settings
from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.rations import SqliteRations
from stationd.adapters.sqlite.restored import put_to_people
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.events import Event
from stationd.domain.job import Attempt, Job
from stationd.domain.order import Document
from stationd.domain.rationing import NO_RESERVE, RationRule
from stationd.ports.clock import Clock, Entropy
from stationd.ports.jobs import Settling, Turn, Turned
from stationd.ports.printers import PrinterSpec
from stationd.services.bell import Bell
from stationd.services.blanks import Blanks
from stationd.services.crew import Crew
from stationd.services.jobs import Jobs, Surrounding
from stationd.services.line import Line
from stationd.services.pace import Pace
from stationd.services.printers import GIVE_UP_WITHIN_S
from stationd.services.rationing import Rationer, Reserve
from stationd.services.recover import show_orphans
from stationd.services.spool import Spooler
from stationd.services.submit import Submission
from stationd.services.supervise import Supervisor
from tests.simulation.loop import Process
from tests.simulation.store import Disk, InlineConnection, PlainSeal
from tests.simulation.wire import Wire

MAX_TRIES = 3
AGEING = 10
PROFILES = ("ktp-el", "kia")
FINISH_WITHIN_S = 3.0
RATIONING = "rationing"


class NoRenderer:
    """Every order here brings its document."""

    async def check(
        self, template: str, fields: Mapping[str, str], photo: bytes | None, otherwise: Mapping[str, str]
    ) -> Mapping[str, str]:
        raise AssertionError

    async def render(self, template: str, fields: Mapping[str, str], photo: bytes | None) -> Document:
        raise AssertionError


class WatchedJobs(SqliteJobs):
    """The store of jobs; ``told`` are the outcomes that the run handed over for writing down."""

    told: dict[str, Settling]

    async def turn(self, turn: Turn) -> Turned:
        if turn.settling is not None:
            self.told[turn.settling.attempt.id] = turn.settling
        return await super().turn(turn)


class Station:
    """One run of the daemon."""

    def __init__(
        self,
        process: Process,
        disk: Disk,
        clock: Clock,
        entropy: Entropy,
        wires: Mapping[str, Wire],
        *,
        options: Mapping[str, Mapping[str, object]],
        profiles: Mapping[str, tuple[str, ...]],
        reserve: int,
        late_s: float,
    ) -> None:
        """``options`` and ``profiles`` of the printers, by their names; ``reserve``: blanks kept for first-timers.

        ``late_s``: how long after a commit the steps of rationing are seen to be due, on a box that is busy.
        """
        self.process = process
        self.is_serving = False
        self.spoolers: dict[str, Spooler] = {}
        self.supervisor = Supervisor()
        self._bell = Bell()
        self._line = Line()
        self._late_s = late_s
        self._is_rationing = reserve != NO_RESERVE
        kept = Reserve(reserve)
        self._crew = Crew(self._line, reserve=kept)
        self._clock = clock
        self._wires = wires
        self._options = options
        self._profiles = profiles
        reader = InlineConnection(disk, is_reader=True)
        self._writer = Writer(InlineConnection(disk), clock, self._publish)
        self.store = WatchedJobs(
            self._writer, reader, PlainSeal(), entropy, max_tries=MAX_TRIES, ageing=AGEING, reserve=kept
        )
        self.store.told = {}
        rations = SqliteRations(self._writer, reader, clock, kept)
        self._rationer = Rationer(rations, RationRule(reserve_for_first=reserve), kept, ring=self._bell.ring_all)
        self.jobs = Jobs(
            self.store, self._line, self._crew, surrounding=Surrounding(withdraw=self._withdraw, give_up=self._give_up)
        )
        self.blanks = Blanks(SqliteBlanks(self._writer, reader, low=5))
        self.submission = Submission(
            self.store, self.jobs, NoRenderer(), {profile: frozenset() for profile in PROFILES}
        )

    async def start(self) -> None:
        """Come up as the application does."""
        await put_to_people(self._writer)
        await self.store.clear_delays()
        self._line.load(await self.store.ranks())
        if self._is_rationing:
            await self._rationer.load()
            self.supervisor.start(RATIONING, self._rationer.run)
        await show_orphans(self.store, set(self._wires))
        for name, wire in self._wires.items():
            self._add(name, wire)
        self.is_serving = True

    async def stop(self) -> None:
        """Go down as the application does."""
        self.is_serving = False
        for spooler in self.spoolers.values():
            spooler.stop()
        if self._is_rationing:
            await self.supervisor.stop(RATIONING)
        await self.supervisor.settle(FINISH_WITHIN_S)
        await self.supervisor.stop()
        await self._writer.aclose()

    def _add(self, name: str, wire: Wire) -> None:
        spec = PrinterSpec(
            name=name,
            driver="ipp",
            uri="ipp://192.0.2.1/ipp/print",
            profiles=self._profiles[name],
            options=self._options[name],
        )
        printer = IppPrinter(name, read_settings(spec))
        printer._device = wire
        spooler = Spooler(
            printer,
            spec,
            store=self.store,
            bell=self._bell,
            clock=self._clock,
            renderer=NoRenderer(),
            pace=Pace(dict.fromkeys(PROFILES, 4.0)),
            crew=self._crew,
            batch=5,
        )
        self.spoolers[name] = spooler
        self._crew.add(spooler)
        self.supervisor.start(f"printer {name}", spooler.run)

    async def _withdraw(self, job_id: str, actor: Actor) -> Job | Refused | None:
        for spooler in self.spoolers.values():
            answer = await spooler.cancel(job_id, actor)
            if answer is not None:
                return answer
        return None

    async def _give_up(self, attempt: Attempt) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GIVE_UP_WITHIN_S):
                await self.spoolers[attempt.printer].printer.give_up(attempt)

    def _publish(self, events: Sequence[Event]) -> None:
        joined = self._line.follow(events)
        if self._is_rationing:
            asyncio.get_running_loop().call_later(self._late_s, self._rationer.look)
        if any(event.type.startswith("blanks.") for event in events):
            self._bell.ring_all()
        elif joined:
            self._bell.ring(joined)
