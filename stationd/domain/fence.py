"""Who may make the card of an order: one station at a time, over links that fail for days, without believing a clock.

An order may be moved from one station to another, and the first one may be off-line, half-way through a card, or come
back after a month. Three things together keep it from becoming two cards:

- **A fence.** Each time the city gives an order to a station, the order's fence rises. A station that has heard of a
  fence refuses everything below it from then on.
- **Leave.** A station that has received an order may not begin it: it asks, and begins when the city has given leave
  to this fence. The city gives leave in one transaction of its books, and only to the fence that stands there. So an
  order that merely waits in a stream, in a neighbour's queue or in a backup is nobody's card yet, and the city moves
  it at once without hearing from the station that has it.
- **Giving back.** An order that has leave belongs to its station, which may print it while every link is down. The
  city moves it only after that station has answered, for good, that it makes no card of it any more
  (:attr:`Answer.RETURNED`). One that was begun is kept; one whose station is silent stays where it is until the
  station answers or a person has looked there (:func:`written_off`).

So leave is out for one fence of an order at most, and it is the only way to a card. Messages may be lost, repeated,
late and in any order; nothing here trusts their order. The city uses the first half of this module, a station the
second.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Hold(StrEnum):
    """How an order stands in the city's books."""

    FREE = "free"
    """No station may make its card: it was never given, or was given back."""
    OFFERED = "offered"
    """A station has it, without leave."""
    GRANTED = "granted"
    """A station has leave; it may have made the card."""
    RECALLED = "recalled"
    """It has leave and was asked to give the order back; it may have made the card."""
    SETTLED = "settled"
    """The card was made, or the order was ended: nobody gets leave any more."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The order in the city's books: its fence, never lower than before, and the station that has it."""

    fence: int = 0
    station: str | None = None
    hold: Hold = Hold.FREE


class Act(StrEnum):
    """What the city says to a station about an order's fence."""

    LEAVE = "leave"
    """Make the card of the order that you have with this fence."""
    RECALL = "recall"
    """Begin nothing of this order below this fence, and say what became of it."""


def offered(order: Assignment, station: str) -> Assignment | None:
    """The order given to ``station`` under a new fence; ``None`` while another may make its card."""
    if order.hold not in {Hold.FREE, Hold.OFFERED}:
        return None
    return Assignment(order.fence + 1, station, Hold.OFFERED)


def asked(order: Assignment, station: str, fence: int) -> tuple[Assignment, Act, int]:
    """A station asks for leave: the order afterwards, and the act with its fence that it is answered."""
    if (order.station, order.fence) == (station, fence) and order.hold in {Hold.OFFERED, Hold.GRANTED}:
        return replace(order, hold=Hold.GRANTED), Act.LEAVE, fence
    return order, Act.RECALL, fence + 1


def recalled(order: Assignment) -> Assignment:
    """The order to be taken back: free at once where nobody has leave, else only once its station has answered."""
    if order.hold is Hold.OFFERED:
        return Assignment(order.fence)
    return replace(order, hold=Hold.RECALLED) if order.hold is Hold.GRANTED else order


def recall_fence(order: Assignment) -> int:
    """The fence that a recall of this order carries: everything up to what was given so far is void."""
    return order.fence + 1


def returned(order: Assignment, station: str, below: int) -> Assignment:
    """A station makes no card below that fence any more, for good: the order is free if that was its own."""
    if order.station == station and order.fence < below and order.hold in {Hold.OFFERED, Hold.GRANTED, Hold.RECALLED}:
        return Assignment(order.fence)
    return order


def printed(order: Assignment, station: str, fence: int) -> Assignment:
    """A station has made the card."""
    if (order.station, order.fence) == (station, fence):
        return replace(order, hold=Hold.SETTLED)
    return order


def begun_at(order: Assignment, station: str) -> Assignment:
    """A job of the order was made at a station's counter, without leave: that station may make the card at any time.

    Where the order is offered to that station, it counts as one that has leave there. Anywhere else it is taken back,
    and goes to that station once it is free, for the job there needs no second one.
    """
    if order.station == station:
        return replace(order, hold=Hold.GRANTED) if order.hold is Hold.OFFERED else order
    return recalled(order)


def made_at(order: Assignment, station: str) -> Assignment:
    """A card of the order exists at ``station``, whoever allowed it: nobody else may begin one.

    Where another has leave, the order is asked back, for that one may have made its card as well.
    """
    if order.station == station or order.hold in {Hold.FREE, Hold.OFFERED}:
        return Assignment(order.fence, station, Hold.SETTLED)
    return recalled(order)


def written_off(order: Assignment) -> Assignment:
    """A person vouches that the station has made no card and never will (it burnt down, it was wiped)."""
    return Assignment(order.fence) if order.hold is Hold.RECALLED else order


# ------------------------------------------------------------------------------------------------------- the station


class Stage(StrEnum):
    """How far an order from the city has come at a station."""

    RECEIVED = "received"
    """Here, sealed, without leave."""
    GRANTED = "granted"
    """It has leave: a job is made of it, or was."""
    RETURNED = "returned"
    """Given back; never begun again under this fence."""
    REFUSED = "refused"
    """It cannot be printed here; never begun under this fence."""


@dataclass(frozen=True, slots=True)
class Held:
    """An order of the city's at a station: the highest fence that came, its stage, and below which fence all is void.

    ``stage`` is ``None`` while only a recall has come.
    """

    fence: int = 0
    stage: Stage | None = None
    floor: int = 0

    @property
    def may_begin(self) -> bool:
        """Whether a card of it may be begun; at the counter as well, once the city has said anything of the order."""
        return self.stage is Stage.GRANTED and self.fence >= self.floor


class Arrival(StrEnum):
    """What becomes of an order that came."""

    TAKEN = "taken"
    REPEATED = "order-repeated"
    """It is here already."""
    RECALLED = "order-recalled"
    """A higher fence is known: the order is somebody else's now, or nobody's."""
    BUSY = "order-not-returned"
    """It is here under a lower fence that has leave and was not given back: no city of ours does that."""


class Answer(StrEnum):
    """What a station answers to a recall."""

    RETURNED = "returned"
    KEPT = "kept"


def arrived(held: Held, fence: int) -> tuple[Held, Arrival]:
    """An order came with a fence."""
    if fence < held.floor or fence < held.fence:
        return held, Arrival.RECALLED
    if fence == held.fence:
        return held, Arrival.REPEATED
    if held.stage is Stage.GRANTED:
        return held, Arrival.BUSY
    return replace(held, fence=fence, stage=Stage.RECEIVED), Arrival.TAKEN


def granted(held: Held, fence: int) -> Held:
    """Leave came for a fence; it changes nothing unless that very fence waits for it."""
    if held.fence == fence and held.stage is Stage.RECEIVED and fence >= held.floor:
        return replace(held, stage=Stage.GRANTED)
    return held


def refused(held: Held) -> Held:
    """The order turned out not to be printable here: the door is closed on it."""
    return replace(held, stage=Stage.REFUSED)


def taken_back(held: Held, floor: int, *, has_begun: bool) -> tuple[Held, Answer]:
    """A recall came; ``has_begun``: a card of the order is in a printer, in doubt, or made, however it got there.

    What is answered :attr:`Answer.RETURNED` is never begun afterwards; for an order that never came as well.
    """
    held = replace(held, floor=max(held.floor, floor))
    if held.fence >= floor:  # the recall is of an earlier fence: of that nothing is here any more
        return held, Answer.RETURNED
    if has_begun:
        return held, Answer.KEPT
    if held.stage in {Stage.RECEIVED, Stage.GRANTED}:
        held = replace(held, stage=Stage.RETURNED)
    return held, Answer.RETURNED
