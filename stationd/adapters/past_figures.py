"""The figures of the past: what the station would have told Prometheus at any moment, from the books alone.

A counter at a moment is the count of the events before it, as :class:`stationd.adapters.event_metrics.EventMetrics`
counts them while they happen; a balance is the sum of the entries before it. So what was told then and what is told of
it now are the same, and samples of both may stand in one series.
"""

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, TextIO, TypeVar

from prometheus_client.core import Metric

from stationd.adapters.card_metrics import CardMetrics
from stationd.adapters.event_metrics import EventMetrics
from stationd.adapters.metrics import blanks_family
from stationd.adapters.sqlite.queries import load
from stationd.domain.blanks import Account
from stationd.domain.events import Event

T = TypeVar("T")

_BOOKS = load("books")
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})
_PAGE: Final = 500

Series = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a sample, and its labels."""


class Past:
    """Series by family, each with its samples in the order of time. Add them in that order."""

    def __init__(self, labels: Mapping[str, str] | None = None) -> None:
        """``labels`` are given to every series, so that they are those under which an agent sends."""
        self._more = "".join(f",{each}" for each in [written(sorted((labels or {}).items()))] if each)
        self._families: dict[str, Metric] = {}
        self._series: dict[str, dict[Series, tuple[array[int], array[float]]]] = {}

    def note(self, at_ms: int, families: Iterable[Metric]) -> None:
        """Take in what was told at a moment."""
        for family in families:
            self._families[family.name] = family
            kept = self._series.setdefault(family.name, {})
            for sample in family.samples:
                series = (sample.name, tuple(sample.labels.items()))
                if series not in kept:
                    kept[series] = (array("q"), array("d"))
                times, values = kept[series]
                times.append(at_ms)
                values.append(sample.value)

    def write(self, to: TextIO) -> int:
        """Write them as OpenMetrics with times, for ``promtool tsdb create-blocks-from openmetrics``; how many."""
        count = 0
        for name, family in self._families.items():
            to.write(f"# HELP {name} {family.documentation}\n# TYPE {name} {family.type}\n")
            for (sample, labels), (times, values) in self._series[name].items():
                named = f"{sample}{{{(written(labels) + self._more).lstrip(',')}}}"
                for at_ms, value in zip(times, values, strict=True):
                    line = f"{named} {value!r} {at_ms / 1000:.3f}\n"
                    to.write(line)
                count += len(times)
        to.write("# EOF\n")
        return count


def written(labels: Iterable[tuple[str, str]]) -> str:
    """Labels as the text formats have them, without the braces."""
    return ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels)


def retell(connection: sqlite3.Connection, moments: Iterable[int]) -> Iterator[tuple[int, Sequence[Metric]]]:
    """What the station would have told at each of the moments (Unix milliseconds, ascending), from one reading."""
    events, cards, balances = EventMetrics(), CardMetrics(), Counter[Account]()
    events.is_whole = True
    happened = _before(_events(connection))
    booked = _before(_entries(connection))
    connection.execute("BEGIN")
    try:
        for moment in moments:
            for page in _pages(happened(moment)):
                events.follow(page)
                cards.follow(page)
            for source, target, quantity in booked(moment):
                balances[source] -= quantity
                balances[target] += quantity
            yield moment, (*events.collect(), *cards.collect(), blanks_family(balances))
    finally:
        connection.execute("ROLLBACK")


def _before(rows: Iterator[tuple[int, T]]) -> Callable[[int], Iterator[T]]:
    """A function that gives the next of the rows that are of before a moment; rows are in order of their numbers.

    A clock that was set back does not bring the past back: such a row is of the latest moment before it.
    """
    timed = accumulate(rows, lambda last, row: (max(last[0], row[0]), row[1]))
    pending = next(timed, None)

    def given(moment: int) -> Iterator[T]:
        nonlocal pending
        while pending is not None and pending[0] < moment:
            row = pending[1]
            pending = next(timed, None)
            yield row

    return given


def _pages(events: Iterator[Event]) -> Iterator[list[Event]]:
    page: list[Event] = []
    for event in events:
        page.append(event)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


def _events(connection: sqlite3.Connection) -> Iterator[tuple[int, Event]]:
    for seq, at, kind, subject, data, _ in connection.execute(_BOOKS["all_events"]):
        yield at, Event(seq, at, kind, subject, json.loads(data))


def _entries(connection: sqlite3.Connection) -> Iterator[tuple[int, tuple[Account, Account, int]]]:
    for _, at, source, target, quantity, *_ in connection.execute(_BOOKS["all_entries"]):
        yield at, (Account(source), Account(target), quantity)
