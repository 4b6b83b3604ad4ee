"""When the holder of a finished card is told, told again, and no longer told: the clock of notices.

The rule comes from the office whose 2,646 finished cards lay uncollected: people are sent messages, and *after three of
them within six consecutive months* an uncollected card is handed on, with minutes, to the kecamatan of its holder
(Palembang, Dinas Dukcapil, 2016). What that means exactly is decided here:

- A notice *counts* once it is known to have been delivered; attempts do not. Where a way gives no delivery reports, a
  message that it accepted counts only if the configuration says so. An officer who told the holder in person or by
  telephone counts as well: that is knowledge. What was told twice on one day counts once.
- A notice *may have reached* the holder from the moment it is intended until it is known to have failed. Both limits
  are reckoned by these: never two within one interval, and never more than three within six consecutive months. So
  nobody is pestered because reports are missing, and an unknown outcome is never a reason to send again.
- Six consecutive months are calendar months: from the 31st of August to the end of February, not 183 days.
- Three counted notices within such a span make the card due for transfer, after some days of grace in which the last
  message can still be followed.
- A notice that certainly failed (the network refused the number, a report said so) is tried again after growing pauses;
  after a few failures in a row the number is an officer's business, and so is a card without any usable number and one
  whose notices are never confirmed. None of them holds up anybody else.

Days are those of the trusted calendar (:mod:`stationd.services.calendar`): while the clock is not trusted nothing falls
due. How many go out a day is matched to what the counter can serve, since every notice is a visitor; they are spread
over the hours in which messages may go out, in the order in which they fell due.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from stationd.domain.notice_machine import PERHAPS, NoticeState

_MONTHS: Final = 12
_LAST_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LEAP_FEBRUARY: Final = 29
_MINUTES_A_DAY: Final = 24 * 60


class Trouble(StrEnum):
    """Why a card's notices are an officer's business."""

    NO_NUMBER = "no-number"
    BAD_NUMBER = "bad-number"
    LANDLINE = "landline"
    FAILS = "fails"
    UNCONFIRMED = "unconfirmed"


OF_NUMBERS: Final = frozenset({Trouble.NO_NUMBER, Trouble.BAD_NUMBER, Trouble.LANDLINE})
"""Troubles that can be read off the number itself."""

UNREACHABLE: Final = OF_NUMBERS | {Trouble.FAILS}
"""Troubles with which no message goes out until an officer has mended the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRules:
    """The clock's settings.

    ``reminders_days`` are the intervals between notices, the last of them for all that follow; ``retry_days`` the
    pauses after failures in a row, likewise. ``give_up_after`` failures in a row the number is an officer's business. A
    card is due for transfer ``grace_days`` after the last of ``count`` counted notices within ``months``.
    """

    first_after_days: int = 0
    reminders_days: tuple[int, ...] = (30, 30)
    retry_days: tuple[int, ...] = (1, 3)
    give_up_after: int = 3
    count: int = 3
    months: int = 6
    grace_days: int = 14
    has_accepted_count: bool = False

    def interval(self, told: int) -> int:
        """Days between the ``told``-th notice and the next."""
        return self.reminders_days[min(told, len(self.reminders_days)) - 1]

    def pause(self, failures: int) -> int:
        """Days after the last of ``failures`` in a row."""
        return self.retry_days[min(failures, len(self.retry_days)) - 1]

    @property
    def can_transfer(self) -> bool:
        """Whether cards ever become due for transfer: the intervals must leave room for ``count`` within ``months``."""
        span = sum(self.interval(told) for told in range(1, self.count))
        return span < self.months * 28


@dataclass(frozen=True, slots=True)
class Told:
    """One notice of a card: the day on which it was begun, and what is known of it."""

    on: date
    state: NoticeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What comes next for a card.

    ``notice_on``: the day from which the next notice may go out, ``None`` when none will. ``transfer_on``: the day from
    which the card is due for transfer. ``told``: notices that may have reached the holder; ``counted``: those that
    count.
    """

    notice_on: date | None
    transfer_on: date | None
    trouble: Trouble | None
    told: int
    counted: int


def plan(shelved_on: date, history: Sequence[Told], rules: NoticeRules, number: Trouble | None = None) -> Plan:
    """What comes next for a card on the shelf; ``history`` in the order of sending.

    ``number`` is what is wrong with the holder's number, if anything is.
    """
    perhaps = [each.on for each in history if each.state in PERHAPS]
    counted = sorted({each.on for each in history if _counts(each.state, rules)})
    failures = _failures(history)
    transfer_on = _transfer(counted, rules)
    if transfer_on is not None:
        return Plan(notice_on=None, transfer_on=transfer_on, trouble=None, told=len(perhaps), counted=len(counted))
    trouble = number
    if trouble is None and failures and len(failures) >= rules.give_up_after:
        trouble = Trouble.FAILS
    due = shelved_on + timedelta(days=rules.first_after_days)
    if perhaps:
        due = perhaps[-1] + timedelta(days=rules.interval(len(perhaps)))
    if len(perhaps) >= rules.count:
        due = max(due, months_after(perhaps[-rules.count], rules.months))
        if trouble is None and not set(perhaps[-rules.count :]) <= set(counted):
            trouble = Trouble.UNCONFIRMED
    if failures:
        due = max(due, failures[-1] + timedelta(days=rules.pause(len(failures))))
    if trouble in UNREACHABLE:
        return Plan(notice_on=None, transfer_on=None, trouble=trouble, told=len(perhaps), counted=len(counted))
    return Plan(notice_on=due, transfer_on=None, trouble=trouble, told=len(perhaps), counted=len(counted))


def may_tell(history: Sequence[Told], on: date, rules: NoticeRules) -> date | None:
    """``None`` when a notice may go out on that day, else the day from which one may.

    Asked again at the moment of sending, also of an officer who sends a reminder out of turn.
    """
    perhaps = [each.on for each in history if each.state in PERHAPS]
    if not perhaps:
        return None
    earliest = perhaps[-1] + timedelta(days=rules.interval(len(perhaps)))
    if len(perhaps) >= rules.count:
        earliest = max(earliest, months_after(perhaps[-rules.count], rules.months))
    return earliest if on < earliest else None


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year = day.year + years
    last = _LAST_DAYS[month]
    if month == 1 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0):
        last = _LEAP_FEBRUARY
    return date(year, month + 1, min(day.day, last))


def _counts(state: NoticeState, rules: NoticeRules) -> bool:
    return state is NoticeState.DELIVERED or (rules.has_accepted_count and state is NoticeState.SENT)


def _failures(history: Sequence[Told]) -> list[date]:
    """The days of the failures since anything else happened."""
    failures: list[date] = []
    for each in reversed(history):
        if each.state is not NoticeState.FAILED:
            break
        failures.append(each.on)
    return failures[::-1]


def _transfer(counted: Sequence[date], rules: NoticeRules) -> date | None:
    for first, last in zip(counted, counted[rules.count - 1 :], strict=False):
        if last < months_after(first, rules.months):
            return last + timedelta(days=rules.grace_days)
    return None


# ------------------------------------------------------------------------------------------------- hours and numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingHours:
    """When messages may go out: between minutes of the day, on these weekdays (Monday is 0), ``per_day`` at most."""

    from_minute: int = 8 * 60
    until_minute: int = 16 * 60
    weekdays: frozenset[int] = frozenset(range(5))
    per_day: int = 100

    def is_open(self, day: date, minute: int) -> bool:
        """Whether a message may go out at this minute."""
        return day.weekday() in self.weekdays and self.from_minute <= minute < self.until_minute

    def allowance(self, day: date, minute: int) -> int:
        """How many of the day's number may have gone out by this minute: the visitors are spread over the day.

        Outside the hours none may. The first is allowed at once, the last in the last part of the day.
        """
        if not self.is_open(day, minute):
            return 0
        span = self.until_minute - self.from_minute
        return min(self.per_day, self.per_day * (minute - self.from_minute) // span + 1)


def minutes(text: str) -> int | None:
    """The minute of the day that ``08:00`` says; ``24:00`` is its end. ``None`` for what says none."""
    hours, colon, rest = text.partition(":")
    if not colon or len(hours) != 2 or len(rest) != 2 or not (hours + rest).isascii() or not (hours + rest).isdigit():  # noqa: PLR2004 - HH:MM
        return None
    found = int(hours) * 60 + int(rest)
    return found if int(rest) < 60 and found <= _MINUTES_A_DAY else None  # noqa: PLR2004 - minutes in an hour
