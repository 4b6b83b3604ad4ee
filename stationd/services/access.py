"""Who is behind a bearer token."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Protocol

from stationd.domain.authority import STATION, Actor, Role
from stationd.ports.clock import Clock
from stationd.ports.tokens import NewToken, StoredToken, TokenStore

REMEMBERED_S = 1.0
"""How long an answer is used again; a revoked token works at most this long."""

_REMEMBERED_AT_MOST = 256
_TOKEN_BYTES = 32


SESSION_PREFIX = "st_session_"
"""How the token of a session begins; a bearer token begins with its role instead."""


class Sessions(Protocol):
    """What knows the sessions of officers."""

    def actor_of(self, hash_: bytes) -> Actor | None:
        """Who carries the session's token with this SHA-256, or ``None``."""
        ...

    def is_open(self, hash_: bytes) -> bool:
        """Whether the session lasts; not counted as use of it."""
        ...


class Access:
    """Tokens, looked up by hash: comparing takes the same time for every wrong token."""

    def __init__(
        self,
        tokens: TokenStore,
        clock: Clock,
        sessions: Sessions | None = None,
        is_trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        """``is_trusted``: whether dates may be judged by the wall clock now; while they may not, no token expires."""
        self._tokens = tokens
        self._clock = clock
        self._sessions = sessions
        self._is_trusted = is_trusted
        self._remembered: dict[bytes, tuple[float, StoredToken]] = {}

    async def actor_of(self, token: str) -> Actor | None:
        """Who carries this token, or ``None`` when it is unknown, revoked or expired, or its session is over."""
        hash_ = hash_of(token)
        if self._sessions is not None and token.startswith(SESSION_PREFIX):
            return self._sessions.actor_of(hash_)
        now = self._clock.monotonic()
        known = self._remembered.get(hash_)
        if known is not None and now - known[0] < REMEMBERED_S:
            return self._unexpired(known[1])
        stored = await self._tokens.find(hash_)
        if stored is None:
            self._remembered.pop(hash_, None)
            return None
        if len(self._remembered) >= _REMEMBERED_AT_MOST:
            self._remembered.clear()
        self._remembered[hash_] = (now, stored)
        return self._unexpired(stored)

    def _unexpired(self, stored: StoredToken) -> Actor | None:
        until = stored.expires_at
        is_over = until is not None and self._clock.now_ms() >= until and self._is_trusted()
        return None if is_over else stored.actor

    async def is_valid(self, token: str) -> bool:
        """Whether the token still works; unlike :meth:`actor_of` it does not count as use of a session."""
        if self._sessions is not None and token.startswith(SESSION_PREFIX):
            return self._sessions.is_open(hash_of(token))
        return await self.actor_of(token) is not None

    async def create(
        self,
        name: str,
        role: Role,
        *,
        made_by: str = STATION.name,
        expires_at: int | None = None,
        paths: tuple[str, ...] = (),
    ) -> str:
        """A new token, told once: only its hash is stored. Raises ``Refused`` (``token-name-taken``).

        ``expires_at`` is Unix milliseconds; ``paths`` are the beginnings of the only paths that it reaches.
        """
        token = f"st_{role}_{secrets.token_urlsafe(_TOKEN_BYTES)}"
        refused = await self._tokens.create(
            NewToken(name=name, role=role, hash=hash_of(token), made_by=made_by, expires_at=expires_at, paths=paths)
        )
        if refused is not None:
            raise refused
        return token

    async def revoke(self, name: str) -> None:
        """Revoke a token for good. Raises ``Refused`` (``token-name-unknown``)."""
        refused = await self._tokens.revoke(name)
        if refused is not None:
            raise refused


def hash_of(token: str) -> bytes:
    """SHA-256: enough for a token of 256 random bits, and cheap on every request."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
