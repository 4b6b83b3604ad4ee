"""Signing in: how long a wrong PIN is paid for, how long a session lasts, and why it ends.

Durations are seconds of a clock that never goes back. After a restart they begin anew: a restart lengthens a lock and
never shortens it. The date in a session is for people and for a restart while the wall clock is trusted.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stationd.domain.errors import Refused

FREE_TRIES: Final = 3
"""Wrong PINs in a row that cost no wait: people mistype."""

FIRST_DELAY_S: Final = 30
LONGEST_DELAY_S: Final = 3600
"""At one try an hour, half of all PINs of six digits take 57 years."""

SHORTEST_PIN: Final = 6
_LONGEST_PIN = 64
_DIGITS = re.compile(r"[0-9]+")


class SessionEnd(StrEnum):
    """Why a session, and with it the duty of its officer, ended."""

    SIGNED_OUT = "signed-out"
    LEFT = "left"
    EXPIRED = "expired"
    IDLE = "idle"
    REVOKED = "revoked"
    DECREE_ENDED = "decree-ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """How long a session lasts at most, and how long without a call while its officer is not on duty."""

    lifetime_s: float = 12 * 3600.0
    idle_s: float = 2 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An officer who signed in. ``begun`` and ``used`` are monotonic seconds, ``expires_at`` Unix milliseconds."""

    officer: str
    begun: float
    used: float
    expires_at: int


def delay_s(failures: int) -> int:
    """Seconds to wait after so many wrong PINs in a row: none for three, then 30, doubling up to an hour."""
    if failures < FREE_TRIES:
        return 0
    return min(FIRST_DELAY_S << min(failures - FREE_TRIES, 16), LONGEST_DELAY_S)


def wait_s(failures: int, since: float, now: float) -> float:
    """Seconds until the next try, when the last failed at ``since``; 0 when it may be now."""
    return max(0.0, since + delay_s(failures) - now)


def session_end(
    session: Session, rules: SessionRules, *, now: float, now_ms: int, is_trusted: bool, is_on_duty: bool
) -> SessionEnd | None:
    """Why the session is over, or ``None`` while it lasts.

    The wall clock ends it only while it is trusted. An officer on duty works at the machine, not at the screen: the
    idle limit waits until the duty ends.
    """
    if now - session.begun >= rules.lifetime_s or (is_trusted and now_ms >= session.expires_at):
        return SessionEnd.EXPIRED
    if not is_on_duty and now - session.used >= rules.idle_s:
        return SessionEnd.IDLE
    return None


def pin_refusal(pin: str, number: str) -> Refused | None:
    """Why a PIN is too easy to be taken for the officer of that number, or ``None``.

    It has 6 to 64 printable characters; digits alone must not be one digit repeated, a run such as 123456, or a part
    of the officer's number.
    """
    refused = None
    if not SHORTEST_PIN <= len(pin) <= _LONGEST_PIN or not pin.isprintable():
        refused = "pin-too-easy/length"
    elif len(set(pin)) == 1:
        refused = "pin-too-easy/repeated"
    elif _DIGITS.fullmatch(pin) and (pin in "01234567890" or pin in "09876543210"):
        refused = "pin-too-easy/run"
    elif pin in number:
        refused = "pin-too-easy/number"
    return None if refused is None else Refused(refused, field="pin", least=SHORTEST_PIN, most=_LONGEST_PIN)
