"""The readiness gate: each check's levels, its words, who mends it, and the link's hysteresis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain import readiness as rules
from stationd.domain.printer import PrinterState, PrinterStatus, Supply
from stationd.domain.readiness import CheckName, FixBy, Level, Link

IDLE = PrinterStatus(state=PrinterState.IDLE)
EMPTY = PrinterStatus(state=PrinterState.STOPPED, reasons=frozenset({"media-empty"}))
HOT = PrinterStatus(state=PrinterState.STOPPED, reasons=frozenset({"fuser-over-temp-error"}))
UP, DOWN = Link(is_up=True, is_known=True), Link(is_up=False, is_known=True)
MIB = 1 << 20


@pytest.mark.parametrize(
    ("finding", "level", "fix_by"),
    [
        (rules.centre(None), Level.OK, None),
        (rules.centre(Link()), Level.OK, None),
        (rules.centre(UP), Level.OK, None),
        (rules.centre(DOWN), Level.FAILED, FixBy.NETWORK),
        (rules.city(rules.CityLag(is_up=True, rows=0, age_s=0, late_after_s=60)), Level.OK, None),
        (rules.city(rules.CityLag(is_up=False, rows=9, age_s=59, late_after_s=60)), Level.OK, None),
        (rules.city(rules.CityLag(is_up=True, rows=9, age_s=60, late_after_s=60)), Level.DEGRADED, FixBy.NETWORK),
        (rules.equipment({}), Level.FAILED, FixBy.TECHNICIAN),
        (rules.equipment({"a": IDLE}), Level.OK, None),
        (rules.equipment({"a": IDLE, "b": EMPTY}), Level.DEGRADED, FixBy.OFFICER),
        (rules.equipment({"b": EMPTY}), Level.FAILED, FixBy.OFFICER),
        (rules.supplies(0, is_low=True), Level.FAILED, FixBy.OFFICE),
        (rules.supplies(5, is_low=False), Level.DEGRADED, FixBy.OFFICE),
        (rules.supplies(500, is_low=True), Level.DEGRADED, FixBy.OFFICE),
        (rules.supplies(500, is_low=False), Level.OK, None),
        (rules.supplies(500, is_low=False, missed=2), Level.DEGRADED, FixBy.OFFICE),
        (rules.officers(is_required=False, able=0, on_duty=0, ends_soon=0), Level.OK, None),
        (rules.officers(is_required=True, able=0, on_duty=0, ends_soon=0), Level.FAILED, FixBy.OFFICE),
        (rules.officers(is_required=True, able=3, on_duty=0, ends_soon=0), Level.FAILED, FixBy.OFFICER),
        (rules.officers(is_required=True, able=1, on_duty=1, ends_soon=0), Level.DEGRADED, FixBy.OFFICE),
        (rules.officers(is_required=True, able=2, on_duty=1, ends_soon=1), Level.DEGRADED, FixBy.OFFICE),
        (rules.officers(is_required=True, able=2, on_duty=1, ends_soon=0), Level.OK, None),
        (rules.clock(is_trusted=True, was_trusted=True), Level.OK, None),
        (rules.clock(is_trusted=False, was_trusted=True), Level.DEGRADED, FixBy.TECHNICIAN),
        (rules.clock(is_trusted=False, was_trusted=False), Level.DEGRADED, FixBy.TECHNICIAN),
        (rules.disk(None), Level.DEGRADED, FixBy.TECHNICIAN),
        (rules.disk(63 * MIB), Level.FAILED, FixBy.TECHNICIAN),
        (rules.disk(64 * MIB), Level.DEGRADED, FixBy.TECHNICIAN),
        (rules.disk(512 * MIB), Level.OK, None),
        (rules.disk(512 * MIB, "storage-full"), Level.FAILED, FixBy.TECHNICIAN),
        (rules.temperature({"a": IDLE}, resting=(), host_c=None), Level.OK, None),
        (rules.temperature({"a": IDLE, "b": HOT}, resting=(), host_c=40), Level.DEGRADED, FixBy.TIME),
        (rules.temperature({"b": HOT}, resting=(), host_c=None), Level.FAILED, FixBy.TIME),
        (rules.temperature({"a": IDLE}, resting=("a",), host_c=None), Level.FAILED, FixBy.TIME),
        (rules.temperature({"a": IDLE}, resting=(), host_c=90), Level.DEGRADED, FixBy.TECHNICIAN),
    ],
)
def test_each_check_says_how_it_is_and_who_can_mend_it(finding, level, fix_by):
    assert (finding.level, finding.fix_by) == (level, fix_by)
    assert finding.detail.en
    assert finding.detail.id
    assert finding.detail.en != finding.detail.id


def test_a_stopped_printer_is_named_with_its_reasons():
    assert "b: media-empty" in rules.equipment({"a": IDLE, "b": EMPTY}).detail.en


@pytest.mark.parametrize(
    ("blanks", "supplies", "cards"),
    [
        (10, [], 10),
        (10, [()], 10),
        (10, [(Supply(name="ribbon", level=50),)], 10),
        (10, [(Supply(name="ribbon", cards=4), Supply(name="film", cards=7))], 4),
        (10, [(Supply(name="ribbon", cards=4),), (Supply(name="ribbon", cards=3),)], 7),
        (10, [(Supply(name="ribbon", cards=4),), ()], 10),
        (3, [(Supply(name="ribbon", cards=400),)], 3),
        (0, [(Supply(name="ribbon", cards=400),)], 0),
    ],
)
def test_the_least_of_blanks_ribbon_and_film_says_how_many_cards_can_be_finished(blanks, supplies, cards):
    assert rules.can_finish(blanks, supplies) == cards


def run(link, answers):
    for is_answering in answers:
        link = link.observed(is_answering=is_answering)
    return link


def test_one_lost_answer_is_no_news_and_three_are():
    assert run(UP, [False, False]).is_up
    assert run(UP, [False, False, True, False, False]).is_up
    assert not run(UP, [False, False, False]).is_up
    assert not run(DOWN, [True, False, True, False]).is_up
    assert run(DOWN, [True, True]).is_up


@pytest.mark.parametrize("first", [True, False])
def test_the_first_look_at_a_link_is_believed(first):
    assert run(Link(), [first]).is_up is first


@given(st.lists(st.booleans(), min_size=1))
def test_a_link_only_changes_after_enough_answers_that_agree(answers):
    link = Link()
    for place, is_answering in enumerate(answers):
        before, link = link, link.observed(is_answering=is_answering)
        if place and link.is_up != before.is_up:
            enough = rules.UP_AFTER if link.is_up else rules.DOWN_AFTER
            assert answers[place - enough + 1 : place + 1] == [link.is_up] * enough


def test_since_moves_only_with_the_level():
    first = rules.checked(CheckName.DISK, rules.disk(100 * MIB), None, 10)
    worse = rules.checked(CheckName.DISK, rules.disk(90 * MIB), first, 20)
    gone = rules.checked(CheckName.DISK, rules.disk(1 * MIB), worse, 30)
    assert (first.since, worse.since, gone.since) == (10, 10, 30)
    assert worse.finding.detail.en == "free on the disk: 90 MiB"
    assert not worse.is_ok


def test_only_failed_checks_stop_what_they_are_set_to_stop():
    disk = rules.checked(CheckName.DISK, rules.disk(1), None, 0)
    clock = rules.checked(CheckName.CLOCK, rules.clock(is_trusted=False, was_trusted=False), None, 0)
    assert rules.stopped([disk, clock], [CheckName.DISK, CheckName.CLOCK]) == (CheckName.DISK,)
    assert rules.stopped([disk, clock], [CheckName.CENTRE]) == ()
