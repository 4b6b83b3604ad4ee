"""The files of a transfer: JSON that a person can look at, signed by the sender, with the cards sealed to the receiver.

Signatures are Ed25519 over the header as JSON with sorted keys; the list of cards is sealed by HPKE (RFC 9180, base
mode: DHKEM(X25519), HKDF-SHA256, AES-256-GCM) under an ``info`` that binds it to this transfer and its two ends, and
its hash stands in the signed header. A stick that gets lost tells how many cards went where, and nothing of a person.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.domain.order import Holder
from stationd.domain.transfer import Confirmation, Manifest, PackedCard, Partner

TRANSFER_FORMAT: Final = "stationd-transfer/1"
CONFIRMATION_FORMAT: Final = "stationd-confirmation/1"
KEY_BYTES: Final = 32

_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    transfer: str
    number: str
    sender: str
    sender_name: str
    receiver: str
    made_at: int
    cards: int
    sealed_sha256: str


class _TransferFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    header: _Header
    sealed: bytes
    signature: bytes

    @property
    def told(self) -> _Header:
        return self.header

    @property
    def signer(self) -> str:
        return self.header.sender


class _Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    receipt: str
    order: str
    kind: JobKind
    printed_at: int
    district: str | None
    village: str | None
    nik: str
    name: str
    address: str | None
    phone: str | None


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    transfer: str
    sender: str
    receiver: str
    revision: int
    at: int
    arrived: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]


class _ConfirmationFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    confirmation: _Told
    signature: bytes

    @property
    def told(self) -> _Told:
        return self.confirmation

    @property
    def signer(self) -> str:
        return self.confirmation.receiver


class _Format(msgspec.Struct, frozen=True):
    format: str


File = TypeVar("File", _TransferFile, _ConfirmationFile)

_encode = msgspec.json.Encoder(order="sorted").encode
_decode_format = msgspec.json.Decoder(_Format).decode
_decode_cards = msgspec.json.Decoder(list[_Card]).decode
_decode_transfer = msgspec.json.Decoder(_TransferFile).decode
_decode_confirmation = msgspec.json.Decoder(_ConfirmationFile).decode


class StationKeys:
    """This station's keys towards others, derived from the station key: nothing more to keep safe."""

    def __init__(self, derived: Callable[[bytes], bytes]) -> None:
        """``derived`` gives 32 bytes for a purpose."""
        self._signing = Ed25519PrivateKey.from_private_bytes(derived(b"transfer sign"))
        self.sealing = X25519PrivateKey.from_private_bytes(derived(b"transfer seal"))

    @property
    def identity(self) -> str:
        """Both public keys as the other station's configuration wants them: 64 bytes in base64url."""
        raw = self.signing_key + self.sealing.public_key().public_bytes_raw()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @property
    def signing_key(self) -> bytes:
        """The public key that this station's signatures are checked with."""
        return self._signing.public_key().public_bytes_raw()

    def sign(self, format_: str, told: Any) -> bytes:
        """A signature over what is told in a file of this format."""
        return self.sign_bytes(_signed(format_, told))

    def sign_bytes(self, signed: bytes) -> bytes:
        """A signature over what names its own format."""
        return self._signing.sign(signed)


class TransferFiles:
    """Fulfils :class:`stationd.ports.transfers.TransferFiles` with this station's keys and those of its partners."""

    def __init__(self, keys: StationKeys, partners: dict[str, Partner]) -> None:
        """``partners`` by their id."""
        self._keys = keys
        self._partners = partners

    def write(self, manifest: Manifest) -> bytes:
        """See :meth:`stationd.ports.transfers.TransferFiles.write`."""
        partner = self._partners[manifest.receiver]
        cards = _encode([_packed(card) for card in manifest.cards])
        sealed = _SUITE.encrypt(
            cards,
            X25519PublicKey.from_public_bytes(partner.seal_key),
            _info(manifest.id, manifest.sender, manifest.receiver),
        )
        header = _Header(
            transfer=manifest.id,
            number=manifest.number,
            sender=manifest.sender,
            sender_name=manifest.sender_name,
            receiver=manifest.receiver,
            made_at=manifest.made_at,
            cards=len(manifest.cards),
            sealed_sha256=hashlib.sha256(sealed).hexdigest(),
        )
        signature = self._keys.sign(TRANSFER_FORMAT, header)
        return _pretty(_TransferFile(TRANSFER_FORMAT, header, sealed, signature))

    def read(self, raw: bytes, *, here: str) -> Manifest | Refused:
        """See :meth:`stationd.ports.transfers.TransferFiles.read`."""
        file = self._opened(_decode_transfer, raw, TRANSFER_FORMAT)
        if isinstance(file, Refused):
            return file
        header = file.header
        if header.receiver != here:
            return Refused("transfer-for-another", see=header.transfer, station=header.receiver)
        if hashlib.sha256(file.sealed).hexdigest() != header.sealed_sha256:
            return _altered()
        try:
            plain = _SUITE.decrypt(
                file.sealed, self._keys.sealing, _info(header.transfer, header.sender, header.receiver)
            )
            cards = tuple(_card(card) for card in _decode_cards(plain))
        except (InvalidTag, ValueError, msgspec.MsgspecError):
            return Refused("transfer-unreadable", see=header.transfer)
        if len(cards) != header.cards:
            return _altered()
        return Manifest(
            id=header.transfer,
            number=header.number,
            sender=header.sender,
            sender_name=header.sender_name,
            receiver=header.receiver,
            made_at=header.made_at,
            cards=cards,
        )

    def write_confirmation(self, confirmation: Confirmation) -> bytes:
        """See :meth:`stationd.ports.transfers.TransferFiles.write_confirmation`."""
        told = _Told(
            transfer=confirmation.transfer,
            sender=confirmation.sender,
            receiver=confirmation.receiver,
            revision=confirmation.revision,
            at=confirmation.at,
            arrived=confirmation.arrived,
            missing=confirmation.missing,
            extra=confirmation.extra,
        )
        return _pretty(_ConfirmationFile(CONFIRMATION_FORMAT, told, self._keys.sign(CONFIRMATION_FORMAT, told)))

    def read_confirmation(self, raw: bytes, *, here: str) -> Confirmation | Refused:
        """See :meth:`stationd.ports.transfers.TransferFiles.read_confirmation`."""
        file = self._opened(_decode_confirmation, raw, CONFIRMATION_FORMAT)
        if isinstance(file, Refused):
            return file
        told = file.confirmation
        if told.sender != here:
            return Refused("transfer-for-another/confirmation", see=told.transfer, station=told.sender)
        return Confirmation(**msgspec.structs.asdict(told))

    def _opened(self, decode: Callable[[bytes], File], raw: bytes, format_: str) -> File | Refused:
        """The file, when it is one of this format and signed by the partner that it names."""
        try:
            file = decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return Refused("transfer-malformed", format=format_)
        if file.format != format_:
            return Refused("transfer-malformed/format", format=format_)
        partner = self._partners.get(file.signer)
        if partner is None:
            return Refused("transfer-sender-unknown", station=file.signer)
        try:
            Ed25519PublicKey.from_public_bytes(partner.sign_key).verify(file.signature, _signed(format_, file.told))
        except InvalidSignature:
            return _altered()
        return file


def is_confirmation(raw: bytes) -> bool:
    """Whether a file calls itself a confirmation; what it calls itself proves nothing yet."""
    try:
        return _decode_format(raw).format == CONFIRMATION_FORMAT
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _signed(format_: str, told: Any) -> bytes:
    return f"{format_}\n".encode() + _encode(told)


def _info(transfer: str, sender: str, receiver: str) -> bytes:
    return f"{TRANSFER_FORMAT} {transfer} {sender} {receiver}".encode()


def _altered() -> Refused:
    return Refused("transfer-altered")


def _pretty(file: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"


def _packed(card: PackedCard) -> _Card:
    holder = card.holder
    return _Card(
        id=card.id,
        receipt=card.receipt,
        order=card.order,
        kind=card.kind,
        printed_at=card.printed_at,
        district=card.district,
        village=card.village,
        nik=holder.nik,
        name=holder.name,
        address=holder.address,
        phone=holder.phone,
    )


def _card(card: _Card) -> PackedCard:
    return PackedCard(
        id=card.id,
        receipt=card.receipt,
        order=card.order,
        kind=card.kind,
        printed_at=card.printed_at,
        district=card.district,
        village=card.village,
        holder=Holder(nik=card.nik, name=card.name, address=card.address, phone=card.phone),
    )
