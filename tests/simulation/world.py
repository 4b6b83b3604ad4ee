"""One seed: a plan drawn from it, the world built to the plan, and what the auditor says of it.

The plan has a rough part, in which everything goes wrong that may, and a quiet part, in which the station has to bring
every job to its end.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

from stationd.adapters.printers.ipp import counter as ipp_counter
from stationd.adapters.printers.ipp import driver as ipp_driver
from stationd.adapters.printers.ipp import incarnation as ipp_incarnation
from stationd.adapters.sqlite.restored import EVERYTHING, RESTORED
from stationd.domain.errors import Faulted
from stationd.domain.rationing import NO_RESERVE
from tests.simulation.audit import Auditor, Totals
from tests.simulation.loop import Process, Stuck, VirtualLoop
from tests.simulation.machine import Machine, Traits
from tests.simulation.people import Office
from tests.simulation.station import PROFILES, Station
from tests.simulation.store import Disk, SeededEntropy, VirtualClock
from tests.simulation.wire import Weather, Wire

ROUGH_S = 100.0
"""After this nothing new goes wrong."""
DEADLINE_S = 1500.0
QUIET_S = 6.0
"""So long machines were at rest and in reach of the station before a person looks for the cards of a lost book."""
_HOOKS = (
    "commit",
    "before create",
    "create",
    "before send",
    "before send",
    "before send",
    "send",
    "cut",
    "step",
    "step",
)
_YEARS_MS = 5 * 365 * 86_400_000
_JUMPS_MS = (-_YEARS_MS, _YEARS_MS, -3_600_000, 3_600_000, 1_500)


class Theme(StrEnum):
    """What goes wrong again and again in some worlds, so that a precaution against just this is tried hard."""

    DIES_SENDING = "dies while it sends"
    FORGETS = "printers forget, and give their ids out again"
    STOPS = "is stopped with a slow disk"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is drawn from the seed before anything happens."""

    jobs: int
    machines: int
    kills: int
    stops: int
    lost_requests: float
    troubles: int
    disk_troubles: int
    meddlings: int
    theme: Theme | None
    reserve: int
    rations_late_s: float
    holds: int
    swaps: float
    """How likely two machines change places between two runs."""
    is_restored: bool
    """Whether the book is put back to a backup once."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a world ended: ``broken`` is ``None`` when every promise was kept."""

    seed: int
    broken: str | None
    totals: Totals


class World:
    """Everything around one seed."""

    def __init__(self, seed: int, *, is_verbose: bool = False) -> None:
        self.seed = seed
        self._is_verbose = is_verbose
        draw = self.rng("plan")
        theme = draw.choice([None, None, *Theme])
        self.plan = Plan(
            jobs=draw.randint(12, 28),
            machines=draw.choice([1, 1, 2, 2, 3]),
            kills=draw.choice([0, 1, 2, 3, 4, 5]) + 5 * (theme is Theme.DIES_SENDING),
            stops=draw.choice([0, 1, 2, 3]) + 4 * (theme is Theme.STOPS),
            lost_requests=draw.choice([0.0, 0.05, 0.2]),
            troubles=draw.choice([0, 3, 6, 10]) + 8 * (theme is Theme.FORGETS),
            disk_troubles=draw.choice([0, 0, 1, 3]),
            meddlings=draw.choice([0, 1, 3]),
            theme=theme,
            reserve=self.rng("reserve").choice([NO_RESERVE, 0, 2, 5, 9]),
            rations_late_s=self.rng("rations").choice([0.0, 0.5, 8.0]),
            holds=self.rng("holds").choice([0, 0, 1, 3]),
            swaps=self.rng("swaps").choice([0.0, 0.0, 0.3]),
            is_restored=self.rng("backup").random() < 0.2,
        )
        self.loop = VirtualLoop(self.rng("loop"))
        self.clock = VirtualClock(self.loop)
        self.disk = Disk(self.loop, self.rng("disk"))
        self.auditor = Auditor(self.loop, self.disk, self.clock, self.say, reserve=self.plan.reserve)
        self.office = Office(self)
        self.station: Station | None = None
        self.machines: dict[str, Machine] = {}
        self.is_over = False
        self._has_ended_runs = False
        self._backup: tuple[sqlite3.Connection, tuple[object, ...]] | None = None
        self._weather: dict[str, Weather] = {}
        self._draw = draw
        self._faults = self.rng("faults")
        self._graves: list[Process] = []
        self._is_calm = False
        self._starts = 0
        self._armed: tuple[str, int, int] | None = None
        self._kill_in: int | None = None
        self._died: asyncio.Future[None] | None = None
        self.loop.before_step = self._before_step
        self.profiles_in_use = draw.choice([PROFILES[:1], PROFILES])
        self.profiles: dict[str, tuple[str, ...]] = {}
        for number in range(self.plan.machines):
            self._build_machine(f"kartu-{number + 1}")
        for profile in sorted(set(PROFILES) - {each for fit in self.profiles.values() for each in fit}):
            self.profiles["kartu-1"] += (profile,)
        self.auditor.machines = self.machines
        self.disk.on_commit = self._committed

    def rng(self, stream: str) -> Random:
        """Random numbers of the seed for one purpose."""
        return Random(f"{self.seed}/{stream}")

    def say(self, line: str) -> None:
        """Tell what happens, when somebody wants to know."""
        if self._is_verbose:
            print(f"{self.loop.time():10.4f}  {line}")

    # ----------------------------------------------------------------------------------------------------- building

    def _build_machine(self, name: str) -> None:
        draw = self._draw
        traits = Traits(
            seconds=draw.uniform(2, 6),
            window=draw.choice([1, 1, 2]),
            has_counter=draw.random() < 0.5,
            counter_lag_s=draw.choice([0.0, 0.0, 0.4, 2.0]),
            has_up_time=draw.random() < 0.8,
            tells_beginning=draw.random() < 0.8,
            counts_documents=draw.random() < 0.5,
            is_serial=draw.random() < 0.3,
            keeps_history=(keeps := draw.random() < (0.1 if self.plan.theme is Theme.FORGETS else 0.4)),
            resumes=keeps and draw.random() < 0.5,
            reuses_ids=draw.random() < 0.7,
            refeeds=draw.random() < 0.5,
            accepts_cut=draw.random() < (0.8 if self.plan.theme is Theme.DIES_SENDING else 0.4),
            cancels_midway=draw.random() < 0.5,
            tests_itself=draw.random() < 0.6,
            empty_time_out_s=draw.uniform(20, 120),
        )
        rate = draw.choice([0.0, 0.0, 0.01, 0.04])
        self._weather[name] = Weather(
            lost_question=rate * draw.random(),
            lost_answer=rate * draw.random(),
            foreign_answer=rate * draw.random(),
            repeated=rate * draw.random() * 3,
            cut_body=rate * draw.random() * 3,
        )
        if rate:
            self.auditor.is_rough.add(name)
        machine = Machine(
            name, traits, self.rng(name), self.loop.time, self._later, self.auditor.made, self.auditor.disturbed
        )
        self.machines[name] = machine
        self.profiles[name] = draw.choice([PROFILES, PROFILES, PROFILES[:1], PROFILES[1:]])
        self.say(f"{name}: {traits} {self._weather[name]}")

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        self.loop.call_later(delay_s, act, context=self.loop.world.context)

    def _start_station(self, rng: Random) -> None:
        process = self.loop.process("station")
        wires = {
            name: Wire(
                machine,
                self._weather[name],
                self.loop,
                process,
                self.rng(f"{name}/{process.steps}/{len(self._graves)}"),
                self._seen,
                self.auditor,
            )
            for name, machine in self.machines.items()
        }
        options = {name: {"window": machine.traits.window} for name, machine in self.machines.items()}
        station = Station(
            process,
            self.disk,
            self.clock,
            SeededEntropy(rng),
            wires,
            options=options,
            profiles=self.profiles,
            reserve=self.plan.reserve,
            late_s=self.plan.rations_late_s,
        )
        self.station = station
        starting = self.loop.spawn(process, station.start(), "start")
        starting.add_done_callback(lambda _: self._check_start(station, starting), context=self.loop.world.context)

    def _check_start(self, station: Station, starting: "asyncio.Task[Any]") -> None:
        """A start that fails for a full disk is repeated, as the service manager does."""
        if starting.cancelled() or starting.exception() is None or station is not self.station:
            return
        if not isinstance(starting.exception(), Faulted):
            self._check_task(starting)
            return
        self._retire(station)
        self._starts += 1
        self._later(2.0, lambda: self._start_again(self._starts))

    def _start_again(self, number: int) -> None:
        if self.station is None and self._died is None:
            self._start_station(self.rng(f"entropy again {number}"))

    # ------------------------------------------------------------------------------------------------------ the run

    def run(self) -> Result:
        """Let it happen."""
        with _virtual_time_in_the_driver(self.clock, is_verbose=self._is_verbose):
            self._world(self._live(), "life")
            try:
                self.loop.run(until=lambda: self.is_over or self.auditor.broken is not None, deadline=DEADLINE_S)
            except Stuck as stuck:
                self.auditor.fail(f"{stuck}: {self._what_is_left()}")
            except Exception as error:  # noqa: BLE001 - a callback of the world or of the daemon raised
                self.auditor.fail(f"{type(error).__name__}: {error}")
            for process in (*self._graves, *self.loop._processes):
                self.loop.bury(process)
        totals = self.auditor.totals
        totals.virtual_s = self.loop.time()
        totals.restarts = sum(machine.restarts for machine in self.machines.values())
        self.disk.connection.close()
        if self._backup is not None:
            self._backup[0].close()
        return Result(seed=self.seed, broken=self.auditor.broken, totals=totals)

    def _world(self, work: Any, name: str) -> "asyncio.Task[Any]":
        task = self.loop.spawn(self.loop.world, work, name)
        task.add_done_callback(self._check_task, context=self.loop.world.context)
        return task

    def _check_task(self, task: "asyncio.Task[Any]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.auditor.fail(f"{task.get_name()}: {type(error).__name__}: {error}")

    async def _live(self) -> None:
        plan, office, draw = self.plan, self.office, self._draw
        self._start_station(self.rng("entropy 0"))
        self._deliver(10 + draw.randrange(12))
        self._world(office.deliver(3 * plan.jobs + 30, 40 + 60 * draw.random()), "delivery")
        for number in range(plan.jobs):
            self._world(office.submit(number, ROUGH_S * 0.6 * draw.random() ** 2), f"applicant {number}")
        for _ in range(plan.meddlings):
            self._world(office.meddle(ROUGH_S * draw.random()), "meddler")
        for machine in self.machines.values():
            office.load(machine, draw.randrange(6))
            self._world(office.attend(machine), f"attendant of {machine.name}")
        holds = self.rng("holding")
        for _ in range(plan.holds):
            self._world(office.hold(ROUGH_S * holds.random(), 20 * holds.random()), "holder")
        if plan.is_restored:
            self._world(self._back_up(ROUGH_S * 0.5 * self.rng("backing up").random()), "backup")
        self._world(office.judge(), "officer")
        self._world(office.count_ruined(), "counting")
        for _ in range(plan.troubles):
            self._world(self._trouble(ROUGH_S * draw.random()), "trouble")
        jumps = self.rng("clock jumps")
        for _ in range(jumps.choice([0, 0, 2, 5])):
            self._world(self._jump(ROUGH_S * jumps.random(), jumps.choice(_JUMPS_MS)), "clock")
        for _ in range(plan.disk_troubles):
            self._world(self._disk_trouble(ROUGH_S * draw.random()), "disk trouble")
        self._world(self._ends_of_runs(), "ends of runs")
        self._world(self._calm_down(), "calm")
        self._world(self._watch(), "watch")

    def _deliver(self, quantity: int) -> None:
        """The first blanks: a box, or a handful now and then."""
        boxes = self.rng("boxes")
        if boxes.random() < 0.5:
            self._world(self.office.deliver(quantity, 0.0), "delivery")
            return
        at_s = 0.0
        while quantity > 0:
            few = min(quantity, boxes.randint(1, 4))
            self._world(self.office.deliver(few, at_s), "delivery")
            at_s += 9 * boxes.random()
            quantity -= few

    async def _calm_down(self) -> None:
        await asyncio.sleep(ROUGH_S)
        self._is_calm = True
        for weather in self._weather.values():
            weather.lost_question = weather.lost_answer = weather.foreign_answer = 0.0
            weather.repeated = weather.cut_body = 0.0

    async def _watch(self) -> None:
        """Now and then: liveness, and whether everything has come to its end."""
        query = self.disk.connection.execute
        while not self.is_over:
            await asyncio.sleep(2)
            station = self.station
            for name, machine in self.machines.items():
                if not (machine.is_powered and machine.is_reachable):
                    self.auditor.silent_at[name] = self.loop.time()
            if station is not None and station.supervisor.restarts:
                self.auditor.fail("a task of the station died of a defect")
            if self.loop.failures:
                self.auditor.fail(self.loop.failures[0])
            self.auditor.check_idle(self.profiles if station is not None and station.is_serving else {})
            if not self._is_calm or self.office.submitting or self.office.delivering or self._died is not None:
                continue
            (left,) = query("SELECT count(*) FROM job WHERE state NOT IN ('printed', 'cancelled')").fetchone()
            is_moving = any(machine._current is not None for machine in self.machines.values())
            is_counted = self.was_restored or self.auditor.extra_ruined() == self.office.booked_extra
            if not left and not is_moving and is_counted and (self._backup is None or self._has_ended_runs):
                stock = self.office.stock + sum(machine.hopper for machine in self.machines.values())
                self.auditor.check_end(self.office.accepted, self.office.received, stock)
                self.is_over = True

    def _what_is_left(self) -> str:
        rows = self.disk.connection.execute("SELECT order_ref, state, printer FROM job WHERE state <> 'printed'")
        machines = {name: sorted(m.reasons) for name, m in self.machines.items()}
        return f"{rows.fetchall()}, {machines}, {self.office.submitting} applicants, {self.office.delivering} boxes"

    # ------------------------------------------------------------------------------------------- how a run ends

    async def _ends_of_runs(self) -> None:
        """Kills and polite stops, one after another, and a new run after each."""
        rng = self.rng("ends")
        ends = ["kill"] * self.plan.kills + ["stop"] * self.plan.stops
        rng.shuffle(ends)
        for number, end in enumerate(ends):
            await asyncio.sleep(1 + rng.random() * (ROUGH_S / (len(ends) + 1)))
            self._died = self.loop.create_future()
            is_killed = end == "kill" or rng.random() < 0.2
            if is_killed:
                self._armed = (rng.choice(_HOOKS), rng.choice([1, 1, 1, 2, 4]), rng.choice([0, 0, 1, 2, 3, 8, 20]))
                if self.plan.theme is Theme.DIES_SENDING:
                    self._armed = ("before send", 1, rng.randrange(4))
                if self._armed[0] == "step":
                    self._armed = ("step", rng.randint(1, 400), 0)
            if end == "stop":
                self._world(self._stop(), "stop")
            try:
                async with asyncio.timeout(12):
                    await asyncio.shield(self._died)
            except TimeoutError:
                self._kill()
            self._armed = self._kill_in = None
            await asyncio.sleep(rng.choice([0.1, 1.0, 5.0, 15.0]) * rng.random())
            if rng.random() < 0.3:
                self.clock.reboot()
                self.clock.skew_ms = rng.choice([0, -_YEARS_MS, _YEARS_MS, 3_600_000])
                for machine in self.machines.values():
                    if not self._is_calm and rng.random() < 0.5:
                        self._world(self._power_cut(machine, 5 * rng.random()), "power cut")
            self._change_places(rng)
            self._restore(rng, is_last=number == len(ends) - 1)
            self._died = None
            self._start_station(self.rng(f"entropy {number + 1}"))
        self._has_ended_runs = True

    # -------------------------------------------------------------------------- what people do while it is off

    def _change_places(self, rng: Random) -> None:
        """Two machines are exchanged: each is found under the other's name from now on."""
        swaps = self.rng(f"swap {rng.random()}")
        if len(self.machines) < 2 or swaps.random() >= self.plan.swaps:
            return
        one, other = swaps.sample(sorted(self.machines), 2)
        self.say(f"{one} and {other} change places")
        self.machines[one], self.machines[other] = self.machines[other], self.machines[one]
        self.auditor.totals.swaps += 1
        open_ones = "SELECT id FROM attempt WHERE outcome IS NULL AND printer IN (?, ?)"
        for (attempt,) in self.disk.connection.execute(open_ones, (one, other)).fetchall():
            self.auditor.disturbed(f"stationd-{attempt}", "its machine changed places")

    @property
    def was_restored(self) -> bool:
        """Whether the book was put back to a backup."""
        return self.auditor.was_restored

    async def _back_up(self, at_s: float) -> None:
        """``stationd backup``, beside the running station."""
        await asyncio.sleep(at_s)
        copy = sqlite3.connect(":memory:")
        self.disk.connection.backup(copy)
        self.say("backed up")
        self._backup = (copy, self.auditor.remember())

    def _restore(self, rng: Random, *, is_last: bool) -> None:
        """``stationd restore``: the book goes back, the world does not."""
        if self._backup is None or not (is_last or self.rng(f"restore {rng.random()}").random() < 0.4):
            return
        copy, remembered = self._backup
        self._backup = None
        self.say("restored")
        orders = "SELECT order_ref FROM job"
        before = {order for (order,) in self.disk.connection.execute(orders)}
        with closing(copy):
            copy.execute("INSERT INTO meta (key, value) VALUES (?, ?)", (RESTORED, EVERYTHING))
            copy.commit()
            copy.backup(self.disk.connection)
        self.auditor.go_back(remembered)
        self.auditor.forgotten |= before - {order for (order,) in self.disk.connection.execute(orders)}
        self._world(self.office.deliver(80, 1.0), "delivery after the restore")

    async def quiet(self) -> None:
        """Wait until every machine has been on, at rest and in reach of the station for a while."""
        since = self.loop.time()
        while self.loop.time() - since < QUIET_S:
            await asyncio.sleep(1)
            is_up = self.station is not None and self.station.is_serving
            if not is_up or any(
                m._current is not None or not (m.is_powered and m.is_reachable) for m in self.machines.values()
            ):
                since = self.loop.time()

    async def _stop(self) -> None:
        station = self.station
        if station is None:
            return
        if not station.is_serving:  # a signal in the middle of the start ends the program at once
            self._kill()
            return
        self.say("station: asked to stop")
        self.auditor.totals.stops += 1
        if self._faults.random() < 0.8:
            self._world(self._slow_disk(6.0, 8.0), "slow disk")
        was_full = self.disk.is_full
        stopping = self.loop.spawn(station.process, station.stop(), "stop")
        while not stopping.done():
            if station.process.is_dead:
                return
            was_full = was_full or self.disk.is_full
            await asyncio.sleep(0.05)
        was_full = was_full or self.disk.is_full
        if station.process.is_dead:
            return
        self._check_task(stopping)
        told = dict(station.store.told)
        self.say("station: stopped")
        if not was_full:
            self.auditor.check_stopped(told)
        self._end_process(station)

    def _seen(self, hook: str) -> None:
        if self._armed is not None and self._armed[0] == hook:
            _, left, steps = self._armed
            if left > 1:
                self._armed = (hook, left - 1, steps)
            else:
                self._armed, self._kill_in = None, steps

    def _committed(self) -> None:
        self.auditor.after_commit()
        self._seen("commit")

    def _before_step(self, process: Process) -> None:
        if self._armed is None and self._kill_in is None:
            return
        if self.station is None or process is not self.station.process:
            return
        self._seen("step")
        if self._kill_in is not None:
            self._kill_in -= 1
            if self._kill_in < 0:
                self._kill()

    def _kill(self) -> None:
        self._armed = self._kill_in = None
        station = self.station
        if station is not None:
            self.say("station: killed")
            self.auditor.totals.kills += 1
            self._end_process(station)

    def _retire(self, station: Station) -> None:
        self.auditor.ended_at.append(self.loop.time())
        self.loop.kill(station.process)
        self._graves.append(station.process)
        self.station = None

    def _end_process(self, station: Station) -> None:
        self._armed = self._kill_in = None
        self._retire(station)
        if self._died is not None and not self._died.done():
            self._died.set_result(None)

    # ---------------------------------------------------------------------------------------------------- trouble

    async def _trouble(self, at_s: float) -> None:
        """One thing goes wrong with one machine."""
        await asyncio.sleep(at_s)
        rng = self._faults
        machine = self.machines[rng.choice(sorted(self.machines))]
        what = (
            "power"
            if self.plan.theme is Theme.FORGETS and rng.random() < 0.6
            else rng.choice(["jam", "power", "power", "power", "unplug", "unplug", "slow", "spit", "deny", "steal"])
        )
        self.say(f"{machine.name}: {what}")
        match what:
            case "jam":
                machine.intent.jams += 1
            case "power":
                await self._power_cut(machine, rng.choice([0.5, 5.0, 40.0]) * rng.random())
            case "unplug":
                machine.is_reachable = False
                await asyncio.sleep(rng.choice([0.5, 5.0, 60.0]) * rng.random())
                machine.is_reachable = True
            case "slow":
                machine.intent.slow = 5.0
                await asyncio.sleep(20)
                machine.intent.slow = 1.0
            case "spit":
                machine.intent.spits += 1
            case "deny":
                machine.intent.denials += 1
            case _:  # somebody takes the blanks out of the hopper, back into the safe
                self.office.stock += machine.hopper - (machine._current is not None)
                machine.hopper = int(machine._current is not None)

    async def _power_cut(self, machine: Machine, seconds: float) -> None:
        if not machine.is_powered:
            return
        machine.lose_power()
        await asyncio.sleep(seconds)
        machine.power_on()

    async def _jump(self, at_s: float, by_ms: int) -> None:
        """Somebody, or the network, sets the wall clock of the running station."""
        await asyncio.sleep(at_s)
        self.say(f"the clock jumps by {by_ms / 1000:.0f} s")
        self.clock.skew_ms += by_ms

    async def _disk_trouble(self, at_s: float) -> None:
        await asyncio.sleep(at_s)
        rng = self._faults
        if rng.random() < 0.4:
            self.disk.is_full = True
            await asyncio.sleep(6 * rng.random())
            self.disk.is_full = False
        else:
            await self._slow_disk(rng.choice([0.2, 2.0, 6.0]), 20 * rng.random())

    async def _slow_disk(self, slow_s: float, for_s: float) -> None:
        self.disk.slow_s = slow_s
        await asyncio.sleep(for_s)
        self.disk.slow_s = 0.0


@contextmanager
def _virtual_time_in_the_driver(clock: VirtualClock, *, is_verbose: bool):
    """The driver measures its patience by the virtual clock."""
    modules = (ipp_driver, ipp_incarnation, ipp_counter)
    real = [module.time for module in modules]
    logging.disable(logging.CRITICAL if not is_verbose else logging.NOTSET)
    for module in modules:
        module.time = clock
    try:
        yield
    finally:
        for module, time in zip(modules, real, strict=True):
            module.time = time
        logging.disable(logging.NOTSET)


def run_seed(seed: int, *, is_verbose: bool = False) -> Result:
    """The result of one seed; the same for the same seed, always."""
    return World(seed, is_verbose=is_verbose).run()
