"""What the station says to people: one line in Bahasa Indonesia and one in English, never one without the other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One line in English and the same in Bahasa Indonesia (ISO 639: ``en``, ``id``)."""

    en: str
    id: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell a citizen who cannot be served here and now, and what to bring next time."""

    say: Words
    bring: tuple[Words, ...] = ()
