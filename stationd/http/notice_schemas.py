"""The bodies of notices, of the officer's list, and of the forecast."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stationd.domain.notice_machine import NoticeState
from stationd.domain.notices import Trouble
from stationd.domain.rush import Season, WeekForecast
from stationd.http.schemas import LINE, moment
from stationd.ports.history import Counted
from stationd.ports.notices import CardClock, Notice, Unreachable
from stationd.services.notify import NoticesView
from stationd.services.rush import RushView

StoredState = Literal["intended", "sent", "unknown", "delivered", "failed"]

# ------------------------------------------------------------------------------------------------------- taken


class NoticesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which notices, and from where."""

    state: Annotated[StoredState, Meta(description="Only notices in this state.")] | msgspec.UnsetType = msgspec.UNSET
    after: Annotated[str, Meta(max_length=200, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class UnreachableQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where."""

    after: Annotated[str, Meta(max_length=200, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class NoticeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the holder is told: by a message now, or by the officer, who did it already."""

    how: Annotated[
        Literal["message", "in-person", "by-phone"],
        Meta(description="`message` sends a reminder now; the others are written down, and count as delivered."),
    ]


class NumberBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A telephone number that reaches the holder, in any local form; sealed."""

    number: Annotated[str, Meta(min_length=3, max_length=32, pattern=LINE, examples=["0812 0000 0001"])]


class ForecastQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far to look."""

    weeks: Annotated[int, Meta(ge=1, le=26)] = 8


# ---------------------------------------------------------------------------------------------------- answered


class NoticeAnswer(msgspec.Struct, frozen=True):
    """One notice. Neither the number nor the text is kept."""

    id: str
    card: str
    receipt: str
    on: date
    way: Annotated[str, Meta(examples=["modem", "in-person"])]
    state: StoredState
    reason: Annotated[str, Meta(description="A keyword, where it failed or is unknown.", examples=["no-answer"])]
    actor: str
    begun_at: datetime
    settled_at: datetime | None


class NoticePage(msgspec.Struct, frozen=True):
    """A page of notices; ``next`` is the cursor for the following one."""

    items: tuple[NoticeAnswer, ...]
    next: str | None


class CardNoticesAnswer(msgspec.Struct, frozen=True):
    """What a card's holder was told, and what comes next."""

    items: tuple[NoticeAnswer, ...]
    next_on: Annotated[date, Meta(description="From when the next notice may go out.")] | None
    transfer_on: Annotated[date, Meta(description="From when the card is due for transfer.")] | None
    counted: Annotated[int, Meta(description="Delivered notices.")]
    trouble: Annotated[Trouble, Meta(description="Why an officer must look.")] | None


class UnreachableAnswer(msgspec.Struct, frozen=True):
    """A card whose holder no message reaches, for the officer who mends the number."""

    card: str
    receipt: str
    place: str | None
    name: str
    number: Annotated[str, Meta(description="As it was given.")] | None
    trouble: Trouble
    told: Annotated[int, Meta(description="Notices that may have arrived.")]


class UnreachablePage(msgspec.Struct, frozen=True):
    """A page of them; ``next`` is the cursor for the following one."""

    items: tuple[UnreachableAnswer, ...]
    next: str | None


class WayAnswer(msgspec.Struct, frozen=True):
    """One way to send."""

    name: str
    is_ready: bool
    reasons: tuple[str, ...]
    signal: Annotated[int, Meta(description="Percent.")] | None
    credit: Annotated[int, Meta(description="Rupiah, as last told.")] | None


class NoticesAnswer(msgspec.Struct, frozen=True):
    """Sending as it stands."""

    is_paused: bool
    why_not: Annotated[tuple[str, ...], Meta(description="Why nothing is sent now.", examples=[["quiet-hours"]])]
    due: Annotated[int, Meta(description="Notices that are due and have not gone out.")]
    shelved: Annotated[int, Meta(description="Cards on the shelf.")]
    unreachable: Annotated[int, Meta(description="Cards whose holders an officer must reach.")]
    begun_today: int
    per_day: int
    ways: tuple[WayAnswer, ...]


class WeekAnswer(msgspec.Struct, frozen=True):
    """What a week is expected to bring."""

    begins: date
    expected: float
    error: (
        Annotated[float, Meta(description="What forecasts so far ahead were off by on past weeks, on average.")] | None
    )
    seasons: tuple[str, ...]


class SeasonAnswer(msgspec.Struct, frozen=True):
    """A season of the calendar file."""

    name: str
    title: str


class ForecastAnswer(msgspec.Struct, frozen=True):
    """The weeks to come; empty with less than two weeks of history."""

    printed: tuple[WeekAnswer, ...]
    fetched: tuple[WeekAnswer, ...]
    seasons: tuple[SeasonAnswer, ...]


# -------------------------------------------------------------------------------------------------- translations


def state_of(state: StoredState | msgspec.UnsetType) -> NoticeState | None:
    """The state that was asked for."""
    return None if state is msgspec.UNSET else NoticeState(state)


def notice_answer(notice: Notice) -> NoticeAnswer:
    """The notice as answered."""
    return NoticeAnswer(
        id=notice.id,
        card=notice.card,
        receipt=notice.receipt,
        on=notice.on,
        way=notice.way,
        state=notice.state.value,  # type: ignore[arg-type]  # the database holds these five only
        reason=notice.reason,
        actor=notice.actor,
        begun_at=moment(notice.begun_at),
        settled_at=None if notice.settled_at is None else moment(notice.settled_at),
    )


def card_notices_answer(notices: tuple[Notice, ...], clock: CardClock | None) -> CardNoticesAnswer:
    """A card's notices as answered."""
    return CardNoticesAnswer(
        items=tuple(map(notice_answer, notices)),
        next_on=None if clock is None else clock.notice_on,
        transfer_on=None if clock is None else clock.transfer_on,
        counted=0 if clock is None else clock.counted,
        trouble=None if clock is None else clock.trouble,
    )


def unreachable_answer(each: Unreachable) -> UnreachableAnswer:
    """A card for the officer's list as answered."""
    return UnreachableAnswer(
        card=each.card,
        receipt=each.receipt,
        place=None if each.place is None else str(each.place),
        name=each.name,
        number=each.number,
        trouble=each.trouble,
        told=each.told,
    )


def notices_answer(view: NoticesView) -> NoticesAnswer:
    """Sending as answered."""
    return NoticesAnswer(
        is_paused=view.is_paused,
        why_not=view.why_not,
        due=view.outbox.due,
        shelved=view.outbox.shelved,
        unreachable=sum(view.outbox.troubles.values()),
        begun_today=view.begun_today,
        per_day=view.per_day,
        ways=tuple(
            WayAnswer(name=name, is_ready=way.is_ready, reasons=way.reasons, signal=way.signal, credit=way.credit)
            for name, way in view.ways.items()
        ),
    )


def forecast_answer(view: RushView) -> ForecastAnswer:
    """The forecast as answered."""
    return ForecastAnswer(
        printed=tuple(map(_week, view.weeks[Counted.PRINTED])),
        fetched=tuple(map(_week, view.weeks[Counted.FETCHED])),
        seasons=tuple(map(_season, view.seasons.values())),
    )


def _week(week: WeekForecast) -> WeekAnswer:
    return WeekAnswer(
        begins=week.begins,
        expected=round(week.expected, 1),
        error=None if week.error is None else round(week.error, 1),
        seasons=week.seasons,
    )


def _season(season: Season) -> SeasonAnswer:
    return SeasonAnswer(name=season.name, title=season.title)
