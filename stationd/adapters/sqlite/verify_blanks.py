"""Verifying what is kept beside the ledger of blanks, by reading the ledger again from its first entry; and minutes."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping

from stationd.adapters.sqlite.blank_rows import balances_of, entry_of
from stationd.adapters.sqlite.findings import Finding
from stationd.adapters.sqlite.minutes import link, sealed_place
from stationd.adapters.sqlite.queries import load
from stationd.domain.blank_entry import Entry
from stationd.domain.blanks import Account, EntryKind
from stationd.domain.errors import Faulted
from stationd.domain.events import GENESIS
from stationd.ports.seal import Seal

_Q = load("blanks")
_BOOKS = load("books")
_MINUTES = load("minutes")


class _Replay:
    """The ledger as it was after each entry."""

    def __init__(self) -> None:
        self.balances: Counter[Account] = Counter()
        self.hoppers: Counter[str] = Counter()
        self.serials: dict[str, Account] = {}
        self.packs: dict[str, int] = {}
        self.entries: dict[int, Entry] = {}

    def follow(self, entry: Entry) -> None:
        """Take in the next entry."""
        self.balances[entry.source] -= entry.quantity
        self.balances[entry.target] += entry.quantity
        if entry.printer is not None:
            self.hoppers[entry.printer] += entry.quantity * (
                (entry.target is Account.LOADED) - (entry.source is Account.LOADED)
            )
        self.serials |= dict.fromkeys(entry.serials, entry.target)
        packs = _packs(entry)
        self.packs |= packs
        if packs or entry.serials:
            self.entries[entry.seq] = entry
        wrong = self.entries.get(int(str(entry.detail.get("corrects", 0))))
        if entry.cause == EntryKind.CORRECTED and wrong is not None:
            for number in _packs(wrong):
                self.packs.pop(number, None)
            for serial in wrong.serials:
                if wrong.source is Account.CENTRE:
                    self.serials.pop(serial, None)
                else:
                    self.serials[serial] = wrong.source


def verify_blanks(connection: sqlite3.Connection) -> Iterator[Finding]:
    """What of hoppers, packs, serials and the closings of days does not follow from the ledger."""
    replay = _Replay()
    closings = {last: (day, text) for day, last, text in connection.execute(_Q["closings"])}
    for row in connection.execute(_BOOKS["all_entries"]):
        entry = entry_of((*row[:-1], None))
        replay.follow(entry)
        day, text = closings.pop(entry.seq, (None, ""))
        if day is not None and +replay.balances != +Counter(balances_of(text)):
            yield Finding(where=f"blank_day row {day}", what="is not what the ledger says for the end of this day")
    for day, _ in closings.values():
        yield Finding(where=f"blank_day row {day}", what="ends with an entry that is not there")
    yield from _differing("blank_hopper", _BOOKS["hoppers"], +replay.hoppers, connection, is_zero_nothing=True)
    yield from _differing("blank_serial", _Q["serials"], replay.serials, connection)
    yield from _differing("blank_pack", _Q["pack_quantities"], replay.packs, connection)


def verify_minutes(connection: sqlite3.Connection, seal: Seal | None) -> Iterator[Finding]:
    """The first row of the register whose hash does not follow, and every row that does not open."""
    previous, expected, is_whole = GENESIS, 1, True
    for *row, hash_ in connection.execute(_MINUTES["all"]):
        seq, id_, sealed = row[0], row[1], row[-1]
        if is_whole and seq != expected:
            yield Finding(where=f"minutes row {expected}", what=f"is missing; the next is {seq}")
            is_whole = False
        elif is_whole and link(previous, row) != hash_:
            yield Finding(where=f"minutes row {seq}", what="was edited, or the row before it was")
            is_whole = False
        previous, expected = hash_, seq + 1
        if seal is not None:
            try:
                seal.open(sealed, place=sealed_place(id_))
            except Faulted:
                what = "does not open: altered, moved, or sealed with another key"
                yield Finding(where=f"minutes row {seq}", what=what)


def _packs(entry: Entry) -> Mapping[str, int]:
    found = entry.detail.get("packs")
    return {str(number): int(quantity) for number, quantity in found} if isinstance(found, list) else {}


def _differing(
    table: str,
    query: str,
    expected: Mapping[str, object],
    connection: sqlite3.Connection,
    *,
    is_zero_nothing: bool = False,
) -> Iterator[Finding]:
    found = {key: value for key, value in connection.execute(query) if value or not is_zero_nothing}
    for key in sorted({*found, *expected}):
        if found.get(key) != expected.get(key):
            what = f"says {found.get(key, 'nothing')}, the ledger {expected.get(key, 'nothing')}"
            yield Finding(where=f"{table} row {key}", what=what)
