"""The list for the board: whose cards can be fetched, with masked names, for those whom no message reaches.

A name is masked so that its bearer knows it and a stranger learns little (Law 27/2022): the first two letters of each
word stand, the others are dots. The last four symbols of the receipt tell apart those who look alike.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from stationd.domain.minutes import Align, Column, Minutes, MinutesTable, Office, Total, numbered

SHOWN_LETTERS: Final = 2
MOST_LISTED: Final = 5000
_TAIL: Final = 4


def masked(name: str) -> str:
    """``SITI RAHMAWATI`` as ``SI** RA*******``."""
    return " ".join(word[:SHOWN_LETTERS] + "*" * (len(word) - SHOWN_LETTERS) for word in name.upper().split())


def board_list(waiting: Sequence[tuple[str, str]], *, office: Office, place: str, hours: str, on: date) -> Minutes:
    """The list as a document that nobody signs; ``waiting`` are receipts with names, in any order."""
    rows = sorted((masked(name), f"…{receipt[-_TAIL:]}") for receipt, name in waiting)
    return Minutes(
        kind="daftar",
        number=f"PAPAN/{on:%Y-%m-%d}",
        title="Daftar KTP-el yang belum diambil",
        on=on,
        place=place,
        office=office,
        paragraphs=(
            f"KTP-el di bawah ini sudah jadi dan dapat diambil di {place}, {hours}. Gratis.",
            "Bawa bukti diri; bila diwakilkan, hanya oleh keluarga dalam satu Kartu Keluarga.",
        ),
        tables=(
            MinutesTable(
                title="KTP-el yang dapat diambil",
                columns=(
                    Column(title="No", share=0.4, align=Align.RIGHT),
                    Column(title="Nama", share=3.0),
                    Column(title="Akhir resi", share=1.0, align=Align.CENTRE),
                ),
                rows=numbered(rows),
            ),
        ),
        totals=(Total(what="Belum diambil", quantity=len(rows)),),
    )
