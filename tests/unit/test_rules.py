"""The small rules: who may have a card here, who is served next, what follows a failure, when a printer is stopped."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.dispatch import rank_of
from stationd.domain.entitlement import KIND_CLASS, awaits_surrender, refusal_of
from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import Evidence, JobKind
from stationd.domain.job_machine import JobEvent
from stationd.domain.order import Document, Holder, Order, Surrendered, is_nik_form, told_by
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Spoiled, Unknown
from stationd.domain.printer import OFFLINE, PrinterState, PrinterStatus
from stationd.domain.retry import MOST_STOPS, PREPARED_ALONE, STOPS_STATION, backoff_ms, settle

INVENTED_NIK = "9999990101900001"


def order(kind=JobKind.FIRST, *, nik=INVENTED_NIK, police_report=None):
    return Order(
        order="PRR-99999-000001",
        kind=kind,
        holder=Holder(nik=nik, name="CONTOH SPECIMEN"),
        document=Document("image/png", b""),
        police_report=police_report,
    )


# -------------------------------------------------------------------------------------------------------- entitlement


@pytest.mark.parametrize("kind", [JobKind.FIRST, JobKind.DAMAGED])
def test_first_and_damaged_cards_are_printed_here(kind):
    assert refusal_of(order(kind)) is None


def test_a_cards_fields_can_be_filled_by_the_order_but_for_the_nik():
    told = order()
    assert told_by(told) == {"name": "CONTOH SPECIMEN", "order": "PRR-99999-000001"}
    at_home = replace(told, holder=replace(told.holder, address="Jalan Contoh 1"))
    assert told_by(at_home)["address"] == "Jalan Contoh 1"


def test_a_lost_card_needs_a_police_report():
    assert refusal_of(order(JobKind.LOST, police_report="SKTLK/1/I/2026")) is None
    for missing in (None, "", "  "):
        refused = refusal_of(order(JobKind.LOST, police_report=missing))
        assert refused is not None
        assert (refused.code, refused.field) == ("police-report-missing", "police_report")


def test_a_change_of_data_is_sent_to_the_office():
    refused = refusal_of(order(JobKind.DATA_CHANGE))
    assert refused is not None
    assert refused.code == "data-change-belongs-to-the-office"
    assert "Dukcapil office" in refused.fix


def test_the_referral_says_where_to_go_and_what_to_bring_in_both_languages():
    refused = refusal_of(order(JobKind.DATA_CHANGE))
    assert refused is not None
    assert refused.code == "data-change-belongs-to-the-office"
    assert refused.tell is not None
    assert "Dukcapil" in refused.tell.say.id
    assert "Dukcapil" in refused.tell.say.en
    assert len(refused.tell.bring) >= 3
    assert all(each.id and each.en and each.id != each.en for each in refused.tell.bring)


def test_a_surrendered_card_belongs_to_a_damaged_one_and_is_not_named_by_the_nik():
    whole = replace(order(JobKind.DAMAGED), surrendered=Surrendered(card="AMPLOP-1"))
    assert refusal_of(whole) is None
    assert (awaits_surrender(whole), awaits_surrender(order(JobKind.DAMAGED))) == (False, True)
    assert not awaits_surrender(order())
    lost = refusal_of(replace(order(JobKind.LOST, police_report="LP/1"), surrendered=Surrendered(card="AMPLOP-1")))
    assert lost is not None
    assert lost.code == "surrender-not-awaited"
    named = refusal_of(replace(whole, surrendered=Surrendered(card=INVENTED_NIK)))
    assert named is not None
    assert (named.code, INVENTED_NIK in named.detail) == ("surrender-invalid", False)


@pytest.mark.parametrize(
    "nik", ["", "123", INVENTED_NIK + "0", INVENTED_NIK[:-1] + "x", INVENTED_NIK[:12] + "0000", "٩" * 16]
)
def test_a_nik_without_its_form_is_refused_and_not_repeated(nik):
    refused = refusal_of(order(nik=nik))
    assert refused is not None
    assert (refused.code, refused.field) == ("nik-malformed", "holder.nik")
    assert nik == "" or nik not in refused.detail


@given(region=st.from_regex(r"[0-9]{6}", fullmatch=True), date=st.from_regex(r"[0-9]{6}", fullmatch=True))
def test_a_nik_is_never_refused_for_its_region_or_its_date(region, date):
    assert is_nik_form(f"{region}{date}0001")


def test_nothing_of_a_person_shows_when_an_order_is_printed_by_mistake():
    shown = repr(order(nik="9999994101900002"))
    assert "9999994101900002" not in shown
    assert "CONTOH" not in shown


# --------------------------------------------------------------------------------------------------- order of service

classes = st.sampled_from(sorted(set(KIND_CLASS.values())))
seqs = st.integers(min_value=1, max_value=10**12)


@given(one=st.tuples(seqs, classes), other=st.tuples(seqs, classes), ageing=st.integers(min_value=0, max_value=10**5))
def test_no_two_jobs_share_a_place_in_the_line(one, other, ageing):
    if one[0] != other[0]:
        assert rank_of(*one, ageing=ageing) != rank_of(*other, ageing=ageing)


@given(seq=seqs, later=st.integers(min_value=1, max_value=2000), ageing=st.integers(min_value=0, max_value=1000))
def test_a_first_card_overtakes_a_reprint_only_within_the_bound(seq, later, ageing):
    overtakes = rank_of(seq + later, 0, ageing=ageing) < rank_of(seq, 1, ageing=ageing)
    assert overtakes == (later <= ageing)


@given(seq=seqs, later=st.integers(min_value=1, max_value=10**6), service_class=classes)
def test_within_a_class_the_line_is_in_order_of_acceptance(seq, later, service_class):
    assert rank_of(seq, service_class, ageing=500) < rank_of(seq + later, service_class, ageing=500)


# --------------------------------------------------------------------------------------------------- after an attempt


@pytest.mark.parametrize(
    ("outcome", "event", "tries", "is_used_up"),
    [
        (Printed(Evidence.COUNTER), JobEvent.CARD_PRINTED, 1, False),
        (Unknown("gone"), JobEvent.OUTCOME_UNKNOWN, 1, False),
        (Spoiled("jam"), JobEvent.CARD_SPOILED, 2, False),
        (NothingPrinted(Cause.TRANSIENT, "reset"), JobEvent.NOTHING_PRINTED, 2, False),
        (NothingPrinted(Cause.PRINTER, "media-empty"), JobEvent.NOTHING_PRINTED, 1, False),
        (NothingPrinted(Cause.WITHDRAWN, "stopping"), JobEvent.NOTHING_PRINTED, 1, False),
        (NothingPrinted(Cause.DOCUMENT, "format"), JobEvent.NOTHING_PRINTED, 3, True),
    ],
)
def test_who_was_to_blame_decides_whether_a_try_is_used_up(outcome, event, tries, is_used_up):
    settlement = settle(outcome, tries=1, max_tries=3, jitter=0.5)
    assert (settlement.event, settlement.tries, settlement.is_used_up) == (event, tries, is_used_up)
    assert (settlement.delay_ms > 0) == (outcome == NothingPrinted(Cause.TRANSIENT, "reset"))


def test_a_job_at_which_the_station_dies_again_and_again_is_set_aside_with_its_tries_left():
    died = NothingPrinted(Cause.STOPPED, "the station stopped")
    settlements = [settle(died, tries=1, max_tries=3, jitter=0.5, stops=stops) for stops in range(1, MOST_STOPS + 2)]
    assert [each.is_used_up for each in settlements] == [False] * (MOST_STOPS - 1) + [True, True]
    alone = [PREPARED_ALONE] * (MOST_STOPS - 2)
    assert [each.reason for each in settlements] == [None, *alone, STOPS_STATION, STOPS_STATION]
    assert {(each.event, each.tries, each.delay_ms) for each in settlements} == {(JobEvent.NOTHING_PRINTED, 1, 0)}


@pytest.mark.parametrize("outcome", [Spoiled("jam"), NothingPrinted(Cause.TRANSIENT, "reset")])
def test_the_last_try_is_the_last(outcome):
    assert settle(outcome, tries=2, max_tries=3, jitter=0).is_used_up


@given(tries=st.integers(min_value=1, max_value=10**6), jitter=st.floats(min_value=0, max_value=1, exclude_max=True))
def test_the_wait_grows_and_is_bounded(tries, jitter):
    wait = backoff_ms(tries, jitter=jitter)
    assert 1_000 <= wait <= 300_000
    assert wait <= backoff_ms(tries + 2, jitter=jitter)


# ------------------------------------------------------------------------------------------------------------ printers


@pytest.mark.parametrize(
    ("state", "reasons", "stopped_by"),
    [
        (PrinterState.IDLE, set(), set()),
        (PrinterState.IDLE, {"marker-supply-low-warning"}, set()),
        (PrinterState.IDLE, {"media-empty-error", "marker-supply-low-report"}, {"media-empty-error"}),
        (PrinterState.PROCESSING, {OFFLINE, "cover-open"}, {OFFLINE, "cover-open"}),
        (PrinterState.STOPPED, set(), {"stopped"}),
        (PrinterState.STOPPED, {"other"}, {"other"}),
        (PrinterState.STOPPED, {"other", "paused"}, {"paused"}),
    ],
)
def test_a_printer_says_what_it_is_stopped_by(state, reasons, stopped_by):
    assert PrinterStatus(state=state, reasons=frozenset(reasons)).stopped_by == stopped_by


def test_evidence_is_ordered_from_the_spooler_to_a_person():
    assert sorted(Evidence, key=lambda evidence: evidence.strength) == [
        Evidence.SPOOLER,
        Evidence.PRINTER,
        Evidence.COUNTER,
        Evidence.READER,
        Evidence.OFFICER,
    ]


def test_errors_show_their_code_and_carry_what_to_do():
    refused = Refused("order-taken", "cannot take the order: it has a job", field="order", see="job-1")
    assert (refused.field, refused.see, refused.fix) == ("order", "job-1", None)
    assert repr(Faulted("disk-full", "cannot write", fix="make space")) == "Faulted('disk-full', 'cannot write')"
