"""Pairing: a kiosk gets its token without anybody typing one.

The kiosk asks and shows a short code; an officer compares it with the one on the officer's screen and agrees; the
kiosk, which alone knows the secret that belongs to the code, collects a token once. Nothing of it is kept over a
restart: the kiosk asks again. The token itself is made when it is collected, and that is on the record.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.ids import CROCKFORD
from stationd.ports.clock import Clock
from stationd.services.access import Access
from stationd.services.stream import Stream

LASTS_S: Final = 600
MOST: Final = 8
"""Kiosks that wait at once: more than an office has, and few enough to compare."""

_CODE_SYMBOLS = 6
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the kiosk is told: the code to show, the secret to collect with, and how long both hold."""

    code: str
    secret: str
    expires_in_s: int


@dataclass(slots=True, kw_only=True)
class Pairing:
    """A kiosk that waits. ``asked_at`` is Unix milliseconds, ``until`` monotonic seconds."""

    code: str
    name: str
    asked_at: int
    until: float
    secret: str = field(repr=False)
    approved_by: str | None = None


class Pairings:
    """The kiosks that wait."""

    def __init__(self, access: Access, stream: Stream, clock: Clock) -> None:
        self._access = access
        self._stream = stream
        self._clock = clock
        self._waiting: dict[str, Pairing] = {}

    def ask(self, name: str) -> Asked:
        """Begin to wait. Raises :class:`Refused` (``pairings-full``)."""
        self._forget()
        if len(self._waiting) >= MOST:
            raise Refused("pairings-full", wait_s=30, most=MOST)
        code = self._code()
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        now = self._clock.monotonic()
        self._waiting[code] = Pairing(
            code=code, name=name, asked_at=self._clock.now_ms(), until=now + LASTS_S, secret=secret
        )
        self._stream.tell("pairing.asked", code, {"name": name})
        return Asked(code=code, secret=secret, expires_in_s=LASTS_S)

    def all(self) -> Sequence[Pairing]:
        """Who waits, in the order of asking."""
        self._forget()
        return tuple(self._waiting.values())

    def approve(self, code: str, *, actor: Actor) -> Pairing:
        """Agree that the kiosk that shows this code gets a token. Raises :class:`Refused` (``pairing-unknown``)."""
        pairing = self._known(code)
        pairing.approved_by = actor.name
        self._stream.tell("pairing.approved", pairing.code, {})
        return pairing

    def decline(self, code: str) -> None:
        """Send the kiosk away. Raises :class:`Refused` (``pairing-unknown``)."""
        pairing = self._known(code)
        del self._waiting[pairing.code]
        self._stream.tell("pairing.declined", pairing.code, {})

    async def collect(self, secret: str) -> str | None:
        """The token, once; ``None`` while nobody has agreed. Raises :class:`Refused` (``pairing-unknown``)."""
        self._forget()
        given = secret.encode("utf-8", "surrogatepass")
        found = [each for each in self._waiting.values() if hmac.compare_digest(each.secret.encode(), given)]
        if not found:
            raise _unknown()
        pairing = found[0]
        if pairing.approved_by is None:
            return None
        del self._waiting[pairing.code]
        name = f"{pairing.name}-{pairing.code.replace('-', '').lower()}"
        return await self._access.create(name, Role.KIOSK, made_by=pairing.approved_by)

    def _known(self, code: str) -> Pairing:
        self._forget()
        pairing = self._waiting.get(code.upper())
        if pairing is None:
            raise _unknown()
        return pairing

    def _forget(self) -> None:
        now = self._clock.monotonic()
        self._waiting = {code: each for code, each in self._waiting.items() if each.until > now}

    def _code(self) -> str:
        while True:
            symbols = "".join(secrets.choice(CROCKFORD) for _ in range(_CODE_SYMBOLS))
            code = f"{symbols[:3]}-{symbols[3:]}"
            if code not in self._waiting:
                return code


def _unknown() -> Refused:
    return Refused("pairing-unknown")
