"""Who the city is: everything that it signs, seals and proves itself with comes from one key of 32 bytes."""

import base64
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from stationd.adapters.city_messages import CityMessages
from stationd.adapters.seal import KEY_BYTES, StationSeal
from stationd.domain.errors import Faulted

KEY_FILE: Final = "city.key"
DOOR_FILE: Final = "door.token"
_TOKEN_BYTES: Final = 32
_SHORTEST_TOKEN: Final = 32


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
    """Make a key where there is none. Raises ``Faulted`` (``key-there``, ``key-unusable``)."""
    try:
        _write(path, os.urandom(KEY_BYTES))
    except FileExistsError:
        raise Faulted(
            "key-there", f"cannot make a key: {path} is there", fix="keep it; everything hangs on it"
        ) from None
    except OSError as error:
        raise Faulted("key-unusable", f"cannot make {path}: {error.strerror}") from error


def make_token(path: Path) -> None:
    """Make a token of the door where there is none. Raises ``Faulted`` (``token-unusable``)."""
    try:
        _write(path, secrets.token_hex(_TOKEN_BYTES).encode() + b"\n")
    except FileExistsError:
        return
    except OSError as error:
        raise Faulted("token-unusable", f"cannot make {path}: {error.strerror}") from error


def read_token(path: Path) -> str:
    """The token of the door: the systemd credential ``door.token`` where there is one, else the file.

    Raises ``Faulted`` (``token-unusable``).
    """
    path = handed_over(DOOR_FILE, path)
    try:
        token = path.read_text(encoding="ascii").strip()
        is_open = not is_handed_over(path) and bool(path.stat().st_mode & 0o007)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Faulted("token-unusable", f"cannot use {path}: {reason}", fix="stationd-city init makes one") from error
    if len(token) < _SHORTEST_TOKEN or is_open:
        raise Faulted(
            "token-unusable",
            f"cannot use {path}: it wants at least {_SHORTEST_TOKEN} characters that nobody else can read",
            fix=f"openssl rand -hex 32 > {path}; chmod 600 {path}",
        )
    return token


def handed_over(name: str, path: Path) -> Path:
    """The systemd credential of this name where there is one, else ``path``."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    found = None if folder is None else Path(folder) / name
    return found if found is not None and found.exists() else path


def is_handed_over(path: Path) -> bool:
    """Whether it is a credential that systemd gave: who may read it is systemd's matter."""
    return str(path.parent) == os.environ.get("CREDENTIALS_DIRECTORY")


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> bytes:
    """The city's key: the systemd credential ``city.key`` where there is one, else the file.

    Raises ``Faulted`` (``key-unusable``).
    """
    path = handed_over(KEY_FILE, path)
    try:
        if not is_handed_over(path) and path.stat().st_mode & 0o077:
            raise Faulted("key-unusable", f"cannot use {path}: others can read it", fix=f"chmod 600 {path}")
        key = path.read_bytes()
    except OSError as error:
        fix = (
            "stationd-city init makes one"
            if isinstance(error, FileNotFoundError)
            else "run this as its owner, or as root"
        )
        raise Faulted("key-unusable", f"cannot use {path}: {error.strerror}", fix=fix) from error
    if len(key) != KEY_BYTES:
        raise Faulted("key-unusable", f"cannot use {path}: a city's key has {KEY_BYTES} bytes, this file {len(key)}")
    return key


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
