"""Who may do what: roles and the actor behind a request."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a token or a session may do; ``admin`` includes all that ``officer`` may."""

    KIOSK = "kiosk"
    OFFICER = "officer"
    ADMIN = "admin"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: the name of the token, its role, and the officer's number when an officer signed in.

    ``session`` is the hash of the session's token.
    """

    name: str
    role: Role
    officer: str | None = None
    session: bytes | None = field(default=None, repr=False, compare=False)


STATION = Actor(name="stationd", role=Role.ADMIN)
"""The daemon itself, as the actor of what happens without anybody asking."""
