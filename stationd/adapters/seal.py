"""Sealing of personal data: AES-256-GCM, each value under a key of its own, bound to the place where it is stored.

The station key is 32 bytes from a systemd credential (``$CREDENTIALS_DIRECTORY/station.key``), else from
``station.key`` beside the configuration file, where ``stationd setup`` puts it, else from ``station.key`` in the state
directory, made there at the first start with mode 0600. Moving a sealed value to
another row, altering it, or opening it under another key fails.
"""

import hashlib
import hmac
import os
import secrets
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stationd.domain.errors import Faulted

KEY_BYTES = 32
KEY_FILE = "station.key"
FIRST_GENERATION = 1
FINGERPRINT = 0
_MAGIC = b"\xf5sd1"
_HEADER = struct.Struct(">4sI")
_NONCE_BYTES = 12
_TAG_BYTES = 16
_CLEAR_BYTES = _HEADER.size + _NONCE_BYTES
WRAPPING_BYTES = _CLEAR_BYTES + KEY_BYTES + _TAG_BYTES
"""How much of a sealed value is its wrapped key; overwritten, nothing opens the rest."""
_FINGERPRINT_BYTES = 16
_HASH_BLOCK = 64
_IPAD, _OPAD = 0x36, 0x5C


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The keys that the station key opens: they outlive it, so that it can be changed."""

    fingerprint: bytes
    """For keyed hashes; stays for ever, or nobody would be found again."""
    generations: Mapping[int, bytes]
    """What wraps the key of each sealed value, by number; the highest is in use."""

    @classmethod
    def first(cls, key: bytes) -> "Ring":
        """The ring of a station whose key was never changed: derived from it."""
        return cls(fingerprint=_derived(key, b"fingerprint"), generations={FIRST_GENERATION: _derived(key, b"seal")})

    @property
    def newest(self) -> int:
        """The generation that seals."""
        return max(self.generations)


class StationSeal:
    """Fulfils :class:`stationd.ports.seal.Seal`: each value under a key of its own, wrapped by the ring's newest.

    A sealed value is magic, generation, nonce and wrapped key (the *wrapping*), then nonce and ciphertext. Only the
    ciphertext is bound to the place, so that a value can be wrapped anew without being opened.
    """

    def __init__(self, key: bytes, ring: Ring | None = None) -> None:
        """``key`` is the station key, 32 bytes; without a ``ring`` it is the first one."""
        self._check = hmac.digest(_derived(key, b"fingerprint"), b"check", hashlib.sha256)[:8]
        self.adopt(ring or Ring.first(key))

    def adopt(self, ring: Ring) -> None:
        """Seal with this ring from now on."""
        self.ring = ring
        self._fingerprint_key = ring.fingerprint
        self._inner, self._outer = (hashlib.sha256(_padded(ring.fingerprint, pad)) for pad in (_IPAD, _OPAD))
        self._keys = {number: (AESGCM(key), _header(number)) for number, key in ring.generations.items()}
        self._newest = self._keys[ring.newest]

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """The sealed value; opens only at ``place``."""
        fresh = os.urandom(KEY_BYTES + 2 * _NONCE_BYTES)
        key, nonce = fresh[:KEY_BYTES], fresh[-_NONCE_BYTES:]
        wrapping = self._wrapping(key, fresh[KEY_BYTES:-_NONCE_BYTES])
        return b"".join((wrapping, nonce, AESGCM(key).encrypt(nonce, plain, place.encode())))

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The plain bytes. Raises :class:`Faulted` (``seal-broken``)."""
        try:
            if is_wrapped(sealed):
                key, sealed = AESGCM(self._unwrapped(sealed)), sealed[WRAPPING_BYTES:]
            else:  # sealed before values had keys of their own
                key = self._keys[FIRST_GENERATION][0]
            return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError, KeyError, struct.error) as error:
            raise Faulted("seal-broken", place=place) from error

    def rewrapped(self, start: bytes) -> tuple[bytes, int] | None:
        """For the first ``WRAPPING_BYTES`` of a sealed value: its new wrapping, and how many bytes that replaces.

        ``None`` when it is wrapped by the newest key already. Raises :class:`Faulted` (``seal-broken``).
        """
        if self.is_newest(start):
            return None
        try:
            if is_wrapped(start):
                return self._wrapping(self._unwrapped(start), os.urandom(_NONCE_BYTES)), WRAPPING_BYTES
            key = self.ring.generations[FIRST_GENERATION]
        except (InvalidTag, ValueError, KeyError, struct.error) as error:
            raise Faulted("seal-broken/wrap") from error
        return self._wrapping(key, os.urandom(_NONCE_BYTES)), 0

    def is_newest(self, start: bytes) -> bool:
        """Whether a sealed value that begins so is wrapped by the newest key."""
        return start.startswith(self._newest[1])

    def fingerprint(self, value: str) -> bytes:
        """HMAC-SHA-256 of the value, cut to 16 bytes.

        Put together from two hashes that have taken in the padded key already (RFC 2104, section 4): ``hmac.digest``
        prepares the key for every order anew, which costs more than all the rest.
        """
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return outer.digest()[:_FINGERPRINT_BYTES]

    def derived(self, purpose: bytes) -> bytes:
        """32 bytes for another purpose; they outlive the station key and give neither it nor each other away."""
        return _derived(_derived(self._fingerprint_key, b"derive"), purpose)

    def check_value(self) -> bytes:
        """Eight bytes that tell this station key from another without giving it away."""
        return self._check

    def _wrapping(self, key: bytes, nonce: bytes) -> bytes:
        wrapper, header = self._newest
        return b"".join((header, nonce, wrapper.encrypt(nonce, key, header)))

    def _unwrapped(self, sealed: bytes) -> bytes:
        header = sealed[: _HEADER.size]
        wrapper, _ = self._keys[_HEADER.unpack(header)[1]]
        return wrapper.decrypt(sealed[_HEADER.size : _CLEAR_BYTES], sealed[_CLEAR_BYTES:WRAPPING_BYTES], header)


def is_wrapped(start: bytes) -> bool:
    """Whether a value that begins so is sealed under a key of its own."""
    return start.startswith(_MAGIC)


def lasting(sealed: bytes) -> bytes:
    """The part of a sealed value that stays the same when it is wrapped anew; for hashes over it."""
    return sealed[WRAPPING_BYTES:] if is_wrapped(sealed) else sealed


def wrap(key: bytes, ring: Ring) -> Mapping[int, bytes]:
    """The ring as it is stored: each of its keys sealed by the station key; 0 is the fingerprint key."""
    wrapper = AESGCM(_derived(key, b"ring"))
    found = {}
    for number, each in {FINGERPRINT: ring.fingerprint, **ring.generations}.items():
        nonce = os.urandom(_NONCE_BYTES)
        found[number] = nonce + wrapper.encrypt(nonce, each, _header(number))
    return found


def unwrap(key: bytes, stored: Mapping[int, bytes]) -> Ring:
    """The stored ring. Raises :class:`Faulted` (``key-wrong``) when it was altered or is another key's."""
    wrapper = AESGCM(_derived(key, b"ring"))
    try:
        keys = {
            number: wrapper.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _header(number))
            for number, sealed in stored.items()
        }
        return Ring(fingerprint=keys.pop(FINGERPRINT), generations=keys)
    except (InvalidTag, ValueError, KeyError, struct.error) as error:
        raise Faulted(
            "key-wrong",
            "cannot open the personal data: the ring of keys in the database was altered or is another key's",
            fix="put the key of this station back, or restore the last backup",
        ) from error


def with_new_generation(ring: Ring) -> Ring:
    """The ring with one more key, made now, which seals from then on."""
    return Ring(
        fingerprint=ring.fingerprint,
        generations={**ring.generations, ring.newest + 1: secrets.token_bytes(KEY_BYTES)},
    )


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
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise Faulted("key-unusable", f"cannot use {path}: others can read it", fix=f"chmod 600 {path}")
    return _checked(path, path.read_bytes())


def _make(path: Path) -> None:
    """A new key, which appears whole or not at all, whoever else makes one and whenever the power fails."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _checked(path: Path, key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise Faulted(
            "key-unusable",
            f"cannot use {path}: a station key has {KEY_BYTES} bytes, this file {len(key)}",
            fix="put the key of this station there (it was backed up at setup)",
        )
    return key


def _header(generation: int) -> bytes:
    return _HEADER.pack(_MAGIC, generation)


def _padded(key: bytes, pad: int) -> bytes:
    return bytes(byte ^ pad for byte in key.ljust(_HASH_BLOCK, b"\0"))


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, b"stationd " + purpose, hashlib.sha256)
