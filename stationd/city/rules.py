"""What the city makes of facts: pure rules.

How many blanks a station has is not told by every fact. An entry of a person tells what is at hand after it, and every
card takes the steps of the job machine (:mod:`stationd.domain.job_machine`), so the two together give the station's
figures exactly.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stationd.domain.city_link import Fact
from stationd.domain.custody import Custody, CustodyEvent
from stationd.domain.job import JobState
from stationd.domain.job_machine import BlankMove, JobEvent, step

JOB: Final = "job."
CARD: Final = "card."
BLANKS: Final = "blanks."
TRANSFER: Final = "transfer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanks:
    """A station's blanks: what came, what can be printed now, what is in printers, printed, spoiled by printing."""

    received: int = 0
    at_hand: int = 0
    in_printers: int = 0
    printed: int = 0
    spoiled: int = 0


_SHIFTS: Final[Mapping[BlankMove, tuple[int, int, int, int]]] = {
    BlankMove.RESERVE: (-1, 1, 0, 0),
    BlankMove.ISSUE: (0, -1, 1, 0),
    BlankMove.SPOIL: (0, -1, 0, 1),
    BlankMove.GIVE_BACK: (1, -1, 0, 0),
    BlankMove.UNISSUE: (0, 1, -1, 0),
    BlankMove.UNSPOIL: (0, 1, 0, -1),
}
"""At hand, in printers, printed, spoiled."""

_CODE: Final = re.compile(r"(?:link|order|signature|transfer|confirmation|partner|file)-[a-z-]{1,40}(?:/[a-z-]{1,40})?")
_MOST: Final = 1 << 53
_LONGEST: Final = 200


def blanks_after(held: Blanks, kind: str, data: Mapping[str, object]) -> Blanks:
    """A station's blanks after a fact of this type."""
    if kind.startswith(JOB):
        move = _move(kind.removeprefix(JOB), data)
        if move is None:
            return held
        at_hand, in_printers, printed, spoiled = _SHIFTS[move]
        return Blanks(
            received=held.received,
            at_hand=held.at_hand + at_hand,
            in_printers=held.in_printers + in_printers,
            printed=held.printed + printed,
            spoiled=held.spoiled + spoiled,
        )
    if not kind.startswith(BLANKS):
        return held
    quantity = whole(data, "quantity")
    received = held.received
    if kind == "blanks.received":
        received += quantity
    elif kind == "blanks.corrected" and data.get("what") == "received":
        received += quantity - whole(data, "was")
    return Blanks(
        received=received,
        at_hand=whole(data, "at_hand") if "at_hand" in data else held.at_hand,
        in_printers=held.in_printers,
        printed=held.printed,
        spoiled=held.spoiled,
    )


def custody_after(custody: str | None, kind: str, data: Mapping[str, object]) -> str | None:
    """Where a card is after a fact about it or its job; ``None`` while there is none."""
    if kind == f"{JOB}{JobEvent.CARD_PRINTED}":
        return Custody.PRINTED
    if kind == f"{JOB}{JobEvent.CARD_PRINTED_REVOKED}":
        return None
    return (text(data, "custody") or custody) if kind.startswith(CARD) else custody


def settled_at(kind: str) -> str | None:
    """Whose book of a transfer a fact of this type is: ``sent`` or ``received``; ``None`` for any other fact."""
    if kind in {"transfer.packed", "transfer.cancelled", "transfer.confirmed"}:
        return "sent"
    return "received" if kind in {"transfer.announced", "transfer.settled"} else None


def is_arrival(kind: str) -> bool:
    """Whether a card came out of another station's packet."""
    return kind == f"{CARD}{CustodyEvent.RECEIVED}"


def _move(event: str, data: Mapping[str, object]) -> BlankMove | None:
    try:
        row = step(JobState(str(data.get("from"))), JobEvent(event))
    except ValueError:
        return None
    return None if row is None else row.blank


def whole(data: Mapping[str, object], name: str) -> int:
    """A whole number of a fact that every database can hold; 0 for anything else, for a station may say anything."""
    found = data.get(name)
    return found if isinstance(found, int) and abs(found) < _MOST else 0


def text(data: Mapping[str, object], name: str) -> str:
    """A short text of a fact, without what no database can hold; empty for anything else."""
    found = data.get(name)
    return found.replace("\0", "")[:_LONGEST] if isinstance(found, str) else ""


def told_code(data: Mapping[str, object]) -> str:
    """The code of what a station has refused, as troubles and metrics bear it; one for all that are none."""
    found = text(data, "code")
    return f"station-{found if _CODE.fullmatch(found) else 'other'}"


def is_storable(fact: Fact) -> bool:
    """Whether every database can hold the fact as it is."""
    told = fact.particulars
    texts = [fact.type, fact.subject, "" if fact.enclosure is None else fact.enclosure.to]
    if told is not None:
        texts += [told.order, told.receipt, told.nik, told.district or "", told.village or ""]
    return abs(fact.at) < _MOST and not any("\0" in each for each in texts)
