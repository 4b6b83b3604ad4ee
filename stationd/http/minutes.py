"""Minutes: the register, and paper made of it."""

import msgspec
from aiohttp import web

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.files import file
from stationd.http.minutes_schemas import MinutesAnswer, MinutesPage, MinutesQuery, NewMinutes, minutes_answer
from stationd.http.routing import OFFICERS, Table
from stationd.http.schemas import NoQuery, Nothing

table = Table("minutes")


@table.route("GET", "/v1/minutes", roles=OFFICERS, says="A page of the register.")
async def list_minutes(doors: Doors, ask: Ask[Nothing, MinutesQuery]) -> Reply[MinutesPage]:
    """The register of minutes, the newest first."""
    query = ask.query
    found, following = await doors.minutes.page(
        kind=None if query.kind is msgspec.UNSET else query.kind,
        before=None if query.after is msgspec.UNSET else query.after,
        limit=query.limit,
    )
    items = tuple(minutes_answer(each) for each in found)
    return Reply(MinutesPage(items=items, next=None if following is None else str(following)))


@table.route(
    "POST", "/v1/minutes", roles=OFFICERS, status=201, says="Drawn up.", problems=("day-to-come", "storage-full")
)
async def draw_up_minutes(doors: Doors, ask: Ask[NewMinutes, NoQuery]) -> Reply[MinutesAnswer]:
    """Draw up the book of blanks of a day; while nothing has changed, the same minutes are answered again."""
    return Reply(minutes_answer(await doors.minutes.blank_book(ask.body.on, actor=ask.actor)))


@table.route(
    "GET",
    "/v1/minutes/{minutes_id}.pdf",
    roles=OFFICERS,
    says="Pages to sign.",
    problems=("minutes-unknown", "fonts-missing"),
    media_type="application/pdf",
)
async def read_minutes_pdf(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """The minutes as pages to sign; asked for again they are the same."""
    id_ = ask.path["minutes_id"]
    return file(await doors.minutes.pdf(id_), "application/pdf", f"{id_}.pdf", is_shown=True)


@table.route(
    "GET",
    "/v1/minutes/{minutes_id}.csv",
    roles=OFFICERS,
    says="The tables.",
    problems=("minutes-unknown",),
    media_type="text/csv",
)
async def read_minutes_csv(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """The tables of the minutes for a spreadsheet."""
    id_ = ask.path["minutes_id"]
    return file(await doors.minutes.csv(id_), "text/csv", f"{id_}.csv", is_shown=True)
