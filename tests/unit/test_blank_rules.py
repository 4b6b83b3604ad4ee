"""What a person may enter in the book of blanks, what two counts mean, and what is signed about them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.blank_entry import (
    Category,
    Entry,
    Item,
    NewEntry,
    NewPack,
    Pack,
    Witness,
    correction,
    entry_refusal,
    opening,
    serials_refusal,
    witness_refusal,
)
from stationd.domain.blank_papers import (
    CIRCULAR,
    Day,
    DayEntry,
    DayLine,
    blank_book,
    cause_told,
    count_difference,
    destruction,
)
from stationd.domain.blanks import CORRECTABLE, Account, EntryKind, Movement, at_hand, job_movement, source_of
from stationd.domain.count import Count, Figures, PlacedMovement, agree, count_movements
from stationd.domain.errors import Refused
from stationd.domain.job_machine import BlankMove
from stationd.domain.minutes import CUSTOMARY_CLOSING, Office
from stationd.domain.signers import Desk, Signer

DESK = Desk(office=Office(head=("Kecamatan Contoh",), address=(), town="Contoh"), place="Kecamatan Contoh")
ON = date(2026, 11, 26)
SIGNERS = (Signer(name="SITI SPESIMEN", nip="1", decree="SK 1"), Signer(name="BUDI SPESIMEN", nip="2", decree="SK 1"))


def new(kind, quantity=5, **more):
    return NewEntry(kind=kind, quantity=quantity, **more)


def pack(number, quantity=5, **more):
    return NewPack(number=number, quantity=quantity, **more)


@pytest.mark.parametrize(
    "entry",
    [
        new(EntryKind.RECEIVED, 10, packs=(pack("1"), pack("2", first_serial="A", last_serial="E")), delivery_note="S"),
        new(EntryKind.OPENED, 0, pack="1"),
        new(EntryKind.LOADED, printer="p1"),
        new(EntryKind.UNLOADED, printer="p1", serials=("A",)),
        new(EntryKind.SPOILED, category=Category.FACTORY_BAD),
        new(EntryKind.SPOILED, source=Account.LOADED, printer="p1"),
        new(EntryKind.SPOILED, source=Account.ISSUED, category=Category.STATUS_CHANGE),
        new(EntryKind.RETURNED, source=Account.QUARANTINED, delivery_note="S"),
        new(EntryKind.DESTROYED, items=(Item(category=Category.FOUND_LOST, quantity=5),)),
        new(EntryKind.COUNTED, 0, hoppers={"p1": 0}),
        new(EntryKind.CORRECTED, 0, corrects=1),
    ],
)
def test_an_entry_that_makes_sense_is_taken(entry):
    assert entry_refusal(entry) is None


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (new(EntryKind.RECEIVED, 0), "quantity"),
        (new(EntryKind.RECEIVED, category=Category.FACTORY_BAD), "category"),
        (new(EntryKind.LOADED), "printer"),
        (new(EntryKind.OPENED), "pack"),
        (new(EntryKind.CORRECTED), "corrects"),
        (new(EntryKind.SPOILED, source=Account.LOADED), "printer"),
        (new(EntryKind.SPOILED, printer="p1"), "printer"),
        (new(EntryKind.RECEIVED, source=Account.SAFE), "source"),
        (new(EntryKind.SPOILED, hoppers={"p1": 1}), "hoppers"),
        (new(EntryKind.RECEIVED, serials=("A", "A")), "serials"),
        (new(EntryKind.RECEIVED, 1, serials=("A", "B")), "serials"),
        (new(EntryKind.RECEIVED, 10, packs=(pack("1"), pack("1"))), "packs"),
        (new(EntryKind.RECEIVED, 5, packs=(pack("1", first_serial="A"),)), "packs"),
        (new(EntryKind.RECEIVED, 6, packs=(pack("1"),)), "packs"),
        (new(EntryKind.DESTROYED, 6, items=(Item(category=Category.FOUND_LOST, quantity=5),)), "items"),
        (new(EntryKind.RETURNED, witnesses=(Witness(name="A"),)), "witnesses"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused_at_the_field(entry, field):
    refused = entry_refusal(entry)
    assert isinstance(refused, Refused)
    assert refused.field == field


@pytest.mark.parametrize("kind", sorted(CORRECTABLE))
def test_blanks_are_taken_only_from_where_the_kind_allows(kind):
    assert source_of(kind, None) in Account
    refused = source_of(kind, Account.DESTROYED)
    assert isinstance(refused, Refused)
    assert refused.field == "source"


def test_a_jobs_blank_comes_from_the_hopper_that_is_in_the_book():
    assert job_movement(BlankMove.RESERVE, None).source is Account.SAFE
    assert job_movement(BlankMove.RESERVE, 0).source is Account.SAFE
    assert job_movement(BlankMove.RESERVE, 1).source is Account.LOADED
    assert job_movement(BlankMove.GIVE_BACK, None).target is Account.SAFE
    assert job_movement(BlankMove.GIVE_BACK, 0).target is Account.LOADED
    assert job_movement(BlankMove.ISSUE, 3) == Movement(Account.PRINTER, Account.ISSUED, 1)
    assert at_hand({Account.SAFE: 2, Account.LOADED: 3, Account.PRINTER: 4}) == 5


@pytest.mark.parametrize(
    ("names", "is_refused"), [((), True), (("A",), True), (("A", "a"), True), (("A", "B"), False), ("ABC", False)]
)
def test_two_different_witnesses_see_a_destruction(names, is_refused):
    refused = witness_refusal(new(EntryKind.DESTROYED, witnesses=tuple(Witness(name=name) for name in names)))
    assert (refused is not None) == is_refused


def test_a_serial_is_taken_from_where_it_is():
    assert serials_refusal(EntryKind.SPOILED, Account.SAFE, ("A", "B"), {"A": "safe"}) is None
    refused = serials_refusal(EntryKind.SPOILED, Account.SAFE, ("A", "B"), {"B": "issued"})
    assert isinstance(refused, Refused)
    assert refused.field == "serials[1]"


def sealed(**more):
    known = {"number": "1", "quantity": 10, "first_serial": None, "last_serial": None, "is_sealed": True, "received": 1}
    return Pack(**(known | more))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (10, None),
        (8, Movement(Account.SAFE, Account.MISSING, 2)),
        (11, Movement(Account.MISSING, Account.SAFE, 1)),
    ],
)
def test_what_a_pack_lacks_is_missing(found, expected):
    assert opening(sealed(), found, {Account.SAFE: 50, Account.MISSING: 1}) == expected


def test_a_pack_is_opened_once_and_makes_no_blanks_out_of_nothing():
    assert opening(None, 1, {}).code == "pack-unknown"
    assert opening(sealed(is_sealed=False), 1, {}).code == "pack-opened"
    assert opening(sealed(), 11, {Account.SAFE: 50}).code == "blanks-not-there"


def entry(**more):
    known = {
        "seq": 3,
        "at": 0,
        "source": Account.CENTRE,
        "target": Account.SAFE,
        "quantity": 100,
        "cause": "received",
        "job": None,
        "actor": "x",
        "note": "",
        "detail": {},
    }
    return Entry(**(known | more))


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [
        (entry(), 90, Movement(Account.SAFE, Account.CENTRE, 10)),
        (entry(), 130, Movement(Account.CENTRE, Account.SAFE, 30)),
        (entry(detail={"serials": ["A"], "packs": [["1", 100]]}), 0, Movement(Account.SAFE, Account.CENTRE, 100)),
        (None, 1, "entry-unknown"),
        (entry(corrected_by=9), 1, "entry-corrected"),
        (entry(cause="counted"), 1, "entry-not-correctable"),
        (entry(cause="card_printed"), 1, "entry-not-correctable"),
        (entry(), 100, "entry-not-correctable"),
        (entry(detail={"serials": ["A"]}), 1, "entry-not-correctable"),
        (entry(detail={"packs": [["1", 100]]}), 1, "entry-not-correctable"),
        (entry(quantity=500), 0, "blanks-not-there"),
    ],
)
def test_a_correction_makes_an_entry_mean_what_it_should_have_said(wrong, right, expected):
    answer = correction(wrong, right, {Account.SAFE: 200})
    assert (answer.code if isinstance(answer, Refused) else answer) == expected


def test_an_entry_tells_its_serials_and_its_printer():
    assert entry(detail={"serials": ["A"], "printer": "p1"}).serials == ("A",)
    assert entry(detail={"serials": "nonsense"}).serials == ()
    assert entry(detail={"printer": "p1"}).printer == "p1"
    assert entry().printer is None


# ---------------------------------------------------------------------------------------------------------- counts


def count(safe, book, officer="1", **hoppers):
    counted = Figures(safe=safe, hoppers=hoppers)
    return Count(seq=1, day="2026-11-26", counted=counted, book=book, actor="x", officer=officer)


def test_two_counts_agree_when_they_find_the_same_difference():
    assert agree(count(8, Figures(safe=10)), count(8, Figures(safe=10)))
    assert agree(count(8, Figures(safe=10)), count(5, Figures(safe=7)))
    assert not agree(count(8, Figures(safe=10)), count(9, Figures(safe=10)))
    assert not agree(count(8, Figures(safe=10)), count(8, Figures(safe=10), p1=0))


def test_what_is_missing_at_one_place_may_lie_at_another():
    counted, book = Figures(safe=12, hoppers={"p1": 3}), Figures(safe=10, hoppers={"p1": 5})
    assert count_movements(counted, book, {Account.SAFE: 10, Account.LOADED: 5}) == (
        PlacedMovement(Movement(Account.LOADED, Account.MISSING, 2), "p1"),
        PlacedMovement(Movement(Account.MISSING, Account.SAFE, 2), None),
    )
    assert counted.minus(book) == Figures(safe=2, hoppers={"p1": -2})
    assert counted.minus(book).sum == 0


@given(
    counted=st.builds(
        Figures, safe=st.integers(0, 30), hoppers=st.dictionaries(st.sampled_from("abc"), st.integers(0, 9))
    ),
    book=st.builds(Figures, safe=st.integers(0, 30), hoppers=st.fixed_dictionaries(dict.fromkeys("abc", st.just(4)))),
    missing=st.integers(0, 10),
)
def test_a_count_brings_the_book_to_what_was_found_or_is_refused(counted, book, missing):
    balances = {Account.SAFE: book.safe, Account.LOADED: 12, Account.MISSING: missing}
    movements = count_movements(counted, book, balances)
    surplus = counted.minus(book).sum
    if isinstance(movements, Refused):
        assert surplus > missing
        return
    assert surplus <= missing
    after = dict(balances)
    for placed in movements:
        after[placed.movement.source] -= placed.movement.quantity
        after[placed.movement.target] += placed.movement.quantity
        assert min(after.values()) >= 0
    assert after[Account.SAFE] == counted.safe
    assert sum(after.values()) == sum(balances.values())


# ---------------------------------------------------------------------------------------------------------- papers


def test_minutes_of_a_destruction_rest_on_the_circular_and_name_everybody():
    drawn = destruction(
        DESK,
        ON,
        quantity=53,
        items=(Item(category=Category.FACTORY_BAD, quantity=3), Item(category=Category.PRINTER_SPOIL, quantity=50)),
        serials=("A1",),
        note="dibakar di halaman kantor",
        signers=SIGNERS,
        witnesses=(Witness(name="AGUS SPESIMEN", nip="3", office="Camat"), Witness(name="DEWI SPESIMEN")),
    )
    assert drawn.decrees == (f"{CIRCULAR}.", "Keputusan Wali Kota Nomor SK 1 tentang penunjukan petugas pencetakan.")
    assert drawn.tables[0].rows[0] == ("1", "Rusak dari pabrik", "3")
    assert drawn.tables[0].foot == ("", "Jumlah", "53")
    assert drawn.totals[0].told == "53 (lima puluh tiga) keping"
    assert drawn.annexes[0].rows == (("1", "A1"),)
    assert [party.name for party in drawn.parties] == ["SITI SPESIMEN", "BUDI SPESIMEN"]
    assert [witness.role for witness in drawn.witnesses] == ["Camat", ""]
    assert drawn.closing.startswith("Keterangan: dibakar di halaman kantor.")


def test_who_is_not_known_signs_by_hand():
    drawn = destruction(DESK, ON, quantity=2, items=(), serials=(), note="", signers=(), witnesses=())
    assert [party.name for party in drawn.parties] == ["", ""]
    assert [witness.name for witness in drawn.witnesses] == ["", ""]
    assert drawn.tables[0].rows == (("1", "Blangko dan KTP-el rusak", "2"),)
    assert drawn.annexes == ()
    assert drawn.closing == CUSTOMARY_CLOSING


@pytest.mark.parametrize(
    ("found", "signers", "total", "by"),
    [(8, SIGNERS, ("Selisih kurang", 2), "2 (dua)"), (11, (), ("Selisih lebih", 1), "1 (satu)")],
)
def test_minutes_of_a_difference_tell_book_count_and_difference(found, signers, total, by):
    drawn = count_difference(DESK, ON, counted=Figures(safe=found), book=Figures(safe=10), note="", signers=signers)
    assert (drawn.totals[0].what, drawn.totals[0].quantity) == total
    assert by in drawn.paragraphs[0]
    assert drawn.tables[0].rows == (("1", "Brankas", "10", str(found), str(found - 10)),)


def test_the_book_of_a_day_adds_up():
    line = DayLine(cause="received", source=Account.CENTRE, target=Account.SAFE, quantity=100)
    printed = DayLine(cause="card_printed", source=Account.SAFE, target=Account.ISSUED, quantity=30)
    day = Day(
        day=ON,
        before={Account.SAFE: 5},
        after={Account.SAFE: 75, Account.ISSUED: 30},
        lines=(line, printed),
        entries=(DayEntry(seq=1, time="08.00", line=line, actor="x", note="SJ-1"),),
    )
    drawn = blank_book(DESK, day, SIGNERS)
    position, moved = drawn.tables
    assert position.rows[0] == ("1", "Brankas", "5", "100", "30", "75")
    assert position.foot == ("", "Jumlah", "5", "130", "30", "105")
    assert [row[1] for row in moved.rows] == ["Penerimaan dari pusat", "KTP-el tercetak"]
    assert drawn.annexes[0].rows == (("1", "08.00", "Penerimaan dari pusat", "100", "x", "SJ-1"),)
    assert [total.quantity for total in drawn.totals] == [30, 0, 75]


def test_a_day_on_which_nothing_happened_has_a_book_too():
    drawn = blank_book(DESK, Day(day=ON, before={}, after={}, lines=(), entries=()), ())
    assert drawn.tables[1].rows == (("", "Tidak ada mutasi", "", "", ""),)
    assert drawn.annexes == ()


def test_what_has_no_words_yet_is_told_by_its_name():
    assert cause_told("card_melted") == "Card melted"
