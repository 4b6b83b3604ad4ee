"""Numbers and dates in words, as minutes in Bahasa Indonesia write them.

Words for numbers after Tata Bahasa Baku Bahasa Indonesia, 4th edition, chapter on *numeralia*: one hundred and one
thousand take the prefix *se-* wherever they stand (``seratus``, ``seribu``, ``satu juta seribu``), a million does not.
"""

from datetime import date
from typing import Final

_UNITS: Final = (
    "nol",
    "satu",
    "dua",
    "tiga",
    "empat",
    "lima",
    "enam",
    "tujuh",
    "delapan",
    "sembilan",
    "sepuluh",
    "sebelas",
)
_SCALES: Final = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"))
_TEENS, _TENS, _HUNDREDS, _THOUSANDS = 12, 20, 100, 1000

MOST: Final = 10**15 - 1
"""The greatest number that has words here."""

DAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS: Final = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
ROMAN_MONTHS: Final = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
"""As offices write the month in the number of a document."""


def in_words(number: int) -> str:
    """A whole number in words: ``53`` is ``lima puluh tiga``. Raises ``ValueError`` beyond 0 to ``MOST``."""
    if not 0 <= number <= MOST:
        raise ValueError(f"no words for {number}: allowed is 0 to {MOST}")
    return _words(number)


def _words(number: int) -> str:
    if number < _TEENS:
        return _UNITS[number]
    if number < _TENS:
        return f"{_UNITS[number - 10]} belas"
    if number < _HUNDREDS:
        return _joined(f"{_UNITS[number // 10]} puluh", number % 10)
    if number < _THOUSANDS:
        hundreds = number // _HUNDREDS
        return _joined("seratus" if hundreds == 1 else f"{_UNITS[hundreds]} ratus", number % _HUNDREDS)
    for scale, name in _SCALES:
        if number >= scale:
            return _joined(f"{_words(number // scale)} {name}", number % scale)
    thousands = number // _THOUSANDS
    return _joined("seribu" if thousands == 1 else f"{_words(thousands)} ribu", number % _THOUSANDS)


def _joined(first: str, rest: int) -> str:
    return f"{first} {_words(rest)}" if rest else first


def figures(number: int) -> str:
    """A number in figures with a point between the thousands, below zero too: ``2.646``."""
    return f"{number:,}".replace(",", ".")


def both(number: int) -> str:
    """A number in figures and in words: ``53 (lima puluh tiga)``."""
    return f"{figures(number)} ({in_words(number)})"


def weekday(day: date) -> str:
    """The day of the week: ``Kamis``."""
    return DAYS[day.weekday()]


def date_in_words(day: date) -> str:
    """A date in words: ``dua puluh enam bulan November tahun dua ribu dua puluh enam``."""
    return f"{in_words(day.day)} bulan {MONTHS[day.month - 1]} tahun {in_words(day.year)}"


def date_in_figures(day: date) -> str:
    """A date as letters carry it: ``26 November 2026``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
