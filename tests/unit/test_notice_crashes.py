"""Whatever happens at any point, nobody is told twice: lost answers, late and repeated reports, a dying station."""

import asyncio
import tempfile
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given, settings

from stationd.domain.notices import NoticeRules, months_after
from stationd.ports.notifier import Accepted, Lost, NotSent, Rejected, Report
from tests.unit.notice_office import MONDAY, open_office, phone

RULES = NoticeRules(reminders_days=(3, 5), retry_days=(1,), count=2, months=1, grace_days=1)
"""Short intervals, so that a story of weeks has room for everything."""

FATES = ("taken", "taken, reported", "refused", "no network", "lost, sent", "lost, not sent")
DEATHS = ("before the intent", "before sending", "after sending", "before the answer is written")
steps = st.lists(
    st.tuples(st.sampled_from(FATES), st.none() | st.sampled_from(DEATHS), st.integers(1, 4), st.booleans()),
    min_size=1,
    max_size=14,
)


class Died(BaseException):
    """The station was killed here."""


class Network:
    """The truth: what really went out, which no station ever knows for sure."""

    def __init__(self):
        self.received = []
        self.reports = []


async def tell(folder: Path, story) -> list:
    network = Network()
    async with open_office(folder) as office:
        office.with_policy(rules=RULES)
        for number in range(2):
            await office.shelve(number)
        for fate, death, days, is_repeated in story:
            await one_day(office, network, fate, death)
            if is_repeated and network.reports:
                office.way.waiting += [network.reports[-1], network.reports[-1]]
            office.days.day += timedelta(days=days)
    return network.received


async def one_day(office, network, fate, death):
    store = office.store

    async def send(message):
        if death == "before sending":
            raise Died
        if fate in {"taken", "taken, reported", "lost, sent"}:
            network.received.append((message.number, office.days.day))
        if fate != "lost, not sent":
            network.reports.append(
                Report(
                    is_delivered=fate != "refused",
                    reason="reported",
                    reference=message.id if fate.startswith("taken") else "77",
                    number=message.number,
                )
            )
        if fate == "taken, reported":
            office.way.waiting.append(Report(is_delivered=True, reason="delivered", id=message.id))
        if death == "after sending":
            raise Died
        return {
            "refused": Rejected("cms-28"),
            "no network": NotSent("cms-38"),
            "lost, sent": Lost("no-answer"),
            "lost, not sent": Lost("no-answer"),
        }.get(fate, Accepted(reference=message.id))

    async def settle(*args, **kwargs):
        raise Died

    office.way.send = send
    if death == "before the answer is written":
        store.settle = settle
    try:
        if death != "before the intent":
            await office.round()
    except Died:
        pass
    if death is not None:
        office.start()
        await office.notices.load()


@settings(max_examples=25)
@given(story=steps)
def test_nobody_is_told_twice_whatever_dies_and_whatever_is_lost(story):
    with tempfile.TemporaryDirectory() as folder:
        received = asyncio.run(tell(Path(folder), story))
    for number in range(2):
        days = [on for to, on in received if to == phone(number)]
        assert all((other - one).days >= min(RULES.reminders_days) for one, other in pairwise(days))
        for first, last in zip(days, days[RULES.count :], strict=False):
            assert last >= months_after(first, RULES.months)
    assert all(on >= MONDAY for _, on in received)
