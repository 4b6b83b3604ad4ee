"""The officer: who may print here, by which decree, from when until when.

Only officers of the civil-registry service print, and staff of the kecamatan whom a mayor's decree (SK Walikota)
appoints for *that* kecamatan (the Directorate-General's conditions for printing at the kecamatan, 2016).

Dates are judged by a calendar that the station trusts, see :func:`reckoned`.
"""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, timedelta

from stationd.domain.errors import Refused
from stationd.domain.words import Spoken

ENDS_SOON = timedelta(days=30)
"""How long before a decree ends its officer and the station are warned."""

FEWEST_ABLE = 2
"""With fewer officers than this one illness stops the station (offices stood still with both operators ill)."""

_NUMBER = re.compile(r"[0-9]{18}")
_DECREE_LENGTH = 100
_NAME_LENGTH = 200
_LONGEST_TERM = timedelta(days=10 * 366)


class Standing(Spoken):
    """Where an officer stands on a day."""

    APPOINTED = "appointed", "the decree is in force", "surat keputusan berlaku"
    NOT_YET = "not-yet", "the decree is not in force yet", "surat keputusan belum berlaku"
    ENDED = "ended", "the decree has ended", "masa surat keputusan sudah berakhir"
    REVOKED = "revoked", "the appointment was revoked", "penunjukan sudah dicabut"
    ELSEWHERE = "elsewhere", "the decree is for another kecamatan", "surat keputusan untuk kecamatan lain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """One appointed officer.

    ``number`` is the NIP; ``region`` the code of the kecamatan that the decree names, such as ``16.71.07``;
    ``valid_until`` is the last day on which the decree holds. The name is personal data: sealed at rest, never in
    events or logs. ``added_on`` is the date by the station's clock when an administrator entered the decree.
    """

    number: str
    name: str = field(repr=False)
    decree: str
    region: str
    valid_from: date
    valid_until: date
    added_on: date
    is_revoked: bool = False


def is_officer_number(number: str) -> bool:
    """Whether a NIP has the right form: 18 digits (Kepala BKN 22/2007: birth 8, appointment 6, sex 1, serial 3).

    Its parts are not judged: contract staff (PPPK) fill them differently.
    """
    return _NUMBER.fullmatch(number) is not None


def entry_refusal(officer: Officer, regions: AbstractSet[str]) -> Refused | None:
    """Why an officer cannot be entered at a station that serves ``regions``, or ``None``."""
    if not is_officer_number(officer.number):
        return Refused("officer-invalid/number", field="number")
    for field_, text, most, refusal in (
        ("name", officer.name, _NAME_LENGTH, "officer-invalid/name"),
        ("decree", officer.decree, _DECREE_LENGTH, "officer-invalid/decree"),
    ):
        if not text.strip() or len(text) > most or not text.isprintable():
            return Refused(refusal, field=field_, most=most)
    if officer.region not in regions:
        return Refused("officer-invalid/region", field="region", regions=tuple(sorted(regions)))
    if officer.valid_until < officer.valid_from:
        return Refused("decree-dates-wrong/order", field="valid_until")
    if officer.valid_until - officer.valid_from > _LONGEST_TERM:
        return Refused("decree-dates-wrong/long", field="valid_until")
    return None


def reckoned(today: date, *, is_trusted: bool, last_trusted: date | None, entered: date | None) -> date:
    """The day by which decrees are judged.

    While the clock is trusted it is the clock's own. A clock that is not trusted (no network time since the start, on
    a box without a battery) may not end or begin a decree by itself: the last trusted day goes on. Where none was ever
    known, it is the last day on which an administrator ``entered`` a decree, for a person vouched for that one; only a
    station that has neither goes by the clock as it stands.
    """
    if is_trusted:
        return today
    return last_trusted or entered or today


def standing(officer: Officer, on: date, regions: AbstractSet[str]) -> Standing:
    """Where an officer stands on a day at a station that serves ``regions``."""
    if officer.is_revoked:
        return Standing.REVOKED
    if officer.region not in regions:
        return Standing.ELSEWHERE
    if on < officer.valid_from:
        return Standing.NOT_YET
    if on > officer.valid_until:
        return Standing.ENDED
    return Standing.APPOINTED


def may_print(officer: Officer, on: date, regions: AbstractSet[str]) -> Refused | None:
    """``None`` when the officer may print on that day at a station that serves ``regions``, else why not."""
    where = standing(officer, on, regions)
    if where is Standing.APPOINTED:
        return None
    return Refused("officer-not-appointed", standing=where)


def days_left(officer: Officer, on: date) -> int | None:
    """How many days the decree still holds after ``on``, when that is 30 or fewer; else ``None``."""
    left = officer.valid_until - on
    return left.days if timedelta(0) <= left <= ENDS_SOON else None


def able(officers: Iterable[Officer], on: date, regions: AbstractSet[str]) -> tuple[Officer, ...]:
    """The officers who may print on that day."""
    return tuple(officer for officer in officers if standing(officer, on, regions) is Standing.APPOINTED)
