"""The city in a few sentences, each with whether it is well."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from stationd.city_report.city import City, Row
from stationd.city_report.words import Speech

FEW_DAYS: Final = 5.0
PROMISE: Final = 0.95
_MOST_NAMES: Final = 6


def sentences(city: City, speech: Speech) -> Iterator[tuple[bool, str]]:
    """Whether it is well, and the sentence."""
    say, rows = speech.say, city.rows
    silent = [row for row in rows if not row.answers]
    yield not silent, say("answer", good=str(len(rows) - len(silent)), all=str(len(rows)))
    if silent:
        yield False, say("silent", names=_names(silent))
    yield True, say("printed", cards=speech.number(_sum(rows, lambda row: row.cards)))
    short = [row for row in rows if row.blanks_days is not None and row.blanks_days < FEW_DAYS]
    yield not short, say("blanks_ill", names=_names(short)) if short else say("blanks_well")
    late = [row for row in rows if row.in_time is not None and row.in_time < PROMISE]
    yield not late, say("promise_ill", names=_names(late)) if late else say("promise_well")
    yield True, say("shelf", cards=speech.number(_sum(rows, lambda row: row.on_shelf)))
    doubtful = [row for row in rows if row.uncertain]
    if doubtful:
        cards = speech.number(_sum(doubtful, lambda row: row.uncertain))
        yield False, say("uncertain", cards=cards, names=_names(doubtful))
    differing = [row for row in rows if row.difference]
    changed = [row for row in rows if row.changes is not None and row.changes >= 1]
    if differing:
        yield False, say("differs", names=_names(differing))
    if changed:
        yield False, say("changed", names=_names(changed))
    if not differing and not changed:
        yield True, say("integrity_well")


def _sum(rows: Sequence[Row], value: Callable[[Row], float | None]) -> float:
    return sum(value(row) or 0.0 for row in rows)


def _names(rows: list[Row]) -> str:
    names = [row.kecamatan or row.station for row in rows]
    more = f" (+{len(names) - _MOST_NAMES})" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
