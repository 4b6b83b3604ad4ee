"""Sealing of personal data."""

from typing import Protocol


class Seal(Protocol):
    """Authenticated encryption of personal data, bound to the place where it is stored."""

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Ciphertext that opens only at ``place`` (table:column:row)."""
        ...

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The plain bytes. Raises ``Faulted`` (code ``seal-broken``) when altered, moved or under another key."""
        ...

    def fingerprint(self, value: str) -> bytes:
        """A keyed hash for looking up a value without storing it (16 bytes)."""
        ...
