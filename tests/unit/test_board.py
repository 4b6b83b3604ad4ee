"""The list for the board."""

from datetime import date

import pytest

from stationd.adapters.paper import OfficePaper
from stationd.domain.board import board_list, masked
from stationd.domain.minutes import Office
from stationd.services.board import Board
from tests.unit.notice_office import open_office

OFFICE = Office(head=("Kecamatan Contoh",), address=("Jalan Rekaan 1",), town="Contoh")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Contoh Rekaan", "CO**** RE****"), ("SITI  A. B", "SI** A. B"), ("Ng", "NG"), ("", "")],
)
def test_a_name_is_masked_so_that_only_its_bearer_knows_it(name, shown):
    assert masked(name) == shown


def test_the_list_is_sorted_numbered_and_holds_no_whole_name_or_receipt():
    made = board_list(
        [("2XK7-9QF4-M3TP", "Zulu Rekaan"), ("2XK7-9QF4-AAAA", "Contoh Rekaan")],
        office=OFFICE,
        place="Kecamatan Contoh",
        hours="Sen-Jum 08-15",
        on=date(2026, 7, 6),
    )
    (table,) = made.tables
    assert table.rows == (("1", "CO**** RE****", "…AAAA"), ("2", "ZU** RE****", "…M3TP"))
    assert "Rekaan" not in repr(made.tables)
    assert made.parties == ()


async def test_the_list_comes_as_pages(tmp_path):
    async with open_office(tmp_path) as office:
        for number in range(3):
            await office.shelve(number)
        board = Board(office.lists, OfficePaper(), office.days, office=OFFICE, place="Contoh", hours="Sen-Jum")
        assert (await board.pdf()).startswith(b"%PDF")
