"""Minutes as records, and the files made from them."""

import csv
import io
import logging
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.adapters.paper import OfficePaper
from stationd.adapters.paper.size import PageSize
from stationd.domain.minutes import (
    CUSTOMARY_CLOSING,
    Align,
    Column,
    Minutes,
    MinutesTable,
    Numbering,
    Office,
    Party,
    Signature,
    Total,
    numbered,
    spaced,
)

ON = date(2026, 11, 26)
COLUMNS = (Column(title="No.", share=0.5, align=Align.RIGHT), Column(title="Uraian", share=4))
MINUTES = Minutes(
    kind="destruction",
    number="470/012/BA/1671-07/XI/2026",
    title="Berita Acara Pemusnahan Blangko KTP-el Rusak",
    on=ON,
    place="Kecamatan Sukarami",
    office=Office(head=("Pemerintah Kota Contoh", "Kecamatan Sukarami"), address=("Jalan Contoh 1",), town="Contoh"),
    parties=(
        Party(name="SITI SPESIMEN", nip="199001012015032001", office="Petugas", styled="PIHAK PERTAMA"),
        Party(name="BUDI SPESIMEN", nip="", office="Petugas"),
    ),
    decrees=("Keputusan Wali Kota Nomor SK-1/2026",),
    paragraphs=("Telah dimusnahkan dengan cara dibakar:",),
    tables=(MinutesTable(title="", columns=COLUMNS, rows=numbered([("Rusak cetak",)]), foot=("", "Jumlah")),),
    totals=(Total(what="Jumlah", quantity=53),),
    annexes=(MinutesTable(title="Daftar", columns=COLUMNS, rows=numbered([(f"A{n:04}",) for n in range(120)])),),
    closing=CUSTOMARY_CLOSING,
    signatures=(Signature(role="PIHAK PERTAMA", name="SITI SPESIMEN", nip="199001012015032001"), Signature(role="X")),
    witnesses=(Signature(role="Saksi", name="AGUS SPESIMEN"), Signature(role="")),
)


def rows_of(data):
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_minutes_open_with_day_and_date_in_words():
    assert MINUTES.opening == (
        "Pada hari ini, Kamis, tanggal dua puluh enam bulan November tahun dua ribu dua puluh enam (26-11-2026), "
        "bertempat di Kecamatan Sukarami, kami yang bertanda tangan di bawah ini:"
    )
    assert not replace(MINUTES, parties=()).opening


def test_a_total_is_told_in_figures_and_words():
    assert Total(what="Jumlah", quantity=2646).told == "2.646 (dua ribu enam ratus empat puluh enam) keping"


def test_a_nip_is_told_in_its_groups():
    assert spaced("199001012015032001") == "19900101 201503 2 001"
    assert spaced("P3K-1") == "P3K-1"


def test_a_table_whose_rows_do_not_fit_its_columns_is_refused():
    for rows, foot in (((("1",),), ()), ((), ("a", "b", "c"))):
        with pytest.raises(ValueError, match="each row must have 2 texts"):
            MinutesTable(title="Daftar", columns=COLUMNS, rows=rows, foot=foot)
    with pytest.raises(ValueError, match="0 texts"):
        MinutesTable(title="", columns=(), rows=())


def test_minutes_are_numbered_by_the_offices_pattern():
    assert Numbering().number(12, kind="count", station="1671-07", on=ON) == "470/012/BA/1671-07/XI/2026"
    plain = Numbering(pattern="{kind} {number}-{year}")
    assert plain.number(7, kind="count", station="{year}", on=ON) == "COUNT 7-2026"


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "12",
        "{number}",
        "{year}",
        "{number}/{year}/{nik}",
        "{number}/{year:03}",
        "{number/{year}",
        "{number}\n{year}",
        "{number!r}/{year}",
        "{number}{year}" + "x" * 100,
    ],
)
def test_a_pattern_that_could_give_one_number_twice_is_refused(pattern):
    with pytest.raises(ValueError, match="cannot number minutes"):
        Numbering(pattern=pattern)


@given(st.integers(1, 99_999), st.integers(1, 99_999))
def test_two_minutes_of_a_year_never_share_a_number(one, other):
    numbers = {Numbering().number(each, kind="count", station="1671-07", on=ON) for each in (one, other)}
    assert len(numbers) == len({one, other})


async def test_the_same_minutes_give_the_same_bytes():
    paper = OfficePaper()
    assert await paper.pdf(MINUTES) == await paper.pdf(MINUTES)
    assert await paper.csv(MINUTES) == await paper.csv(MINUTES)


@pytest.mark.parametrize(("size", "box"), [(PageSize.A4, b"595.28 841.89"), (PageSize.F4, b"609.45 935.43")])
async def test_minutes_are_pages_of_the_offices_paper(size, box):
    pdf = await OfficePaper(size).pdf(MINUTES)
    assert pdf.startswith(b"%PDF-")
    assert box in pdf
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= 4


async def test_a_list_without_parties_and_signatures_is_paper_too():
    bare = replace(
        MINUTES, parties=(), decrees=(), paragraphs=(), totals=(), closing="", signatures=(), witnesses=(), annexes=()
    )
    pdf = await OfficePaper().pdf(bare)
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1


async def test_a_letter_that_the_face_lacks_is_not_told_to_the_log(caplog):
    with caplog.at_level(logging.DEBUG):
        await OfficePaper().pdf(replace(MINUTES, paragraphs=("名前 مثال",)))
    assert "名" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.INFO]


async def test_the_spreadsheet_holds_the_tables_and_totals():
    rows = rows_of(await OfficePaper().csv(MINUTES))
    assert rows[0] == [MINUTES.title]
    assert ["Nomor", MINUTES.number] in rows
    assert ["120", "A0119"] in rows
    assert ["Jumlah", "53", "53 (lima puluh tiga) keping"] in rows
    assert ["PIHAK PERTAMA", "SITI SPESIMEN", "19900101 201503 2 001", "Petugas"] in rows


@pytest.mark.parametrize("text", ["=1+1", "+62 000", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "-1+1", "9999990101900001"])
async def test_no_cell_of_the_spreadsheet_is_taken_for_a_formula_or_a_rounded_number(text):
    table = MinutesTable(title="", columns=COLUMNS, rows=(("-12", text),))
    rows = rows_of(await OfficePaper().csv(replace(MINUTES, tables=(table,))))
    assert ["-12", f"'{text}"] in rows
