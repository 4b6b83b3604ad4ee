"""Who the city is: everything that it signs, seals and proves itself with comes from one key of 32 bytes."""

import base64
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from stationd.adapters.city_messages import CityMessages
from stationd.adapters.seal import KEY_BYTES, StationSeal
from stationd.domain.errors import Faulted

KEY_FILE: Final = "city.key"


class Identity:
    """The city's keys."""

    def __init__(self, key: bytes) -> None:
        """``key``: 32 bytes."""
        self.seal = StationSeal(key)
        self._signing = Ed25519PrivateKey.from_private_bytes(self.seal.derived(b"city sign"))
        self._sealing = X25519PrivateKey.from_private_bytes(self.seal.derived(b"city seal"))

    @property
    def messages(self) -> CityMessages:
        """The city's side of the messages."""
        return CityMessages(self._signing, self._sealing)

    @property
    def public_key(self) -> str:
        """What stations check the city's signatures with, as their configuration wants it."""
        return _text(self._signing.public_key().public_bytes_raw())

    @property
    def public_seal(self) -> str:
        """What stations seal to, as their configuration wants it."""
        return _text(self._sealing.public_key().public_bytes_raw())

    def derived(self, purpose: str) -> bytes:
        """32 bytes for another purpose."""
        return self.seal.derived(f"city {purpose}".encode())


def make_key(path: Path) -> None:
    """Make a key where there is none. Raises ``Faulted`` (``key-there``)."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Faulted(
            "key-there", f"cannot make a key: {path} is there", fix="keep it; everything hangs on it"
        ) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> bytes:
    """The city's key: the systemd credential ``city.key`` where there is one, else the file.

    Raises ``Faulted`` (``key-unusable``).
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials is not None and (Path(credentials) / KEY_FILE).exists():
        path = Path(credentials) / KEY_FILE
    elif path.exists() and path.stat().st_mode & 0o077:
        raise Faulted("key-unusable", f"cannot use {path}: others can read it", fix=f"chmod 600 {path}")
    try:
        key = path.read_bytes()
    except OSError as error:
        raise Faulted(
            "key-unusable", f"cannot use {path}: {type(error).__name__}", fix="stationd-city init makes one"
        ) from error
    if len(key) != KEY_BYTES:
        raise Faulted("key-unusable", f"cannot use {path}: a city's key has {KEY_BYTES} bytes, this file {len(key)}")
    return key


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
