"""What lies in the trays, counted beside what the books say: two witnesses that know nothing of each other.

The trays are folders with one file a card, and the books are read from the disk, not asked of the station: so this
holds while the station is down, and does not believe it.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from stationd.domain.ids import seq_of

_TWIN = "~"
"""A second card under one name lands as ``NAME~2.png``."""


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """Cards: in the trays, booked as printed, of one order more than one, booked and not there, there and not booked.

    The last are cards that have just come out, and cards in doubt. Test cards are not counted.
    """

    cards: int
    printed: int
    twice: int
    lost: int
    unbooked: int


def look(trays: Path, database: Path) -> Truth:
    """Count. Raises ``OSError`` and ``sqlite3.Error`` when there is nothing to read yet."""
    printed = _printed(database)  # first, so that a card that comes out meanwhile is not taken for lost
    lying = Counter(_orders(trays))
    return Truth(
        cards=lying.total(),
        printed=len(printed),
        twice=sum(count > 1 for count in lying.values()),
        lost=len(printed - lying.keys()),
        unbooked=len(lying.keys() - printed),
    )


def newest(tray: Path, most: int) -> tuple[str, ...]:
    """The names of the last cards in a tray, the newest first. Names begin with the time of their order's attempt."""
    try:
        return tuple(sorted((each.name for each in tray.glob("[!.]*.png")), reverse=True)[:most])
    except OSError:
        return ()


def _orders(trays: Path) -> Iterable[int]:
    for card in trays.glob("*/[!.]*.png"):
        order = seq_of(card.stem.partition(_TWIN)[0])
        if order:
            yield order


def _printed(database: Path) -> set[int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as books:
        return {order for (order,) in books.execute("SELECT seq FROM job WHERE state = 'printed'")}
