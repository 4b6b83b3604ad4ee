"""Printers behind their drivers, and what is remembered of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Attempt
from stationd.domain.order import Document
from stationd.domain.outcome import Finding, NothingPrinted, Outcome
from stationd.domain.printer import Capabilities, PrinterStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterSpec:
    """One printer as configured or as matched by a device record; ``options`` are the driver's own keys."""

    name: str
    driver: str
    uri: str | None = None
    profiles: tuple[str, ...] = ("ktp-el",)
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A job opened at the device without its document: nothing can be printed yet.

    The three values are committed before the document leaves (see :class:`stationd.domain.job.Attempt`).
    """

    remote_id: str
    incarnation: str | None = None
    counter: int | None = None


class Printer(Protocol):
    """One card printer behind a driver.

    The order of calls for a card is ``open``, (commit), ``send``, ``watch``. ``name_of(attempt)`` at the device is
    derived from the attempt id, so that ``find`` can recognise it after a crash. No method raises for trouble of the
    device while a card is in question: it answers with an outcome. Cancelling any of them leaves the attempt open, to
    be found again; a transfer that is cut off is reset (RST), never ended politely (FIN), for a device may print a
    truncated body that ended politely.
    """

    @property
    def name(self) -> str:
        """The station's name for it."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Known after the first ``status``; the defaults before."""
        ...

    async def status(self) -> PrinterStatus:
        """Ask the device how it is. Raises ``Faulted`` (code ``printer-unreachable``) when it does not answer."""
        ...

    async def open(self, attempt: Attempt) -> Opened | NothingPrinted:
        """Open a job at the device under a name derived from ``attempt.id``, without the document."""
        ...

    async def send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Send the document of an opened job; ``None`` when the device has it and it must be watched."""
        ...

    async def watch(self, attempt: Attempt) -> Outcome:
        """Wait until the device has settled a job whose document it has. Unplug or a forgetful device: ``Unknown``."""
        ...

    async def find(self, attempt: Attempt) -> Finding:
        """What became of an attempt that a former run left open (RIGS table: by id and name, else by name).

        An attempt without ``remote_id`` never got its document: the answer is ``NothingPrinted``, after any empty job
        that the device may still hold under its name has been cancelled. Raises ``Faulted`` when the device does not
        answer: ask again later.
        """
        ...

    async def withdraw(self, attempt: Attempt) -> Finding:
        """Take a job back from the device as far as it allows; certain nothing → ``NothingPrinted(WITHDRAWN)``."""
        ...

    async def aclose(self) -> None:
        """Let go of the device; open jobs stay as they are."""
        ...


@runtime_checkable
class GivesUp(Protocol):
    """A printer behind a spooler of its own, which keeps a card for a device that is not there."""

    async def give_up(self, attempt: Attempt) -> None:
        """See to it as far as one can that no card comes of the attempt any more; it stays unknown what has become."""
        ...


@runtime_checkable
class HoldsJobs(GivesUp, Protocol):
    """A printer that keeps jobs, over its own restarts or ours, and tells which."""

    async def unfinished(self) -> Sequence[str]:
        """The ids of attempts of which it holds a job that may still become a card.

        Raises ``Faulted`` (``printer-unreachable``) when it does not answer.
        """
        ...


class PrinterDriver(Protocol):
    """The entry point of a driver (group ``stationd.printers``)."""

    def __call__(self, spec: PrinterSpec) -> Printer:
        """Build a printer without touching the device. Raises ``ValueError`` with one line for a wrong option."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterMark:
    """What is remembered of a printer: paused by a person, for maintenance (``is_drained``), stopped by the breaker."""

    is_paused: bool = False
    is_drained: bool = False
    stopped_by: str | None = None


class PrinterStore(Protocol):
    """What must be remembered of printers over restarts."""

    async def marks(self) -> Mapping[str, PrinterMark]:
        """The marks of printers by name; a printer without one is at work."""
        ...

    async def set_paused(self, name: str, actor: Actor, *, is_paused: bool, is_drained: bool = False) -> None:
        """Remember that a person paused (for maintenance: drained) or resumed it; resuming mends the breaker."""
        ...

    async def begin_test(self, name: str, actor: Actor) -> Attempt | Refused:
        """Book a blank as spoiled by a test card, before anything leaves; ``blanks-not-there``."""
        ...

    async def end_test(self, attempt: Attempt, outcome: Outcome) -> None:
        """Write down what became of a test card; the blank comes back when certainly nothing was printed."""
        ...
