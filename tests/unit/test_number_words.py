"""Numbers and dates in words, in Bahasa Indonesia."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationd.domain.number_words import MOST, both, date_in_figures, date_in_words, in_words, weekday

WORDS = {
    "nol": 0, "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "enam": 6, "tujuh": 7, "delapan": 8,
    "sembilan": 9, "sepuluh": 10, "sebelas": 11,
}  # fmt: skip
SCALES = {"ribu": 10**3, "juta": 10**6, "miliar": 10**9, "triliun": 10**12}


def spoken(text):
    """Read the words back, by a grammar of its own."""
    total = group = last = 0
    for word in text.split():
        match word:
            case "belas":
                group, last = group + last + 10, 0
            case "puluh":
                group, last = group + last * 10, 0
            case "ratus":
                group, last = group + last * 100, 0
            case "seratus":
                group += 100
            case "seribu":
                total += 1000
            case _ if word in SCALES:
                total, group, last = total + (group + last) * SCALES[word], 0, 0
            case _:
                last = WORDS[word]
    return total + group + last


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "nol"),
        (11, "sebelas"),
        (17, "tujuh belas"),
        (53, "lima puluh tiga"),
        (100, "seratus"),
        (110, "seratus sepuluh"),
        (999, "sembilan ratus sembilan puluh sembilan"),
        (1000, "seribu"),
        (2646, "dua ribu enam ratus empat puluh enam"),
        (21_000, "dua puluh satu ribu"),
        (1_001_000, "satu juta seribu"),
        (1_400_000, "satu juta empat ratus ribu"),
        (1_000_000_000, "satu miliar"),
    ],
)
def test_a_number_is_told_as_people_say_it(number, words):
    assert in_words(number) == words


@given(st.integers(0, MOST))
def test_every_number_can_be_read_back_from_its_words(number):
    assert spoken(in_words(number)) == number


@pytest.mark.parametrize("number", [-1, MOST + 1])
def test_a_number_without_words_is_refused(number):
    with pytest.raises(ValueError, match="no words"):
        in_words(number)


def test_a_date_is_told_in_words_and_figures():
    day = date(2026, 11, 26)
    assert weekday(day) == "Kamis"
    assert date_in_words(day) == "dua puluh enam bulan November tahun dua ribu dua puluh enam"
    assert date_in_figures(date(2016, 8, 1)) == "1 Agustus 2016"
    assert both(2646) == "2.646 (dua ribu enam ratus empat puluh enam)"
