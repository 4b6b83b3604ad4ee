"""Minutes as CSV: the heading, the persons, the tables and the totals, one below the other."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import chain

from stationd.domain.minutes import Minutes, MinutesTable, spaced
from stationd.domain.number_words import date_in_figures, weekday

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""

_FIGURE = re.compile(r"-[0-9]+")

_LONG_DIGITS = re.compile(r"[0-9]{16,}")
"""A spreadsheet takes these for a number and keeps fifteen digits: a NIK would lose its last."""

_BYTE_ORDER_MARK = "\ufeff"
"""Without it, spreadsheets of offices read UTF-8 as Windows-1252."""


def written(minutes: Minutes) -> bytes:
    """The file."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in _rows(minutes):
        writer.writerow([_cell(text) for text in row])
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


def _rows(minutes: Minutes) -> Iterator[tuple[str, ...]]:
    yield (minutes.title,)
    yield "Nomor", minutes.number
    yield "Hari, tanggal", f"{weekday(minutes.on)}, {date_in_figures(minutes.on)}"
    yield "Tempat", minutes.place
    for party in minutes.parties:
        yield party.styled or "Petugas", party.name, spaced(party.nip), party.office
    for decree in minutes.decrees:
        yield "Dasar", decree
    for paragraph in minutes.paragraphs:
        yield "Uraian", paragraph
    for table in chain(minutes.tables, minutes.annexes):
        yield from _table(table)
    yield ()
    for total in minutes.totals:
        yield total.what, str(total.quantity), total.told
    for witness in minutes.witnesses:
        yield witness.role, witness.name, spaced(witness.nip)


def _table(table: MinutesTable) -> Iterator[tuple[str, ...]]:
    yield ()
    if table.title:
        yield (table.title,)
    yield tuple(column.title for column in table.columns)
    yield from table.rows
    if table.foot:
        yield table.foot


def _cell(text: str) -> str:
    is_misread = _LONG_DIGITS.fullmatch(text) or (text.startswith(_FORMULA) and not _FIGURE.fullmatch(text))
    return f"'{text}" if is_misread else text
