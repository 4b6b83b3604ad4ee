"""The messages between a station and its city as bytes: JSON, signed by who says it, sealed to who may read it.

- A station signs each message with its Ed25519 key: a JWS with detached payload (RFC 7515, appendix F) in a header. So
  a broker that was broken into can neither invent a fact nor say that an order was given back.
- The city signs orders as at the counter, with the claims ``fence`` and ``sealed_sha256`` beside the others, and its
  words as a JWS that carries them.
- What is of a person is sealed by HPKE (RFC 9180, base mode: DHKEM(X25519), HKDF-SHA256, AES-256-GCM), to the city's
  key going up and to the station's going down, under an ``info`` that binds it to its place.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from msgspec import Meta

from stationd.adapters.city_keys import key_id
from stationd.adapters.transfer_files import StationKeys
from stationd.domain.city_link import Again, Enclosure, Fact, Message, Offer, Parcel, Particulars, Word
from stationd.domain.city_order import decoded, document_hash, encoded
from stationd.domain.errors import Refused
from stationd.domain.fence import Act
from stationd.ports.city import SignatureReader

FACT_FORMAT: Final = "stationd-fact/1"
OFFER_FORMAT: Final = "stationd-offer/1"
WORD_FORMAT: Final = "stationd-word/1"
PARCEL_FORMAT: Final = "stationd-parcel/1"
AGAIN_FORMAT: Final = "stationd-again/1"
SIGNATURE: Final = "Stationd-Signature"
"""The header with the station's signature over the body."""
MESSAGE_ID: Final = "Nats-Msg-Id"
KEY_BYTES: Final = 32
MOST_BYTES: Final = 8 << 20
"""The largest message: what a counter may send as well; ``max_payload`` of the servers must let it through."""

_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_HASH_BYTES: Final = 32

T = TypeVar("T")

_encode = msgspec.json.Encoder(order="sorted").encode


class _Enclosed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str
    file: bytes


class _Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    format: str
    station: str
    seq: Annotated[int, Meta(ge=1, lt=1 << 53)]
    at: int
    type: str
    subject: str
    data: msgspec.Raw
    hash: str
    sealed: bytes | None = None
    enclosed: _Enclosed | None = None


class _Particulars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order: str
    receipt: str
    nik: str
    district: str | None
    village: str | None


class _Down(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    format: str
    station: str
    signature: str = ""
    sealed: bytes | None = None
    file: bytes | None = None


_Id = Annotated[str, Meta(pattern=r"^[\x21-\x7e]{16,128}$(?!\n)")]
_Reference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$(?!\n)")]
_Number = Annotated[int, Meta(ge=1, lt=1 << 53)]


class _Claims(msgspec.Struct, frozen=True):
    """What the city signs; an order has the counter's claims besides, which are judged when it becomes a job."""

    aud: str
    jti: _Id
    iat: _Number
    order: _Reference
    fence: _Number
    act: Act | None = None
    sealed_sha256: str | None = None


class _Wanted(msgspec.Struct, frozen=True):
    """What the city signs that wants facts again, from the number ``again`` on."""

    aud: str
    jti: _Id
    again: _Number


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str


_decode_fact = msgspec.json.Decoder(_Fact).decode
_decode_particulars = msgspec.json.Decoder(_Particulars).decode
_decode_down = msgspec.json.Decoder(_Down).decode


class StationMessages:
    """A station's side: writes facts, reads what comes down."""

    def __init__(self, station: str, keys: StationKeys, city: SignatureReader, city_seal: bytes) -> None:
        """``city`` knows the keys that the city signs with; ``city_seal`` is the X25519 key of 32 bytes to seal to."""
        self._station = station
        self._keys = keys
        self._city = city
        self._seal = X25519PublicKey.from_public_bytes(city_seal)
        self._header = encoded(_encode(_Header("EdDSA", key_id(keys.signing_key))))

    def write(self, fact: Fact) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a fact."""
        sealed = None
        if fact.particulars is not None:
            told = fact.particulars
            plain = _encode(_Particulars(told.order, told.receipt, told.nik, told.district, told.village))
            sealed = _SUITE.encrypt(plain, self._seal, _fact_info(fact.station, fact.seq, fact.subject))
        enclosed = None if fact.enclosure is None else _Enclosed(fact.enclosure.to, fact.enclosure.file)
        body = _encode(
            _Fact(
                FACT_FORMAT,
                fact.station,
                fact.seq,
                fact.at,
                fact.type,
                fact.subject,
                msgspec.Raw(fact.data.encode()),
                fact.hash.hex(),
                sealed,
                enclosed,
            )
        )
        signature = encoded(self._keys.sign_bytes(f"{self._header}.{encoded(body)}".encode()))
        return {MESSAGE_ID: fact.id, SIGNATURE: f"{self._header}..{signature}"}, body

    def read(self, body: bytes) -> Message | Refused:
        """What came down.

        Refused (``link-malformed``, ``link-signature-invalid``, ``link-for-another``) where nothing of it may be
        believed. The signature of an order is judged in full when it becomes a job.
        """
        down = _read(_decode_down, body)
        if down is None:
            return _malformed("it is no message of this protocol")
        if down.format == PARCEL_FORMAT:
            if down.file is None:
                return _malformed("a parcel without its file")
            return Parcel(station=down.station, file=down.file) if self._is_for_here(down.station) else _for_another()
        signed = self._city.claims(down.signature)
        if signed is None:
            return Refused("link-signature-invalid", "cannot take the message: no key of the city has signed it")
        if down.format == AGAIN_FORMAT:
            wanted = _claimed(signed, _Wanted)
            if wanted is None:
                return _malformed("its claims are not whole")
            if down.station != wanted.aud or not self._is_for_here(down.station):
                return _for_another()
            return Again(id=wanted.jti, station=wanted.aud, seq=wanted.again)
        return self._about_an_order(down, signed)

    def _about_an_order(self, down: _Down, signed: Mapping[str, object]) -> Offer | Word | Refused:
        claims = _claimed(signed, _Claims)
        if claims is None:
            return _malformed("its claims are not whole")
        if down.station != claims.aud or not self._is_for_here(down.station):
            return _for_another()
        if down.format == OFFER_FORMAT and down.sealed is not None and claims.act is None:
            if claims.sealed_sha256 != document_hash(down.sealed):
                return Refused("link-signature-invalid", "cannot take the order: it is not what the city has signed")
            return Offer(
                id=claims.jti,
                station=claims.aud,
                order=claims.order,
                fence=claims.fence,
                signature=down.signature,
                sealed=down.sealed,
            )
        if down.format != WORD_FORMAT or claims.act is None:
            return _malformed("its kind is not known here")
        return Word(
            id=claims.jti,
            station=claims.aud,
            act=claims.act,
            order=claims.order,
            fence=claims.fence,
            at=claims.iat,
        )

    def open(self, offer: Offer) -> bytes | Refused:
        """The body of an order as a counter would send it; ``link-unreadable`` when it is sealed to another key."""
        try:
            return _SUITE.decrypt(offer.sealed, self._keys.sealing, _offer_info(offer.station, offer.id, offer.fence))
        except (InvalidTag, ValueError):
            return Refused("link-unreadable", "cannot take the order: it was not sealed to this station's key")

    def _is_for_here(self, station: str) -> bool:
        return station == self._station


class CityMessages:
    """The city's side: reads facts, writes what goes down."""

    def __init__(self, signing: Ed25519PrivateKey, sealing: X25519PrivateKey) -> None:
        self._signing = signing
        self._sealing = sealing

    def read(self, subject: str, headers: Mapping[str, str], body: bytes, *, sign_key: bytes) -> Fact | Refused:
        """A fact of the station that has this Ed25519 key.

        Refused (``fact-malformed``, ``fact-signature-invalid``, ``fact-misplaced``, ``fact-unreadable``); that it
        follows the row before is the reader's to see (:meth:`Fact.follows`).
        """
        header, _, signature = headers.get(SIGNATURE, "").partition("..")
        try:
            key = Ed25519PublicKey.from_public_bytes(sign_key)
            key.verify(decoded(signature) or b"", f"{header}.{encoded(body)}".encode())
        except InvalidSignature:
            return Refused("fact-signature-invalid", "cannot take the fact: its station has not signed it")
        told = _read(_decode_fact, body)
        if told is None or told.format != FACT_FORMAT:
            return Refused("fact-malformed", "cannot take the fact: it is not one")
        try:
            hash_ = bytes.fromhex(told.hash)
        except ValueError:
            hash_ = b""
        if len(hash_) != _HASH_BYTES:
            return Refused("fact-malformed", "cannot take the fact: its hash is none")
        particulars = None
        if told.sealed is not None:
            particulars = self._opened(told)
            if particulars is None:
                return Refused("fact-unreadable", "cannot read the fact: it was not sealed to this city's key")
        enclosure = None if told.enclosed is None else Enclosure(to=told.enclosed.to, file=told.enclosed.file)
        fact = Fact(
            station=told.station,
            seq=told.seq,
            at=told.at,
            type=told.type,
            subject=told.subject,
            data=bytes(told.data).decode(),
            hash=hash_,
            particulars=particulars,
            enclosure=enclosure,
        )
        if fact.topic != subject or headers.get(MESSAGE_ID) != fact.id:
            return Refused("fact-misplaced", "cannot take the fact: it is not where its station would put it")
        return fact

    def offer(self, claims: Mapping[str, object], body: bytes, *, seal_key: bytes) -> bytes:
        """An order for a station: ``claims`` as at the counter and ``fence``, ``body`` as a counter would send it."""
        id_, station, fence = str(claims["jti"]), str(claims["aud"]), int(str(claims["fence"]))
        key = X25519PublicKey.from_public_bytes(seal_key)
        sealed = _SUITE.encrypt(body, key, _offer_info(station, id_, fence))
        signature = self.sign({**claims, "sealed_sha256": document_hash(sealed)})
        return _encode(_Down(OFFER_FORMAT, station, signature, sealed))

    def word(self, word: Word) -> bytes:
        """Leave or a recall."""
        claims = {
            "aud": word.station,
            "jti": word.id,
            "iat": word.at,
            "act": word.act,
            "order": word.order,
            "fence": word.fence,
        }
        return _encode(_Down(WORD_FORMAT, word.station, self.sign(claims)))

    def again(self, again: Again) -> bytes:
        """That facts are to be sent again."""
        claims = {"aud": again.station, "jti": again.id, "again": again.seq}
        return _encode(_Down(AGAIN_FORMAT, again.station, self.sign(claims)))

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JWS in compact form."""
        key = key_id(self._signing.public_key().public_bytes_raw())
        signed = f"{encoded(_encode(_Header('EdDSA', key)))}.{encoded(_encode(claims))}"
        return f"{signed}.{encoded(self._signing.sign(signed.encode()))}"

    def _opened(self, told: _Fact) -> Particulars | None:
        try:
            plain = _SUITE.decrypt(told.sealed or b"", self._sealing, _fact_info(told.station, told.seq, told.subject))
        except (InvalidTag, ValueError):
            return None
        found = _read(_decode_particulars, plain)
        return None if found is None else Particulars(**msgspec.structs.asdict(found))


def parcel(to: str, file: bytes) -> bytes:
    """A file of a transfer for a station; its own signature is the sending station's."""
    return _encode(_Down(PARCEL_FORMAT, to, file=file))


def message_id(body: bytes) -> str:
    """A ``Nats-Msg-Id`` for what has no id of its own: the hash of it."""
    return encoded(hashlib.sha256(body).digest())


def _fact_info(station: str, seq: int, subject: str) -> bytes:
    return f"{FACT_FORMAT} {station} {seq} {subject}".encode()


def _offer_info(station: str, id_: str, fence: int) -> bytes:
    return f"{OFFER_FORMAT} {station} {id_} {fence}".encode()


def _read(decode: Callable[[bytes], T], body: bytes) -> T | None:
    try:
        return decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _claimed(signed: Mapping[str, object], kind: type[T]) -> T | None:
    try:
        return msgspec.convert(signed, kind)
    except msgspec.ValidationError:
        return None


def _malformed(why: str) -> Refused:
    return Refused("link-malformed", f"cannot take the message: {why}")


def _for_another() -> Refused:
    return Refused("link-for-another", "cannot take the message: it is for another station")
