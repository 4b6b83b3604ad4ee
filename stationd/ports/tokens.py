"""Bearer tokens."""

from typing import Protocol

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused


class TokenStore(Protocol):
    """Bearer tokens, of which only hashes are stored."""

    async def actor_of(self, hash_: bytes) -> Actor | None:
        """Who carries the token with this SHA-256, or ``None`` when it is unknown or revoked."""
        ...

    async def create(self, name: str, role: Role, hash_: bytes) -> Refused | None:
        """Store a new token; ``token-name-taken`` when a token of that name exists."""
        ...

    async def revoke(self, name: str) -> Refused | None:
        """Revoke it for good; ``token-name-unknown`` when there is none."""
        ...
