"""A line of a refusal or a fault, and what to do about it."""

from dataclasses import dataclass

from stationd.domain.words import Words


@dataclass(frozen=True, slots=True)
class Sentence:
    """``detail``: "cannot X: why"; ``fix``: what to do about it."""

    detail: Words
    fix: Words | None = None


def says(en: str, id_: str, fix: tuple[str, str] | None = None) -> Sentence:
    """The sentence, and perhaps its fix, in English and Bahasa Indonesia."""
    return Sentence(Words(en, id_), None if fix is None else Words(*fix))
