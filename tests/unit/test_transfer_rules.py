"""Transfers as rules: what a confirmation means, whose file it is, what the offices sign."""

from dataclasses import replace
from datetime import date

import pytest

from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.domain.minutes import Office
from stationd.domain.order import Holder
from stationd.domain.signers import Desk, Signer
from stationd.domain.transfer import (
    MOST_CARDS,
    Confirmation,
    Direction,
    ItemState,
    ListedCard,
    Manifest,
    PackedCard,
    Partner,
    Transfer,
    TransferState,
    manifest_refusal,
    partner_for,
    reconciled,
    settled,
)
from stationd.domain.transfer_papers import hand_over_minutes, masked, receipt_minutes

S, A, M = ItemState.SENT, ItemState.ARRIVED, ItemState.MISSING
TOLD = Confirmation(
    transfer="t", sender="1671-07", receiver="1671-09", revision=1, at=1, arrived=("x",), missing=("y",), extra=()
)
CARD = PackedCard(
    id="x",
    receipt="2XK7-9QF4-M3TP",
    order="PRR-1",
    kind=JobKind.FIRST,
    printed_at=1,
    district="16.71.09",
    village=None,
    holder=Holder(nik="9999010101010001", name="Contoh Rekaan", address=None),
)
MANIFEST = Manifest(
    id="t",
    number="7",
    sender="1671-07",
    sender_name="Kecamatan Contoh",
    receiver="1671-09",
    made_at=1,
    cards=(CARD,),
)
DESK = Desk(office=Office(head=(), address=(), town="Contoh"), place="Kecamatan Contoh")
SIGNER = Signer(name="Petugas Contoh", nip="199901012026011001", decree="SK Contoh 1/2026")
TRANSFER = Transfer(
    id="t",
    direction=Direction.IN,
    state=TransferState.ANNOUNCED,
    number="7",
    peer="1671-07",
    peer_name="Kecamatan Contoh",
    cards=2,
    arrived=0,
    missing=0,
    extra=0,
    revision=0,
    made_at=1,
    at=2,
    settled_at=None,
)


@pytest.mark.parametrize(
    ("items", "told", "arrived", "missing", "state"),
    [
        ({"x": S, "y": S}, TOLD, ("x",), ("y",), TransferState.DIFFERING),
        ({"x": S, "y": S}, replace(TOLD, arrived=("x", "y"), missing=()), ("x", "y"), (), TransferState.AGREED),
        ({"x": A, "y": M}, TOLD, (), (), TransferState.DIFFERING),
        ({"x": A, "y": M}, replace(TOLD, arrived=("x", "y"), missing=()), ("y",), (), TransferState.AGREED),
        ({"x": S}, replace(TOLD, missing=(), extra=("z",)), ("x",), (), TransferState.DIFFERING),
    ],
)
def test_a_confirmation_changes_what_is_new_in_it(items, told, arrived, missing, state):
    found = reconciled(items, told, last_revision=0)
    assert (found.arrived, found.missing, found.state) == (arrived, missing, state)


@pytest.mark.parametrize(
    ("items", "told", "last", "code"),
    [
        ({"x": S, "y": S}, TOLD, 1, "confirmation-outdated"),
        ({"x": S, "y": S}, TOLD, 2, "confirmation-outdated"),
        ({"x": S}, TOLD, 0, "confirmation-invalid"),
        ({"x": S, "y": S, "z": S}, TOLD, 0, "confirmation-invalid"),
        ({"x": S, "y": S}, replace(TOLD, missing=("y", "y")), 0, "confirmation-invalid"),
        ({"x": S, "y": A}, TOLD, 0, "confirmation-invalid"),
    ],
)
def test_a_confirmation_that_does_not_fit_changes_nothing(items, told, last, code):
    refused = reconciled(items, told, last_revision=last)
    assert isinstance(refused, Refused)
    assert refused.code == code


def test_both_ends_agree_only_on_everything():
    assert settled([A, A], 0) is TransferState.AGREED
    assert {settled([A, M], 0), settled([A], 1)} == {TransferState.DIFFERING}


@pytest.mark.parametrize(
    ("manifest", "code"),
    [
        (MANIFEST, None),
        (replace(MANIFEST, receiver="1671-10"), "transfer-for-another"),
        (replace(MANIFEST, cards=()), "transfer-invalid"),
        (replace(MANIFEST, cards=(CARD, CARD)), "transfer-invalid"),
        (replace(MANIFEST, cards=(CARD, replace(CARD, id="y"))), "transfer-invalid"),
        (
            replace(MANIFEST, cards=tuple(replace(CARD, id=str(n), receipt=str(n)) for n in range(MOST_CARDS + 1))),
            "transfer-invalid",
        ),
    ],
)
def test_a_list_of_cards_is_one_list_of_different_cards_for_this_station(manifest, code):
    refused = manifest_refusal(manifest, here="1671-09")
    assert (None if refused is None else refused.code) == code


def test_the_partner_is_who_serves_the_kecamatan():
    partner = Partner(id="1671-09", name="x", serves=("16.71.09", "16.71.10"), sign_key=b"", seal_key=b"")
    assert partner_for("16.71.10", [partner]) is partner
    assert partner_for("16.71.11", [partner]) is None


def test_a_nik_is_masked():
    assert masked("1671070101010001") == "1671••••••••0001"


def test_minutes_of_a_packet_name_both_offices_and_leave_room_for_a_hand():
    minutes = hand_over_minutes(DESK, date(2026, 11, 26), MANIFEST, signer=SIGNER, receiver="Kecamatan Umpama")
    assert [party.name for party in minutes.parties] == ["Petugas Contoh", ""]
    assert "Kecamatan Umpama" in minutes.parties[1].office
    assert minutes.decrees == ("Keputusan Wali Kota Nomor SK Contoh 1/2026 tentang penunjukan petugas pencetakan.",)
    assert minutes.annexes[0].rows == (("1", "Contoh Rekaan", "9999••••••••0001", "", "16.71.09", "2XK7-9QF4-M3TP"),)
    by_hand = hand_over_minutes(DESK, date(2026, 11, 26), MANIFEST, signer=Signer(), receiver="Kecamatan Umpama")
    assert by_hand.decrees == ()


@pytest.mark.parametrize(
    ("here", "extra", "annexes", "totals"),
    [
        ((True, True), (), 1, 2),
        ((True, False), (), 2, 3),
        ((False, False), ("2XK7-9QF4-M3TP",), 2, 4),
        ((True, False), ("2XK7-9QF4-M3TP",), 3, 4),
    ],
)
def test_minutes_of_a_receipt_tell_what_came_what_did_not_and_what_should_not(here, extra, annexes, totals):
    listed = [
        ListedCard(receipt="r", name="Contoh", nik="9999010101010001", address=None, has_arrived=each) for each in here
    ]
    minutes = receipt_minutes(DESK, date(2026, 11, 26), TRANSFER, listed, extra, signer=SIGNER)
    assert (len(minutes.annexes), len(minutes.totals)) == (annexes, totals)
    assert "Nomor 7" in minutes.paragraphs[0]


def test_nothing_of_a_holder_is_shown_by_accident():
    assert "Rekaan" not in repr(MANIFEST)
    assert "Contoh" not in repr(ListedCard(receipt="r", name="Contoh", nik="1", address=None, has_arrived=True))
