"""The public keys of the city."""

from collections.abc import Mapping
from typing import Protocol


class SignatureReader(Protocol):
    """The public keys of the city."""

    def claims(self, signature: str) -> Mapping[str, object] | None:
        """What a key of the city has signed; ``None`` when none has, or when it is no signature at all."""
        ...
