"""What the office signs about its blanks: the daily book, the destruction, the difference that a count found.

Destruction rests on circular 470.13/11176/SJ of 13 December 2018 of the Ministry of Home Affairs: ruined and invalid
KTP-el are recorded, burnt before witnesses, and minutes are drawn up each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from stationd.domain.blank_entry import Category, Item, Witness
from stationd.domain.blanks import Account
from stationd.domain.count import Figures
from stationd.domain.minutes import (
    CUSTOMARY_CLOSING,
    Align,
    Column,
    Minutes,
    MinutesTable,
    Signature,
    Total,
    numbered,
    spaced,
)
from stationd.domain.number_words import date_in_figures, figures, weekday
from stationd.domain.signers import Desk, Signer, decrees, parties, signatures, two


class PaperKind(StrEnum):
    """The kinds of minutes about blanks."""

    BLANK_BOOK = "blank-book"
    DESTRUCTION = "destruction"
    COUNT_DIFFERENCE = "count-difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """Movements of a day that are told in one line: so many for one cause, from one account to another."""

    cause: str
    source: Account
    target: Account
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayEntry:
    """An entry that a person made: its number, the time of day, and what was written with it."""

    seq: int
    time: str
    line: DayLine
    actor: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of the ledger: balances before and after it, and what happened."""

    day: date
    before: Mapping[Account, int]
    after: Mapping[Account, int]
    lines: Sequence[DayLine]
    entries: Sequence[DayEntry]


CIRCULAR: Final = (
    "Surat Edaran Menteri Dalam Negeri Nomor 470.13/11176/SJ tanggal 13 Desember 2018 tentang Penatausahaan KTP-el "
    "Rusak atau Invalid"
)

CATEGORIES: Final[Mapping[Category, str]] = {
    Category.FACTORY_BAD: "Rusak dari pabrik",
    Category.STATUS_CHANGE: "Perubahan status",
    Category.DAMAGED_IN_USE: "Rusak dalam pemakaian",
    Category.FOUND_LOST: "Hilang yang ditemukan kembali",
    Category.PRINTER_SPOIL: "Rusak pada waktu pencetakan",
}
"""The categories as minutes call them."""

PLACES: Final[Mapping[Account, str]] = {
    Account.CENTRE: "Pusat",
    Account.SAFE: "Brankas",
    Account.LOADED: "Wadah mesin cetak",
    Account.PRINTER: "Sedang dicetak",
    Account.ISSUED: "Tercetak",
    Account.SPOILED: "Rusak",
    Account.QUARANTINED: "Dikarantina",
    Account.RETURNED: "Dikembalikan",
    Account.DESTROYED: "Dimusnahkan",
    Account.MISSING: "Hilang",
}
"""The accounts as minutes call them."""

_CAUSES: Final[Mapping[str, str]] = {
    "received": "Penerimaan dari pusat",
    "opened": "Pembukaan kemasan, isi kurang",
    "loaded": "Pengisian mesin cetak",
    "unloaded": "Pengeluaran dari mesin cetak",
    "spoiled": "Pencatatan rusak",
    "quarantined": "Karantina",
    "released": "Pelepasan dari karantina",
    "returned": "Pengembalian",
    "destroyed": "Pemusnahan",
    "counted": "Selisih penghitungan",
    "corrected": "Koreksi",
    "claimed": "Pengambilan untuk dicetak",
    "card_printed": "KTP-el tercetak",
    "card_spoiled": "Rusak pada waktu pencetakan",
    "card_destroyed": "Pemusnahan kartu jadi",
    "nothing_printed": "Tidak jadi dicetak",
    "card_printed_revoked": "Keputusan petugas diubah",
    "card_spoiled_revoked": "Keputusan petugas diubah",
    "nothing_printed_revoked": "Keputusan petugas diubah",
    "test": "Kartu uji",
}

_SETTLED: Final = frozenset({Account.DESTROYED, Account.RETURNED, Account.QUARANTINED})
"""Where ruined blanks go on to: they were ruined all the same."""

_FINISHED_BURNT: Final = (Account.ISSUED, Account.DESTROYED)
"""Cards that were printed, on that day or before, and burnt on it."""

_NUMBER = Column(title="No.", share=0.7, align=Align.RIGHT)


def _quantity(title: str, share: float = 1.2) -> Column:
    return Column(title=title, share=share, align=Align.RIGHT)


def destruction(
    desk: Desk,
    on: date,
    *,
    quantity: int,
    items: Sequence[Item],
    serials: Sequence[str],
    note: str,
    signers: Sequence[Signer],
    witnesses: Sequence[Witness],
) -> Minutes:
    """Minutes of a destruction; ``items`` empty tells the quantity alone. They have no number yet."""
    rows = [(CATEGORIES[item.category], figures(item.quantity)) for item in items]
    rows = rows or [("Blangko dan KTP-el rusak", figures(quantity))]
    table = MinutesTable(
        title="",
        columns=(_NUMBER, Column(title="Kategori", share=5), _quantity("Jumlah (keping)", 2)),
        rows=numbered(rows),
        foot=("", "Jumlah", figures(quantity)),
    )
    annexes = [_serials("Nomor seri blangko yang dimusnahkan", serials)] if serials else []
    body = (
        "Dengan disaksikan oleh para saksi yang namanya tersebut di bawah ini, telah dilakukan pemusnahan blangko dan "
        "KTP-el rusak atau invalid dengan cara dibakar, dengan rincian sebagai berikut:"
    )
    return Minutes(
        kind=PaperKind.DESTRUCTION,
        number="",
        title="Berita Acara Pemusnahan Blangko dan KTP-el Rusak",
        on=on,
        place=desk.place,
        office=desk.office,
        parties=parties(signers, here=desk.place, there=desk.place),
        decrees=(f"{CIRCULAR}.", *decrees(signers)),
        paragraphs=(body,),
        tables=(table,),
        totals=(Total(what="Jumlah yang dimusnahkan", quantity=quantity),),
        annexes=tuple(annexes),
        closing=_closing(note),
        signatures=signatures(signers),
        witnesses=tuple(
            Signature(role=witness.office, name=witness.name, nip=witness.nip)
            for witness in two(witnesses, Witness(name=""))
        ),
    )


def count_difference(
    desk: Desk, on: date, *, counted: Figures, book: Figures, note: str, signers: Sequence[Signer]
) -> Minutes:
    """Minutes of a count that did not find what the book says. They have no number yet."""
    difference = counted.minus(book)
    places = [(PLACES[Account.SAFE], (book.safe, counted.safe, difference.safe))]
    places += [
        (f"Mesin cetak {printer}", (book.hoppers.get(printer, 0), found, difference.hoppers[printer]))
        for printer, found in sorted(counted.hoppers.items())
    ]
    columns = (_NUMBER, Column(title="Tempat", share=3), _quantity("Menurut buku"), _quantity("Hasil hitung"))
    table = MinutesTable(
        title="",
        columns=(*columns, _quantity("Selisih")),
        rows=numbered([(place, *map(figures, numbers)) for place, numbers in places]),
        foot=("", "Jumlah", *(figures(sum(numbers[column] for _, numbers in places)) for column in range(3))),
    )
    kind = "kurang" if difference.sum < 0 else "lebih"
    by = "2 (dua)" if len(signers) > 1 else "1 (satu)"
    body = (
        f"Telah dilakukan penghitungan blangko KTP-el oleh {by} orang. Hasilnya berbeda dengan buku blangko sebagai "
        "berikut:"
    )
    return Minutes(
        kind=PaperKind.COUNT_DIFFERENCE,
        number="",
        title="Berita Acara Selisih Penghitungan Blangko KTP-el",
        on=on,
        place=desk.place,
        office=desk.office,
        parties=parties(signers, here=desk.place, there=desk.place),
        decrees=decrees(signers),
        paragraphs=(body,),
        tables=(table,),
        totals=(Total(what=f"Selisih {kind}", quantity=abs(difference.sum)),),
        closing=_closing(note),
        signatures=signatures(signers),
    )


def blank_book(desk: Desk, day: Day, signers: Sequence[Signer]) -> Minutes:
    """The book of blanks of a day. It has no number yet."""
    accounts = [account for account in Account if account is not Account.CENTRE]
    gained = {account: sum(line.quantity for line in day.lines if line.target is account) for account in accounts}
    lost = {account: sum(line.quantity for line in day.lines if line.source is account) for account in accounts}
    told = [
        (day.before.get(account, 0), gained[account], lost[account], day.after.get(account, 0)) for account in accounts
    ]
    position = MinutesTable(
        title="Keadaan blangko",
        columns=(
            _NUMBER,
            Column(title="Tempat", share=3),
            _quantity("Awal hari"),
            _quantity("Bertambah"),
            _quantity("Berkurang"),
            _quantity("Akhir hari"),
        ),
        rows=numbered(
            [(PLACES[account], *map(figures, numbers)) for account, numbers in zip(accounts, told, strict=True)]
        ),
        foot=("", "Jumlah", *(figures(sum(numbers[column] for numbers in told)) for column in range(4))),
    )
    moved = MinutesTable(
        title="Mutasi",
        columns=(
            _NUMBER,
            Column(title="Uraian", share=4),
            Column(title="Dari", share=2.2),
            Column(title="Ke", share=2.2),
            _quantity("Jumlah"),
        ),
        rows=numbered(
            [
                (cause_told(line.cause), PLACES[line.source], PLACES[line.target], figures(line.quantity))
                for line in day.lines
            ]
        )
        or (("", "Tidak ada mutasi", "", "", ""),),
    )
    entries = MinutesTable(
        title="Catatan petugas",
        columns=(
            Column(title="Entri", share=0.8, align=Align.RIGHT),
            Column(title="Jam", share=0.9),
            Column(title="Uraian", share=3.2),
            _quantity("Jumlah"),
            Column(title="Dicatat oleh", share=3.4),
            Column(title="Keterangan", share=3.2),
        ),
        rows=tuple(
            (
                str(entry.seq),
                entry.time,
                cause_told(entry.line.cause),
                figures(entry.line.quantity),
                spaced(entry.actor.removeprefix("officer-")),
                entry.note,
            )
            for entry in day.entries
        ),
    )
    on_hand = day.after.get(Account.SAFE, 0) + day.after.get(Account.LOADED, 0)
    burnt = sum(line.quantity for line in day.lines if (line.source, line.target) == _FINISHED_BURNT)
    issued = day.after.get(Account.ISSUED, 0) - day.before.get(Account.ISSUED, 0) + burnt
    settled = sum(line.quantity for line in day.lines if line.source is Account.SPOILED and line.target in _SETTLED)
    spoiled = day.after.get(Account.SPOILED, 0) - day.before.get(Account.SPOILED, 0) + settled
    return Minutes(
        kind=PaperKind.BLANK_BOOK,
        number="",
        title="Buku Harian Blangko KTP-el",
        on=day.day,
        place=desk.place,
        office=desk.office,
        parties=parties(signers, here=desk.place, there=desk.place),
        paragraphs=(
            f"Keadaan blangko KTP-el pada hari {weekday(day.day)}, {date_in_figures(day.day)} adalah sebagai berikut:",
        ),
        tables=(position, moved),
        totals=(
            Total(what="KTP-el tercetak", quantity=max(0, issued)),
            Total(what="Rusak", quantity=max(0, spoiled)),
            Total(what="Sisa blangko", quantity=on_hand),
        ),
        annexes=(entries,) if day.entries else (),
        closing=CUSTOMARY_CLOSING,
        signatures=signatures(signers),
    )


def cause_told(cause: str) -> str:
    """What an entry was for, as minutes tell it."""
    return _CAUSES.get(cause, cause.replace("_", " ").capitalize())


def _serials(title: str, serials: Sequence[str]) -> MinutesTable:
    return MinutesTable(
        title=title,
        columns=(_NUMBER, Column(title="Nomor seri", share=6)),
        rows=numbered([(each,) for each in serials]),
    )


def _closing(note: str) -> str:
    return f"Keterangan: {note}.\n{CUSTOMARY_CLOSING}" if note.strip(" .") else CUSTOMARY_CLOSING
