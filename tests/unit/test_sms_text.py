"""Messages: their alphabet, their length, and that the station's own fit into one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.sms import Alphabet, Wording, filled, measure, plain, rupiah, unknown_fields

FIELDS = {"office": "Kecamatan Ilir Timur Tiga", "hours": "Sen-Jum 08.00-16.00", "receipt": "2XK7-9QF4-M3TP"}


def test_160_characters_of_the_alphabet_are_one_message_and_161_are_two():
    assert measure("a" * 160).segments == 1
    assert measure("a" * 161).segments == 2
    assert measure("a" * 306).segments == 2
    assert measure("a" * 307).segments == 3


def test_extended_characters_take_two_places_and_are_not_split():
    assert measure("€" * 80).segments == 1
    assert measure("€" * 81).segments == 2
    assert measure("a" * 152 + "€" + "a" * 152).segments == 3  # the escape does not stand alone at the end
    assert measure("{}").places == 4


def test_one_strange_character_costs_the_whole_message_its_alphabet():
    found = measure("a" * 70 + "→")
    assert found.alphabet is Alphabet.UCS2
    assert found.segments == 2
    assert measure("→" * 70).segments == 1
    assert measure("😀" * 35).segments == 1
    assert measure("😀" * 36).segments == 2


def test_no_text_is_one_message():
    assert measure("").segments == 1


def test_typographic_marks_do_not_double_the_price():
    assert plain("a – b … “c” ‘d’\u00a0e\tf`") == "a - b ... \"c\" 'd' e f'"
    assert measure(plain("“KTP‑el” – gratis…")).alphabet is Alphabet.GSM7


@given(st.text())
def test_segments_have_room_for_the_text_and_not_for_much_less(text):
    found = measure(text)
    alone, each = (160, 153) if found.alphabet is Alphabet.GSM7 else (70, 67)
    if found.segments == 1:
        assert found.places <= alone
    else:
        assert found.places > alone
        assert (found.segments - 1) * (each - 1) < found.places <= found.segments * each


@pytest.mark.parametrize("told", [0, 1, 2, 5])
@pytest.mark.parametrize("office", ["Kecamatan Plaju", FIELDS["office"], "K" * 60])
def test_the_stations_own_messages_fit_into_one(told, office):
    text = filled(Wording().choose(told, 3), FIELDS | {"office": office})
    assert measure(text).segments == 1
    assert FIELDS["receipt"] in text
    assert office in text
    assert "gratis" in text.lower()


def test_the_last_notice_says_that_it_is_the_last():
    assert "erakhir" in filled(Wording().choose(2, 3), FIELDS)
    assert "sudah jadi" in filled(Wording().choose(0, 3), FIELDS)
    assert "belum diambil" in filled(Wording().choose(1, 3), FIELDS)


def test_where_none_fits_the_shortest_is_taken():
    assert filled(["a" * 200, "b" * 170], {}) == "b" * 170
    assert filled([], {}) == ""


def test_fields_that_nothing_fills_in_are_found():
    assert unknown_fields("{office} {receipt}.") == ()
    assert unknown_fields("{nik} {office} {name}") == ("nik", "name")
    assert unknown_fields("{office") is None
    assert unknown_fields("{off{ice}}") is None
    assert unknown_fields("office}") is None
    assert unknown_fields("") == ()


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Sisa pulsa Rp 12.500 aktif sd 31/12", 12500),
        ("Pulsa Rp12500,00", 12500),
        ("rp. 7.000", 7000),
        ("Kuota 3 GB", None),
    ],
)
def test_the_credit_is_read_from_what_the_operator_answers(text, amount):
    assert rupiah(text) == amount
