"""The bodies of the register of minutes."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stationd.http.schemas import moment
from stationd.ports.minutes import Drawn


class NewMinutes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The book of blanks of a day, to be drawn up; other minutes are drawn up by what they are about."""

    kind: Literal["blank-book"]
    on: Annotated[date, Meta(description="The day; today's book tells what is booked by now.")]


class MinutesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which minutes, and from where; the newest come first."""

    kind: Annotated[str, Meta(max_length=64, pattern=r"^[a-z-]+$(?!\n)")] | msgspec.UnsetType = msgspec.UNSET
    after: Annotated[int, Meta(ge=1, le=2**62, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class MinutesAnswer(msgspec.Struct, frozen=True):
    """A line of the register. The content names people; it is had as PDF or CSV."""

    id: str
    number: Annotated[str, Meta(examples=["470/012/BA/1671-07/XI/2026"])]
    kind: Annotated[str, Meta(examples=["destruction"])]
    on: date
    at: datetime
    about: Annotated[str, Meta(examples=["blanks:entry:12"])]


class MinutesPage(msgspec.Struct, frozen=True):
    """A page of the register; ``next`` is the cursor for the following one."""

    items: tuple[MinutesAnswer, ...]
    next: str | None


def minutes_answer(drawn: Drawn) -> MinutesAnswer:
    """A line of the register as answered."""
    return MinutesAnswer(
        id=drawn.id,
        number=drawn.number,
        kind=drawn.kind,
        on=date.fromisoformat(drawn.day),
        at=moment(drawn.at),
        about=drawn.subject,
    )
