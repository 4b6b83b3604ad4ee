"""The city's signatures: each good for one card at one station, and nothing else."""

import base64
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from stationd.adapters.city_keys import MAX_CHARS, CityKeys, key_id
from stationd.domain.city_order import (
    LONGEST_LIFE_S,
    SKEW_S,
    Moment,
    check,
    decoded,
    document_hash,
    encoded,
    holder_hash,
    is_reserved,
)
from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.domain.order import Document, Holder, Order, TemplateDocument

KEY, FOREIGN = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
PUBLIC = KEY.public_key().public_bytes_raw()
KEYS = CityKeys([PUBLIC])
NOW = 1_800_000_000
MOMENT = Moment(now_s=NOW, is_trusted=True, known_s=NOW)
ORDER = Order(
    order="PRR-16711-000123",
    kind=JobKind.FIRST,
    holder=Holder(nik="9999990101900001", name="Contoh Spesimen"),
    document=Document("image/png", b"png"),
)
CLAIMS = {
    "aud": "1671-07",
    "jti": "0123456789abcdef",
    "iat": NOW - 10,
    "exp": NOW + 3600,
    "order": ORDER.order,
    "kind": "first",
    "holder_sha256": holder_hash("0123456789abcdef", ORDER.holder.nik),
}


def part(value):
    return encoded(json.dumps(value).encode())


def sign(claims, *, key=KEY, header=None):
    head = part({"alg": "EdDSA", "kid": key_id(key.public_key().public_bytes_raw()), **(header or {})})
    body = part(claims)
    return f"{head}.{body}.{encoded(key.sign(f'{head}.{body}'.encode()))}"


def judge(claims, *, order=ORDER, station="1671-07", moment=MOMENT):
    found = check(claims, order, station=station, moment=moment)
    return found.code if isinstance(found, Refused) else found


def test_what_the_city_signed_is_read_and_allows_the_order():
    assert KEYS.claims(sign(CLAIMS)) == CLAIMS
    assert judge(CLAIMS) == CLAIMS["jti"]
    assert judge(CLAIMS | {"document_sha256": document_hash(b"png")}) == CLAIMS["jti"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"jti": None}, "signature-invalid"),
        ({"jti": "short"}, "signature-invalid"),
        ({"jti": "0123456789abcde\n"}, "signature-invalid"),
        ({"iat": None}, "signature-invalid"),
        ({"iat": True}, "signature-invalid"),
        ({"exp": "soon"}, "signature-invalid"),
        ({"exp": NOW - 10}, "signature-invalid"),
        ({"exp": NOW - 10 + LONGEST_LIFE_S + 1}, "signature-invalid"),
        ({"iat": NOW + SKEW_S + 1}, "signature-invalid"),
        ({"iat": NOW - 7200, "exp": NOW - SKEW_S}, "signature-expired"),
        ({"aud": "1671-08"}, "signature-for-another"),
        ({"aud": ["1671-07"]}, "signature-for-another"),
        ({"order": "PRR-16711-000124"}, "signature-for-another"),
        ({"kind": "lost"}, "signature-for-another"),
        ({"holder_sha256": holder_hash("0123456789abcdef", "9999990101900002")}, "signature-for-another"),
        ({"holder_sha256": holder_hash("another-id-of-it", "9999990101900001")}, "signature-for-another"),
        ({"holder_sha256": 7}, "signature-for-another"),
        ({"holder_sha256": "\u00e9"}, "signature-for-another"),
        ({"holder_sha256": None}, "signature-invalid"),
        ({"document_sha256": document_hash(b"another")}, "signature-for-another"),
    ],
)
def test_a_signature_for_anything_else_is_refused(changes, code):
    assert judge(CLAIMS | changes) == code


@pytest.mark.parametrize("skew", [-SKEW_S, 0, SKEW_S])
def test_clocks_may_differ_by_five_minutes(skew):
    claims = CLAIMS | {"iat": NOW - 3600, "exp": NOW + 1}
    assert judge(claims, moment=replace(MOMENT, now_s=NOW - 3600 + skew)) == CLAIMS["jti"]
    assert judge(claims, moment=Moment(now_s=NOW + SKEW_S, is_trusted=True)) == CLAIMS["jti"]
    assert judge(claims, moment=Moment(now_s=NOW + SKEW_S + 1, is_trusted=True)) == "signature-expired"


def test_a_clock_that_is_not_trusted_neither_expires_a_signature_nor_revives_one():
    lost = Moment(now_s=0, is_trusted=False)
    ahead = Moment(now_s=NOW * 2, is_trusted=False)
    later = Moment(now_s=0, is_trusted=False, known_s=CLAIMS["exp"] + SKEW_S)
    assert judge(CLAIMS, moment=lost) == judge(CLAIMS, moment=ahead) == CLAIMS["jti"]
    assert judge(CLAIMS, moment=later) == "signature-expired"


def test_an_order_with_a_fence_is_good_over_the_city_link_only_and_under_that_fence():
    claims = CLAIMS | {"fence": 2}
    assert judge(claims) == "signature-for-another"
    assert check(claims, ORDER, station="1671-07", moment=MOMENT, fence=2) == claims["jti"]
    for other in ({}, {"fence": 1}):
        refused = check(CLAIMS | other, ORDER, station="1671-07", moment=MOMENT, fence=2)
        assert refused.code == "signature-for-another"


def test_a_document_still_to_be_rendered_can_only_be_bound_by_its_holder():
    order = replace(ORDER, document=TemplateDocument(template="specimen", fields={}))
    assert judge(CLAIMS, order=order) == CLAIMS["jti"]
    assert judge(CLAIMS | {"document_sha256": document_hash(b"png")}, order=order) == "signature-for-another"


def test_a_foreign_key_signs_nothing_here():
    assert KEYS.claims(sign(CLAIMS, key=FOREIGN)) is None
    assert KEYS.claims(sign(CLAIMS, key=FOREIGN, header={"kid": key_id(PUBLIC)})) is None
    assert CityKeys([]).claims(sign(CLAIMS)) is None


def test_the_key_may_go_unnamed_only_where_there_is_one():
    unnamed = sign(CLAIMS, header={"kid": None})
    assert KEYS.claims(unnamed) == CLAIMS
    both = CityKeys([PUBLIC, FOREIGN.public_key().public_bytes_raw()])
    assert both.claims(unnamed) is None
    assert both.claims(sign(CLAIMS, key=FOREIGN)) == CLAIMS


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": ["EdDSA"]}, {"crit": ["b64"]}, {"kid": "unknown"}, {"kid": 7}]
)
def test_a_header_cannot_talk_the_check_out_of_itself(header):
    assert KEYS.claims(sign(CLAIMS, header=header)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "é.é.é",
        "x" * (MAX_CHARS + 1),
        f"{part({'alg': 'none'})}.{part(CLAIMS)}.",
        f"{part([1])}.{part(CLAIMS)}.AAAA",
        sign(CLAIMS) + "=",
        sign(CLAIMS) + "\n",
        sign([1]),
    ],
)
def test_what_is_no_signature_is_read_as_none(text):
    assert KEYS.claims(text) is None


@given(st.data())
def test_a_changed_character_anywhere_breaks_the_signature(data):
    good = sign(CLAIMS)
    place = data.draw(st.integers(0, len(good) - 1))
    char = data.draw(st.sampled_from("ABCDwxyz0189-_"))
    changed = good[:place] + char + good[place + 1 :]
    assert (KEYS.claims(changed) == CLAIMS) == (changed == good)


@given(st.binary())
def test_base64url_is_read_as_it_was_written(raw):
    assert decoded(encoded(raw)) == raw


@pytest.mark.parametrize("text", ["A", "AB==", "A B", "AB\n", "+/+/", "AB"])
def test_another_spelling_of_base64url_is_refused(text):
    assert decoded(text) is None or encoded(decoded(text)) == text
    if text != "AB":
        assert decoded(text) is None


def test_the_name_of_a_key_is_its_thumbprint():
    """RFC 8037, appendix A.3."""
    x = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert key_id(x) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@given(st.text(), st.lists(st.text(), max_size=3))
def test_only_orders_that_begin_as_the_city_s_do_are_the_city_s_to_give(reference, beginnings):
    assert is_reserved(reference, beginnings) == (not beginnings or any(reference.startswith(b) for b in beginnings))
