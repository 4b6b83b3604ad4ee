"""What the station says to people: one line in Bahasa Indonesia and one in English, never one without the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self


@dataclass(frozen=True, slots=True)
class Words:
    """One line in English and the same in Bahasa Indonesia (ISO 639: ``en``, ``id``)."""

    en: str
    id: str

    def filled(self, values: "Mapping[str, Value]") -> "Words":
        """The line with its ``{placeholders}`` filled, each value in the language of the line."""
        if not values:
            return self
        return Words(
            self.en.format_map({name: _plain(value, is_indonesian=False) for name, value in values.items()}),
            self.id.format_map({name: _plain(value, is_indonesian=True) for name, value in values.items()}),
        )

    def spoken(self, *, is_indonesian: bool) -> str:
        """The line in one of the languages."""
        return self.id if is_indonesian else self.en


class Spoken(StrEnum):
    """Keywords that people read too; each has its words in both languages."""

    words: Words

    def __new__(cls, value: str, en: str = "", id_: str = "") -> Self:
        """``KEYWORD = "keyword", "in English", "dalam Bahasa Indonesia"``."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = Words(en, id_)
        return member


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell a citizen who cannot be served here and now, and what to bring next time."""

    say: Words
    bring: tuple[Words, ...] = ()


Value = str | int | float | Words | tuple[str | Words, ...]
"""What may stand in a line: keywords, numbers, words in both languages, or several with commas between."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence by its name, with the values of its placeholders."""

    name: str
    values: Mapping[str, Value]


def _plain(value: Value, *, is_indonesian: bool) -> str | int | float:
    if isinstance(value, Words):
        return value.spoken(is_indonesian=is_indonesian)
    if isinstance(value, Spoken):
        return value.words.spoken(is_indonesian=is_indonesian)
    if isinstance(value, tuple):
        return ", ".join(str(_plain(each, is_indonesian=is_indonesian)) for each in value)
    return value
