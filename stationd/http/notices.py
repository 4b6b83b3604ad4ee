"""Telling holders: what was told, whom no message reaches, the list for the board; and the weeks to come."""

import msgspec
from aiohttp import web

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.notice_schemas import (
    CardNoticesAnswer,
    ForecastAnswer,
    ForecastQuery,
    NoticeBody,
    NoticePage,
    NoticesAnswer,
    NoticesQuery,
    NumberBody,
    UnreachablePage,
    UnreachableQuery,
    card_notices_answer,
    forecast_answer,
    notice_answer,
    notices_answer,
    state_of,
    unreachable_answer,
)
from stationd.http.routing import KEEPERS, OFFICERS, NoQuery, Nothing, Table
from stationd.http.tags import Edited
from stationd.ports.notices import ToldBy

table = Table("notices")


def _facts_of_sending(sending: NoticesAnswer) -> object:
    return sending.is_paused


def _facts_of_card(told: CardNoticesAnswer) -> object:
    return [each.id for each in told.items], told.next_on, told.transfer_on, told.counted, told.trouble


@table.route("GET", "/v1/notices", roles=OFFICERS, says="A page of notices.", problems=("cursor-malformed",))
async def list_notices(doors: Doors, ask: Ask[Nothing, NoticesQuery]) -> Reply[NoticePage]:
    """Notices in the order in which they were begun."""
    query = ask.query
    after = None if query.after is msgspec.UNSET else query.after
    found, cursor = await doors.notices.page(state=state_of(query.state), after=after, limit=query.limit)
    return Reply(NoticePage(items=tuple(map(notice_answer, found)), next=cursor))


@table.route("GET", "/v1/notices/sending", roles=KEEPERS, says="Sending as it stands.", tagged=_facts_of_sending)
async def read_sending(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[NoticesAnswer]:  # noqa: ARG001 - one shape for all
    """How sending goes: what is due, what stands in the way, how each way is."""
    return Reply(notices_answer(await doors.notices.view()))


_SENDING = Edited(read_sending, _facts_of_sending, NoticesAnswer)


@table.route("POST", "/v1/notices/pause", roles=OFFICERS, says="Paused.", problems=("storage-full",), edits=_SENDING)
async def pause_notices(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[NoticesAnswer]:
    """Send nothing until resumed; what is being sent is finished."""
    await doors.notices.pause(actor=ask.actor)
    return Reply(notices_answer(await doors.notices.view()))


@table.route("POST", "/v1/notices/resume", roles=OFFICERS, says="At work.", problems=("storage-full",), edits=_SENDING)
async def resume_notices(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[NoticesAnswer]:
    """Send again what is due."""
    await doors.notices.resume(actor=ask.actor)
    return Reply(notices_answer(await doors.notices.view()))


@table.route("GET", "/v1/notices/unreachable", roles=OFFICERS, says="A page of cards.", problems=("cursor-malformed",))
async def list_unreachable(doors: Doors, ask: Ask[Nothing, UnreachableQuery]) -> Reply[UnreachablePage]:
    """Cards whose holders no message reaches: no number, a wrong one, one that fails, or never a report."""
    after = None if ask.query.after is msgspec.UNSET else ask.query.after
    found, cursor = await doors.notices.unreachable(after=after, limit=ask.query.limit)
    return Reply(UnreachablePage(items=tuple(map(unreachable_answer, found)), next=cursor))


@table.route(
    "GET",
    "/v1/notices/board.pdf",
    roles=OFFICERS,
    says="The pages.",
    media_type="application/pdf",
)
async def print_board(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:  # noqa: ARG001 - one shape for all
    """The list to pin on the board: every card on the shelf, with masked names."""
    return web.Response(body=await doors.board.pdf(), content_type="application/pdf")


@table.route(
    "GET",
    "/v1/cards/{card_id}/notices",
    roles=OFFICERS,
    says="What the holder was told.",
    problems=("card-unknown",),
    tagged=_facts_of_card,
)
async def read_card_notices(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[CardNoticesAnswer]:
    """Every notice of a card, and what comes next."""
    found, clock = await doors.notices.of_card(ask.path["card_id"])
    return Reply(card_notices_answer(tuple(found), clock))


_TOLD = Edited(read_card_notices, _facts_of_card, CardNoticesAnswer)


@table.route(
    "POST",
    "/v1/cards/{card_id}/notices",
    roles=OFFICERS,
    status=201,
    says="Sent, or written down.",
    problems=(
        "card-unknown",
        "card-state",
        "notice-too-soon",
        "notices-stopped",
        "number-unusable",
        "clock-untrusted",
        "storage-full",
    ),
    edits=_TOLD,
)
async def tell_holder(doors: Doors, ask: Ask[NoticeBody, NoQuery]) -> Reply[CardNoticesAnswer]:
    """Send a reminder now, or write down that the holder was told in person or by telephone.

    A message keeps to the limits all the same: never two within one interval, never a fourth within six months.
    """
    card_id, how = ask.path["card_id"], ask.body.how
    if how == "message":
        await doors.notices.remind(card_id, actor=ask.actor)
    else:
        await doors.notices.record_told(card_id, ToldBy(how), actor=ask.actor)
    found, clock = await doors.notices.of_card(card_id)
    return Reply(card_notices_answer(tuple(found), clock))


@table.route(
    "PUT",
    "/v1/cards/{card_id}/number",
    roles=OFFICERS,
    says="Mended; the holder is told as soon as may be.",
    problems=("card-unknown", "card-state", "number-unusable", "storage-full"),
    edits=_TOLD,
)
async def mend_number(doors: Doors, ask: Ask[NumberBody, NoQuery]) -> Reply[CardNoticesAnswer]:
    """Enter another telephone number for the holder of a card on the shelf."""
    await doors.notices.mend_number(ask.path["card_id"], ask.body.number, actor=ask.actor)
    found, clock = await doors.notices.of_card(ask.path["card_id"])
    return Reply(card_notices_answer(tuple(found), clock))


@table.route("GET", "/v1/forecast", roles=KEEPERS, says="The weeks to come.")
async def read_forecast(doors: Doors, ask: Ask[Nothing, ForecastQuery]) -> Reply[ForecastAnswer]:
    """How many cards will be printed and fetched: seasonal averages of the station's own days, with their error."""
    return Reply(forecast_answer(await doors.rush.look_ahead(ask.query.weeks)))
