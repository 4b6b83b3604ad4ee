"""The day's figures: counted once, by the hour, from what is in the record and what comes."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from stationd.domain.events import GENESIS, Event
from stationd.domain.figures import COUNTED, HOUR_MS, HOURS, NAMES, Day
from stationd.domain.position import Position
from stationd.services.figures import Figures

WIB = timezone(timedelta(hours=7))
MIDNIGHT = datetime(2026, 11, 26, tzinfo=WIB)
MIDNIGHT_MS = int(MIDNIGHT.timestamp() * 1000)


class Clock:
    def __init__(self, now):
        self.now = now

    def now_ms(self):
        return int(self.now.timestamp() * 1000)

    def monotonic(self):
        return 0.0


class Log:
    def __init__(self, events=()):
        self.events = list(events)
        self.asked = 0

    async def last(self):
        return Position.of(len(self.events), GENESIS)

    async def hash_at(self, seq):
        return None

    async def after(self, seq, limit):
        self.asked += 1
        return self.events[seq : seq + limit]


def event(seq, kind, at):
    return Event(seq, int(at.timestamp() * 1000), kind, "x", {}, GENESIS)


@pytest.mark.parametrize("kind", COUNTED)
def test_every_counted_event_counts_in_its_hour(kind):
    day = Day(MIDNIGHT_MS)
    day.count(kind, MIDNIGHT_MS + 9 * HOUR_MS + 1)
    name, by = COUNTED[kind]
    assert day.counts[name][9] == by
    assert day.total(name) == by
    assert sum(abs(day.total(each)) for each in NAMES) == 1


def test_what_does_not_count_or_belongs_to_another_day_changes_nothing():
    day = Day(MIDNIGHT_MS)
    day.count("job.claimed", MIDNIGHT_MS + 1)
    day.count("job.accepted", MIDNIGHT_MS - 1)
    day.count("job.accepted", MIDNIGHT_MS + 26 * HOUR_MS)
    assert not any(day.total(name) for name in NAMES)


def test_the_25th_hour_of_a_long_day_shares_the_last_place():
    day = Day(MIDNIGHT_MS)
    day.count("job.accepted", MIDNIGHT_MS + 24 * HOUR_MS)
    assert day.counts["accepted"][HOURS - 1] == 1


async def test_a_restart_counts_what_the_record_has_of_today_and_nothing_of_yesterday():
    yesterday = [event(n, "job.accepted", MIDNIGHT - timedelta(hours=1)) for n in range(1, 4501)]
    today = [event(4500 + n, "job.card_printed", MIDNIGHT + timedelta(hours=8)) for n in range(1, 2501)]
    log = Log(yesterday + today)
    figures = Figures(log, Clock(MIDNIGHT + timedelta(hours=10)), zone=WIB)
    await figures.load()
    assert figures.today().total("printed") == 2500
    assert figures.today().total("accepted") == 0
    assert log.asked == 2, "it stops at the first page that reaches yesterday"


async def test_an_empty_record_is_an_empty_day():
    figures = Figures(Log(), Clock(MIDNIGHT), zone=WIB)
    await figures.load()
    assert not any(figures.today().total(name) for name in NAMES)


async def test_events_are_counted_as_they_come_and_midnight_begins_a_new_day():
    clock = Clock(MIDNIGHT + timedelta(hours=23))
    figures = Figures(Log(), clock, zone=WIB)
    figures.follow([event(1, "job.accepted", clock.now), event(2, "job.claimed", clock.now)])
    assert figures.today().counts["accepted"][23] == 1
    clock.now += timedelta(hours=2)
    figures.follow([event(3, "job.accepted", clock.now)])
    assert figures.today().begins_ms == MIDNIGHT_MS + 24 * HOUR_MS
    assert figures.today().counts["accepted"][1] == 1
    assert figures.today().total("accepted") == 1


def test_without_a_zone_the_day_is_the_machines():
    figures = Figures(Log(), Clock(datetime.now(UTC)))
    begins = datetime.fromtimestamp(figures.today().begins_ms / 1000)  # noqa: DTZ006 - the machine's own zone is meant
    assert (begins.hour, begins.minute, begins.second) == (0, 0, 0)
