"""Finished cards: the shelf, the counter, and what two officers decide."""

import msgspec

from stationd.http.approval_schemas import ApprovalAnswer, StepInBody, approval_answer, second_of
from stationd.http.approvals import SECOND_PROBLEMS
from stationd.http.card_schemas import (
    CallBody,
    CardAnswer,
    CardPage,
    CardsQuery,
    CheckBody,
    FindBody,
    FoundPage,
    HandOverBody,
    ShelveBody,
    WhyBody,
    card_answer,
    card_view_answer,
    found_answer,
    hand_over_of,
    place_of,
    search_of,
)
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import OFFICERS, NoQuery, Nothing, Table
from stationd.http.tags import Edited

table = Table("cards")


def _facts(card: CardAnswer) -> object:
    return card.id, card.custody, card.place, card.transfer, card.since


_MOVES = ("card-unknown", "card-state", "storage-full")


@table.route("GET", "/v1/cards", roles=OFFICERS, says="A page of cards.", problems=("cursor-malformed",))
async def list_cards(doors: Doors, ask: Ask[Nothing, CardsQuery]) -> Reply[CardPage]:
    """Finished cards, those that are the longest where they are first.

    With `village` it is the list of the shelf for one kelurahan.
    """
    query = ask.query
    cards, cursor = await doors.cards.page(
        custody=None if query.custody is msgspec.UNSET else query.custody,
        village=None if query.village is msgspec.UNSET else query.village,
        after=None if query.after is msgspec.UNSET else query.after,
        limit=query.limit,
    )
    return Reply(CardPage(items=tuple(card_answer(card) for card in cards), next=cursor))


@table.route(
    "POST",
    "/v1/cards/find",
    roles=OFFICERS,
    says="What was found, twenty cards at most.",
    problems=("receipt-malformed", "search-too-wide"),
    example={"receipt": "2XK7-9QF4-M3TP"},
)
async def find_cards(doors: Doors, ask: Ask[FindBody, NoQuery]) -> Reply[FoundPage]:
    """Find a card by its receipt, or a card at hand by name, NIK or chip.

    Every word given must be in the name, in any order; words are compared whole.
    """
    return Reply(found_answer(await doors.cards.find(search_of(ask.body))))


@table.route("GET", "/v1/cards/{card_id}", roles=OFFICERS, says="The card.", problems=("card-unknown",), tagged=_facts)
async def read_card(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[CardAnswer]:
    """One card and its hand-overs."""
    return Reply(card_view_answer(await doors.cards.read(ask.path["card_id"])))


_CARD = Edited(read_card, _facts, CardAnswer)


@table.route(
    "POST",
    "/v1/cards/{card_id}/check",
    roles=OFFICERS,
    says="Checked.",
    problems=(*_MOVES, "chip-elsewhere"),
    edits=_CARD,
)
async def check_card(doors: Doors, ask: Ask[CheckBody, NoQuery]) -> Reply[CardAnswer]:
    """Confirm that the card is there and right.

    From here on a verdict that it was printed is final.
    """
    chip = None if ask.body.chip is None else bytes.fromhex(ask.body.chip)
    return Reply(card_view_answer(await doors.cards.check(ask.path["card_id"], chip=chip, actor=ask.actor)))


@table.route(
    "POST",
    "/v1/cards/{card_id}/shelve",
    roles=OFFICERS,
    says="On the shelf.",
    problems=(*_MOVES, "place-taken"),
    edits=_CARD,
)
async def shelve_card(doors: Doors, ask: Ask[ShelveBody, NoQuery]) -> Reply[CardAnswer]:
    """Put the card on the shelf, or to another place there."""
    place = place_of(ask.body.place)
    return Reply(card_view_answer(await doors.cards.shelve(ask.path["card_id"], place, actor=ask.actor)))


@table.route("POST", "/v1/cards/{card_id}/call", roles=OFFICERS, says="Called.", problems=_MOVES, edits=_CARD)
async def call_holder(doors: Doors, ask: Ask[CallBody, NoQuery]) -> Reply[CardAnswer]:
    """Call the holder to a counter.

    Screens hear `card.called` with the counter and the last four symbols of the receipt.
    """
    return Reply(card_view_answer(await doors.cards.call(ask.path["card_id"], ask.body.counter, actor=ask.actor)))


@table.route(
    "POST",
    "/v1/cards/{card_id}/handover",
    roles=OFFICERS,
    says="Handed over.",
    problems=(
        *_MOVES,
        "card-handed-over",
        "card-not-here",
        "identity-not-shown",
        "identity-unavailable",
        "proxy-not-allowed",
        "old-card-missing",
    ),
    edits=_CARD,
)
async def hand_over_card(doors: Doors, ask: Ask[HandOverBody, NoQuery]) -> Reply[CardAnswer]:
    """Give the card to its holder, or to somebody from the same family card."""
    hand_over = hand_over_of(ask.body)
    return Reply(card_view_answer(await doors.cards.hand_over(ask.path["card_id"], hand_over, actor=ask.actor)))


@table.route(
    "POST",
    "/v1/cards/{card_id}/handover/undo",
    roles=OFFICERS,
    says="Asked, or undone when a second officer has agreed.",
    problems=(*_MOVES, "hand-over-final", *SECOND_PROBLEMS),
    edits=_CARD,
)
async def undo_hand_over(doors: Doors, ask: Ask[StepInBody, NoQuery]) -> Reply[ApprovalAnswer]:
    """Take a hand-over back within minutes; a second officer must agree.

    The card is in the officer's hand then, and is shelved again.
    """
    agreed = await doors.cards.undo(
        ask.path["card_id"], ask.body.reason, actor=ask.actor, second=second_of(ask.body.second)
    )
    return Reply(approval_answer(agreed.approval))


@table.route("POST", "/v1/cards/{card_id}/quarantine", roles=OFFICERS, says="Set aside.", problems=_MOVES, edits=_CARD)
async def quarantine_card(doors: Doors, ask: Ask[WhyBody, NoQuery]) -> Reply[CardAnswer]:
    """Set a card aside until somebody has decided about it."""
    return Reply(card_view_answer(await doors.cards.quarantine(ask.path["card_id"], ask.body.reason, actor=ask.actor)))


@table.route("POST", "/v1/cards/{card_id}/release", roles=OFFICERS, says="In hand again.", problems=_MOVES, edits=_CARD)
async def release_card(doors: Doors, ask: Ask[WhyBody, NoQuery]) -> Reply[CardAnswer]:
    """Take a card out of quarantine: it is right after all."""
    return Reply(card_view_answer(await doors.cards.release(ask.path["card_id"], ask.body.reason, actor=ask.actor)))


@table.route("POST", "/v1/cards/{card_id}/found", roles=OFFICERS, says="In hand again.", problems=_MOVES, edits=_CARD)
async def found_card(doors: Doors, ask: Ask[WhyBody, NoQuery]) -> Reply[CardAnswer]:
    """A card that another station missed in a packet has been found here."""
    return Reply(card_view_answer(await doors.cards.found(ask.path["card_id"], ask.body.reason, actor=ask.actor)))


@table.route(
    "POST",
    "/v1/cards/{card_id}/destroy",
    roles=OFFICERS,
    says="Asked, or destroyed when a second officer has agreed.",
    problems=(*_MOVES, *SECOND_PROBLEMS),
    edits=_CARD,
)
async def destroy_card(doors: Doors, ask: Ask[StepInBody, NoQuery]) -> Reply[ApprovalAnswer]:
    """Destroy a quarantined card; a second officer must agree."""
    agreed = await doors.cards.destroy(
        ask.path["card_id"], ask.body.reason, actor=ask.actor, second=second_of(ask.body.second)
    )
    return Reply(approval_answer(agreed.approval))
