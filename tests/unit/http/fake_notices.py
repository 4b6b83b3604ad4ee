"""Invented services for telling holders behind the door."""

from collections.abc import Sequence
from datetime import date

from stationd.domain.authority import Actor
from stationd.domain.custody import Place
from stationd.domain.errors import Refused
from stationd.domain.notice_machine import NoticeState
from stationd.domain.notices import Trouble
from stationd.domain.rush import Season, WeekForecast
from stationd.ports.history import Counted
from stationd.ports.notices import CardClock, Notice, Outbox, ToldBy, Unreachable
from stationd.ports.notifier import WayStatus
from stationd.services.notify import NoticesView
from stationd.services.rush import RushView

CARD_ID = "01890000-0000-7000-8000-000000000001"
DAY = date(2026, 7, 6)
NOTICE = Notice(
    seq=1,
    id="01890000-0000-7000-8000-000000000007",
    card=CARD_ID,
    receipt="2XK7-9QF4-M3TP",
    on=DAY,
    way="modem",
    state=NoticeState.UNKNOWN,
    reason="no-answer",
    actor="station",
    begun_at=1_700_000_000_000,
    settled_at=None,
)
CLOCK = CardClock(notice_on=DAY, transfer_on=None, trouble=None, told=1, counted=0)


class FakeNotices:
    def __init__(self) -> None:
        self.done: list[tuple[str, object]] = []

    async def view(self) -> NoticesView:
        way = WayStatus(is_ready=True, signal=60, credit=12_500)
        outbox = Outbox(shelved=9, due=2, troubles={Trouble.LANDLINE: 1})
        return NoticesView(
            is_paused=("pause", None) in self.done,
            why_not=("quiet-hours",),
            outbox=outbox,
            begun_today=3,
            per_day=100,
            ways={"modem": way},
        )

    async def page(
        self, *, state: NoticeState | None, after: str | None, limit: int
    ) -> tuple[Sequence[Notice], str | None]:
        self.done.append(("page", state))
        return [NOTICE], "1"

    async def of_card(self, card_id: str) -> tuple[Sequence[Notice], CardClock | None]:
        if card_id != CARD_ID:
            raise Refused("card-unknown", "cannot find the card: there is none with this id")
        return [NOTICE], CLOCK

    async def unreachable(self, *, after: str | None, limit: int) -> tuple[Sequence[Unreachable], str | None]:
        found = Unreachable(
            seq=1,
            card=CARD_ID,
            receipt="2XK7-9QF4-M3TP",
            place=Place(box="A", slot=1),
            trouble=Trouble.LANDLINE,
            told=0,
            name="CONTOH SPESIMEN",
            number="0711 310001",
        )
        return [found], None

    async def remind(self, card_id: str, *, actor: Actor) -> None:
        raise Refused("notice-too-soon", "cannot send a notice: the next may go out on 2026-08-05")

    async def record_told(self, card_id: str, how: ToldBy, *, actor: Actor) -> None:
        self.done.append(("told", how))

    async def mend_number(self, card_id: str, number: str, *, actor: Actor) -> None:
        self.done.append(("number", number))

    async def pause(self, *, actor: Actor) -> None:
        self.done.append(("pause", None))

    async def resume(self, *, actor: Actor) -> None:
        self.done.remove(("pause", None))


class FakeBoard:
    async def pdf(self) -> bytes:
        return b"%PDF-1.7 and so on"


class FakeRush:
    async def look_ahead(self, weeks: int) -> RushView:
        week = WeekForecast(begins=DAY, expected=149.96, error=12.345, seasons=("school-year",))
        return RushView(
            weeks={Counted.PRINTED: (week,) * weeks, Counted.FETCHED: ()},
            seasons={
                "school-year": Season(name="school-year", title="Tahun ajaran baru", begins=(6, 22), ends=(7, 31))
            },
        )
