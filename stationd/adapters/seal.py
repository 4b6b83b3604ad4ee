"""Sealing of personal data: AES-256-GCM, bound to the place where the bytes are stored.

The station key is 32 bytes from a systemd credential (``$CREDENTIALS_DIRECTORY/station.key``), else from
``station.key`` beside the configuration file, where ``stationd setup`` puts it, else from ``station.key`` in the state
directory, made there at the first start with mode 0600. Moving a sealed value to
another row, altering it, or opening it under another key fails.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stationd.domain.errors import Faulted

KEY_BYTES = 32
KEY_FILE = "station.key"
_NONCE_BYTES = 12
_FINGERPRINT_BYTES = 16


class StationSeal:
    """Fulfils :class:`stationd.ports.seal.Seal` with one key."""

    def __init__(self, key: bytes) -> None:
        """``key`` is 32 bytes; the keys in use are derived from it, one a purpose."""
        self._aead = AESGCM(_derived(key, b"seal"))
        self._fingerprint_key = _derived(key, b"fingerprint")

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Nonce and ciphertext; opens only at ``place``."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The plain bytes. Raises :class:`Faulted` (``seal-broken``)."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise Faulted(
                "seal-broken",
                f"cannot open sealed data at {place}: it was altered, moved, or sealed with another key",
                fix="restore the station key or the last backup",
            ) from error

    def fingerprint(self, value: str) -> bytes:
        """HMAC-SHA-256 of the value, cut to 16 bytes."""
        return hmac.digest(self._fingerprint_key, value.encode(), hashlib.sha256)[:_FINGERPRINT_BYTES]

    def check_value(self) -> bytes:
        """Eight bytes that tell this key from another without giving it away."""
        return hmac.digest(self._fingerprint_key, b"check", hashlib.sha256)[:8]


def load_key(state_dir: Path, environment: Mapping[str, str], *, beside: Path | None = None) -> bytes:
    """The station key: the credential, else the one in the folder ``beside``, else that of the state directory.

    There it is made when there is none anywhere.

    Raises :class:`Faulted` (``key-unusable``) for a key of the wrong length or a file that others can read.
    """
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    if credentials is not None:
        credential = Path(credentials) / KEY_FILE
        if credential.exists():
            return _checked(credential, credential.read_bytes())
    if beside is not None and (placed := beside / KEY_FILE).exists():
        try:
            return _checked(placed, placed.read_bytes())
        except PermissionError as error:
            raise Faulted(
                "key-unusable",
                f"cannot use {placed}: this user may not read it",
                fix="run this as root, or let systemd hand the key over as a credential",
            ) from error
    path = state_dir / KEY_FILE
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise Faulted("key-unusable", f"cannot use {path}: others can read it", fix=f"chmod 600 {path}") from None
        return _checked(path, path.read_bytes())
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(KEY_BYTES)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    directory = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return key


def _checked(path: Path, key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise Faulted(
            "key-unusable",
            f"cannot use {path}: a station key has {KEY_BYTES} bytes, this file {len(key)}",
            fix="put the key of this station there (it was backed up at setup)",
        )
    return key


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"stationd " + purpose, hashlib.sha256)
