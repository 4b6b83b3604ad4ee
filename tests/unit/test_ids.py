"""Identifiers: UUIDv7 in order of time, and receipts that survive a person's typing."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.ids import CROCKFORD, RECEIPT_RANDOM_BITS, read_receipt, receipt, uuid7

times = st.integers(min_value=0, max_value=2**48 - 1)
bits = st.integers(min_value=0, max_value=2**74 - 1)


def receipts():
    drawn = st.builds(
        receipt,
        st.integers(min_value=0, max_value=2**20),
        st.integers(min_value=0, max_value=2**RECEIPT_RANDOM_BITS - 1),
    )
    return drawn.filter(lambda made: made is not None)


@given(unix_ms=times, random_bits=bits)
def test_a_uuid7_has_the_form_of_rfc_9562_and_keeps_its_time(unix_ms, random_bits):
    made = uuid.UUID(uuid7(unix_ms, random_bits))
    assert made.variant == uuid.RFC_4122
    assert made.version == 7
    assert made.int >> 80 == unix_ms


@given(earlier=times, later=times, one=bits, other=bits)
def test_uuid7s_sort_by_time_whatever_was_drawn(earlier, later, one, other):
    if earlier < later:
        assert uuid7(earlier, one) < uuid7(later, other)


@given(unix_ms=times, one=bits, other=bits)
def test_uuid7s_of_one_moment_differ_when_the_draw_differs(unix_ms, one, other):
    assert (uuid7(unix_ms, one) == uuid7(unix_ms, other)) == (one == other)


def test_the_example_of_rfc_9562_comes_out():
    # RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F
    random_bits = (0xCC3 << 62) | 0x18C4DC0C0C07398F
    assert uuid7(0x017F22E279B0, random_bits) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(made=receipts())
def test_a_receipt_is_twelve_symbols_in_three_groups_and_reads_back(made):
    groups = made.split("-")
    assert [len(group) for group in groups] == [4, 4, 4]
    assert set("".join(groups)) <= set(CROCKFORD)
    assert read_receipt(made) == made


@given(made=receipts(), data=st.data())
def test_a_receipt_is_read_however_it_was_typed(made, data):
    typed = made.replace("-", data.draw(st.sampled_from(["", " ", "-", " - "])))
    typed = typed.replace("1", data.draw(st.sampled_from("1IilL"))).replace("0", data.draw(st.sampled_from("0Oo")))
    if data.draw(st.booleans()):
        typed = typed.lower()
    assert read_receipt(typed) == made


@given(made=receipts())
def test_every_single_wrong_symbol_is_caught(made):
    symbols = made.replace("-", "")
    for place, right in enumerate(symbols):
        for wrong in CROCKFORD:
            if wrong != right:
                assert read_receipt(symbols[:place] + wrong + symbols[place + 1 :]) is None


@given(made=receipts())
def test_every_swap_of_neighbours_is_caught(made):
    symbols = made.replace("-", "")
    for place in range(len(symbols) - 1):
        first, second = symbols[place], symbols[place + 1]
        if first != second:
            assert read_receipt(symbols[:place] + second + first + symbols[place + 2 :]) is None


def test_receipts_whose_check_symbol_is_not_on_every_keypad_are_drawn_again():
    drawn = [receipt(1, number) for number in range(37)]
    assert drawn.count(None) == 5


@given(text=st.text(max_size=20))
def test_anything_a_person_types_is_answered_with_a_canonical_receipt_or_nothing(text):
    read = read_receipt(text)
    assert read is None or read_receipt(read) == read


def test_receipts_of_one_hour_share_their_beginning_and_later_hours_sort_later():
    first, second = receipt(7, 5), receipt(7, 900_000_007)
    assert first is not None
    assert second is not None
    assert first[:3] == second[:3]
    assert first[:3] < str(receipt(8, 5))[:3]
