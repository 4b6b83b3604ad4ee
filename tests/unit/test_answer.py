"""The citizen's answer."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.answer import STAGE_WORDS, Stage, Turn, answer
from stationd.domain.custody import Card, Custody, Place
from stationd.domain.job import Job, JobKind, JobState

JOB = Job(
    seq=1,
    id="01890000-0000-7000-8000-000000000001",
    receipt="2XK7-9QF4-M3TP",
    order="PRR-16711-000123",
    kind=JobKind.FIRST,
    profile="ktp-el",
    state=JobState.QUEUED,
    reasons=("secret-reason",),
    rank=1,
    tries=0,
    attempts=0,
    printer="kartu-1",
    evidence=None,
    not_before=0,
    created_at=1,
    updated_at=2,
)
CARD = Card(
    seq=1,
    id=JOB.id,
    receipt=JOB.receipt,
    order=JOB.order,
    kind=JobKind.FIRST,
    custody=Custody.ON_SHELF,
    since=3,
    printed_at=2,
    place=Place(box="A3", slot=17),
)
HERE, PEER = "Kecamatan Contoh", "Kecamatan Umpama"


def codes(told):
    return [each.code for each in told]


def test_a_waiting_card_has_its_place_and_day_and_says_why():
    turn = Turn(position=4, expected_s=90.5, expected_on=date(2026, 1, 2))
    found = answer(JOB, None, here=HERE, whys=["no-blanks", "class"], turn=turn)
    assert (found.stage, found.place, found.turn) == (Stage.WAITING, HERE, turn)
    assert codes(found.reasons) == ["blanks-short"]
    assert found.bring == ()


@pytest.mark.parametrize(
    ("printers", "expected"),
    [
        ({}, []),
        ({"a": ()}, []),
        ({"a": ("media-empty",), "b": ()}, []),
        ({"a": ("media-empty",)}, ["station-not-ready"]),
        ({"a": ("resting",), "b": ("media-empty",)}, ["printer-resting"]),
    ],
)
def test_one_printer_that_works_is_enough(printers, expected):
    assert codes(answer(JOB, None, here=HERE, printers=printers).reasons) == expected


def test_two_reasons_for_one_thing_are_told_once():
    found = answer(JOB, None, here=HERE, whys=["queue-paused", "off-duty"], printers={"a": ("off-duty",)})
    assert codes(found.reasons) == ["station-not-ready"]


def test_a_deferred_card_says_why_and_when_blanks_are_expected_and_nothing_of_printers():
    job = replace(JOB, state=JobState.DEFERRED)
    turn = Turn(position=3, expected_s=5.0, expected_on=date(2026, 1, 1))
    found = answer(job, None, here=HERE, whys=["blanks-short"], printers={"a": ("x",)}, turn=turn)
    assert (found.stage, codes(found.reasons)) == (Stage.DEFERRED, ["blanks-short"])
    assert found.turn == Turn(expected_on=date(2026, 1, 1))


def test_a_card_at_a_printer_has_no_place_in_line_any_more():
    found = answer(replace(JOB, state=JobState.PRINTING), None, here=HERE, turn=Turn(position=3, expected_s=5.0))
    assert (found.stage, found.turn) == (Stage.PRINTING, Turn())


def test_a_card_on_the_shelf_can_be_fetched_here():
    found = answer(JOB, CARD, here=HERE)
    assert (found.stage, found.place, found.since) == (Stage.READY, HERE, 3)
    assert codes(found.bring) == ["receipt", "identity", "proxy"]


def test_the_damaged_card_is_brought_along():
    found = answer(None, replace(CARD, kind=JobKind.DAMAGED), here=HERE)
    assert "old-card" in codes(found.bring)


@pytest.mark.parametrize(
    ("custody", "stage", "place", "reasons"),
    [
        (Custody.PRINTED, Stage.BEING_CHECKED, HERE, []),
        (Custody.RECEIVED, Stage.BEING_CHECKED, HERE, []),
        (Custody.IN_TRANSIT, Stage.IN_TRANSIT, PEER, []),
        (Custody.TRANSFERRED, Stage.TRANSFERRED, PEER, []),
        (Custody.MISSING, Stage.IN_TRANSIT, PEER, ["looked-for"]),
        (Custody.HANDED_OVER, Stage.HANDED_OVER, None, []),
        (Custody.QUARANTINED, Stage.BEING_CHECKED, HERE, ["ask"]),
        (Custody.DESTROYED, Stage.CLOSED, None, ["ask"]),
    ],
)
def test_the_answer_says_where_the_card_is(custody, stage, place, reasons):
    found = answer(JOB, replace(CARD, custody=custody, place=None), here=HERE, peer=PEER)
    assert (found.stage, found.place, codes(found.reasons)) == (stage, place, reasons)


def test_an_answer_about_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="nothing"):
        answer(None, None, here=HERE)


@given(st.sampled_from(list(JobState)), st.none() | st.sampled_from(list(Custody)))
def test_every_state_has_an_answer_without_anything_that_stands_in_the_books(state, custody):
    card = None if custody is None else replace(CARD, custody=custody, place=CARD.place)
    found = answer(replace(JOB, state=state), card, here=HERE, peer=PEER)
    assert found.words is STAGE_WORDS[found.stage]
    for secret in (JOB.order, JOB.id, "kartu-1", "secret-reason", "A3"):
        assert secret not in repr(found)


def test_every_stage_is_told_in_two_languages():
    assert set(STAGE_WORDS) == set(Stage)
    assert all(words.en != words.id for words in STAGE_WORDS.values())
