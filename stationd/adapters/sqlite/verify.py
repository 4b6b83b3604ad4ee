"""Verifying the books: is every row what it was when it was written, and do the books agree with each other?

It reads one snapshot through a read-only connection, beside a running station or without one.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from stationd.adapters.sqlite.findings import Finding
from stationd.adapters.sqlite.notice_clock import number_place
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.verify_blanks import verify_blanks, verify_minutes
from stationd.adapters.sqlite.verify_order import order_of_service
from stationd.domain.blanks import Account
from stationd.domain.errors import Faulted
from stationd.domain.events import GENESIS, linked
from stationd.ports.seal import Seal

_Q = load("books")
_V = load("verify")
_NOT_OPENED = "does not open: altered, moved, or sealed with another key"


def verify(connection: sqlite3.Connection, seal: Seal | None) -> list[Finding]:
    """Everything found wrong, in one snapshot; an empty list is a clean bill. ``seal`` opens sealed rows, if given."""
    connection.execute("BEGIN")
    try:
        found = [*_file(connection)]
        if not found:
            found += [*_chain(connection, "event", _Q["all_events"])]
            found += [*_chain(connection, "blank_entry", _Q["all_entries"])]
            found += [*_ledger(connection)]
            found += [*verify_blanks(connection)]
            found += [*verify_minutes(connection, seal)]
            found += [*_jobs(connection)]
            found += [*_cards(connection)]
            found += [*order_of_service(connection)]
            found += [*_sealed(connection, seal)] if seal is not None else []
        return found
    finally:
        connection.execute("ROLLBACK")


def _file(connection: sqlite3.Connection) -> Iterator[Finding]:
    try:
        for (line,) in connection.execute("PRAGMA integrity_check(10)"):
            if line != "ok":
                yield Finding(where="database", what=line)
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
            yield Finding(where=f"{table} row {row}", what=f"points to a row of {parent} that is not there")
    except sqlite3.DatabaseError as error:
        yield Finding(where="database", what=str(error))


def _chain(connection: sqlite3.Connection, table: str, query: str) -> Iterator[Finding]:
    """The first row whose hash does not follow from the row before; behind it nothing can be said."""
    previous, expected = GENESIS, 1
    for *row, hash_ in connection.execute(query):
        if row[0] != expected:
            yield Finding(where=f"{table} row {expected}", what=f"is missing; the next is {row[0]}")
            return
        if linked(previous, row if row[-1] is not None else row[:-1]) != hash_:
            yield Finding(where=f"{table} row {row[0]}", what="was edited, or the row before it was")
            return
        previous, expected = hash_, expected + 1


def _ledger(connection: sqlite3.Connection) -> Iterator[Finding]:
    entered: Counter[str] = Counter()
    for _, _, source, target, quantity, *_ in connection.execute(_Q["all_entries"]):
        entered[source] -= quantity
        entered[target] += quantity
        if source != Account.CENTRE and entered[source] < 0:
            yield Finding(where=f"blank account {source}", what="was overdrawn in the course of its entries")
            entered[source] = 0
    for name, balance in connection.execute(_Q["balances"]):
        if balance != entered[name]:
            yield Finding(where=f"blank account {name}", what=f"holds {balance}, its entries add up to {entered[name]}")


def _jobs(connection: sqlite3.Connection) -> Iterator[Finding]:
    yield from _tallies(connection, "job_state", "count_states")
    for name, what in (
        ("open_without_question", "has an open attempt, but its state says that nothing is in question"),
        ("question_without_open", "is in question, but has no open attempt"),
        ("printed_without_card", "is printed, but no attempt of it is"),
        ("card_without_printed", "has a printed attempt, but is not printed"),
        ("ended_otherwise", "its state and how it ended do not agree"),
    ):
        for (job,) in connection.execute(_V[name]):
            yield Finding(where=f"job row {job}", what=what)


def _cards(connection: sqlite3.Connection) -> Iterator[Finding]:
    yield from _tallies(connection, "card_custody", "count_custody")
    for name, what in (
        ("printed_without_custody", "its job is printed, but it is nowhere"),
        ("custody_without_printed", "is somewhere, but no job printed it and no packet brought it"),
        ("handed_over_unwritten", "its custody and the book of hand-overs do not agree"),
        ("away_unlisted", "is away, and no packet lists it"),
        ("shelved_without_clock", "lies on the shelf, but no notice will ever fall due"),
        ("clock_without_shelf", "has a clock of notices, but does not lie on the shelf"),
    ):
        for (card,) in connection.execute(_V[name]):
            yield Finding(where=f"card row {card}", what=what)


def _tallies(connection: sqlite3.Connection, name: str, counting: str) -> Iterator[Finding]:
    counted = dict(connection.execute(_V[counting]).fetchall())
    kept = {label: value for label, value in connection.execute(_Q["tallies"], (name,)) if value}
    for label in sorted({*counted, *kept}):
        if counted.get(label, 0) != kept.get(label, 0):
            yield Finding(where=f"tally {name} {label}", what=f"{kept.get(label, 0)}, counted {counted.get(label, 0)}")


_PLACES: Mapping[str, tuple[str, Callable[[object], str]]] = {
    "sealed_holders": ("holder", lambda job_id: f"holder:sealed:{job_id}"),
    "sealed_documents": ("document", lambda job_id: f"document:sealed:{job_id}"),
    "sealed_foreign_cards": ("foreign_card", lambda card_id: f"foreign_card:sealed:{card_id}"),
    "sealed_items": ("transfer_card", lambda item: f"transfer_card:sealed:{item}"),
    "sealed_numbers": ("notice_number", lambda card: number_place(int(str(card)))),
    "sealed_proxies": ("hand_over", lambda number: f"hand_over:proxy:{number}"),
    "sealed_answers": ("answer", lambda key: f"answer:body:{key}"),
    "sealed_officers": ("officer", lambda number: f"officer:sealed:{number}"),
}
"""Query of sealed values (row, what its place is made from, the value) → table, and the place."""


def _sealed(connection: sqlite3.Connection, seal: Seal) -> Iterator[Finding]:
    for query, (table, place) in _PLACES.items():
        for row, about, sealed in connection.execute(_V[query]):
            try:
                seal.open(sealed, place=place(about))
            except Faulted:
                yield Finding(where=f"{table} row {row}", what=_NOT_OPENED)
