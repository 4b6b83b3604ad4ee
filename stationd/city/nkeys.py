"""Keys and tokens as NATS wants them: nkeys (Ed25519 in base 32 with a checksum) and JWTs signed by them.

The format is that of https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt and of the
package nkeys; it is small, and this way no second library for Ed25519 is needed beside `cryptography`.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SEED: Final = 18 << 3
_encode = msgspec.json.Encoder(order="sorted").encode
_HEADER: Final = {"typ": "JWT", "alg": "ed25519-nkey"}


class Kind(IntEnum):
    """Whose key it is: the first byte, which makes the first letter."""

    OPERATOR = 14 << 3
    ACCOUNT = 0
    USER = 20 << 3


class NKey:
    """A key pair of NATS, made from 32 secret bytes."""

    def __init__(self, kind: Kind, raw: bytes) -> None:
        self._kind = kind
        self._raw = raw
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public = _written(bytes([kind]) + self._key.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        """The secret half, as a credentials file has it."""
        return _written(bytes([_SEED | self._kind >> 5, (self._kind & 31) << 3]) + self._raw)

    def sign(self, data: bytes) -> bytes:
        """A signature of 64 bytes."""
        return self._key.sign(data)

    def token(self, subject: str, name: str, claims: Mapping[str, Any], *, at: int) -> str:
        """A JWT (version 2) about the key ``subject``, issued by this one; ``at`` is Unix seconds."""
        body: dict[str, Any] = {
            "iat": at,
            "iss": self.public,
            "name": name,
            "nats": {**claims, "version": 2},
            "sub": subject,
        }
        body["jti"] = base64.b32encode(hashlib.sha256(_encode(body)).digest()).decode().rstrip("=")
        signed = f"{_url(_encode(_HEADER))}.{_url(_encode(body))}"
        return f"{signed}.{_url(self.sign(signed.encode()))}"


def credentials(token: str, user: NKey) -> str:
    """The file that lets a user in: its token and its seed."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )


def _written(raw: bytes) -> str:
    checksum = binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw + checksum).decode().rstrip("=")


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
