"""A position is read as it was written, and believed only by the history that it is of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.position import Position, read_position


@given(st.integers(0, 10**17), st.binary(min_size=32, max_size=32))
def test_a_position_is_read_as_it_was_written(seq, hash_):
    position = Position.of(seq, hash_)
    assert read_position(str(position)) == position
    assert position.is_after(hash_)
    assert not position.is_after(bytes([hash_[0] ^ 1]) + hash_[1:])
    assert read_position(str(seq)) == Position(seq)
    assert Position(seq).is_after(hash_)


@pytest.mark.parametrize("text", ["", "-1", "1-", "1-5f3a9c0", "1-5F3A9C01", "01", "1 ", "1\n", "x", "9" * 19, "١"])
def test_what_is_no_position_is_not_taken_for_one(text):
    assert read_position(text) is None
