"""Who may ask how often: kiosks by their token, strangers by their address, and what every answer tells of it.

The header fields are those of draft-ietf-httpapi-ratelimit-headers-10. Officers, administrators and monitors are not
limited: they are few, known, and may be in a hurry. A wrong token costs its address something, a right one passes in
any case: a neighbour who guesses must not lock anybody out, and 256 random bits are not guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import web

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.rate import Allowance, Callers
from stationd.domain.words import Line
from stationd.ports.clock import Clock

POLICY: Final = "RateLimit-Policy"
REMAINING: Final = "RateLimit"
_KIOSK_WINDOW_S = 4


class Rate(StrEnum):
    """The limit on a call that needs no token."""

    KNOCK = "knock"
    """Signing in, asking to be paired: a person does it."""
    POLL = "poll"
    """Asking whether it is done."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls at once, and as many again in every ``window_s`` seconds."""

    name: str
    quota: int
    window_s: int

    def callers(self) -> Callers:
        """Buckets for all who are under it."""
        return Callers(Allowance(burst=self.quota, per_minute=self.quota * 60 / self.window_s))

    def fields(self, remaining: int, full_in_s: int) -> Mapping[str, str]:
        """The header fields of an answer."""
        return {
            POLICY: f'"{self.name}";q={self.quota};w={self.window_s}',
            REMAINING: f'"{self.name}";r={remaining};t={full_in_s}',
        }


_OPEN: Final = {Rate.KNOCK: Limit(Rate.KNOCK, 60, 60), Rate.POLL: Limit(Rate.POLL, 300, 60)}
_WRONG_TOKENS = Limit("wrong-token", 60, 60)


class Limits:
    """The buckets of one door."""

    def __init__(self, clock: Clock, kiosk_rate: int) -> None:
        """``kiosk_rate``: calls a second of one kiosk's token; 0 is without limit."""
        self._clock = clock
        self._kiosk = Limit("kiosk", kiosk_rate * _KIOSK_WINDOW_S, _KIOSK_WINDOW_S) if kiosk_rate else None
        limits = (*_OPEN.values(), _WRONG_TOKENS, *([self._kiosk] if self._kiosk else ()))
        self._callers = {limit: limit.callers() for limit in limits}

    def stranger(self, request: web.BaseRequest, rate: Rate) -> Mapping[str, str]:
        """Count a call without a token. Raises ``Refused`` (``rate-limited``)."""
        return self._take(_OPEN[rate], address_of(request))

    def caller(self, actor: Actor) -> Mapping[str, str] | None:
        """Count a call with a token; ``None`` when it is not limited. Raises ``Refused`` (``rate-limited``)."""
        if self._kiosk is None or actor.role is not Role.KIOSK:
            return None
        return self._take(self._kiosk, actor.name)

    def wrong_token(self, request: web.BaseRequest) -> None:
        """Count a token that is not known. Raises ``Refused`` (``rate-limited``)."""
        self._take(_WRONG_TOKENS, address_of(request))

    def _take(self, limit: Limit, caller: str) -> Mapping[str, str]:
        now_s, callers = self._clock.monotonic(), self._callers[limit]
        wait_s = callers.take(caller, now_s)
        fields = limit.fields(*callers.left(caller, now_s))
        if wait_s is not None:
            raise Limited(fields, wait_s)
        return fields


class Limited(Refused):
    """Too many calls; ``headers`` say when there may be more."""

    def __init__(self, headers: Mapping[str, str], wait_s: int, name: str = "rate-limited") -> None:
        super().__init__(Line(name, {"wait": wait_s}), wait_s=wait_s)
        self.headers = headers


def address_of(request: web.BaseRequest) -> str:
    """Where a request comes from; everybody on the unix socket is one."""
    return request.remote or "unix"
