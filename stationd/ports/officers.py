"""Officers, their sessions and their duty."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.officer import Officer


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a number opens: the hash of the PIN, ``None`` for nobody's number; how often in a row it failed before."""

    pin_hash: str | None = field(repr=False)
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session as stored: SHA-256 of its token, its officer, when it ends at the latest (Unix milliseconds)."""

    hash: bytes = field(repr=False)
    officer: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDuty:
    """An officer on duty since a moment (Unix milliseconds), in the session that began it."""

    officer: str
    session: bytes = field(repr=False)
    since: int


class OfficerStore(Protocol):
    """Officers, their sessions and their duty, and the wrong PINs of any number that was typed."""

    async def all(self) -> Sequence[Officer]:
        """Every officer ever entered, by number."""
        ...

    async def add(self, officer: Officer, pin_hash: str, actor: Actor) -> Refused | None:
        """Enter an officer, or again one that was revoked; ``officer-known`` when the number is in use."""
        ...

    async def revoke(self, number: str, actor: Actor) -> Refused | None:
        """End an appointment, with its sessions and duty; ``officer-unknown``."""
        ...

    async def begin_try(self, number: str) -> Credential:
        """Count a try as failed, before the PIN is looked at; the same work for every number."""
        ...

    async def refuse_try(self, number: str, *, wait_s: int, is_told: bool) -> None:
        """The PIN was wrong; ``is_told`` says whether an event is due for a number that is nobody's."""
        ...

    async def pass_try(self, number: str) -> None:
        """The PIN was right for one signature, without a session: the failures are forgotten."""
        ...

    async def failures(self, number: str) -> int:
        """How often in a row this number failed."""
        ...

    async def open_session(self, session: StoredSession) -> None:
        """The PIN was right: a session begins, and the failures are forgotten."""
        ...

    async def close_session(self, hash_: bytes, reason: str) -> None:
        """A session ends, and with it the duty that it began."""
        ...

    async def sessions(self) -> Sequence[StoredSession]:
        """The sessions that were not closed."""
        ...

    async def begin_duty(self, duty: StoredDuty) -> None:
        """An officer goes on duty; nothing happens to one who is."""
        ...

    async def end_duty(self, number: str, reason: str) -> None:
        """An officer goes off duty; nothing happens to one who is not on."""
        ...

    async def on_duty(self) -> Sequence[StoredDuty]:
        """Who is on duty, the first first."""
        ...

    async def trusted_ms(self) -> int | None:
        """The last moment of a trusted clock that was remembered."""
        ...

    async def remember_trusted(self, unix_ms: int) -> None:
        """Remember a moment of a trusted clock."""
        ...

    async def unsigned_jobs(self) -> int:
        """How many jobs that may still become a card came without a signature of the city."""
        ...


class PinHasher(Protocol):
    """Slow hashes of PINs; never on the event loop."""

    async def hash(self, pin: str) -> str:
        """A new hash, with its own salt."""
        ...

    async def is_right(self, hash_: str | None, pin: str) -> bool:
        """Whether the PIN belongs to the hash; as slow, and ``False``, without one."""
        ...
