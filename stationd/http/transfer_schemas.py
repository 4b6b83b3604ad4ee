"""The bodies of transfers."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from stationd.domain.transfer import (
    MOST_CARDS,
    Direction,
    DueGroup,
    ItemState,
    ScanResult,
    Transfer,
    TransferState,
)
from stationd.http.card_schemas import ReceiptText
from stationd.http.schemas import Nik, moment
from stationd.http.unfit import BrokenRuleError
from stationd.ports.transfers import Scanned
from stationd.services.transfers import Seen, TransferView, Wanted

StationId = Annotated[
    str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}(-[a-z0-9]{1,16})?$(?!\n)", description="A station.", examples=["1671-09"])
]
CardId = Annotated[str, Meta(min_length=36, max_length=36, pattern=r"^[0-9a-f-]{36}$(?!\n)")]

# ------------------------------------------------------------------------------------------------------- taken


class NewTransfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cards go into a packet, and where it goes."""

    to: StationId
    cards: (
        Annotated[
            tuple[CardId, ...],
            Meta(min_length=1, max_length=MOST_CARDS, description="These; else what is on the shelf for that station."),
        ]
        | None
    ) = None
    due_only: Annotated[bool, Meta(description="Of the shelf only what is due; else all that lies there for it.")] = (
        True
    )


class TransfersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which transfers, and from where."""

    state: Annotated[TransferState, Meta(description="Only transfers in this state.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    after: Annotated[str, Meta(max_length=200, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class FileBody(msgspec.Struct, frozen=True):
    """A file as the other station made it, byte for byte; it is checked against that station's signature."""

    format: Annotated[str, Meta(max_length=64, examples=["stationd-transfer/1"])]


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A card taken out of the packet, told by one of them."""

    receipt: ReceiptText | None = None
    nik: Nik | None = None
    place: Annotated[int, Meta(ge=1, le=MOST_CARDS, description="Its line in the pack list.")] | None = None

    def __post_init__(self) -> None:
        """Take exactly one."""
        if sum(each is not None for each in (self.receipt, self.nik, self.place)) != 1:
            raise BrokenRuleError("one-of", allowed=("receipt", "nik", "place"))


class SettleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The packet is empty."""

    with_differences: Annotated[bool, Meta(description="What was not scanned is missing.")] = False


# ---------------------------------------------------------------------------------------------------- answered


class TransferItemAnswer(msgspec.Struct, frozen=True):
    """One card of a packet, without anything of its holder."""

    place: Annotated[int, Meta(description="Its line in the pack list, from 1.")]
    receipt: str
    state: ItemState
    card: Annotated[str, Meta(description="Its id here; null at the receiver until it was scanned.")] | None


class TransferAnswer(msgspec.Struct, frozen=True):
    """A transfer as this station knows it."""

    id: str
    direction: Direction
    state: TransferState
    number: Annotated[str, Meta(description="Of the sender's minutes.", examples=["470/003/BA/1671-07/XI/2026"])]
    peer: Annotated[str, Meta(description="The station at the other end.")]
    peer_name: str
    cards: int
    arrived: int
    missing: int
    extra: Annotated[int, Meta(description="Cards in the packet that are not in its list.")]
    revision: Annotated[int, Meta(description="Of the last confirmation; 0: none yet.")]
    made_at: datetime
    settled_at: datetime | None
    items: Annotated[
        tuple[TransferItemAnswer, ...],
        Meta(description="In the order of the pack list; only where one transfer is asked for."),
    ]
    extra_receipts: tuple[str, ...]


class TransferPage(msgspec.Struct, frozen=True):
    """A page of transfers; ``next`` is the cursor for the following one."""

    items: tuple[TransferAnswer, ...]
    next: str | None


class DueAnswer(msgspec.Struct, frozen=True):
    """Cards that are due, by kecamatan of residence."""

    district: Annotated[str, Meta(description="Region code, or unknown.", examples=["16.71.09"])]
    partner: Annotated[str, Meta(description="The station that serves it, if it is a partner.")] | None
    cards: int
    oldest: Annotated[datetime, Meta(description="Since when the first of them is due.")]


class DuePage(msgspec.Struct, frozen=True):
    """All that is due."""

    items: tuple[DueAnswer, ...]


class ScannedAnswer(msgspec.Struct, frozen=True):
    """What a card out of a packet is, and how the packet stands."""

    result: ScanResult
    card: Annotated[str, Meta(description="Its id here, to shelve it.")] | None
    arrived: int
    cards: int
    extra: int


# -------------------------------------------------------------------------------------------------- translations


def wanted_of(body: NewTransfer) -> Wanted:
    """The wish in a body."""
    return Wanted(to=body.to, card_ids=body.cards, is_due_only=body.due_only)


def seen_of(body: ScanBody) -> Seen:
    """The card in a body."""
    return Seen(receipt=body.receipt, nik=body.nik, place=body.place)


def transfer_answer(transfer: Transfer, **more: Any) -> TransferAnswer:
    """The transfer as answered in lists."""
    return TransferAnswer(
        id=transfer.id,
        direction=transfer.direction,
        state=transfer.state,
        number=transfer.number,
        peer=transfer.peer,
        peer_name=transfer.peer_name,
        cards=transfer.cards,
        arrived=transfer.arrived,
        missing=transfer.missing,
        extra=transfer.extra,
        revision=transfer.revision,
        made_at=moment(transfer.made_at),
        settled_at=None if transfer.settled_at is None else moment(transfer.settled_at),
        items=more.get("items", ()),
        extra_receipts=more.get("extra_receipts", ()),
    )


def transfer_view_answer(view: TransferView) -> TransferAnswer:
    """The transfer as answered where it is asked for alone."""
    items = tuple(
        TransferItemAnswer(place=each.place, receipt=each.receipt, state=each.state, card=each.card)
        for each in view.items
    )
    return transfer_answer(view.transfer, items=items, extra_receipts=tuple(view.extra))


def due_answer(group: DueGroup) -> DueAnswer:
    """The group as answered."""
    return DueAnswer(district=group.district, partner=group.partner, cards=group.cards, oldest=moment(group.oldest))


def scanned_answer(scanned: Scanned) -> ScannedAnswer:
    """The scan as answered."""
    transfer = scanned.transfer
    return ScannedAnswer(
        result=scanned.result,
        card=scanned.card,
        arrived=transfer.arrived,
        cards=transfer.cards,
        extra=transfer.extra,
    )
