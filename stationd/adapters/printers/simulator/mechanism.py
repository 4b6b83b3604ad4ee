"""The pretended machine: job memory, hopper, ribbon, card counter and faults.

It takes jobs under names, without their documents at first, and prints the documents strictly one after another. It
is told the time only through ``later`` and draws chance only from ``chance``, so the same seed and the same calls make
the same cards; nothing in it waits or polls. What it says of a job can be false (see ``Fault``); its card counter
never is.

Cable and power are two things: ``unplug`` pulls the data cable, and the machine goes on with what it has received;
``restart`` takes the power away for a moment, and everything in its memory is gone.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from stationd.adapters.printers.simulator.options import Fault, Options
from stationd.adapters.printers.simulator.tray import Tray
from stationd.domain.order import Document
from stationd.domain.printer import STOPPING_REASONS, PrinterState, PrinterStatus, Supply

MEDIA_EMPTY = "media-empty"
RIBBON_EMPTY = "marker-supply-empty"
JAM = "media-jam"
OUTPUT_FULL = "output-area-full"
_REMEMBERED = 1_000
_SLOWER = 10
_LANDING_RETRY_S = 1.0
_LOW_PERCENT = 10


class Cancellable(Protocol):
    """A call that has been put off."""

    def cancel(self) -> None:
        """Do not make it."""
        ...


Later = Callable[[float, Callable[[], None]], Cancellable]
"""Make a call after so many seconds; ``loop.call_later`` is one."""


class Said(StrEnum):
    """What the machine says of a job that it has ended."""

    COMPLETED = "completed"
    ABORTED = "aborted"
    SPOILED = "spoiled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a job; the counter as it stood when its card was begun and when it was over."""

    said: Said
    reason: str
    counter_before: int
    counter_after: int


Watcher = Callable[[Report | None], None]
"""Called once with the report of a job, or with ``None`` when the line to the machine is cut."""


@dataclass(slots=True, eq=False)
class DeviceJob:
    """A job in the machine's memory; its document is kept only until the card is made."""

    number: int
    name: str
    has_document: bool = False
    report: Report | None = None
    watchers: list[Watcher] = field(default_factory=list, repr=False)


@dataclass(slots=True, eq=False)
class _Making:
    job: DeviceJob
    document: Document
    fault: Fault | None
    counter_before: int
    timer: Cancellable | None = None
    is_over_time: bool = False
    is_leaving: bool = False


class Mechanism:
    """One machine. ``born`` names this run of it; ``counter`` is what its card counter stands at."""

    def __init__(
        self, options: Options, *, tray: Tray, later: Later, chance: random.Random, born: str, counter: int = 0
    ) -> None:
        self.counter = counter
        self.is_reachable = True
        self.is_on = True
        self.forgotten: set[str] = set()
        self._options = options
        self._tray = tray
        self._later = later
        self._chance = chance
        self._born = born
        self._runs = 1
        self._drawn = 0
        self._hopper = options.hopper
        self._ribbon = options.ribbon
        self._reasons: set[str] = set()
        self._number = 0
        self._jobs: dict[str, DeviceJob] = {}
        self._ended: deque[DeviceJob] = deque()
        self._waiting: deque[tuple[DeviceJob, Document]] = deque()
        self._making: _Making | None = None
        self._leaving = 0

    # ------------------------------------------------------------------------------------------------ what it says

    @property
    def incarnation(self) -> str:
        """Changes whenever the machine restarts and forgets."""
        return f"{self._born}-{self._runs}"

    @property
    def reasons(self) -> frozenset[str]:
        """IPP ``printer-state-reasons``."""
        reasons = set(self._reasons)
        if _percent(self._hopper, self._options.hopper) <= _LOW_PERCENT and MEDIA_EMPTY not in reasons:
            reasons.add("media-low")
        if _percent(self._ribbon, self._options.ribbon) <= _LOW_PERCENT and RIBBON_EMPTY not in reasons:
            reasons.add("marker-supply-low")
        return frozenset(reasons)

    @property
    def is_stopped(self) -> bool:
        """Whether no card can be made now."""
        return not STOPPING_REASONS.isdisjoint(self._reasons)

    def status(self) -> PrinterStatus:
        """How the machine is."""
        is_busy = self._making is not None or bool(self._waiting)
        return PrinterStatus(
            state=PrinterState.STOPPED
            if self.is_stopped
            else (PrinterState.PROCESSING if is_busy else PrinterState.IDLE),
            reasons=self.reasons,
            supplies=tuple(
                Supply(name=name, level=_percent(left, loaded), cards=left)
                for name, left, loaded in (
                    ("hopper", self._hopper, self._options.hopper),
                    ("ribbon", self._ribbon, self._options.ribbon),
                )
                if left is not None
            ),
            counter=self.counter,
            incarnation=self.incarnation,
            model="stationd simulated card printer",
        )

    def job(self, name: str) -> DeviceJob | None:
        """The job of that name, as long as the machine remembers it."""
        return self._jobs.get(name)

    # ------------------------------------------------------------------------------------------------ what it takes

    def create(self, name: str) -> DeviceJob | None:
        """A job without a document under a new name, or ``None`` when the machine holds as many as it can."""
        if name in self._jobs:
            raise ValueError(f"the machine has a job named {name}")
        if len(self._jobs) - len(self._ended) >= self._options.window:
            return None
        self._number += 1
        job = self._jobs[name] = DeviceJob(self._number, name)
        return job

    def receive(self, job: DeviceJob, document: Document) -> None:
        """The document of a job, which is printed when its turn comes; a second document is a defect of the caller."""
        if job.has_document or job.report is not None:
            raise ValueError(f"the job {job.number} has a document or is over")
        job.has_document = True
        self._waiting.append((job, document))
        self._advance()

    def cancel(self, job: DeviceJob, reason: str) -> bool:
        """Take a job back; ``False`` when its card is being made and nothing stops it any more."""
        if job.report is not None:
            return True
        if self._making is not None and self._making.job is job:
            return False
        self._waiting = deque(pair for pair in self._waiting if pair[0] is not job)
        self._end(job, Said.ABORTED, reason, before=self.counter)
        return True

    def watch(self, job: DeviceJob, watcher: Watcher) -> None:
        """Have a watcher called when the job ends or the line is cut; at once when it has ended."""
        if job.report is None:
            job.watchers.append(watcher)
        else:
            watcher(job.report)

    def unwatch(self, job: DeviceJob, watcher: Watcher) -> None:
        """Forget a watcher that has not been called."""
        if watcher in job.watchers:
            job.watchers.remove(watcher)

    # ---------------------------------------------------------------------------------------- what happens to it

    def fault(self, reason: str) -> None:
        """Give it a reason in IPP's words. One that stops it makes its cards wait; a jam ruins the one being made."""
        self._reasons.add(reason)
        making = self._making
        if reason == JAM and making is not None and not making.is_leaving:
            self._abandon(making)
            self._end(making.job, Said.SPOILED, JAM, before=making.counter_before)
        if reason in STOPPING_REASONS and self._options.repair is not None:
            self._later(self._options.repair, lambda: self.clear(reason))

    def clear(self, reason: str) -> None:
        """Take the reason away; an empty hopper or ribbon is loaded as it was at first. The machine goes on."""
        self._reasons.discard(reason)
        if reason == MEDIA_EMPTY and self._options.hopper is not None:
            self._hopper = max(self._options.hopper, 1)
        elif reason == RIBBON_EMPTY and self._options.ribbon is not None:
            self._ribbon = max(self._options.ribbon, 1)
        making = self._making
        if making is not None and making.is_over_time and not making.is_leaving and not self.is_stopped:
            self._finish(making)
        self._advance()

    def unplug(self) -> None:
        """Pull the data cable: nobody hears it any more, jobs without a document are dropped, printing goes on."""
        self.is_reachable = False
        for job in list(self._jobs.values()):
            if not job.has_document and job.report is None:
                self._end(job, Said.ABORTED, "timed-out", before=self.counter)
            self._tell(job, None)

    def plug(self) -> None:
        """Put the cable back."""
        self.is_reachable = True

    def restart(self) -> None:
        """Take the power away for a moment: the card being made is ruined, and no job is remembered."""
        self.forgotten.add(self.incarnation)
        self._runs += 1
        self._forget()
        self._reasons &= {MEDIA_EMPTY, RIBBON_EMPTY}

    def power_off(self) -> None:
        """Take the power away for good: nothing comes out any more but a card that is already leaving."""
        self.is_on = False
        self._forget()

    def _forget(self) -> None:
        if self._making is not None:
            self._abandon(self._making)
        jobs = list(self._jobs.values())
        self._jobs.clear()
        self._ended.clear()
        self._waiting.clear()
        self._number = 0
        for job in jobs:
            self._tell(job, None)

    # ------------------------------------------------------------------------------------------------ making a card

    def _advance(self) -> None:
        while self._making is None and not self._leaving and self._waiting and self._can_begin():
            self._begin(*self._waiting.popleft())

    def _can_begin(self) -> bool:
        if self._hopper == 0 and MEDIA_EMPTY not in self._reasons:
            self.fault(MEDIA_EMPTY)
        if self._ribbon == 0 and RIBBON_EMPTY not in self._reasons:
            self.fault(RIBBON_EMPTY)
        return not self.is_stopped

    def _begin(self, job: DeviceJob, document: Document) -> None:
        fault = self._draw()
        if fault is Fault.ABORT:
            self._end(job, Said.ABORTED, "aborted-by-system", before=self.counter)
            return
        if self._hopper is not None:
            self._hopper -= 1
        if self._ribbon is not None:
            self._ribbon -= 1
        making = self._making = _Making(job, document, fault, self.counter)
        seconds = self._options.seconds * (_SLOWER if fault is Fault.SLOW else 1)
        if seconds:
            making.timer = self._later(seconds, lambda: self._finish(making))
        else:
            self._finish(making)

    def _draw(self) -> Fault | None:
        self._drawn += 1
        struck = None
        for fault, rate in self._options.faults.items():
            is_due = self._drawn % rate.every == 0 if rate.every else self._chance.random() < rate.chance
            if is_due and struck is None:
                struck = fault
        return struck

    def _finish(self, making: _Making) -> None:
        if self.is_stopped:
            making.is_over_time = True
            return
        match making.fault:
            case Fault.JAM:
                self.fault(JAM)
            case Fault.RESTART:
                self.restart()
            case Fault.SPOIL:
                self._over(making, Said.SPOILED, "spoiled")
            case Fault.FALSE_COMPLETED:
                self._over(making, Said.COMPLETED, "job-completed-successfully")
            case Fault.UNKNOWN if self._chance.random() < 0.5:  # noqa: PLR2004 - one in two
                self._over(making, Said.UNKNOWN, "unknown")
            case _:
                self._let_land(making)

    def _let_land(self, making: _Making) -> None:
        making.is_leaving = True
        self._leaving += 1
        self._tray.land(making.job.name, making.document, lambda trouble: self._landed(making, trouble))

    def _landed(self, making: _Making, trouble: OSError | None) -> None:
        self._leaving -= 1
        if trouble is not None:
            making.is_leaving = False
            if self._making is making:
                making.is_over_time = True
                self.fault(OUTPUT_FULL)
                making.timer = self._later(_LANDING_RETRY_S, lambda: self.clear(OUTPUT_FULL))
            else:
                self._advance()
            return
        self.counter += 1
        if self._making is not making:  # it restarted while the card was leaving
            self._advance()
            return
        match making.fault:
            case Fault.FALSE_ABORTED:
                self._over(making, Said.ABORTED, "aborted-by-system")
            case Fault.UNKNOWN:
                self._over(making, Said.UNKNOWN, "unknown")
            case _:
                self._over(making, Said.COMPLETED, "job-completed-successfully")

    def _over(self, making: _Making, said: Said, reason: str) -> None:
        self._making = None
        self._end(making.job, said, reason, before=making.counter_before)
        self._advance()

    def _abandon(self, making: _Making) -> None:
        if making.timer is not None:
            making.timer.cancel()
        self._making = None

    def _end(self, job: DeviceJob, said: Said, reason: str, *, before: int) -> None:
        job.report = Report(said, reason, before, self.counter)
        self._ended.append(job)
        if len(self._ended) > _REMEMBERED:
            del self._jobs[self._ended.popleft().name]
        if self.is_reachable:
            self._tell(job, job.report)

    def _tell(self, job: DeviceJob, report: Report | None) -> None:
        watchers, job.watchers = job.watchers, []
        for watcher in watchers:
            watcher(report)


def _percent(left: int | None, loaded: int | None) -> int:
    if left is None or loaded is None:
        return 100
    return min(round(100 * left / loaded), 100) if loaded else 0
