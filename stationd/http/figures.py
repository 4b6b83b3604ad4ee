"""The day's figures."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from stationd.domain.figures import HOURS
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import KEEPERS, NoQuery, Nothing, Table
from stationd.http.schemas import moment

table = Table("figures")


class HourAnswer(msgspec.Struct, frozen=True):
    """One hour of the day."""

    hour: Annotated[int, Meta(ge=0, lt=HOURS, description="Local time.")]
    accepted: int
    printed: int
    spoiled: int


class FiguresAnswer(msgspec.Struct, frozen=True):
    """The day so far, local time."""

    since: Annotated[datetime, Meta(description="The midnight that it began with.")]
    accepted: Annotated[int, Meta(description="Orders taken.")]
    printed: Annotated[int, Meta(description="Cards printed.")]
    spoiled: Annotated[int, Meta(description="Blanks spoiled by printing.")]
    doubted: Annotated[int, Meta(description="Cards whose outcome nobody knew.")]
    handed_over: Annotated[int, Meta(description="Cards given to their holders.")]
    hours: tuple[HourAnswer, ...]


@table.route("GET", "/v1/figures", roles=KEEPERS, says="The day so far.")
async def read_figures(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[FiguresAnswer]:  # noqa: ARG001 - one shape for all
    """What was taken, printed, spoiled and handed over today, by the hour."""
    day = doors.figures.today()
    counts = day.counts
    return Reply(
        FiguresAnswer(
            since=moment(day.begins_ms),
            accepted=day.total("accepted"),
            printed=day.total("printed"),
            spoiled=day.total("spoiled"),
            doubted=day.total("doubted"),
            handed_over=day.total("handed_over"),
            hours=tuple(
                HourAnswer(
                    hour=hour,
                    accepted=counts["accepted"][hour],
                    printed=counts["printed"][hour],
                    spoiled=counts["spoiled"][hour],
                )
                for hour in range(HOURS)
            ),
        )
    )
