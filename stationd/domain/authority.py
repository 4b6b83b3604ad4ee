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

    ``session`` is the hash of the session's token; ``paths`` the beginnings of the only paths that the token reaches.
    """

    name: str
    role: Role
    officer: str | None = None
    session: bytes | None = field(default=None, repr=False, compare=False)
    paths: tuple[str, ...] = field(default=(), repr=False)

    def reaches(self, path: str) -> bool:
        """Whether the token may be used for this path: ``/v1/jobs`` stands for itself and all that is below it."""
        return not self.paths or any(path == each or path.startswith(f"{each.rstrip('/')}/") for each in self.paths)


STATION = Actor(name="stationd", role=Role.ADMIN)
"""The daemon itself, as the actor of what happens without anybody asking."""

CITY = Actor(name="city", role=Role.OFFICER)
"""The city, as the actor of what it orders over its link."""
