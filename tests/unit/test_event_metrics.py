"""What is counted of the events: each once, whatever restarts, other processes and crashes do."""

import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from stationd.adapters.event_metrics import MOST_PRINTERS, EventMetrics
from stationd.adapters.system import SystemClock
from stationd.domain.errors import Faulted
from stationd.domain.events import GENESIS, Event
from stationd.domain.ids import uuid7
from stationd.domain.position import Position
from stationd.services import retelling as module
from stationd.services.retelling import Retelling

DAY_MS = 86_400_000
JOB = {"kind": "first", "printer": "kartu-1", "from": "printing"}


def text_of(metrics):
    registry = CollectorRegistry()
    registry.register(metrics)
    return generate_latest(registry).decode()


def counted(*events):
    metrics = EventMetrics()
    metrics.follow([Event(seq, at, kind, subject, data) for seq, (kind, subject, at, data) in enumerate(events, 1)])
    metrics.is_whole = True
    return metrics


def happened(type_, /, **data):
    return type_, uuid7(0, 0), 0, data


def printed(**data):
    return happened("job.card_printed", **JOB, state="printed", evidence="counter", **data)


@pytest.mark.parametrize(
    ("events", "lines"),
    [
        (
            [
                happened("job.accepted", kind="lost", state="queued"),
                happened("job.accepted", kind="first", state="deferred"),
                happened("job.released", kind="first", state="queued", **{"from": "deferred"}),
            ],
            [
                'stationd_orders_taken_total{kind="lost"} 1.0',
                'stationd_jobs{kind="first",state="queued"} 1.0',
                'stationd_jobs{kind="lost",state="queued"} 1.0',
                'stationd_jobs{kind="first",state="deferred"} 0.0',
                'stationd_order_changes_total{change="released"} 1.0',
                'stationd_events_total{type="job.accepted"} 2.0',
            ],
        ),
        (
            [printed(attempt=2, took_ms=25_000)],
            [
                'stationd_cards_printed_total{evidence="counter",kind="first",printer="kartu-1"} 1.0',
                'stationd_attempts_total{outcome="printed",printer="kartu-1"} 1.0',
                'stationd_print_seconds_bucket{le="20.0",printer="kartu-1"} 0.0',
                'stationd_print_seconds_bucket{le="30.0",printer="kartu-1"} 1.0',
                'stationd_card_tries_bucket{le="1.0"} 0.0',
                'stationd_card_tries_bucket{le="2.0"} 1.0',
            ],
        ),
        (
            [
                happened("job.card_spoiled", **JOB, state="queued", attempt=1, took_ms=1),
                happened("job.card_spoiled", kind="first", state="queued", verdict="spoiled", **{"from": "uncertain"}),
                happened("job.card_spoiled_revoked", kind="first", state="uncertain", verdict="spoiled"),
                happened("printer.test_ended", outcome="printed"),
                happened("printer.test_ended", outcome="nothing_printed"),
                happened("blanks.spoiled", quantity=3, category="factory-bad"),
            ],
            [
                'stationd_blanks_spoiled_total{cause="printer"} 1.0',
                'stationd_blanks_spoiled_total{cause="verdict"} 1.0',
                'stationd_blanks_spoiled_total{cause="test-card"} 1.0',
                'stationd_blanks_spoiled_total{cause="factory-bad"} 3.0',
                'stationd_blanks_spoiled_total{cause="found-lost"} 0.0',
                'stationd_attempts_total{outcome="spoiled",printer="kartu-1"} 1.0',
                'stationd_verdicts_total{verdict="spoiled"} 1.0',
                'stationd_verdicts_total{verdict="revoked"} 1.0',
                'stationd_verdicts_total{verdict="printed"} 0.0',
            ],
        ),
        (
            [
                happened("count.begun"),
                happened("count.differed"),
                happened("blanks.counted", difference=2),
                happened("blanks.missed", quantity=4),
                happened("minutes.drawn_up", kind="blank-book"),
                happened("approval.requested", kind="release"),
                happened("approval.refused"),
                happened("device.plugged"),
                happened("device.plugged", is_reset=True),
                happened("notice.sent", way="modem"),
                happened("notice.paused"),
                happened("card.handed_over", held_ms=2 * DAY_MS, by_proxy=True),
                happened("card.shelved", custody="on_shelf"),
            ],
            [
                'stationd_blank_counts_total{outcome="begun"} 1.0',
                'stationd_blank_counts_total{outcome="booked"} 1.0',
                'stationd_blank_counts_total{outcome="differed"} 1.0',
                "stationd_blanks_missed_total 4.0",
                'stationd_papers_total{kind="blank-book"} 1.0',
                'stationd_approvals_total{event="requested",kind="release"} 1.0',
                'stationd_approvals_total{event="refused",kind="any"} 1.0',
                'stationd_device_events_total{event="plugged"} 1.0',
                'stationd_device_events_total{event="reset"} 1.0',
                'stationd_notices_total{outcome="sent",way="modem"} 1.0',
                'stationd_hand_overs_total{to="proxy"} 1.0',
                'stationd_pickup_age_seconds_bucket{le="259200.0"} 1.0',
            ],
        ),
    ],
    ids=["orders", "cards", "spoils", "office"],
)
def test_each_event_is_counted_where_it_belongs(events, lines):
    text = text_of(counted(*events))
    assert [line for line in lines if line not in text.splitlines()] == []


def test_waits_are_counted_from_the_taking_of_the_order():
    taken = 10 * DAY_MS
    waits = [
        ("job.card_printed", uuid7(taken, 0), taken + int(days * DAY_MS), JOB | {"state": "printed"})
        for days in (0.5, 4, 400)
    ]
    text = text_of(counted(*waits))
    for line in ('{le="86400.0"} 1.0', '{le="432000.0"} 2.0', '{le="+Inf"} 3.0'):
        assert f"stationd_card_wait_seconds_bucket{line}" in text


def test_printers_of_years_do_not_become_series_for_ever():
    text = text_of(counted(*(printed_by(n) for n in range(40))))
    assert set(re.findall(r'printer="(\S+?)"', text)) == {f"kartu-{n}" for n in range(40 - MOST_PRINTERS, 40)}


def printed_by(number):
    return happened("job.card_printed", **JOB | {"printer": f"kartu-{number}", "state": "printed", "took_ms": 1})


def test_nothing_is_told_before_all_is_counted():
    metrics = counted(printed())
    metrics.is_whole = False
    assert text_of(metrics) == ""


@pytest.mark.parametrize("kept", [b"", b"{}", EventMetrics().kept().replace(b"stationd_jobs", b"stationd_jabs")])
def test_counts_of_other_families_are_made_anew(kept):
    assert not EventMetrics().restore(kept)


class Record:
    """The record of events, written by the daemon and by another process."""

    def __init__(self):
        self.events = []
        self.stored = None
        self.is_broken = False

    def write(self, kinds):
        fresh = [Event(len(self.events) + n, 0, *_EVENTS[kind]) for n, kind in enumerate(kinds, 1)]
        self.events += fresh
        return fresh

    async def last(self):
        if self.is_broken:
            raise Faulted("storage-failed", "cannot read")
        return Position.of(len(self.events), GENESIS)

    async def hash_at(self, _seq):
        return None

    async def after(self, seq, limit):
        found = self.events[seq : seq + limit]
        await asyncio.sleep(0)
        return found

    async def kept(self):
        return self.stored

    async def keep(self, kept):
        if self.is_broken:
            raise Faulted("storage-full", "cannot write")
        self.stored = kept


_EVENTS = (
    ("job.accepted", uuid7(0, 0), {"kind": "first", "state": "queued"}),
    ("job.card_printed", uuid7(0, 0), JOB | {"state": "printed", "evidence": "reader", "attempt": 1, "took_ms": 7}),
    ("notice.sent", "x", {"way": "modem"}),
    ("token.created", "x", {}),
)
KINDS = st.lists(st.integers(0, len(_EVENTS) - 1), min_size=1, max_size=7)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("ours"), KINDS),
        st.tuples(st.just("another's"), KINDS),
        st.tuples(st.sampled_from(["look", "keep", "killed"]), st.none()),
        st.tuples(st.just("while counting"), KINDS),
    ),
    max_size=25,
)


@given(ACTS)
async def test_every_event_is_counted_once_whoever_wrote_it_and_however_the_runs_ended(acts):
    record = Record()

    async def started():
        metrics = EventMetrics()
        retelling = Retelling(metrics, record, record, SystemClock())
        await retelling.load()
        return metrics, retelling

    metrics, retelling = await started()
    for act, kinds in acts:
        if act == "ours":
            retelling.follow(record.write(kinds))
        elif act == "another's":
            record.write(kinds)
        elif act == "while counting":
            looking = asyncio.create_task(retelling.look())
            await asyncio.sleep(0)
            retelling.follow(record.write(kinds))
            await looking
        elif act == "look":
            await retelling.look()
        elif act == "keep":
            await retelling.keep()
        else:
            metrics, retelling = await started()
    await retelling.look()
    whole = EventMetrics()
    whole.follow(record.events)
    whole.is_whole = True
    assert text_of(metrics) == text_of(whole)


async def test_a_long_record_is_counted_beside_the_work_and_kept(monkeypatch):
    monkeypatch.setattr(module, "PAGE", 3)
    monkeypatch.setattr(module, "AT_START", 2)
    monkeypatch.setattr(module, "KEEP_AFTER", 6)
    record = Record()
    record.write([0] * 20)
    metrics = EventMetrics()
    retelling = Retelling(metrics, record, record, SystemClock())
    await retelling.load()
    assert not metrics.is_whole
    await retelling.look()
    assert metrics.is_whole
    assert record.stored.seq == 20
    assert 'stationd_events_total{type="job.accepted"} 20.0' in text_of(metrics)
    retelling.follow(record.write([0]))
    record.is_broken = True
    await retelling.stop()
    assert record.stored.seq == 20
    record.is_broken = False
    await retelling.stop()
    assert record.stored.seq == 21


async def test_a_disk_in_trouble_ends_no_counting(monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0)
    record = Record()
    metrics = EventMetrics()
    retelling = Retelling(metrics, record, record, SystemClock())
    await retelling.load()
    record.write([0])
    record.is_broken = True
    running = asyncio.create_task(retelling.run())
    await asyncio.sleep(0)
    record.is_broken = False
    async with asyncio.timeout(60):
        while 'stationd_events_total{type="job.accepted"} 1.0' not in text_of(metrics):
            await asyncio.sleep(0.001)
    running.cancel()
