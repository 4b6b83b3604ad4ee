"""What became of one attempt: four values, and nothing else leaves a driver.

A driver that cannot tell says ``Unknown``. It says ``NothingPrinted`` only when it is certain.
"""

from dataclasses import dataclass
from enum import StrEnum

from stationd.domain.job import Evidence


class Cause(StrEnum):
    """Whose trouble it was that nothing was printed."""

    TRANSIENT = "transient"
    """A passing failure of the way to the device; the same attempt may work in a moment. Uses up a try."""
    PRINTER = "printer"
    """The printer is in trouble (media, cover, off-line, busy). Uses up no try."""
    DOCUMENT = "document"
    """The device refused this document; no printer of its kind will take it. The job fails at once."""
    WITHDRAWN = "withdrawn"
    """We took it back before it was printed (stop, pause, cancel). Uses up no try."""
    STOPPED = "stopped"
    """The station died before the document had left. Uses up no try, but its document may be what kills the station."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A card exists. ``counter`` is the device's card counter afterwards, where it has one."""

    evidence: Evidence
    counter: int | None = None


@dataclass(frozen=True, slots=True)
class NothingPrinted:
    """Certainly no card, and the blank is as it was. ``reason``: a keyword or one line without personal data."""

    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A blank was ruined and no card came of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell from here. ``reason`` says what is known, for the officer who will look."""

    reason: str


CUT_OFF = "the printer took a document that was cut off on its way"
CUT_BY_SILENCE = "the printer stopped answering while the document was on its way"
BEGUN_AGAIN = "the printer stopped in the middle of the job and began to print it again"
PERHAPS_CUT_OFF = "the station stopped while the document was on its way: the card may have been made of a piece"
UNCOUNTED = "the printer calls the card finished, but its card counter has not moved"
STRANDED = "the printer's spooler was stopped when it had the document, and does not know whether it had begun"
RESTORED = "the station's book was restored from a backup: what became of the card since then it does not know"
FOR_A_PERSON = frozenset({CUT_OFF, CUT_BY_SILENCE, BEGUN_AGAIN, PERHAPS_CUT_OFF, UNCOUNTED, STRANDED, RESTORED})
"""Reasons of ``Unknown`` for which the device is not asked again: only this end of the wire has seen them, the device
has been found out, or another attempt may have followed that the book does not know. The device would tell of a card
like any other, and such an attempt is a person's to judge."""

Outcome = Printed | NothingPrinted | Spoiled | Unknown


@dataclass(frozen=True, slots=True)
class StillOpen:
    """Found at the device and not finished yet: go on watching ``remote_id``."""

    remote_id: str


Finding = Outcome | StillOpen
"""What reconciliation learns of an open attempt at start."""
