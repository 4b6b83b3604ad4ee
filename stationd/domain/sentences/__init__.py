"""Every line that a refusal or a fault says, in English and Bahasa Indonesia, by its name.

A name is the code of the problem, or ``code/case`` where one code has several lines. Placeholders are filled by the
one who raises it, with numbers, keywords and names of the station's own, never with a value of a person.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stationd.domain.sentences import blanks, cards, documents, jobs, officers, requests, station, transfers
from stationd.domain.sentences.sentence import Sentence

_AREAS: Final = (requests, officers, jobs, documents, cards, transfers, blanks, station)

SENTENCES: Final[Mapping[str, Sentence]] = MappingProxyType(
    {name: sentence for area in _AREAS for name, sentence in area.SENTENCES.items()}
)

__all__ = ["SENTENCES", "Sentence"]
