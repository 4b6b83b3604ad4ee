"""The printer: idle, processing or stopped, with a set of reasons in IPP's words, supplies, and what it can prove.

State is small and reasons are a set (RFC 8011, 5.4.11 and 5.4.12; PWG 5100.x keywords): ``stopped {media-empty,
cover-open}``, never one state a trouble.
"""

from dataclasses import dataclass
from enum import StrEnum

from stationd.domain.job import Evidence


class PrinterState(StrEnum):
    """IPP ``printer-state`` as a keyword."""

    IDLE = "idle"
    PROCESSING = "processing"
    STOPPED = "stopped"


MediaType = str
"""An Internet media type, such as ``image/png``."""

MEDIA_TYPES: frozenset[MediaType] = frozenset({"application/pdf", "image/png", "image/jpeg"})
"""The documents that the station accepts for a card."""

OFFLINE = "connecting-to-device"
"""The IPP reason for a printer that does not answer."""

STOPPING_REASONS = frozenset(
    {
        OFFLINE,
        "cover-open",
        "door-open",
        "fuser-over-temp",
        "input-tray-missing",
        "interlock-open",
        "marker-supply-empty",
        "media-empty",
        "media-jam",
        "media-needed",
        "moving-to-paused",
        "offline",
        "output-area-full",
        "paused",
        "shutdown",
        "spool-area-full",
        "stopped-partly",
        "timed-out",
        "toner-empty",
    }
)
"""Reasons with which no card can be made, whatever ``printer-state`` says (ippeveprinter never says stopped)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """One consumable: ``level`` in percent, ``None`` when the device does not say; ``cards`` what it still makes."""

    name: str
    level: int | None = None
    cards: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterStatus:
    """What a device said of itself when last asked.

    ``counter`` is its lifetime card counter; ``incarnation`` changes when it restarts and forgets its jobs.
    """

    state: PrinterState
    reasons: frozenset[str] = frozenset()
    supplies: tuple[Supply, ...] = ()
    counter: int | None = None
    incarnation: str | None = None
    model: str | None = None

    @property
    def stopped_by(self) -> frozenset[str]:
        """The reasons for which it cannot print now; empty when it can."""
        stopping = frozenset(r for r in self.reasons if reason_keyword(r) in STOPPING_REASONS)
        if self.state is PrinterState.STOPPED and not stopping:
            return self.reasons or frozenset({"stopped"})
        return stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a driver can do with its device.

    ``window`` is how many jobs may be open at the device at once (2 lets the next card travel while one prints);
    ``evidence`` the strongest it can give; ``media_types`` the documents it takes as they are; ``nominal_s``
    the seconds a card that the device itself promises, ``None`` when it does not say.
    """

    window: int = 1
    evidence: Evidence = Evidence.SPOOLER
    media_types: frozenset[str] = MEDIA_TYPES
    has_counter: bool = False
    can_cancel: bool = False
    nominal_s: float | None = None


def reason_keyword(reason: str) -> str:
    """The reason without IPP's severity suffix: ``media-empty-error`` → ``media-empty``."""
    for suffix in ("-error", "-warning", "-report"):
        if reason.endswith(suffix):
            return reason.removesuffix(suffix)
    return reason
