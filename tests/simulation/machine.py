"""A card printer as the world sees it: blanks go in, cards and ruined blanks come out, whatever it says of them.

What it *does* and what it *says* are kept apart. The machine follows the rules seen with genuine printers and is bad
in their ways: it jams, runs empty, loses power and forgets, gives its ids out again, cancels a job and prints it all
the same, aborts what it has printed, calls complete what never came out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from stationd.adapters.printers.ipp.device import NOT_POSSIBLE, Operation, Refusal
from stationd.adapters.printers.ipp.records import DeviceJobState, DeviceRecord, JobRecord
from stationd.domain.printer import PrinterState
from tests.simulation.picture import order_in

S = DeviceJobState
BUSY = Refusal(0x0507)
NOT_THERE = Refusal(0x0406)
_NAME = "stationd-"


class Card(NamedTuple):
    """A blank that went through a machine; ``is_good`` when it is the card that was ordered."""

    order: str
    attempt: str
    printer: str
    at: float
    is_good: bool


@dataclass(frozen=True, kw_only=True)
class Traits:
    """What kind of machine it is."""

    seconds: float = 4.0
    window: int = 1
    has_counter: bool = False
    counter_lag_s: float = 0.0
    """How long after a card its counter shows it."""
    has_up_time: bool = True
    tells_beginning: bool = True
    counts_documents: bool = True
    is_serial: bool = False
    """Holds one job at a time and calls itself busy meanwhile."""
    keeps_history: bool = False
    """Knows its jobs again after a restart; otherwise it has forgotten them all."""
    resumes: bool = False
    """With ``keeps_history``: prints an interrupted job again from its start; otherwise it aborts it."""
    reuses_ids: bool = True
    refeeds: bool = True
    """Prints a jammed card once more on a fresh blank; otherwise it aborts the job."""
    accepts_cut: bool = False
    """Takes a body that was cut off for the whole document."""
    cancels_midway: bool = False
    """Calls a job cancelled at once that it prints to its end."""
    tests_itself: bool = False
    """Runs through jobs of its own when it starts, which take ids and no blanks."""
    empty_time_out_s: float = 90.0
    """Aborts a job whose document has not come by then."""


@dataclass(kw_only=True)
class MachineJob:
    """A job in the machine's memory."""

    id: int
    name: str
    state: DeviceJobState = S.PENDING
    document: bytes | None = None
    is_cut: bool = False
    begun_at: int | None = None
    ended_at: float | None = None


@dataclass(kw_only=True)
class Intent:
    """What is going to go wrong with cards from now on; each is used up by one card."""

    jams: int = 0
    spits: int = 0
    """Completes a card that never came out."""
    denials: int = 0
    """Aborts a card that did come out."""
    slow: float = 1.0
    trouble: set[str] = field(default_factory=set)


class Machine:
    """One printer. ``later`` schedules in the world; ``made`` and ``disturbed`` tell the auditor."""

    def __init__(
        self,
        name: str,
        traits: Traits,
        rng: Random,
        now: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
        made: Callable[[Card], None],
        disturbed: Callable[[str, str], None],
    ) -> None:
        self.name, self.traits = name, traits
        self.intent = Intent()
        self.hopper = 0
        self.jobs: dict[int, MachineJob] = {}
        self.counter = rng.randrange(5000)
        self.restarts = 0
        self.is_powered = True
        self.is_reachable = True
        self.reasons: set[str] = set()
        self.idle_since = 0.0
        self._rng, self._now, self._later, self._made, self._disturbed = rng, now, later, made, disturbed
        self._next_id = rng.choice([1, 1, 40])
        self._life = 0
        self._current: MachineJob | None = None
        self._up_since = -float(rng.randrange(10_000))

    # -------------------------------------------------------------------------------------------- what it is asked

    def printer(self) -> DeviceRecord:
        """Get-Printer-Attributes."""
        busy = self._current is not None
        state = PrinterState.STOPPED if self.reasons else PrinterState.PROCESSING if busy else PrinterState.IDLE
        return DeviceRecord(
            state=state,
            reasons=frozenset(self.reasons),
            is_accepting=True,
            uuid=f"urn:uuid:{self.name}",
            up_time_s=self._clock() if self.traits.has_up_time else None,
            counter=self.counter if self.traits.has_counter else None,
            model="Simulated",
            supplies=(),
            media_types=frozenset({"image/png"}),
            operations=frozenset(Operation),
            is_spooler=False,
        )

    def create(self, name: str) -> int | Refusal:
        """Create-Job."""
        if self.traits.is_serial and any(not self._is_over(job) for job in self.jobs.values()):
            return BUSY
        job = MachineJob(id=self._next_id, name=name)
        self._next_id += 1
        self.jobs[job.id] = job
        life = self._life
        self._later(self.traits.empty_time_out_s, lambda: self._give_up_empty(job, life))
        return job.id

    def send(self, number: int, document: bytes, *, is_cut: bool = False) -> Refusal | None:
        """Send-Document: the body as it arrived."""
        job = self.jobs.get(number)
        if job is None:
            return NOT_THERE
        if job.document is not None or self._is_over(job):
            return Refusal(NOT_POSSIBLE)
        job.document, job.is_cut = document, is_cut
        self.kick()
        return None

    def job(self, number: int) -> JobRecord | None:
        """Get-Job-Attributes."""
        job = self.jobs.get(number)
        if job is None:
            return None
        traits = self.traits
        has_begun = (job.begun_at is not None) if traits.tells_beginning else None
        is_empty = job.document is None and not self._is_over(job)
        return JobRecord(
            id=job.id,
            name=job.name,
            state=job.state,
            reasons=frozenset({"job-incoming"}) if is_empty and not traits.counts_documents else frozenset(),
            documents=int(job.document is not None) if traits.counts_documents else None,
            has_begun=has_begun,
            begun_at=job.begun_at if has_begun else None,
        )

    def jobs_named(self, name: str) -> list[JobRecord]:
        """Get-Jobs, finished or not."""
        found = [self.job(job.id) for job in self.jobs.values() if job.name == name]
        return [each for each in found if each is not None]

    def unfinished(self) -> list[JobRecord]:
        """Get-Jobs, those that are not over."""
        found = [self.job(job.id) for job in self.jobs.values() if not self._is_over(job)]
        return [each for each in found if each is not None]

    def cancel(self, number: int) -> Refusal | None:
        """Cancel-Job."""
        job = self.jobs.get(number)
        if job is None:
            return NOT_THERE
        if self._is_over(job):
            return Refusal(NOT_POSSIBLE)
        if job is not self._current:
            self._end(job, S.CANCELED)
        elif self.traits.cancels_midway:
            self._disturbed(job.name, "cancelled in the middle")
            self._end(job, S.CANCELED)  # says so, and prints on: see _finish
        self.kick()
        return None

    # -------------------------------------------------------------------------------------------------- what it does

    def kick(self) -> None:
        """Begin the next card, if it can."""
        if not self.is_powered or self._current is not None or self.reasons - {"media-empty"}:
            return
        waiting = (job for job in self.jobs.values() if job.document is not None and not self._is_over(job))
        job = next(waiting, None)
        if job is None:
            return
        if self.hopper < 1:
            self.reasons.add("media-empty")
            return
        self.reasons.discard("media-empty")
        self._current = job
        job.state, job.begun_at = S.PROCESSING, self._clock()
        self._feed(job)

    def fill(self, blanks: int) -> None:
        """Somebody loads blanks."""
        self.hopper += blanks
        if self.hopper:
            self.reasons.discard("media-empty")
        self.kick()

    def clear(self) -> None:
        """Somebody clears the jam."""
        if "media-jam" not in self.reasons or not self.is_powered:
            return
        self.reasons.discard("media-jam")
        job = self._current
        if job is None:
            self.kick()
        elif self.traits.refeeds and self.hopper:
            if not self._is_over(job):
                job.state = S.PROCESSING
            self._feed(job)
        else:
            self._disturbed(job.name, "aborted after a jam")
            if not self._is_over(job):
                self._end(job, S.ABORTED)
            self._current = None
            self.kick()

    def purge(self, name: str) -> bool:
        """Somebody deletes a job at the panel; ``False`` while it is being printed. Nothing of it is left then."""
        for job in list(self.jobs.values()):
            if job.name != name:
                continue
            if job is self._current:
                return False
            if not self._is_over(job):
                self._end(job, S.CANCELED)
        return True

    def lose_power(self) -> None:
        """The plug is pulled. A card that is half printed is ruined; one that is all but out still falls."""
        if not self.is_powered:
            return
        self.is_powered = False
        self._life += 1
        self.restarts += 1
        self.reasons.discard("media-jam")
        job, self._current = self._current, None
        for each in self.jobs.values():
            if not self.traits.keeps_history or not self._is_over(each):
                self._disturbed(each.name, "power lost")
        if job is not None and self.hopper:
            is_out = self._rng.random() < 0.3 and not self.traits.resumes
            self._pass_blank(job, is_good=is_out and not job.is_cut)
        if job is not None and not self._is_over(job):
            if self.traits.resumes:
                job.state = S.PENDING
            else:
                self._end(job, S.ABORTED)

    def power_on(self) -> None:
        """It starts, with what it remembers."""
        self._up_since = self._now()
        self.is_powered = True
        if not self.traits.keeps_history:
            self.jobs.clear()
            if self.traits.reuses_ids:
                self._next_id = 1
        for job in self.jobs.values():
            if job.document is None and not self._is_over(job):
                self._end(job, S.ABORTED)
        for _ in range(self._rng.randrange(1, 24) if self.traits.tests_itself else 0):
            job = MachineJob(id=self._next_id, name="self-test", document=b"", begun_at=self._clock())
            self.jobs[job.id] = job
            self._next_id += 1
            self._end(job, S.COMPLETED)
        self._later(2.0, self.kick)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in it, waiting or wrong, and it can be reached."""
        return (
            self.is_powered
            and self.is_reachable
            and not self.reasons
            and self.hopper > 0
            and all(self._is_over(job) for job in self.jobs.values())
        )

    # ----------------------------------------------------------------------------------------------------- one card

    def _feed(self, job: MachineJob) -> None:
        life = self._life
        seconds = self.traits.seconds * self.intent.slow * (0.9 + 0.2 * self._rng.random())
        if self.intent.jams:
            self.intent.jams -= 1
            self._later(seconds / 2, lambda: self._jam(job, life))
        else:
            self._later(seconds, lambda: self._finish(job, life))

    def _jam(self, job: MachineJob, life: int) -> None:
        if life != self._life:
            return
        self._pass_blank(job, is_good=False)
        self.reasons.add("media-jam")
        if not self._is_over(job):
            job.state = S.STOPPED
        self.intent.trouble.add("media-jam")

    def _finish(self, job: MachineJob, life: int) -> None:
        if life != self._life:
            return
        if self.intent.spits and not self._is_over(job):
            self.intent.spits -= 1
            self._disturbed(job.name, "called complete without a card")
        else:
            self._pass_blank(job, is_good=not job.is_cut)
        if not self._is_over(job):
            state = S.COMPLETED
            if self.intent.denials:
                self.intent.denials -= 1
                self._disturbed(job.name, "aborted after the card")
                state = S.ABORTED
            self._end(job, state)
        self._current = None
        self.kick()

    def _pass_blank(self, job: MachineJob, *, is_good: bool) -> None:
        self.hopper -= 1
        self._later(self.traits.counter_lag_s, self._count)
        order = order_in(job.document or b"")
        self._made(Card(order, job.name.removeprefix(_NAME), self.name, self._now(), is_good))

    def _count(self) -> None:
        self.counter += 1

    def _give_up_empty(self, job: MachineJob, life: int) -> None:
        if life == self._life and job.document is None and not self._is_over(job):
            self._end(job, S.ABORTED)
            self.kick()

    def _end(self, job: MachineJob, state: DeviceJobState) -> None:
        job.state, job.ended_at = state, self._now()

    def _clock(self) -> int:
        return int(self._now() - self._up_since) + 1

    @staticmethod
    def _is_over(job: MachineJob) -> bool:
        return job.state >= S.CANCELED
