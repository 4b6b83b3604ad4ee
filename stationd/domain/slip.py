"""The slip that a citizen takes home: the receipt, as text and as a code to scan, and what to do with it.

Nothing of a person is on it. What is in the code is the receipt alone, which every reader here understands.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from stationd.domain.words import Words

COLUMNS: Final = (32, 42, 48)
"""Characters in a line of what offices have: 58 mm paper, and 80 mm with a large and a small font."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One slip; ``taken_on`` is ``None`` while the clock is not trusted."""

    station: str
    receipt: str
    taken_on: date | None


_TITLE: Final = Words("Receipt for an identity card", "Tanda terima permohonan KTP-el")
_ASK: Final = Words(
    "Hold the code before the kiosk, or type the twelve symbols, to see where the card is.",
    "Tunjukkan kode ini ke anjungan, atau ketik dua belas huruf dan angka ini, untuk melihat keberadaan KTP-el.",
)
_BRING: Final = Words(
    "Bring it along with the family card when you fetch the card.",
    "Bawa tanda terima ini dan Kartu Keluarga saat mengambil KTP-el.",
)
_FREE: Final = Words("It costs nothing.", "Tidak dipungut biaya.")


def lines_above(slip: Slip) -> tuple[str, ...]:
    """What stands above the receipt and its code."""
    day = () if slip.taken_on is None else (f"{slip.taken_on.day:02}-{slip.taken_on.month:02}-{slip.taken_on.year}",)
    return (slip.station, _TITLE.id, _TITLE.en, *day)


def lines_below() -> tuple[str, ...]:
    """What stands below them, Bahasa Indonesia first."""
    return tuple(text for words in (_ASK, _BRING, _FREE) for text in (words.id, words.en))


def wrapped(text: str, columns: int) -> tuple[str, ...]:
    """The text in lines of at most ``columns`` characters, broken between words where that is possible."""
    found: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        while len(rest) > columns:
            head, rest = rest[:columns], rest[columns:]
            found += [line, head] if line else [head]
            line = ""
        if line and len(line) + 1 + len(rest) > columns:
            found.append(line)
            line = rest
        else:
            line = f"{line} {rest}" if line else rest
    return tuple([*found, line] if line else found)
