"""The messages between station and city: whole on the other side, or refused."""

import base64

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from stationd.adapters.city_keys import CityKeys
from stationd.adapters.city_messages import MESSAGE_ID, SIGNATURE, CityMessages, StationMessages, message_id, parcel
from stationd.adapters.transfer_files import StationKeys
from stationd.domain.city_link import Again, Enclosure, Fact, Offer, Parcel, Particulars, Word, orders_topic
from stationd.domain.errors import Refused
from stationd.domain.events import GENESIS, linked
from stationd.domain.fence import Act

HERE = "1671-07"
NIK = "9999990101900001"
CITY_SIGNING, CITY_SEALING = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
CITY_KEY = CITY_SIGNING.public_key().public_bytes_raw()
KEYS = StationKeys(lambda purpose: purpose.ljust(32, b"."))
CITY = CityMessages(CITY_SIGNING, CITY_SEALING)
STATION = StationMessages(HERE, KEYS, CityKeys([CITY_KEY]), CITY_SEALING.public_key().public_bytes_raw())
SEAL_KEY = KEYS.sealing.public_key().public_bytes_raw()
CLAIMS = {"aud": HERE, "jti": "order-0000000000000001", "iat": 1_750_000_000, "order": "PRR-16711-1", "fence": 3}


def fact(seq=1, data='{"state":"queued","actor":"kiosk"}', **more):
    row = (seq, 1_750_000_000_000, "job.accepted", "0190-job", data)
    return Fact(
        station=HERE,
        seq=seq,
        at=row[1],
        type=row[2],
        subject=row[3],
        data=data,
        hash=linked(GENESIS, row),
        **more,
    )


def read(given, headers, body, *, topic=None):
    return CITY.read(topic or given.topic, headers, body, sign_key=KEYS.signing_key)


@given(
    seq=st.integers(1, 2**53 - 1),
    data=st.dictionaries(
        st.text(),
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
    ),
    district=st.none() | st.text(),
    file=st.binary(max_size=64),
)
def test_a_fact_comes_to_the_city_as_it_stands_in_the_station_s_book(seq, data, district, file):
    told = fact(
        seq,
        msgspec.json.encode(data).decode(),
        particulars=Particulars(order="PRR-1", receipt="2XK7-9QF4-M3TP", nik=NIK, district=district),
        enclosure=Enclosure(to="1671-09", file=file),
    )
    headers, body = STATION.write(told)
    heard = read(told, headers, body)
    assert heard == told
    assert heard.follows(GENESIS)
    assert NIK.encode() not in body
    assert b"2XK7-9QF4-M3TP" not in body


@given(place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_fact_that_was_altered_anywhere_is_refused(place, flip):
    told = fact()
    headers, body = STATION.write(told)
    altered = bytearray(body)
    altered[place % len(body)] ^= flip
    refused = read(told, headers, bytes(altered))
    assert isinstance(refused, Refused)
    assert refused.code == "fact-signature-invalid"


def test_a_fact_of_another_station_or_in_another_place_is_refused():
    told = fact()
    headers, body = STATION.write(told)
    other = StationKeys(lambda purpose: purpose.ljust(32, b"x"))
    assert CITY.read(told.topic, headers, body, sign_key=other.signing_key).code == "fact-signature-invalid"
    assert read(told, headers, body, topic="events.1671-09.job.accepted").code == "fact-misplaced"
    assert read(told, headers | {MESSAGE_ID: "1671-07.2-00000000"}, body).code == "fact-misplaced"
    for nothing in ("", "a.b.c", "a..!", headers[SIGNATURE].replace("..", ".e30.")):
        assert read(told, headers | {SIGNATURE: nothing}, body).code == "fact-signature-invalid"
    foreign = CityMessages(CITY_SIGNING, X25519PrivateKey.generate())
    headers, body = STATION.write(fact(particulars=Particulars(order="PRR-1", receipt="R", nik=NIK)))
    assert foreign.read(told.topic, headers, body, sign_key=KEYS.signing_key).code == "fact-unreadable"


def test_an_order_is_opened_by_its_station_only():
    body = CITY.offer(CLAIMS, b'{"order": "PRR-16711-1"}', seal_key=SEAL_KEY)
    offer = STATION.read(body)
    assert isinstance(offer, Offer)
    assert (offer.id, offer.order, offer.fence, offer.station) == (CLAIMS["jti"], "PRR-16711-1", 3, HERE)
    assert STATION.open(offer) == b'{"order": "PRR-16711-1"}'
    other = STATION.read(CITY.offer(CLAIMS, b"{}", seal_key=CITY_SEALING.public_key().public_bytes_raw()))
    assert STATION.open(other).code == "link-unreadable"


def test_an_order_whose_sealed_part_was_exchanged_is_refused():
    one, two = (msgspec.json.decode(CITY.offer(CLAIMS, body, seal_key=SEAL_KEY)) for body in (b"one", b"two"))
    assert STATION.read(msgspec.json.encode(one | {"sealed": two["sealed"]})).code == "link-signature-invalid"


@pytest.mark.parametrize("act", list(Act))
def test_a_word_comes_as_it_was_said(act):
    word = Word(id="word-0000000000000001", station=HERE, act=act, order="PRR-16711-1", fence=4, at=1_750_000_000)
    assert STATION.read(CITY.word(word)) == word


def test_a_parcel_comes_as_it_was_sent():
    assert STATION.read(parcel(HERE, b"{}")) == Parcel(station=HERE, file=b"{}")
    assert STATION.read(parcel("1671-09", b"{}")).code == "link-for-another"
    assert message_id(parcel(HERE, b"{}")) != message_id(parcel(HERE, b"[]"))
    assert orders_topic(HERE) == "orders.1671-07"


def test_what_the_city_did_not_sign_is_refused():
    stranger = CityMessages(Ed25519PrivateKey.generate(), CITY_SEALING)
    word = Word(id="word-0000000000000001", station=HERE, act=Act.LEAVE, order="PRR-1", fence=1, at=1)
    assert STATION.read(stranger.word(word)).code == "link-signature-invalid"
    assert STATION.read(stranger.offer(CLAIMS, b"{}", seal_key=SEAL_KEY)).code == "link-signature-invalid"
    signed = msgspec.json.decode(CITY.word(word))
    header, claims, signature = signed["signature"].split(".")
    for forged in (
        f"{header}.{claims[:-4]}AAAA.{signature}",
        "",
        f"eyJhbGciOiJub25lIn0.{claims}.",
    ):
        assert STATION.read(msgspec.json.encode(signed | {"signature": forged})).code == "link-signature-invalid"


def test_what_is_for_another_station_or_of_no_known_kind_is_refused():
    word = {"aud": "1671-09", "jti": "word-0000000000000001", "iat": 1, "act": "leave", "order": "PRR-1", "fence": 1}

    def down(format_, claims, **more):
        return msgspec.json.encode(
            {"format": format_, "station": claims.get("aud", HERE), "signature": CITY.sign(claims), **more}
        )

    here = word | {"aud": HERE}
    cases = {
        down("stationd-word/1", word): "link-for-another",
        down("stationd-word/1", here).replace(b'"station":"1671-07"', b'"station":"1671-09"'): "link-for-another",
        down("stationd-word/1", here | {"act": "print"}): "link-malformed",
        down("stationd-word/1", here | {"act": ["leave"]}): "link-malformed",
        down("stationd-word/2", here): "link-malformed",
        down("stationd-word/1", here | {"fence": 0}): "link-malformed",
        down("stationd-word/1", here | {"fence": True}): "link-malformed",
        down("stationd-word/1", here | {"order": "a\nb"}): "link-malformed",
        down("stationd-offer/1", here, sealed=base64.b64encode(b"x").decode()): "link-malformed",
        down("stationd-offer/1", CLAIMS): "link-malformed",
        b"": "link-malformed",
        b"[" * 10_000: "link-malformed",
        b'{"format":"stationd-parcel/1","station":"1671-07"}': "link-malformed",
        b'{"format":"stationd-word/1","station":"1671-07","more":1}': "link-malformed",
    }
    for body, code in cases.items():
        assert STATION.read(body).code == code, body


def test_the_city_alone_wants_facts_again():
    again = Again(id="again-0000000000000001", station=HERE, seq=7)
    body = CITY.again(again)
    assert STATION.read(body) == again
    foreign = CityMessages(Ed25519PrivateKey.generate(), CITY_SEALING)
    assert STATION.read(foreign.again(again)).code == "link-signature-invalid"
    assert STATION.read(CITY.again(Again(id=again.id, station="1671-09", seq=7))).code == "link-for-another"
    assert STATION.read(CITY.again(Again(id=again.id, station=HERE, seq=0))).code == "link-malformed"
    word = msgspec.json.decode(CITY.word(Word(id=again.id, station=HERE, act=Act.LEAVE, order="P", fence=1, at=1)))
    assert STATION.read(msgspec.json.encode(word | {"format": "stationd-again/1"})).code == "link-malformed"
