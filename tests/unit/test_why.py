"""Why a job stands where it stands: each explanation in two languages, and none that does not apply."""

from dataclasses import replace
from datetime import date

import pytest

from stationd.domain.job import Job, JobKind, JobState
from stationd.domain.rationing import Stock
from stationd.domain.why import Surroundings, explain

WORKS = Surroundings(printers={"kartu-1": frozenset()}, position=0, ageing=500)
STOCK = Stock(at_hand=60, promised=12, replacements=0, rationed=4, reserve=50)
JOB = Job(
    seq=1,
    id="j",
    receipt="r",
    order="o",
    kind=JobKind.FIRST,
    profile="ktp-el",
    state=JobState.QUEUED,
    reasons=(),
    rank=4,
    tries=0,
    attempts=0,
    printer=None,
    evidence=None,
    not_before=0,
    created_at=0,
    updated_at=0,
)


@pytest.mark.parametrize(
    ("job", "around", "codes"),
    [
        ({}, {}, ["next"]),
        ({}, {"position": 7}, ["in-line"]),
        ({}, {"position": None}, []),
        ({"kind": JobKind.LOST, "rank": 5}, {"position": 7}, ["in-line", "class", "ageing"]),
        ({"kind": JobKind.LOST, "rank": 5}, {"pauses": {JobKind.LOST}}, ["class-paused", "next", "class", "ageing"]),
        ({}, {"pauses": {JobKind.LOST}}, ["next"]),
        ({}, {"is_queue_paused": True}, ["queue-paused", "next"]),
        ({}, {"has_blanks": False}, ["no-blanks", "next"]),
        ({}, {"printers": {}}, ["no-printer", "next"]),
        ({}, {"printers": {"a": {"media-empty"}, "b": set()}}, ["printer-stopped", "next"]),
        ({}, {"printers": {"a": {"no-officer-on-duty"}, "b": {"no-officer-on-duty", "paused"}}}, ["off-duty", "next"]),
        ({}, {"next_try_s": 4.2}, ["next-try", "next"]),
        ({}, {"is_batch_elsewhere": True}, ["batch", "next"]),
        ({"state": JobState.DEFERRED, "reasons": ("held",)}, {"note": "the photo"}, ["held"]),
        ({"state": JobState.DEFERRED, "reasons": ("something-else",)}, {}, ["deferred"]),
        ({"state": JobState.DEFERRED, "reasons": ("surrender-missing",)}, {}, ["surrender-missing"]),
        ({"state": JobState.DEFERRED, "reasons": ("blanks-short",)}, {}, ["blanks-short"]),
        ({"state": JobState.DEFERRED, "reasons": ("blanks-short",)}, {"stock": STOCK}, ["blanks-short", "comes-back"]),
        (
            {"state": JobState.DEFERRED, "reasons": ("blanks-short",)},
            {"stock": STOCK, "expected_on": date(2026, 7, 1), "overtaken_by": 1},
            ["blanks-short", "comes-back", "blanks-expected", "overtaken"],
        ),
        ({"kind": JobKind.LOST, "rank": 7}, {"is_moved": True}, ["next", "order-changed"]),
        ({}, {"position": 7, "overtaken_by": 2}, ["in-line", "overtaken"]),
        ({"state": JobState.UNCERTAIN}, {"known": "gone"}, ["uncertain"]),
        ({"state": JobState.FAILED, "reasons": ("document-trouble",)}, {}, ["failed"]),
        ({"state": JobState.FAILED, "reasons": ("stops-the-station",)}, {}, ["stops-the-station"]),
        ({"state": JobState.PRINTING}, {}, []),
        ({"state": JobState.PRINTED}, {}, []),
    ],
)
def test_every_explanation_that_applies_is_given_and_no_other(job, around, codes):
    found = explain(replace(JOB, **job), replace(WORKS, **around))
    assert [why.code for why in found] == codes
    assert all(why.words.en and why.words.id and why.words.en != why.words.id for why in found)


@pytest.mark.parametrize(
    ("job", "around", "text"),
    [
        ({}, {"printers": {"kartu-1": {"resting"}}}, "kartu-1 takes no card: resting"),
        ({}, {"next_try_s": 4.2}, "The next try is in 4 s"),
        ({"state": JobState.DEFERRED, "reasons": ("held",)}, {"note": "the photo"}, "An officer holds it: the photo"),
        ({"state": JobState.UNCERTAIN}, {"known": "gone"}, "Nobody knows whether it was printed: gone"),
        (
            {"state": JobState.FAILED, "reasons": ("document-trouble",)},
            {},
            "It failed after its last try: document-trouble",
        ),
    ],
)
def test_an_explanation_says_what_it_is_about(job, around, text):
    assert explain(replace(JOB, **job), replace(WORKS, **around))[0].words.en == text
