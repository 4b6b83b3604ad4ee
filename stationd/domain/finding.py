"""Finding a card by what a person says or shows: the words of a name, a NIK, a chip, each told apart from the others.

The store keeps keyed hashes of these words for cards at hand and nothing else, so that a name finds its card without
any name being readable.
"""

import re
import unicodedata
from typing import Final

from stationd.domain.errors import Refused

MOST_WORDS: Final = 12
"""Words of a name that are kept; longer names are found by their first ones."""

MOST_FOUND: Final = 20
"""Cards that one search answers: more is a wish for a list of people, not for a card."""

_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 2


def words_of_name(name: str) -> tuple[str, ...]:
    """The words by which a name is found: upper case, without accents, each once; single letters are left out."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    found = dict.fromkeys(f"name {word}" for word in _WORD.findall(plain.upper()) if len(word) >= _SHORTEST)
    return tuple(found)[:MOST_WORDS]


def word_of_nik(nik: str) -> str:
    """The word of a NIK."""
    return f"nik {nik}"


def word_of_serial(serial: str) -> str:
    """The word of a blank's serial; a reader gives the id of the chip for it, in capitals or not."""
    return f"serial {serial.upper()}"


def word_of_chip(chip: bytes) -> str:
    """The word of a chip's id."""
    return f"chip {chip.hex()}"


def searched(name: str) -> tuple[str, ...] | Refused:
    """The words of a search; one that says nothing is refused (``search-too-wide``)."""
    words = words_of_name(name)
    if not words:
        return Refused("search-too-wide", field="name")
    return words
