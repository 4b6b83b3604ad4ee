"""Sealing: each value under a key of its own, bound to its place; keys that can be changed."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.adapters.seal import (
    KEY_BYTES,
    WRAPPING_BYTES,
    Ring,
    StationSeal,
    _derived,
    unwrap,
    with_new_generation,
    wrap,
)
from stationd.domain.errors import Faulted

KEY = bytes(range(KEY_BYTES))
OTHER = bytes(reversed(range(KEY_BYTES)))


@given(st.binary(max_size=300), st.text(max_size=30))
def test_what_was_sealed_opens_at_its_place_and_nowhere_else(plain: bytes, place: str):
    seal = StationSeal(KEY)
    sealed = seal.seal(plain, place=place)
    assert seal.open(sealed, place=place) == plain
    with pytest.raises(Faulted):
        seal.open(sealed, place=place + "x")
    with pytest.raises(Faulted):
        StationSeal(OTHER).open(sealed, place=place)


@given(st.data())
def test_a_sealed_value_with_any_byte_changed_or_cut_off_does_not_open(data: st.DataObject):
    seal = StationSeal(KEY)
    sealed = bytearray(seal.seal(b"invented", place="a"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Faulted):
        seal.open(bytes(sealed), place="a")
    with pytest.raises(Faulted):
        seal.open(bytes(seal.seal(b"invented", place="a")[:at]), place="a")


def test_two_values_have_two_keys_and_without_its_wrapped_key_a_value_is_lost():
    seal = StationSeal(KEY)
    one, two = seal.seal(b"invented", place="a"), seal.seal(b"invented", place="a")
    with pytest.raises(Faulted):
        seal.open(one[:WRAPPING_BYTES] + two[WRAPPING_BYTES:], place="a")
    with pytest.raises(Faulted):
        seal.open(bytes(WRAPPING_BYTES) + one[WRAPPING_BYTES:], place="a")


@given(value=st.text(max_size=200), ring=st.binary(min_size=32, max_size=32))
def test_a_fingerprint_is_the_keyed_hash_that_it_says(value, ring):
    seal = StationSeal(KEY, Ring(fingerprint=ring, generations={1: KEY}))
    assert seal.fingerprint(value) == hmac.digest(ring, value.encode(), hashlib.sha256)[:16]


def test_a_value_is_wrapped_anew_without_being_opened_and_the_old_key_is_of_no_more_use():
    seal = StationSeal(KEY)
    sealed = seal.seal(b"invented", place="a")
    found = seal.fingerprint("invented")
    ring = with_new_generation(seal.ring)
    seal.adopt(ring)
    assert seal.open(sealed, place="a") == b"invented"
    made = seal.rewrapped(sealed[:WRAPPING_BYTES])
    assert made is not None
    wrapping, replaced = made
    again = wrapping + sealed[replaced:]
    assert len(again) == len(sealed)
    assert seal.rewrapped(again[:WRAPPING_BYTES]) is None
    seal.adopt(Ring(fingerprint=ring.fingerprint, generations={ring.newest: ring.generations[ring.newest]}))
    assert seal.open(again, place="a") == b"invented"
    with pytest.raises(Faulted):
        seal.open(sealed, place="a")
    with pytest.raises(Faulted):
        seal.rewrapped(sealed[:WRAPPING_BYTES])
    with pytest.raises(Faulted):
        StationSeal(KEY).open(again, place="a")
    assert seal.fingerprint("invented") == found


def test_a_value_from_before_values_had_keys_opens_and_gets_one():
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = bytes(range(12))
    bare = nonce + AESGCM(_derived(KEY, b"seal")).encrypt(nonce, b"invented", b"a")
    seal = StationSeal(KEY)
    assert seal.open(bare, place="a") == b"invented"
    ring = with_new_generation(seal.ring)
    seal.adopt(ring)
    made = seal.rewrapped(bare[:WRAPPING_BYTES])
    assert made is not None
    assert made[1] == 0
    seal.adopt(Ring(fingerprint=ring.fingerprint, generations={ring.newest: ring.generations[ring.newest]}))
    assert seal.open(made[0] + bare, place="a") == b"invented"


def test_a_stored_ring_opens_with_its_station_key_only_and_whole():
    ring = with_new_generation(Ring.first(KEY))
    stored = wrap(KEY, ring)
    assert unwrap(KEY, stored) == ring
    for wrong in (
        lambda: unwrap(OTHER, stored),
        lambda: unwrap(KEY, {**stored, 1: stored[2]}),
        lambda: unwrap(KEY, {}),
    ):
        with pytest.raises(Faulted) as caught:
            wrong()
        assert caught.value.code == "key-wrong"
