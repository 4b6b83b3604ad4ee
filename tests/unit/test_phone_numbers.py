"""Numbers as people write them. All are invented: subscriber parts of zeros and counting digits."""

import pytest

from stationd.adapters.sms.numbers import read_number
from stationd.domain.notices import Trouble
from stationd.ports.notifier import PhoneNumber

MOBILE = "+6281200000001"


@pytest.mark.parametrize(
    "text",
    [
        "+62 812-0000-0001",
        "62 812 0000 0001",
        "6281200000001",
        "0812 0000 0001",
        "081200000001",
        "0812-0000-0001",
        "812 0000 0001",
        "0062 812 0000 0001",
        " (0812) 0000.0001 ",
        "+62 (0)812 0000 0001",
    ],
)
def test_every_local_form_of_a_mobile_number_is_the_same_number(text):
    assert read_number(text) == PhoneNumber(MOBILE)


@pytest.mark.parametrize("text", ["0711 310001", "(0711) 310-001", "+62 711 310001", "021 5550001"])
def test_a_landline_is_told_apart(text):
    assert read_number(text) is Trouble.LANDLINE


@pytest.mark.parametrize("text", [None, "", "   "])
def test_no_number_is_no_number(text):
    assert read_number(text) is Trouble.NO_NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "0812",
        "112",
        "+62 000 000 000",
        "tidak ada",
        "0812000000010000",
        "+1 202 555 0143",
        "0812 0000 0001 ext 3",
        "0800 1 000001",
    ],
)
def test_what_no_message_can_reach_is_bad(text):
    assert read_number(text) is Trouble.BAD_NUMBER


def test_a_number_never_shows_in_what_is_printed_of_it():
    assert "0001" not in repr(read_number("0812 0000 0001"))
