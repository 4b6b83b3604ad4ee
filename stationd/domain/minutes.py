"""Minutes (*berita acara*): a numbered document that people sign, as a record of plain values.

What they contain: number, day and date in words, place, the parties (name, NIP, office), the decree relied on, body
and itemised tables, totals in figures and words, witnesses and signatures. The record is what is kept; paper is made
from it as often as it is asked for. A list that nobody signs (*daftar*) is the same record without parties.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from stationd.domain.number_words import ROMAN_MONTHS, both, date_in_words, weekday

CUSTOMARY_CLOSING: Final = (
    "Demikian berita acara ini dibuat dengan sebenarnya dalam rangkap 2 (dua) untuk dipergunakan sebagaimana mestinya."
)

_NIP = re.compile(r"[0-9]{18}")
_PLACEHOLDER = re.compile(r"\{([a-z_]*)(?::0([1-9]))?\}")
_PLACEHOLDERS: Final = frozenset({"number", "kind", "station", "month", "year"})
_LONGEST_PATTERN = 100


class Align(StrEnum):
    """To which side of its column a text stands."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Whose paper it is: the lines at its head, and the town that stands before the date."""

    head: tuple[str, ...]
    address: tuple[str, ...]
    town: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person who acts in the minutes; ``styled`` is what the text calls the person: ``PIHAK PERTAMA``."""

    name: str
    nip: str
    office: str
    styled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table; ``share`` is its width beside the others."""

    title: str
    share: float = 1.0
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesTable:
    """An itemised table; every row, and the row at its foot, has one text a column."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    foot: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Hold the rows to the columns. Raises ``ValueError``."""
        wide = len(self.columns)
        if not wide or any(len(row) != wide for row in (*self.rows, self.foot or self.columns)):
            raise ValueError(f"cannot make table {self.title!r}: each row must have {wide} texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """One figure of the minutes, told in figures and words: ``53 (lima puluh tiga) keping``."""

    what: str
    quantity: int
    unit: str = "keping"

    @property
    def told(self) -> str:
        """The figure as the document tells it."""
        return f"{both(self.quantity)} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A line to sign on; an empty name is written by hand."""

    role: str
    name: str = ""
    nip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """One document, complete.

    ``annexes`` stand on pages of their own behind the signatures; ``paragraphs`` stand before the tables, ``closing``
    behind the totals.
    """

    kind: str
    number: str
    title: str
    on: date
    place: str
    office: Office
    parties: tuple[Party, ...] = ()
    decrees: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    tables: tuple[MinutesTable, ...] = ()
    totals: tuple[Total, ...] = ()
    annexes: tuple[MinutesTable, ...] = ()
    closing: str = ""
    signatures: tuple[Signature, ...] = ()
    witnesses: tuple[Signature, ...] = ()

    @property
    def opening(self) -> str:
        """The sentence that every *berita acara* begins with; empty for a list without parties."""
        if not self.parties:
            return ""
        on = self.on
        day = f"{weekday(on)}, tanggal {date_in_words(on)} ({on.day:02}-{on.month:02}-{on.year})"
        return f"Pada hari ini, {day}, bertempat di {self.place}, kami yang bertanda tangan di bawah ini:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    """How minutes are numbered: ``pattern`` with ``{number}`` (``{number:03}`` with zeros) and ``{year}``.

    Numbers begin at 1 each year, over all kinds together. ``{kind}``, ``{station}`` and ``{month}`` (in Roman figures,
    as offices write it) may stand there too. Raises ``ValueError`` for a pattern that
    could give two minutes one number.
    """

    pattern: str = "470/{number:03}/BA/{station}/{month}/{year}"

    def __post_init__(self) -> None:
        """Take only what always gives a number. Raises ``ValueError``."""
        names = {name for name, _ in _PLACEHOLDER.findall(self.pattern)}
        rest = _PLACEHOLDER.sub("", self.pattern)
        zeros = {name for name, width in _PLACEHOLDER.findall(self.pattern) if width}
        is_whole = {"number", "year"} <= names <= _PLACEHOLDERS and zeros <= {"number"}
        is_line = rest.isprintable() and len(self.pattern) <= _LONGEST_PATTERN
        if not is_whole or not is_line or "{" in rest or "}" in rest:
            raise ValueError(f"cannot number minutes by {self.pattern!r}: {{number}} and {{year}} must stand there")

    def number(self, sequence: int, *, kind: str, station: str, on: date) -> str:
        """The number of the ``sequence``-th minutes of the year."""
        values = {
            "kind": kind.upper(),
            "station": station,
            "month": ROMAN_MONTHS[on.month - 1],
            "year": str(on.year),
        }

        def filled(found: re.Match[str]) -> str:
            name, width = found.groups()
            return str(sequence).zfill(int(width or 1)) if name == "number" else values[name]

        return _PLACEHOLDER.sub(filled, self.pattern)


def numbered(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The rows with their number in front, from 1, for a first column headed *No*."""
    return tuple((str(place), *row) for place, row in enumerate(rows, start=1))


def spaced(nip: str) -> str:
    """A NIP in its groups, as letters carry it: birth, appointment, sex, sequence (Perka BKN 22/2007)."""
    return f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}" if _NIP.fullmatch(nip) else nip
