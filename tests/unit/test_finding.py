"""The words by which a card is found."""

import pytest

from stationd.domain.errors import Refused
from stationd.domain.finding import MOST_WORDS, searched, word_of_chip, word_of_nik, words_of_name


def test_a_name_is_found_in_any_case_and_spelling_of_accents():
    assert words_of_name("Sité  Contoh-Rekaan, S.Kom") == ("name SITE", "name CONTOH", "name REKAAN", "name KOM")


def test_a_very_long_name_is_bounded():
    assert len(words_of_name(" ".join(f"KATA{n}" for n in range(40)))) == MOST_WORDS


def test_words_of_different_things_never_meet():
    assert word_of_nik("0401") != word_of_chip(b"\x04\x01")
    assert {word_of_nik("0401"), word_of_chip(b"\x04\x01")}.isdisjoint(words_of_name("0401"))


@pytest.mark.parametrize("text", ["", "  ", "a", "- . -"])
def test_a_search_that_says_nothing_is_refused(text):
    refused = searched(text)
    assert isinstance(refused, Refused)
    assert refused.code == "search-too-wide"


def test_a_search_is_its_words():
    assert searched("contoh") == ("name CONTOH",)
