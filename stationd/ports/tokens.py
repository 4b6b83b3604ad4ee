"""Bearer tokens."""

from dataclasses import dataclass
from typing import Protocol

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """Whose token it is; ``expires_at`` is Unix milliseconds, ``None`` for one that does not expire."""

    actor: Actor
    expires_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token to store: ``paths`` are the beginnings of the paths that it reaches, none of them all."""

    name: str
    role: Role
    hash: bytes
    made_by: str
    expires_at: int | None = None
    paths: tuple[str, ...] = ()


class TokenStore(Protocol):
    """Bearer tokens, of which only hashes are stored."""

    async def find(self, hash_: bytes) -> StoredToken | None:
        """The token with this SHA-256, or ``None`` when it is unknown or revoked."""
        ...

    async def create(self, token: NewToken) -> Refused | None:
        """Store a new token; ``token-name-taken`` when a token of that name exists."""
        ...

    async def revoke(self, name: str) -> Refused | None:
        """Revoke it for good; ``token-name-unknown`` when there is none."""
        ...
