"""Transfers: a packet of finished cards from one station to another, told alike by both ends.

After three notices within six months an uncollected card is handed to the kecamatan where its holder lives, with
minutes by name and address (the rule of the civil-registry service, Palembang 2016). The packet goes by hand; with it
goes a file, by any way, a USB stick included. Three things can get lost, repeated or cut short independently of each
other: the packet, the file, and the confirmation that comes back. So

- the sender's book says ``in_transit`` until a confirmation has come, and no clock changes that;
- the receiver's book holds a card from the moment in which it was scanned out of the packet, and not before;
- a confirmation tells of every listed card that it has arrived or is missing. A later one has a higher revision and may
  turn *missing* into *arrived*, never back: what was seen was seen. An earlier one changes nothing any more.

What a file carries of holders is sealed to the receiving station and the whole is signed by the sending one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.domain.order import Holder
from stationd.domain.words import Spoken

MOST_CARDS: Final = 500
"""Cards in one packet: what a box holds, and what one transaction may do without anybody waiting for it."""

UNKNOWN_DISTRICT: Final = "unknown"
"""The group of cards whose order named no kecamatan of residence."""


class Direction(StrEnum):
    """Whether the packet left here or came here."""

    OUT = "out"
    IN = "in"


class TransferState(Spoken):
    """How a transfer stands at this station."""

    SENT = "sent", "sent", "dikirim"
    """Packed here; no confirmation yet."""
    ANNOUNCED = "announced", "announced", "diumumkan"
    """Its file was read in here; the packet is being scanned, or still on its way."""
    AGREED = "agreed", "agreed", "sesuai"
    """Both ends have every listed card at the receiver, and nothing else."""
    DIFFERING = "differing", "differing", "berselisih"
    """The receiver has confirmed, with differences."""
    CANCELLED = "cancelled", "cancelled", "dibatalkan"
    """The packet never left; its cards are in hand here again."""


class ItemState(StrEnum):
    """What is known of one card of a packet."""

    SENT = "sent"
    ARRIVED = "arrived"
    MISSING = "missing"
    RETURNED = "returned"


class ScanResult(StrEnum):
    """What a card is that was taken out of a packet."""

    ARRIVED = "arrived"
    KNOWN = "known"
    """It was scanned before."""
    NOT_LISTED = "not-listed"
    """It is in the packet and not in the list; it is written down and told to the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Another station: whom it serves, and the public keys that it signs with and is sealed to (32 bytes each)."""

    id: str
    name: str
    serves: tuple[str, ...]
    sign_key: bytes
    seal_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedCard:
    """One card in a manifest: ``id`` is the sender's. The holder is personal data."""

    id: str
    receipt: str
    order: str
    kind: JobKind
    printed_at: int
    district: str | None
    village: str | None
    holder: Holder = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the file of a transfer says. ``number`` is that of the sender's minutes; ``made_at`` Unix milliseconds."""

    id: str
    number: str
    sender: str
    sender_name: str
    receiver: str
    made_at: int
    cards: tuple[PackedCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What the receiver says of a transfer, by the sender's ids; ``extra`` are receipts that were not listed."""

    transfer: str
    sender: str
    receiver: str
    revision: int
    at: int
    arrived: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferItem:
    """One card of a packet as this station knows it; ``place`` is its line in the pack list, from 1.

    ``card`` is its id here: at the receiver ``None`` until it was scanned.
    """

    place: int
    sender_id: str
    receipt: str
    state: ItemState
    card: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer as this station knows it; ``peer`` is the other end. Times are Unix milliseconds."""

    id: str
    direction: Direction
    state: TransferState
    number: str
    peer: str
    peer_name: str
    cards: int
    arrived: int
    missing: int
    extra: int
    revision: int
    made_at: int
    at: int
    settled_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCard:
    """A card of a packet as minutes name it; personal data."""

    receipt: str
    name: str = field(repr=False)
    nik: str = field(repr=False)
    address: str | None = field(repr=False)
    has_arrived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DueGroup:
    """Cards that are due for a transfer, by kecamatan of residence; ``partner`` is the station that serves it."""

    district: str
    partner: str | None
    cards: int
    oldest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a confirmation changes at the sender, by the sender's ids; ``state`` is what the transfer becomes."""

    arrived: tuple[str, ...]
    missing: tuple[str, ...]
    state: TransferState


def settled(states: Collection[ItemState], extra: int) -> TransferState:
    """What a transfer is after a confirmation: agreed only when every card has arrived and nothing else."""
    is_agreed = extra == 0 and all(state is ItemState.ARRIVED for state in states)
    return TransferState.AGREED if is_agreed else TransferState.DIFFERING


def reconciled(
    items: Mapping[str, ItemState], confirmation: Confirmation, *, last_revision: int
) -> Reconciled | Refused:
    """What a confirmation means for the items of a transfer, by the sender's ids.

    ``confirmation-outdated`` for one that came before; ``confirmation-invalid`` for one that does not tell of every
    listed card once, tells of others, or takes back an arrival.
    """
    if confirmation.revision <= last_revision:
        return Refused("confirmation-outdated", last=last_revision, revision=confirmation.revision)
    told = [*confirmation.arrived, *confirmation.missing]
    if len(told) != len(set(told)) or set(told) != set(items):
        return Refused("confirmation-invalid/cards")
    if any(items[each] is ItemState.ARRIVED for each in confirmation.missing):
        return Refused("confirmation-invalid/takes-back")
    states = [ItemState.ARRIVED] * len(confirmation.arrived) + [ItemState.MISSING] * len(confirmation.missing)
    return Reconciled(
        arrived=tuple(each for each in confirmation.arrived if items[each] is not ItemState.ARRIVED),
        missing=tuple(each for each in confirmation.missing if items[each] is ItemState.SENT),
        state=settled(states, len(confirmation.extra)),
    )


def manifest_refusal(manifest: Manifest, *, here: str) -> Refused | None:
    """Why a manifest cannot be read in at station ``here``, or ``None``; that the sender made it is known already."""
    if manifest.receiver != here:
        return Refused("transfer-for-another", see=manifest.id, station=manifest.receiver)
    ids, receipts = {card.id for card in manifest.cards}, {card.receipt for card in manifest.cards}
    if not 0 < len(manifest.cards) <= MOST_CARDS or not len(manifest.cards) == len(ids) == len(receipts):
        return Refused("transfer-invalid", see=manifest.id)
    return None


def partner_for(district: str, partners: Sequence[Partner]) -> Partner | None:
    """The station that serves a kecamatan, or ``None``."""
    return next((each for each in partners if district in each.serves), None)
