"""The city's signature on an order: what an unattended station prints on, since nobody stands beside it.

A signature is a JWS in compact form (RFC 7515, RFC 8037: Ed25519) over claims that bind it to one card at one station:

- ``aud``: the station's id;
- ``jti``: an id of its own, 16 to 128 characters, so that it is good for one job, for ever;
- ``iat``, ``exp``: when it was made and until when it may be used, Unix seconds, at most 31 days apart;
- ``order``, ``kind``: as in the job;
- ``holder_sha256`` or ``document_sha256`` or both, base64url without padding: SHA-256 of ``jti:NIK``, which tells
  nobody the NIK who does not know it and guesses at each signature anew, and of the document's bytes;
- ``fence``, only in orders that come over the city link (:mod:`stationd.domain.fence`): no counter takes such a one.

Checking the key is the adapter's work; these are the rules for what a known key has signed.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeGuard

from stationd.domain.errors import Refused
from stationd.domain.order import Document, Order

SKEW_S: Final = 300
"""How far the city's clock and a trusted clock of the station may differ."""

LONGEST_LIFE_S: Final = 31 * 86_400

_ID = re.compile(r"[\x21-\x7e]{16,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The time as the station knows it: Unix seconds, and whether the clock is trusted.

    ``known_s`` is the latest moment that the station is sure has passed; a clock that is not trusted cannot fall
    behind it.
    """

    now_s: int
    is_trusted: bool
    known_s: int = 0


def check(
    claims: Mapping[str, object], order: Order, *, station: str, moment: Moment, fence: int | None = None
) -> str | Refused:
    """The id of a signature that allows this order here and now, or why it does not.

    ``claims`` are what a key of the city has signed, whatever it may be; ``fence`` is that of an order which has leave
    over the city link. The codes: ``signature-invalid``, ``signature-expired``, ``signature-for-another``.
    """
    id_ = claims.get("jti")
    if not isinstance(id_, str) or _ID.fullmatch(id_) is None:
        return _wrong("signature-invalid/id")
    made, ends = claims.get("iat"), claims.get("exp")
    if not _is_time(made) or not _is_time(ends) or not 0 < ends - made <= LONGEST_LIFE_S:
        return _wrong("signature-invalid/times")
    if claims.get("aud") != station:
        return _wrong("signature-for-another/station")
    if claims.get("order") != order.order or claims.get("kind") != order.kind.value:
        return _wrong("signature-for-another/order")
    if claims.get("fence") != fence:
        return _wrong("signature-for-another/fence")
    bound = _bound(claims, order, id_)
    if bound is not None:
        return bound
    if max(moment.now_s if moment.is_trusted else 0, moment.known_s) >= ends + SKEW_S:
        return Refused("signature-expired")
    if moment.is_trusted and moment.now_s < made - SKEW_S:
        return _wrong("signature-invalid/future")
    return id_


def holder_hash(id_: str, nik: str) -> str:
    """``holder_sha256`` of a signature for the holder with this NIK."""
    return _sha256(f"{id_}:{nik}".encode())


def document_hash(document: bytes) -> str:
    """``document_sha256`` of a signature for a ready document."""
    return _sha256(document)


def decoded(text: str) -> bytes | None:
    """The bytes of base64url without padding (RFC 7515, 2), or ``None`` for anything else."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if encoded(raw) == text else None


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bound(claims: Mapping[str, object], order: Order, id_: str) -> Refused | None:
    holder, document = claims.get("holder_sha256"), claims.get("document_sha256")
    if holder is None and document is None:
        return _wrong("signature-invalid/unbound")
    if holder is not None and not _same(holder, holder_hash(id_, order.holder.nik)):
        return _wrong("signature-for-another/holder")
    if document is not None:
        data = order.document.data if isinstance(order.document, Document) else None
        if data is None or not _same(document, document_hash(data)):
            return _wrong("signature-for-another/document")
    return None


def _same(claim: object, expected: str) -> bool:
    return isinstance(claim, str) and claim.isascii() and hmac.compare_digest(claim, expected)


def _is_time(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40


def _sha256(data: bytes) -> str:
    return encoded(hashlib.sha256(data).digest())


def _wrong(name: str) -> Refused:
    return Refused(name, field="signature")


def is_reserved(order: str, prefixes: Sequence[str]) -> bool:
    """Whether an order is the city's to give: its reference begins with one of these, or there are none."""
    return not prefixes or order.startswith(tuple(prefixes))
