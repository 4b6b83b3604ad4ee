"""The bodies of finished cards, of the counter, and of the citizen's answer."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from stationd.domain.answer import Stage
from stationd.domain.custody import Card, Custody, Place
from stationd.domain.handover import (
    CheckResult,
    HandOver,
    IdentityCheck,
    IdentityDocument,
    Proxy,
    Relation,
)
from stationd.domain.job import JobKind
from stationd.http.schemas import LINE, Nik, Note, moment
from stationd.http.unfit import BrokenRuleError
from stationd.ports.cards import FoundCard
from stationd.services.cards import CardView, Search

Village = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[0-9]{4}$(?!\n)",
        description="Region code of a kelurahan.",
        examples=["16.71.09.1003"],
    ),
]
ShelfPlace = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,15}(/[1-9][0-9]{0,4})?$(?!\n)",
        description="A box and a slot in it, which holds one card; or a box alone, in which cards lie loose.",
        examples=["A3/17"],
    ),
]
Chip = Annotated[str, Meta(pattern=r"^([0-9a-f]{2}){4,10}$(?!\n)", description="The chip's id in hexadecimal.")]
ReceiptText = Annotated[str, Meta(max_length=32, pattern=LINE, examples=["2XK7-9QF4-M3TP"])]

# ------------------------------------------------------------------------------------------------------- taken


class CardsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cards, and from where."""

    custody: Annotated[Custody, Meta(description="Only cards that are there.")] | msgspec.UnsetType = msgspec.UNSET
    village: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[0-9]{4}$(?!\n)",
                description="Only cards on the shelf whose holder lives in this kelurahan.",
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    after: Annotated[str, Meta(max_length=200, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class CheckBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The officer has looked at the card; ``chip`` is what a reader saw of it, and finds it again later."""

    chip: Chip | None = None


class ShelveBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the card is put."""

    place: ShelfPlace


class WhyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Annotated[Note, Meta(min_length=1)]


class CallBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To which counter the holder is called."""

    counter: Annotated[str, Meta(min_length=1, max_length=20, pattern=LINE, examples=["2"])]


class IdentityBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which document was looked at; its number is not wanted."""

    document: IdentityDocument
    result: Annotated[
        CheckResult, Meta(description="For a fingerprint, what the reader's port reported counts, and not this.")
    ] = CheckResult.MATCH


class ProxyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes the card for its holder, from the same family card (KK)."""

    relation: Relation
    family_card_checked: Annotated[bool, Meta(description="An officer has found both on one family card.")]
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=LINE, description="Sealed.")] | None = None


class HandOverBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the officer at the counter has seen."""

    identity: IdentityBody
    proxy: ProxyBody | None = None
    old_card_surrendered: Annotated[bool, Meta(description="Needed where the card replaces a damaged one.")] = False


class FindBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a card is looked for by: one of them. In a body, so that no name stands in a URL."""

    receipt: ReceiptText | None = None
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=LINE)] | None = None
    nik: Nik | None = None
    chip: Chip | None = None

    def __post_init__(self) -> None:
        """Take exactly one."""
        if sum(each is not None for each in (self.receipt, self.name, self.nik, self.chip)) != 1:
            raise BrokenRuleError("one-of", allowed=("receipt", "name", "nik", "chip"))


# ---------------------------------------------------------------------------------------------------- answered


class HandedOverAnswer(msgspec.Struct, frozen=True):
    """A hand-over as it stands in the book."""

    at: datetime
    actor: str
    document: IdentityDocument
    relation: Annotated[Relation, Meta(description="Of the proxy; null: the holder came in person.")] | None
    old_card_surrendered: bool
    undone_at: datetime | None


class CardAnswer(msgspec.Struct, frozen=True):
    """A finished card. It holds nothing of the person: the receipt and the place are how people find it."""

    id: Annotated[str, Meta(description="The id of its job, for a card printed here.")]
    receipt: str
    order: str
    kind: JobKind
    custody: Custody
    place: Annotated[str, Meta(description="On the shelf.", examples=["A3/17"])] | None
    district: Annotated[str, Meta(description="Region code of the kecamatan of residence.")] | None
    village: Annotated[str, Meta(description="Region code of the kelurahan of residence.")] | None
    transfer: Annotated[str, Meta(description="The packet that it is in, went with or came in.")] | None
    origin: Annotated[str, Meta(description="The station that printed it, where it was another.")] | None
    since: Annotated[datetime, Meta(description="Since when it is where it is.")]
    printed_at: datetime
    due_since: Annotated[datetime, Meta(description="Since when it is due for a transfer.")] | None
    hand_overs: Annotated[
        tuple[HandedOverAnswer, ...], Meta(description="The last first; only where one card is asked for.")
    ]


class CardPage(msgspec.Struct, frozen=True):
    """A page of cards; ``next`` is the cursor for the following one."""

    items: tuple[CardAnswer, ...]
    next: str | None


class FoundAnswer(msgspec.Struct, frozen=True):
    """A card that was found, with the holder's name for the officer who chooses."""

    card: CardAnswer
    name: str


class FoundPage(msgspec.Struct, frozen=True):
    """What was found; at most twenty."""

    items: tuple[FoundAnswer, ...]


class ToldAnswer(msgspec.Struct, frozen=True):
    """One line: a stable code, and the words in the language of Accept-Language (en, id)."""

    code: Annotated[str, Meta(examples=["blanks-short"])]
    words: str


class ReceiptAnswer(msgspec.Struct, frozen=True):
    """What a citizen may see; nothing of a person."""

    receipt: str
    stage: Stage
    words: Annotated[str, Meta(description="The stage in the language of Accept-Language (en, id).")]
    reasons: Annotated[tuple[ToldAnswer, ...], Meta(description="Why it takes long.")]
    place: Annotated[str, Meta(description="The office where the card is or will be.")] | None
    bring: Annotated[tuple[ToldAnswer, ...], Meta(description="What to bring; empty before it can be fetched.")]
    position: Annotated[int, Meta(ge=0, description="How many are served before it while it waits.")] | None
    expected_s: Annotated[float, Meta(ge=0, description="Seconds until it is expected to be printed.")] | None
    expected_on: Annotated[date, Meta(description="The day on which it is expected to be printed.")] | None
    since: datetime


# -------------------------------------------------------------------------------------------------- translations


def place_of(text: str) -> Place:
    """The place as typed."""
    box, slash, slot = text.partition("/")
    return Place(box=box, slot=int(slot) if slash else None)


def hand_over_of(body: HandOverBody) -> HandOver:
    """The hand-over in a body."""
    proxy = None
    if body.proxy is not None:
        proxy = Proxy(
            relation=body.proxy.relation,
            is_family_card_checked=body.proxy.family_card_checked,
            name=body.proxy.name,
        )
    return HandOver(
        identity=IdentityCheck(document=body.identity.document, result=body.identity.result),
        proxy=proxy,
        is_old_card_surrendered=body.old_card_surrendered,
    )


def search_of(body: FindBody) -> Search:
    """The search in a body."""
    chip = None if body.chip is None else bytes.fromhex(body.chip)
    return Search(receipt=body.receipt, name=body.name, nik=body.nik, chip=chip)


def card_answer(card: Card) -> CardAnswer:
    """The card as answered in lists."""
    return CardAnswer(
        id=card.id,
        receipt=card.receipt,
        order=card.order,
        kind=card.kind,
        custody=card.custody,
        place=None if card.place is None else str(card.place),
        district=card.district,
        village=card.village,
        transfer=card.transfer,
        origin=card.origin,
        since=moment(card.since),
        printed_at=moment(card.printed_at),
        due_since=None if card.due_since is None else moment(card.due_since),
        hand_overs=(),
    )


def card_view_answer(view: CardView) -> CardAnswer:
    """The card as answered where it is asked for alone."""
    hand_overs = tuple(
        HandedOverAnswer(
            at=moment(each.at),
            actor=each.actor,
            document=each.document,
            relation=each.relation,
            old_card_surrendered=each.is_old_card_surrendered,
            undone_at=None if each.undone_at is None else moment(each.undone_at),
        )
        for each in view.hand_overs
    )
    return msgspec.structs.replace(card_answer(view.card), hand_overs=hand_overs)


def found_answer(found: Sequence[FoundCard]) -> FoundPage:
    """What was found, as answered."""
    return FoundPage(items=tuple(FoundAnswer(card=card_answer(each.card), name=each.name) for each in found))
