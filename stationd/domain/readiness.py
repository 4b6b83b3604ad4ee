"""The readiness gate: each condition for printing, in words, with who can mend it and what it stops meanwhile.

The conditions are those under which a kecamatan was allowed to print at all (the Directorate-General, 2016: network to
the centre, adequate equipment, competent staff), and those that machines add: supplies, a clock, a disk, heat.

Each rule turns what was observed into a :class:`Finding`; :class:`Check` adds since when.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from stationd.domain.officer import FEWEST_ABLE
from stationd.domain.printer import PrinterStatus, Supply, reason_keyword
from stationd.domain.words import Words

UP_AFTER: Final = 2
"""Answers in a row after which a link that was down counts as up."""

DOWN_AFTER: Final = 3
"""Failures in a row after which a link that was up counts as down: one lost packet is no news."""

FEW_CARDS: Final = 20
"""With supplies for fewer cards than this somebody should fetch more."""

LOW_DISK: Final = 512 << 20
NO_DISK: Final = 64 << 20
"""Bytes below which the disk is low, and below which nothing more may be begun."""

NOT_READ_YET: Final = Words("not measured yet", "belum diukur")
"""What is said of a sensor in the first moments of a run."""

HOT_REASONS: Final = frozenset({"fuser-over-temp", "marker-over-temp", "over-temperature"})
HOT_HOST_C: Final = 85.0
"""Degrees Celsius of the station's own processor at which it slows down or stops."""


class CheckName(StrEnum):
    """The checks, in the order in which they are shown."""

    CENTRE = "centre"
    CITY = "city"
    EQUIPMENT = "equipment"
    SUPPLIES = "supplies"
    OFFICERS = "officers"
    CLOCK = "clock"
    DISK = "disk"
    TEMPERATURE = "temperature"


class Level(StrEnum):
    """``degraded`` works and wants attention; ``failed`` does not work."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


class FixBy(StrEnum):
    """Who can mend it."""

    OFFICER = "officer"
    ADMINISTRATOR = "administrator"
    TECHNICIAN = "technician"
    NETWORK = "network-provider"
    OFFICE = "office"
    """The Dukcapil office: blanks, ribbons, decrees."""
    TIME = "time"
    """Nobody needs to: it passes by itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says now."""

    level: Level
    detail: Words
    fix_by: FixBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A finding with its name and since when (Unix milliseconds) it has this level."""

    name: CheckName
    finding: Finding
    since: int

    @property
    def is_ok(self) -> bool:
        """Whether nobody needs to look."""
        return self.finding.level is Level.OK


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is watched: it changes only after several answers or failures in a row (hysteresis)."""

    is_up: bool = True
    run: int = 0
    """Observations in a row that contradict ``is_up``."""
    is_known: bool = False
    """Whether it was ever observed."""

    def observed(self, *, is_answering: bool) -> "Link":
        """The link after one more observation; the very first one is believed at once."""
        if not self.is_known:
            return Link(is_up=is_answering, is_known=True)
        if is_answering == self.is_up:
            return replace(self, run=0)
        if self.run + 1 >= (DOWN_AFTER if self.is_up else UP_AFTER):
            return Link(is_up=is_answering, is_known=True)
        return replace(self, run=self.run + 1)


def checked(name: CheckName, finding: Finding, before: Check | None, now_ms: int) -> Check:
    """The check after a finding; ``since`` moves only when the level does."""
    if before is not None and before.finding.level is finding.level:
        return replace(before, finding=finding)
    return Check(name=name, finding=finding, since=now_ms)


def stopped(checks: Collection[Check], stopping: Collection[CheckName]) -> tuple[CheckName, ...]:
    """The failed checks among those that are configured to stop something."""
    return tuple(check.name for check in checks if check.finding.level is Level.FAILED and check.name in stopping)


# --------------------------------------------------------------------------------------------------------- rules


def centre(link: Link | None) -> Finding:
    """The network to the centre; ``None`` when no probe is configured."""
    if link is None:
        return _ok("the link to the centre is not watched", "jaringan ke pusat tidak dipantau")
    if not link.is_known:
        return _ok("the link to the centre is being tried", "jaringan ke pusat sedang dicoba")
    if link.is_up:
        return _ok("the centre answers", "pusat menjawab")
    return Finding(
        Level.FAILED,
        Words("the centre does not answer", "pusat tidak menjawab"),
        FixBy.NETWORK,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CityLag:
    """How far the city is behind: events that it has not got, and the age of the oldest of them, in seconds."""

    is_up: bool
    rows: int
    age_s: float
    late_after_s: float


def city(lag: CityLag) -> Finding:
    """The link to the city. That it is down for a while is nothing to worry about."""
    if lag.age_s >= lag.late_after_s:
        hours = int(lag.age_s // 3600)
        words = Words(
            f"the city has not got {lag.rows} events, the oldest for {hours} hours",
            f"kota belum menerima {lag.rows} kejadian, yang tertua sejak {hours} jam",
        )
        return Finding(Level.DEGRADED, words, FixBy.NETWORK)
    if not lag.is_up:
        return _ok("the link to the city is down, for now", "sambungan ke kota sedang terputus")
    return _ok("the city is up to date", "kota sudah menerima semua kejadian")


def equipment(printers: Mapping[str, PrinterStatus]) -> Finding:
    """The printers by name: failed when none can print, degraded when some cannot."""
    if not printers:
        return Finding(Level.FAILED, Words("there is no printer", "tidak ada mesin cetak"), FixBy.TECHNICIAN)
    down = {name: status.stopped_by for name, status in printers.items() if status.stopped_by}
    if not down:
        return _ok(f"printers ready: {len(printers)}", f"mesin cetak siap: {len(printers)}")
    named = "; ".join(f"{name}: {', '.join(sorted(reasons))}" for name, reasons in sorted(down.items()))
    return Finding(
        Level.DEGRADED if len(down) < len(printers) else Level.FAILED,
        Words(f"printers stopped: {named}", f"mesin cetak berhenti: {named}"),
        FixBy.OFFICER,
    )


def can_finish(blanks: int, supplies: Sequence[Sequence[Supply]]) -> int:
    """How many cards can be finished: the least of the blanks at hand and what the printers' supplies still make.

    ``supplies`` are those of each printer that can print. A printer makes as many as its scarcest supply allows; one
    that tells of no cards at all sets no bound.
    """
    told = [[supply.cards for supply in each if supply.cards is not None] for each in supplies]
    if not told or any(not cards for cards in told):
        return blanks
    return min(blanks, sum(min(cards) for cards in told))


def supplies(cards: int, *, is_low: bool, missed: int = 0) -> Finding:
    """``cards`` can be finished; ``is_low`` when the book of blanks says that it is time to order.

    ``missed`` blanks were not found by the last count: somebody has to look for them, until a count finds the book
    right.
    """
    if cards < 1:
        return Finding(
            Level.FAILED,
            Words("not one card can be finished: no blanks, ribbon or film", "tidak ada kartu yang dapat diselesaikan"),
            FixBy.OFFICE,
        )
    words = Words(f"can finish {cards} cards", f"dapat menyelesaikan {cards} kartu")
    if missed:
        words = Words(
            f"{words.en}; the last count did not find {missed} blanks",
            f"{words.id}; {missed} blangko tidak ditemukan pada penghitungan terakhir",
        )
    if is_low or missed or cards < FEW_CARDS:
        return Finding(Level.DEGRADED, words, FixBy.OFFICE)
    return Finding(Level.OK, words)


def officers(*, is_required: bool, able: int, on_duty: int, ends_soon: int) -> Finding:
    """The officers: how many are able to print, are on duty, and have a decree that ends within 30 days.

    ``is_required``: whether this station prints only while one is on duty.
    """
    if not is_required:
        return _ok("no officer needs to be on duty", "tidak perlu ada petugas jaga")
    words = Words(f"able: {able}, on duty: {on_duty}", f"berwenang: {able}, berjaga: {on_duty}")
    if on_duty < 1:
        if able < 1:
            words = Words("no officer is appointed", "tidak ada petugas yang ditunjuk")
            return Finding(Level.FAILED, words, FixBy.OFFICE)
        return Finding(Level.FAILED, Words("no officer is on duty", "tidak ada petugas jaga"), FixBy.OFFICER)
    if able < FEWEST_ABLE:
        more = Words(f"{words.en}; fewer than two are able", f"{words.id}; kurang dari dua petugas")
        return Finding(Level.DEGRADED, more, FixBy.OFFICE)
    if ends_soon:
        more = Words(
            f"{words.en}; decrees that end within 30 days: {ends_soon}",
            f"{words.id}; surat keputusan yang berakhir dalam 30 hari: {ends_soon}",
        )
        return Finding(Level.DEGRADED, more, FixBy.OFFICE)
    return Finding(Level.OK, words)


def clock(*, is_trusted: bool, was_trusted: bool) -> Finding:
    """The clock: without network time dates are not judged by it; ``was_trusted``: a trusted day is remembered."""
    if is_trusted:
        return _ok("the clock is synchronised", "jam sudah disinkronkan")
    words = Words("the clock is not synchronised; decrees go by the last trusted day", "jam belum disinkronkan")
    if not was_trusted:
        words = Words("the clock was never synchronised", "jam belum pernah disinkronkan")
    return Finding(Level.DEGRADED, words, FixBy.TECHNICIAN)


def disk(free: int | None, trouble: str | None = None) -> Finding:
    """Free bytes on the disk of the state directory, ``None`` when nobody can tell.

    ``trouble`` is the code of the fault that keeps the database from being written, if any does.
    """
    if trouble is not None:
        words = Words(f"the database cannot be written: {trouble}", f"basis data tidak dapat ditulis: {trouble}")
        return Finding(Level.FAILED, words, FixBy.TECHNICIAN)
    if free is None:
        return Finding(
            Level.DEGRADED, Words("the disk cannot be measured", "sisa penyimpanan tidak terbaca"), FixBy.TECHNICIAN
        )
    mib = free >> 20
    words = Words(f"free on the disk: {mib} MiB", f"sisa penyimpanan: {mib} MiB")
    if free < NO_DISK:
        return Finding(Level.FAILED, words, FixBy.TECHNICIAN)
    return Finding(
        Level.DEGRADED if free < LOW_DISK else Level.OK, words, FixBy.TECHNICIAN if free < LOW_DISK else None
    )


def temperature(printers: Mapping[str, PrinterStatus], *, resting: Collection[str], host_c: float | None) -> Finding:
    """Heat: printers that say they are too hot, printers ``resting`` by their rule, and the station's processor."""
    hot = sorted(
        name for name, status in printers.items() if any(reason_keyword(r) in HOT_REASONS for r in status.reasons)
    )
    if host_c is not None and host_c >= HOT_HOST_C:
        words = Words(f"the station is at {host_c:.0f} °C", f"suhu stasiun {host_c:.0f} °C")
        return Finding(Level.DEGRADED, words, FixBy.TECHNICIAN)
    waiting = sorted({*hot, *resting})
    if not waiting:
        return _ok("nothing is too hot", "tidak ada yang terlalu panas")
    named = ", ".join(waiting)
    words = Words(f"cooling down: {named}", f"sedang didinginkan: {named}")
    return Finding(Level.FAILED if len(waiting) == len(printers) else Level.DEGRADED, words, FixBy.TIME)


def _ok(en: str, id_: str) -> Finding:
    return Finding(Level.OK, Words(en, id_))
