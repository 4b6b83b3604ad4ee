"""The forecast as a service: days counted from the station's own events, and the calendar file."""

from datetime import UTC, date, datetime, timedelta

import pytest

from stationd.adapters.sqlite.history import SqliteHistory
from stationd.config_calendar import CalendarError, load_year, packaged_calendar
from stationd.domain.custody import CustodyEvent, Place
from stationd.domain.rush import Year
from stationd.ports.history import Counted
from stationd.services.rush import Rush
from tests.unit.card_shelf import OFFICER, SHOWN, open_shelf
from tests.unit.notice_office import Days

WORK = frozenset(range(5))


class Years:
    async def year(self):
        return Year(weekdays=frozenset(range(7)))


def day_of(unix_ms):
    return datetime.fromtimestamp(unix_ms / 1000, UTC).date()


async def test_the_days_are_counted_from_the_events_and_taken_back_with_them(tmp_path):
    async with open_shelf(tmp_path) as shelf:
        history = SqliteHistory(shelf.database.writer, shelf.database.reader)
        days = Days(day=day_of(shelf.clock.now_ms()) + timedelta(days=21))
        rush = Rush(history, Years(), days, day_of)
        assert (await rush.look_ahead(1)).weeks == {Counted.PRINTED: (), Counted.FETCHED: ()}
        first = day_of(shelf.clock.now_ms())
        cards = [await shelf.shelved() for _ in range(3)]
        for card in cards:
            await shelf.cards.hand_over(card.id, SHOWN, OFFICER)
        await shelf.undo(cards[0])
        assert await history.gather(day_of, 5) == 5
        (week,) = (await rush.look_ahead(1)).weeks[Counted.PRINTED]
        assert await history.gather(day_of, 5) == 0
        assert await history.days(Counted.PRINTED, first) == {first: 3}
        assert await history.days(Counted.FETCHED, first) == {first: 2}
        assert await history.days(Counted.FETCHED, first + timedelta(days=1)) == {}
        assert week.expected == 1.0  # three in one week of three
        again = await shelf.move(await shelf.card(cards[0].id), CustodyEvent.SHELVED, Place(box="B"))
        await shelf.cards.hand_over(again.id, SHOWN, OFFICER)
        await rush.gather()
        assert await history.days(Counted.FETCHED, first) == {first: 3}


def test_the_calendar_that_comes_with_the_program_can_be_used():
    year = load_year(packaged_calendar(), WORK)
    assert [season.name for season in year.seasons] == ["school-year", "hiring"]
    assert not year.is_open(date(2026, 12, 25))
    assert year.season(date(2026, 7, 6)).title == "Tahun ajaran baru"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("closed = ['2026-02-30']", "closed[0]"),
        ("closed = [7]", "closed[0]"),
        ("[[season]]\nname='a'\ntitle='A'\nbegins='02-30'\nends='03-01'", "season[0].begins"),
        ("[[season]]\nname='a'\ntitle='A'\nbegins='2-1'\nends=3", "season[0].ends"),
        ("[[season]]\nname='a'\ntitle='A'\nbegins='02-01'\nends='03-01'\n" * 2, "a name of its own"),
        ("[[saeson]]", "season"),
        ("closed = ", "cannot be read"),
    ],
)
def test_every_problem_of_a_calendar_is_told(tmp_path, text, said):
    path = tmp_path / "calendar.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CalendarError) as caught:
        load_year(path, WORK)
    assert said in str(caught.value)


def test_a_calendar_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CalendarError, match="cannot be read"):
        load_year(tmp_path / "none.toml", WORK)
