"""Ways to send a message to the holder of a card: a modem, a gateway, and whoever comes next.

A way answers what it knows, as values: it never raises for trouble of its own, and never says that nothing was sent
unless that is certain. Numbers and texts are personal data: no record here shows them when it is printed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from stationd.domain.notices import Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to go out: ``id`` is the notice's, ``number`` in international form (E.164: ``+62812…``)."""

    id: str
    number: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The way took it; ``reference`` is what its delivery report will name, where there is one."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """It was certainly not sent, and it is this number's fault; ``reason`` is a keyword."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """It was certainly not sent, for a trouble of the way; others will fare no better for a while."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody can tell whether it was sent."""

    reason: str


SendOutcome = Accepted | Rejected | NotSent | Lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A delivery report: of the notice ``id`` where the way names it, else of ``reference`` to ``number``."""

    is_delivered: bool
    reason: str
    id: str | None = None
    reference: str | None = None
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A notice whose report has not come: what a gateway is asked about."""

    id: str
    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WayStatus:
    """How a way is. ``signal`` is percent, ``credit`` rupiah; ``None`` where nobody knows."""

    is_ready: bool
    reasons: tuple[str, ...] = ()
    signal: int | None = None
    credit: int | None = None


class Reports(StrEnum):
    """Whether a way tells of delivery."""

    GIVEN = "given"
    NONE = "none"


class Notifier(Protocol):
    """One way to send."""

    @property
    def name(self) -> str:
        """The way's name: ``modem``, ``gateway``."""
        ...

    @property
    def reports(self) -> Reports:
        """Whether delivery reports are to be expected."""
        ...

    @property
    def status(self) -> WayStatus:
        """How it is, as last seen."""
        ...

    async def look(self) -> None:
        """See how it is: open what is closed, ask for signal and credit where that is due."""
        ...

    async def send(self, message: Message) -> SendOutcome:
        """Send it, once. A cancelled call has sent nothing or everything: the caller takes it for lost."""
        ...

    async def collect(self, asked: Sequence[Asked]) -> Sequence[Report]:
        """The reports that came since the last call; ``asked`` are the notices for which one is awaited."""
        ...

    async def aclose(self) -> None:
        """Let go of the device."""
        ...


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that messages can be sent to, in international form."""

    e164: str = field(repr=False)


class NumberReader(Protocol):
    """Reads a number as people write it."""

    def __call__(self, text: str | None) -> PhoneNumber | Trouble:
        """The number, or what is wrong with it."""
        ...
