"""A year at an office of real size, by the rules alone: 2,646 cards that nobody fetched, and thirty more a workday.

The figures are exact: they follow from the rules, the calendar and who comes, and nothing is left to chance.
"""

import heapq
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from stationd.domain.notice_machine import PERHAPS, NoticeState
from stationd.domain.notices import NoticeRules, SendingHours, Told, Trouble, may_tell, months_after, plan
from stationd.ports.notifier import Accepted, Lost, Rejected
from tests.unit.notice_office import POLICY, open_office

BACKLOG = 2646
A_DAY = 30
FIRST = date(2026, 11, 2)
"""A Monday; the backlog was printed from July to October."""
RULES = NoticeRules()
HOURS = SendingHours()


@dataclass
class Card:
    shelved: date
    number: Trouble | None = None
    fetched_after: int | None = None
    """Fetched so many days after the first notice; ``None``: nobody ever comes."""
    told: list[Told] = field(default_factory=list)
    gone: date | None = None
    transfer: date | None = None
    trouble: Trouble | None = None


def fates(number: int) -> NoticeState:
    """What becomes of the number-th message: two of a hundred fail, one is never heard of again."""
    return {7: NoticeState.FAILED, 57: NoticeState.FAILED, 33: NoticeState.UNKNOWN}.get(
        number % 100, NoticeState.DELIVERED
    )


@dataclass
class Year:
    hours: SendingHours = HOURS
    cards: list[Card] = field(default_factory=list)
    line: list[tuple[date, int, int]] = field(default_factory=list)
    sent_on: Counter = field(default_factory=Counter)
    sent: int = 0

    def shelve(self, card: Card) -> None:
        self.cards.append(card)
        self.enter(len(self.cards) - 1)

    def enter(self, place: int) -> None:
        card = self.cards[place]
        found = plan(card.shelved, card.told, RULES, card.number)
        card.transfer, card.trouble = found.transfer_on, found.trouble
        if found.notice_on is not None:
            heapq.heappush(self.line, (found.notice_on, found.told, place))

    def day(self, today: date) -> None:
        for card in self.cards:
            comes = None if card.fetched_after is None or not card.told else timedelta(days=card.fetched_after)
            if card.gone is None and comes is not None and today >= card.told[0].on + comes:
                card.gone = today
        begun = 0
        while (
            self.line and self.line[0][0] <= today and begun < self.hours.allowance(today, self.hours.until_minute - 1)
        ):
            _, _, place = heapq.heappop(self.line)
            card = self.cards[place]
            if card.gone is not None:
                continue
            assert may_tell(card.told, today, RULES) is None
            self.sent += 1
            state = fates(self.sent)
            card.told.append(Told(today, state))
            begun += state is not NoticeState.FAILED
            self.sent_on[today] += 1
            self.enter(place)


@pytest.fixture(scope="module")
def year() -> Year:
    """Three of ten of the backlog come once they are told, nine of ten of the others; one of fifty has no number."""
    office = Year()
    for number in range(BACKLOG):
        office.shelve(
            Card(
                shelved=FIRST,
                number=Trouble.NO_NUMBER if number % 50 == 0 else None,
                fetched_after=5 if number % 10 < 3 else None,
            )
        )
    today, number = FIRST, 0
    while today < date(2027, 11, 2):
        if today.weekday() < 5:
            for _ in range(A_DAY):
                number += 1
                office.shelve(
                    Card(
                        shelved=today,
                        number=Trouble.BAD_NUMBER if number % 50 == 0 else None,
                        fetched_after=3 if number % 10 else None,
                    )
                )
        office.day(today)
        today += timedelta(days=1)
    return office


def test_the_years_figures(year):
    states = Counter(told.state for card in year.cards for told in card.told)
    waiting = [card for card in year.cards if card.gone is None]
    due = [card.transfer for card in waiting if card.transfer is not None]
    assert len(year.cards) == BACKLOG + 261 * A_DAY == 10_476
    assert year.sent == sum(states.values()) == 15_426
    assert states == {NoticeState.DELIVERED: 14_963, NoticeState.FAILED: 309, NoticeState.UNKNOWN: 154}
    assert len(year.cards) - len(waiting) == 7_762
    assert len(due) == 2_366
    # Told in November, reminded in December and January; the last has two weeks to come.
    assert min(due) == date(2027, 2, 8)
    assert sum(on < date(2027, 4, 1) for on in due) == 1_884
    assert Counter(card.trouble for card in waiting if card.trouble is not None) == {
        Trouble.NO_NUMBER: 53,
        Trouble.BAD_NUMBER: 156,
        Trouble.UNCONFIRMED: 9,
    }
    assert sum(not card.told for card in year.cards) == 53 + 156


def test_nobody_is_told_a_fourth_time_within_six_months_or_twice_within_an_interval(year):
    for card in year.cards:
        perhaps = [told.on for told in card.told if told.state in PERHAPS]
        assert all((b - a).days >= 30 for a, b in pairwise(perhaps))
        assert all(d >= months_after(a, 6) for a, d in zip(perhaps, perhaps[3:], strict=False))


def test_the_counter_never_gets_more_visitors_than_it_can_serve(year):
    visitors = Counter(told.on for card in year.cards for told in card.told if told.state is not NoticeState.FAILED)
    assert max(visitors.values()) == HOURS.per_day
    assert all(day.weekday() < 5 for day in visitors)


def test_the_oldest_are_told_first_and_nobody_starves(year):
    """The backlog takes 26 workdays of a hundred; who comes meanwhile waits behind it, and after March nobody waits."""
    first = [card.told[0].on for card in year.cards[:BACKLOG] if card.told]
    assert max(first) == date(2026, 12, 7)
    waits = {card.shelved: (card.told[0].on - card.shelved).days for card in year.cards[BACKLOG:] if card.told}
    assert max(waits.values()) == 35
    assert max(wait for shelved, wait in waits.items() if shelved >= date(2027, 4, 1)) == 0


def test_nobody_without_a_number_is_sent_anything(year):
    assert all(card.number is None for card in year.cards if card.told)


async def test_the_books_tell_the_same_story_as_the_rules_alone(tmp_path):
    """A small office, day by day, through the real store: the same people are told on the same days."""
    hours = SendingHours(from_minute=0, until_minute=1440, per_day=4)
    alone = Year(hours=hours)
    async with open_office(tmp_path, blanks=200, policy=replace(POLICY, hours=hours)) as office:
        office.days.minute = 1439
        sent = 0

        def fate(message):
            nonlocal sent
            sent += 1
            return {
                NoticeState.FAILED: Rejected("cms-28"),
                NoticeState.UNKNOWN: Lost("no-answer"),
                NoticeState.DELIVERED: Accepted(reference="1"),
            }[fates(sent)]

        office.way.fate = fate
        office.shelf.clock.pass_s(1)
        for day in range(120):
            today = office.days.day
            for number in range(20 if day == 0 else int(today.weekday() == 0)):
                is_numberless = number % 10 == 9
                await office.shelve(None if is_numberless else number + 1)
                alone.shelve(Card(shelved=today, number=Trouble.NO_NUMBER if is_numberless else None))
            # A lost answer makes the way rest; its rest is over before the day is.
            for _ in range(20):
                office.shelf.clock.pass_s(1000)
                await office.notices.turn()
            alone.day(today)
            office.days.day += timedelta(days=1)
        rows = await office.shelf.rows("SELECT card, day, state FROM notice ORDER BY day, card, seq")
    told = [
        (place, each.on.toordinal(), each.state.value)
        for place, card in enumerate(alone.cards, 1)
        for each in card.told
    ]
    assert sorted(rows) == sorted(told)
    assert len(rows) > 80
