"""The workbench's two witnesses: the cards in the trays and the books, counted by nobody's word."""

import sqlite3

import pytest

from stationd.demo.truth import Truth, look, newest
from stationd.domain.ids import attempt_id

HOUR_MS = 1_780_000_000_000


@pytest.fixture
def room(tmp_path):
    """Two trays, books in which orders 1 to 3 are printed and 4 is not, and a way to lay a card down."""
    with sqlite3.connect(tmp_path / "station.db") as books:
        books.execute("CREATE TABLE job (seq INTEGER PRIMARY KEY, state TEXT)")
        states = [(1, "printed"), (2, "printed"), (3, "printed"), (4, "printing")]
        books.executemany("INSERT INTO job VALUES (?, ?)", states)
    books.close()
    for tray in ("kartu-1", "kartu-2"):
        (tmp_path / "cards" / tray).mkdir(parents=True)

    def lay(tray, seq, number=1, ending=""):
        name = f"{attempt_id(HOUR_MS + seq, seq, number, 7)}{ending}.png"
        (tmp_path / "cards" / tray / name).write_bytes(b"")
        return name

    return tmp_path, lay


def seen(folder):
    return look(folder / "cards", folder / "station.db")


def test_trays_and_books_that_agree(room):
    folder, lay = room
    for seq, tray in ((1, "kartu-1"), (2, "kartu-2"), (3, "kartu-1")):
        lay(tray, seq)
    lay("kartu-1", 0)  # a test card
    (folder / "cards" / "kartu-1" / ".half.part").write_bytes(b"")
    assert seen(folder) == Truth(cards=3, printed=3, twice=0, lost=0, unbooked=0)


def test_every_way_in_which_they_can_differ_shows(room):
    folder, lay = room
    lay("kartu-1", 1)
    lay("kartu-2", 1, number=2)  # a second attempt on another printer that made a second card
    lay("kartu-1", 2)
    lay("kartu-1", 2, ending="~2")  # one attempt, two cards
    lay("kartu-2", 4)
    assert seen(folder) == Truth(cards=5, printed=3, twice=2, lost=1, unbooked=1)


def test_the_newest_cards_come_first_and_a_tray_that_is_not_there_is_empty(room):
    folder, lay = room
    names = [lay("kartu-1", seq) for seq in (1, 2, 3)]
    assert newest(folder / "cards" / "kartu-1", 2) == (names[2], names[1])
    assert newest(folder / "cards" / "kartu-9", 2) == ()
