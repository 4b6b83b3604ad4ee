"""The custody of finished cards: where a card is and who answers for it, as one table.

Theory. A finished card is a person's identity in one piece of plastic, so the machine is built around one question:
*who has it in hand?* At any moment exactly one answer holds, and each edge of the table is one act of one person that
changes the answer. A card begins here in two ways: it was printed here (``printed``), or it came out of another
station's packet and was scanned (``received``). It ends in a holder's hand, at another station that has confirmed it,
or destroyed.

A card that leaves for another station is nobody's for a while: ``in_transit``, answered for by the sender until the
receiver's confirmation says ``transferred`` or, for what was not in the packet, ``missing``. Only a confirmation, or
the finding of the card, leads out of there; no clock does. So no card is held by two stations, and none by no one.

``taken_back`` is the one edge to nowhere: the verdict of a person that the card was printed is revoked (see
:mod:`stationd.domain.job_machine`), so the card may not exist. It leads out of ``printed`` alone: a card that somebody
has checked is a card that somebody has seen, and the verdict on it is final.

A hand-over can be undone for some minutes, by two persons; the card is then in the officer's hand again, ``checked``,
and not in its old slot, which may be taken. A slot holds one card; the database keeps that, and that a card has one
place.
"""

from dataclasses import dataclass
from enum import StrEnum

from stationd.domain.job import JobKind
from stationd.domain.words import Spoken


class Custody(Spoken):
    """Where a finished card is; the transitions are :data:`TABLE`."""

    PRINTED = "printed", "printed", "di baki pencetak"
    """In the printer's tray: nobody has looked at it."""
    CHECKED = "checked", "checked", "sudah diperiksa"
    """In an officer's hand, found to be right."""
    RECEIVED = "received", "received", "diterima dari kantor lain"
    """Out of another station's packet, in an officer's hand."""
    ON_SHELF = "on_shelf", "on shelf", "di rak"
    IN_TRANSIT = "in_transit", "in transit", "dalam perjalanan"
    HANDED_OVER = "handed_over", "handed over", "sudah diserahkan"
    TRANSFERRED = "transferred", "transferred", "di kantor lain"
    """Another station has confirmed that it has the card."""
    MISSING = "missing", "missing", "tidak ditemukan"
    """Sent, and not found in the packet by the receiver."""
    QUARANTINED = "quarantined", "quarantined", "dipisahkan"
    DESTROYED = "destroyed", "destroyed", "sudah dimusnahkan"


class CustodyEvent(StrEnum):
    """What can happen to a finished card, in the past tense."""

    CHECKED = "checked"
    SHELVED = "shelved"
    HANDED_OVER = "handed_over"
    HAND_OVER_UNDONE = "hand_over_undone"
    PACKED = "packed"
    UNPACKED = "unpacked"
    TRANSFERRED = "transferred"
    MISSED = "missed"
    FOUND = "found"
    RECEIVED = "received"
    QUARANTINED = "quarantined"
    RELEASED = "released"
    DESTROYED = "destroyed"
    TAKEN_BACK = "taken_back"


_C, _E = Custody, CustodyEvent

BEGINNINGS = frozenset({_C.PRINTED, _C.RECEIVED})
"""The places in which a card comes to this station."""

_HELD = (_C.CHECKED, _C.RECEIVED, _C.ON_SHELF)

TABLE: dict[tuple[Custody, CustodyEvent], Custody] = {
    (_C.PRINTED, _E.CHECKED): _C.CHECKED,
    (_C.PRINTED, _E.QUARANTINED): _C.QUARANTINED,
    **{(state, _E.SHELVED): _C.ON_SHELF for state in _HELD},
    **{(state, _E.HANDED_OVER): _C.HANDED_OVER for state in _HELD},
    **{(state, _E.PACKED): _C.IN_TRANSIT for state in _HELD},
    **{(state, _E.QUARANTINED): _C.QUARANTINED for state in _HELD},
    (_C.IN_TRANSIT, _E.UNPACKED): _C.CHECKED,
    (_C.IN_TRANSIT, _E.TRANSFERRED): _C.TRANSFERRED,
    (_C.IN_TRANSIT, _E.MISSED): _C.MISSING,
    (_C.IN_TRANSIT, _E.RECEIVED): _C.RECEIVED,
    (_C.MISSING, _E.TRANSFERRED): _C.TRANSFERRED,
    (_C.MISSING, _E.FOUND): _C.CHECKED,
    (_C.MISSING, _E.RECEIVED): _C.RECEIVED,
    (_C.TRANSFERRED, _E.RECEIVED): _C.RECEIVED,
    (_C.HANDED_OVER, _E.HAND_OVER_UNDONE): _C.CHECKED,
    (_C.QUARANTINED, _E.RELEASED): _C.CHECKED,
    (_C.QUARANTINED, _E.DESTROYED): _C.DESTROYED,
}
"""Where a card is after an event; ``taken_back``, which leaves no card, is allowed where :data:`REVOCABLE` says."""

REVOCABLE = frozenset({_C.PRINTED})
"""The places in which a card may still turn out not to exist."""

FINAL = frozenset(Custody) - {state for state, _ in TABLE}
"""Places that nothing leads out of."""

HELD_HERE = frozenset({_C.PRINTED, _C.CHECKED, _C.RECEIVED, _C.ON_SHELF, _C.QUARANTINED})
"""The places inside this station."""


def next_custody(custody: Custody, event: CustodyEvent) -> Custody | None:
    """Where the card is after the event, or ``None`` when the table does not allow it."""
    return TABLE.get((custody, event))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where on the shelf: a box, and a slot in it that holds one card; without a slot the box holds cards loose."""

    box: str
    slot: int | None = None

    def __str__(self) -> str:
        """``A3/17``, or ``A3``."""
        return self.box if self.slot is None else f"{self.box}/{self.slot}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finished card as stored, without anything of its holder.

    ``id`` is that of the job for a card printed here, and a new one for a card that came by transfer. ``district`` and
    ``village`` are region codes of the holder's residence, as the order gave them. ``since`` (Unix milliseconds) says
    since when it is where it is, ``printed_at`` how old it is. ``transfer`` is the packet that it is in, or came in.
    ``due_since``: since when it is due to be handed to the holder's kecamatan; ``origin``: the station that printed it.
    """

    seq: int
    id: str
    receipt: str
    order: str
    kind: JobKind
    custody: Custody
    since: int
    printed_at: int
    place: Place | None = None
    district: str | None = None
    village: str | None = None
    transfer: str | None = None
    due_since: int | None = None
    origin: str | None = None
