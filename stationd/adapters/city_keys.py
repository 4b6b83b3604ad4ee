"""The city's public keys, and what they signed: JWS in compact form with Ed25519 and nothing else.

One algorithm is fixed here, so that no header can choose another (RFC 8725, 3.1); a critical extension (``crit``) is
refused because none is known here (RFC 7515, 4.1.11).
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stationd.domain.city_order import decoded, encoded

MAX_CHARS: Final = 4096
"""The longest signature that is looked at."""

_PARTS = 3
_ALGORITHMS = frozenset({"EdDSA", "Ed25519"})

_read = msgspec.json.Decoder(dict[str, Any]).decode


class CityKeys:
    """Fulfils :class:`stationd.ports.city.SignatureReader`."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        """``keys`` are raw Ed25519 public keys of 32 bytes."""
        self._keys = {key_id(raw): Ed25519PublicKey.from_public_bytes(raw) for raw in keys}

    def claims(self, signature: str) -> Mapping[str, object] | None:
        """The claims, when a key of the city has signed them.

        The header's ``kid`` is the key's thumbprint; with a single key it may be left out.
        """
        parts = signature.split(".") if len(signature) <= MAX_CHARS and signature.isascii() else []
        raw = [decoded(part) for part in parts]
        if len(raw) != _PARTS or raw[0] is None or raw[1] is None or raw[2] is None:
            return None
        try:
            header = _read(raw[0])
            key = self._key(header)
            if key is None or str(header.get("alg")) not in _ALGORITHMS or "crit" in header:
                return None
            key.verify(raw[2], f"{parts[0]}.{parts[1]}".encode())
            return _read(raw[1])
        except (InvalidSignature, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    def _key(self, header: Mapping[str, object]) -> Ed25519PublicKey | None:
        name = header.get("kid")
        if name is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(name) if isinstance(name, str) else None


def key_id(raw: bytes) -> str:
    """The thumbprint of a raw Ed25519 public key (RFC 8037, 2, and RFC 7638), which names it in ``kid``."""
    canonical = f'{{"crv":"Ed25519","kty":"OKP","x":"{encoded(raw)}"}}'
    return encoded(hashlib.sha256(canonical.encode()).digest())
