"""One transaction of the writer: what a unit may do, and the tails that it must continue.

The writer is alone, so it keeps the ends of the books in memory (the last sequence numbers, the last hash, the
balances) instead of reading them for every unit. ``PRAGMA data_version`` tells when another process (the command
line) has committed in between; then, and after a rollback, they are read again.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from stationd.adapters.sqlite.queries import Queries, load
from stationd.domain.blanks import Account, Movement, at_hand
from stationd.domain.events import GENESIS, Event, linked
from stationd.domain.job import Job, JobState
from stationd.domain.rationing import Place, Stock

_Q = load("books")
_encode = msgspec.json.Encoder(order="deterministic").encode

LINE: Final = "line"
FIRSTS_BY_DAY: Final = "firsts_by_day"
RECEIVED_BY_DAY: Final = "received_by_day"
"""Names of tallies: who waits for blanks, and the history that forecasts are made from (days since the epoch)."""

DAY_MS: Final = 86_400_000


class Books:
    """The ends of the books as of the last commit."""

    def __init__(self) -> None:
        self.data_version = -1
        self.event_seq = 0
        self.event_hash = GENESIS
        self.job_seq = 0
        self.entry_seq = 0
        self.entry_hash = GENESIS
        self.balances: dict[Account, int] = {}
        self.line: dict[Place, int] = dict.fromkeys(Place, 0)
        self.hoppers: dict[str, int] = {}
        self.in_hand: dict[int, Job] = {}
        """Jobs at the printers that this process claimed, by sequence number, as their rows are."""
        self.preparing: dict[int, int] = {}
        """Those of them whose documents have not left yet, with the tick of their claim."""
        self.alone: int | None = None
        """The one beside which no other may be prepared."""

    def forget(self) -> None:
        """After a rollback: read them again before the next unit."""
        self.data_version = -1

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Read the ends again when another connection has written, or when they were forgotten."""
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self.data_version:
            return
        self.data_version = version
        self.in_hand.clear()
        self.preparing.clear()
        self.alone = None
        row = connection.execute(_Q["last_event"]).fetchone()
        self.event_seq, self.event_hash = (row[0], row[1]) if row else (0, GENESIS)
        row = connection.execute(_Q["last_entry"]).fetchone()
        self.entry_seq, self.entry_hash = (row[0], row[1]) if row else (0, GENESIS)
        self.job_seq = connection.execute(_Q["last_job"]).fetchone()[0]
        self.balances = {Account(name): balance for name, balance in connection.execute(_Q["balances"])}
        self.line = dict.fromkeys(Place, 0) | {
            Place(label): count for label, count in connection.execute(_Q["tallies"], (LINE,))
        }
        self.hoppers = dict(connection.execute(_Q["hoppers"]).fetchall())


class Transaction:
    """What a unit of work may do. ``now_ms`` stamps everything in it; ``tick_ms`` is the run's monotonic clock."""

    def __init__(self, connection: sqlite3.Connection, books: Books, *, now_ms: int, tick_ms: int) -> None:
        self._connection = connection
        self._books = books
        self.now_ms = now_ms
        self.tick_ms = tick_ms
        self.events: list[Event] = []
        self._event_rows: list[tuple[object, ...]] = []
        self._entries: list[tuple[object, ...]] = []
        self._shifts: Counter[Account] = Counter()
        self._hoppers: set[str] = set()
        self._tallies: Counter[tuple[str, str]] = Counter()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """All rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Any | None:
        """The first row of a query, or ``None``."""
        return self._connection.execute(sql, parameters).fetchone()

    def run(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run a statement; how many rows it changed."""
        return self._connection.execute(sql, parameters).rowcount

    def run_many(self, queries: Queries, name: str, rows: Sequence[Sequence[object]]) -> int:
        """Run a statement for many rows at once; how many it changed."""
        return sum(
            self._connection.execute(sql, parameters).rowcount for sql, parameters, _ in queries.chunks(name, rows)
        )

    def overwrite(self, table: str, column: str, rowid: object, data: bytes) -> None:
        """Write over the beginning of a stored value: only the pages that it touches are written."""
        with self._connection.blobopen(table, column, rowid) as blob:  # type: ignore[arg-type]  # a key from a row
            blob.write(data)

    def in_hand(self, seq: int | None) -> Job | None:
        """The job with this number if it is at a printer and this process put it there; ``None`` says nothing."""
        return None if seq is None else self._books.in_hand.get(seq)

    def keep_in_hand(self, job: Job) -> None:
        """Remember a job as it was written, for as long as it is at a printer."""
        if job.state is JobState.PRINTING:
            self._books.in_hand[job.seq] = job
            self._books.preparing[job.seq] = self.tick_ms
        elif self._books.in_hand.pop(job.seq, None) is not None:
            self.is_prepared(job.seq)

    def is_prepared(self, seq: int | None) -> None:
        """The document of this job has left, or the job has."""
        self._books.preparing.pop(seq, None)  # type: ignore[arg-type]  # None is no key, and not found
        if self._books.alone == seq:
            self._books.alone = None

    def prepare_alone(self, seq: int) -> None:
        """Nothing else is prepared beside this job until its document has left."""
        self._books.alone = seq

    def is_anything_prepared(self, within_ms: int) -> bool:
        """Whether documents are being prepared that were claimed not longer ago than this."""
        return any(self.tick_ms - tick < within_ms for tick in self._books.preparing.values())

    def is_one_prepared_alone(self, within_ms: int) -> bool:
        """Whether one is being prepared beside which there may be no other, and was claimed not longer ago."""
        tick = None if self._books.alone is None else self._books.preparing.get(self._books.alone)
        return tick is not None and self.tick_ms - tick < within_ms

    def next_job_seq(self, count: int = 1) -> int:
        """The first of ``count`` sequence numbers for new jobs."""
        first = self._books.job_seq + 1
        self._books.job_seq += count
        return first

    def give_back_job_seq(self, first: int) -> None:
        """Undo :meth:`next_job_seq` for numbers that were not used after all."""
        self._books.job_seq = first - 1

    def balance(self, account: Account) -> int:
        """The balance as it stands inside this transaction."""
        return self._books.balances[account]

    def balances(self) -> Mapping[Account, int]:
        """All balances as they stand inside this transaction."""
        return self._books.balances

    def stock(self, reserve: int) -> Stock:
        """The blanks and who waits for them, as they stand inside this transaction."""
        line = self._books.line
        return Stock(
            at_hand=at_hand(self._books.balances),
            promised=line[Place.PROMISED],
            replacements=line[Place.REPLACEMENT],
            rationed=line[Place.RATIONED],
            reserve=reserve,
        )

    def take_place(self, place: Place | None, by: int = 1) -> None:
        """Keep count of who waits: so many more in this place; nothing for ``None``."""
        if place is not None:
            self._books.line[place] += by
            self._tallies[LINE, place] += by

    def hopper(self, printer: str) -> int | None:
        """What the book has in a printer's hopper; ``None`` where no loading was ever entered."""
        return self._books.hoppers.get(printer)

    def hoppers(self) -> Mapping[str, int]:
        """All hoppers in the book."""
        return self._books.hoppers

    def move(
        self,
        movement: Movement,
        *,
        cause: str,
        actor: str,
        job: int | None = None,
        note: str = "",
        printer: str | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> int:
        """Book a movement of blanks; the caller has seen that they are there. The number of the entry.

        ``printer`` names the hopper where blanks come from or go to one; ``detail`` are the entry's further facts.
        """
        books = self._books
        books.balances[movement.source] -= movement.quantity
        books.balances[movement.target] += movement.quantity
        self._shifts[movement.source] -= movement.quantity
        self._shifts[movement.target] += movement.quantity
        if movement.source is Account.CENTRE:
            self.tally(RECEIVED_BY_DAY, str(self.now_ms // DAY_MS), movement.quantity)
        elif movement.target is Account.CENTRE:  # a delivery that was entered too high
            self.tally(RECEIVED_BY_DAY, str(self.now_ms // DAY_MS), -movement.quantity)
        facts = dict(detail or {})
        if Account.LOADED in {movement.source, movement.target}:
            if printer is None:
                raise AssertionError("blanks are loaded into the hopper of a printer")
            facts["printer"] = printer
            shift = movement.quantity if movement.target is Account.LOADED else -movement.quantity
            books.hoppers[printer] = books.hoppers.get(printer, 0) + shift
            self._hoppers.add(printer)
        books.entry_seq += 1
        written = _encode(facts).decode() if facts else None
        row = (
            books.entry_seq,
            self.now_ms,
            movement.source,
            movement.target,
            movement.quantity,
            cause,
            job,
            actor,
            note,
        )
        row_hashed = row if written is None else (*row, written)
        books.entry_hash = linked(books.entry_hash, row_hashed)
        self._entries.append((*row, written, facts.get("corrects"), books.entry_hash))
        return books.entry_seq

    def write_entries(self) -> None:
        """Write the entries so far, for rows that refer to them."""
        self.run_many(_Q, "insert_entries", self._entries)
        self._entries.clear()

    def day(self) -> str:
        """The date by the clock, in the office's time zone."""
        return datetime.fromtimestamp(self.now_ms / 1000).astimezone().date().isoformat()

    def tally(self, name: str, label: str, by: int) -> None:
        """Keep a count: add ``by`` to it."""
        self._tallies[name, label] += by

    def event(self, kind: str, subject: str, data: Mapping[str, object]) -> None:
        """Append an event to the chain; published after the commit."""
        books = self._books
        text = msgspec.json.encode(data).decode()
        books.event_seq += 1
        row = (books.event_seq, self.now_ms, kind, subject, text)
        books.event_hash = linked(books.event_hash, row)
        self._event_rows.append((*row, books.event_hash))
        self.events.append(Event(books.event_seq, self.now_ms, kind, subject, data, books.event_hash))

    def flush(self) -> None:
        """Write what was gathered; the last act before the commit."""
        self.run_many(_Q, "insert_events", self._event_rows)
        self.write_entries()
        if self._shifts:
            for account, shift in self._shifts.items():
                if shift:
                    self.run(_Q["shift_balance"], (shift, account))
            for printer in self._hoppers:
                self.run(_Q["set_hopper"], (printer, self._books.hoppers[printer]))
            self.run(_Q["set_day"], (self.day(), self._books.entry_seq, _encode(self._books.balances).decode()))
        tallies = [(name, label, by) for (name, label), by in self._tallies.items() if by]
        if tallies:
            self.run_many(_Q, "add_tallies", tallies)
