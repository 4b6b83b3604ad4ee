"""An office that tells people in tests: the real store and service, days that pass when told to, a way that obeys."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

from stationd.adapters.sms.numbers import read_number
from stationd.adapters.sqlite.notice_lists import NoticeLists
from stationd.adapters.sqlite.notices import SqliteNotices
from stationd.adapters.system import SystemEntropy
from stationd.domain.custody import Card
from stationd.domain.notices import NoticeRules, SendingHours
from stationd.domain.sms import Wording
from stationd.ports.notifier import Accepted, Asked, Message, Report, Reports, SendOutcome, WayStatus
from stationd.services.notify import NoticePolicy, Notices
from tests.unit.card_shelf import Shelf, open_shelf

MONDAY = date(2026, 7, 6)
EVERY_DAY = SendingHours(from_minute=0, until_minute=1440, weekdays=frozenset(range(7)), per_day=1000)
POLICY = NoticePolicy(
    rules=NoticeRules(), hours=EVERY_DAY, wording=Wording(), office="Kecamatan Contoh", hours_text="Sen-Jum 08-15"
)


def phone(number: int) -> str:
    """An invented mobile number."""
    return f"+62812{number:08d}"


@dataclass
class Days:
    """The trusted calendar, by hand."""

    day: date = MONDAY
    minute: int = 12 * 60
    is_trusted: bool = True


@dataclass
class Way:
    """Takes every message, unless ``fate`` says otherwise; reports what ``will_report`` holds."""

    name: str = "modem"
    reports: Reports = Reports.GIVEN
    status: WayStatus = field(default_factory=lambda: WayStatus(is_ready=True))
    fate: Callable[[Message], SendOutcome] = lambda message: Accepted(reference=message.id)
    is_delivering: bool = True
    sent: list[Message] = field(default_factory=list)
    waiting: list[Report] = field(default_factory=list)
    looks: int = 0
    asked: list[Asked] = field(default_factory=list)

    async def look(self) -> None:
        self.looks += 1

    async def send(self, message: Message) -> SendOutcome:
        outcome = self.fate(message)
        self.sent.append(message)
        if self.is_delivering and isinstance(outcome, Accepted):
            self.waiting.append(Report(is_delivered=True, reason="delivered", id=message.id))
        return outcome

    async def collect(self, asked) -> list[Report]:
        self.asked = list(asked)
        came, self.waiting = self.waiting, []
        return came

    async def aclose(self) -> None:
        pass


class Office:
    """A shelf and who tells people."""

    def __init__(self, shelf: Shelf, policy: NoticePolicy, ways: list[Way] | None = None) -> None:
        self.shelf = shelf
        self.days = Days()
        self.way = Way()
        self.policy = policy
        self.ways = [self.way] if ways is None else ways
        self.start()

    def start(self) -> None:
        """(Re)start the service over the same books."""
        database, seal = self.shelf.database, self.shelf.seal
        self.store = SqliteNotices(database.writer, database.reader, seal, SystemEntropy(), read_number)
        self.lists = NoticeLists(database.reader, seal, read_number)
        self.notices = Notices(
            self.store,
            self.lists,
            self.ways,
            self.policy,
            clock=self.shelf.clock,
            calendar=self.days,  # type: ignore[arg-type] # what it needs of it
        )

    def with_policy(self, **changes: object) -> None:
        self.policy = replace(self.policy, **changes)
        self.start()

    async def shelve(self, number: int | None = 1, **about: object) -> Card:
        about.setdefault("phone", None if number is None else phone(number))
        return await self.shelf.shelved(**about)

    async def round(self) -> None:
        """Until nothing more goes out now; reports that came are taken in."""
        self.shelf.clock.pass_s(1000)
        while await self.notices.turn():
            pass
        await self.notices.turn()

    async def live(self, days: int) -> None:
        """So many days, each with one round at its minute."""
        for _ in range(days):
            await self.round()
            self.days.day += timedelta(days=1)

    async def states(self, card: Card) -> list[str]:
        notices, _ = await self.notices.of_card(card.id)
        return [notice.state.value for notice in notices]

    async def clock(self, card: Card):
        return (await self.notices.of_card(card.id))[1]

    async def told(self) -> list[tuple[str, int]]:
        """Who was sent a message on which day of the story."""
        rows = await self.shelf.rows("SELECT card, day FROM notice ORDER BY seq")
        return [(card, day - MONDAY.toordinal()) for card, day in rows]


@asynccontextmanager
async def open_office(path: Path, *, blanks: int = 1000, policy: NoticePolicy = POLICY) -> AsyncIterator[Office]:
    async with open_shelf(path, blanks=blanks) as shelf:
        yield Office(shelf, policy)
