"""Counts of blanks: a first that waits, a second that agrees or not, and the difference in the book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stationd.adapters.sqlite.blank_rows import count_of, figures_json
from stationd.adapters.sqlite.booking import tell
from stationd.adapters.sqlite.papers import Papers
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.authority import Actor
from stationd.domain.blank_entry import NewEntry, entry_refusal
from stationd.domain.blanks import Account, EntryKind
from stationd.domain.count import Count, Figures, agree, count_movements
from stationd.domain.errors import Refused
from stationd.domain.second_person import same_person
from stationd.ports.blanks import CountState, CountView
from stationd.ports.minutes import Drawn

_Q = load("blanks")


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAnswer:
    """What became of a count."""

    view: CountView
    entry: int | None = None
    minutes: Drawn | None = None


class Counting:
    """Counts, one at a time, inside a transaction."""

    def __init__(self, papers: Papers | None) -> None:
        self._papers = papers

    def __call__(
        self, transaction: Transaction, entry: NewEntry, actor: Actor, second: str | None
    ) -> CountAnswer | Refused:
        """Take the count of one person; ``second`` is an officer who counted with the actor, known by the PIN."""
        refused = entry_refusal(entry)
        if refused is not None:
            return refused
        counted = Figures(safe=entry.quantity, hoppers=entry.hoppers)
        book = Figures(
            safe=transaction.balance(Account.SAFE),
            hoppers={name: transaction.hopper(name) or 0 for name in entry.hoppers},
        )
        movements = count_movements(counted, book, transaction.balances())
        if isinstance(movements, Refused):
            return movements
        mine = Count(seq=0, day=transaction.day(), counted=counted, book=book, actor=actor.name, officer=actor.officer)
        waiting = self._waiting(transaction, mine.day)
        if actor.officer is None:
            return self._book(transaction, mine, entry, actor, ())
        if second is not None:
            if waiting is not None:
                _settle(transaction, waiting, "replaced")
            return self._book(transaction, mine, entry, actor, (actor.officer, second))
        if waiting is not None and waiting.officer != actor.officer:
            if not agree(waiting, mine):
                return self._differ(transaction, waiting, mine, actor)
            return self._book(transaction, mine, entry, actor, (str(waiting.officer), actor.officer), waiting)
        if waiting is not None and waiting.counted == counted:
            transaction.event("count.refused", "blanks", {"code": "second-officer-same-person", "actor": actor.name})
            return same_person()
        if waiting is not None:
            _settle(transaction, waiting, "replaced")
        _write(transaction, mine, "waiting")
        transaction.event("count.begun", "blanks", {"actor": actor.name})
        return CountAnswer(view=CountView(state=CountState.WAITING, at=transaction.now_ms, people=1))

    def _waiting(self, transaction: Transaction, day: str) -> Count | None:
        """The count that waits for a second person; one of another day is over."""
        row = transaction.row(_Q["waiting_count"])
        if row is None:
            return None
        found = count_of(row)
        if found.day == day:
            return found
        _settle(transaction, found, "lapsed")
        return None

    def _differ(self, transaction: Transaction, waiting: Count, mine: Count, actor: Actor) -> Refused:
        _settle(transaction, waiting, "differed")
        _write(transaction, mine, "differed")
        transaction.event("count.differed", "blanks", {"first": waiting.officer, "actor": actor.name})
        return Refused("counts-differ", field="quantity")

    def _book(
        self,
        transaction: Transaction,
        mine: Count,
        entry: NewEntry,
        actor: Actor,
        officers: Sequence[str],
        waiting: Count | None = None,
    ) -> CountAnswer | Refused:
        movements = count_movements(mine.counted, mine.book, transaction.balances())
        if isinstance(movements, Refused):
            return movements
        difference = mine.difference
        people = max(1, len(officers))
        detail: dict[str, object] = {"counted": mine.counted.safe, "people": people}
        if mine.counted.hoppers:
            detail["hoppers"] = dict(mine.counted.hoppers)
        if officers:
            detail["officers"] = list(officers)
        seq = None
        for placed in movements:
            seq = transaction.move(
                placed.movement,
                cause=entry.kind,
                actor=actor.name,
                note=entry.note,
                printer=placed.printer,
                detail=detail,
            )
        minutes = None
        if seq is not None and self._papers is not None:
            minutes = self._papers.count_difference(
                transaction, mine.counted, mine.book, note=entry.note, seq=seq, officers=officers
            )
        if waiting is None:
            _write(transaction, mine, "booked", second=officers[1] if people > 1 else None, difference=difference.sum)
        else:
            _settle(transaction, waiting, "booked", second=officers[1], difference=difference.sum)
        facts: dict[str, object] = {"difference": difference.sum, "people": people}
        if people > 1:
            facts["first"], facts["second"] = officers
        if minutes is not None:
            facts["minutes"] = minutes.number
        tell(transaction, EntryKind.COUNTED, entry.quantity, actor, facts)
        if difference.sum < 0:
            _raise(transaction, -difference.sum, facts)
        view = CountView(state=CountState.BOOKED, at=transaction.now_ms, people=people, difference=difference.sum)
        return CountAnswer(view=view, entry=seq, minutes=minutes)


def _raise(transaction: Transaction, missing: int, facts: Mapping[str, object]) -> None:
    """Blanks are missing: an event of its own, for whoever must be told."""
    transaction.event("blanks.missed", "blanks", {"quantity": missing, "people": facts["people"]})


def _write(
    transaction: Transaction, count: Count, state: str, *, second: str | None = None, difference: int | None = None
) -> None:
    figures: tuple[Any, ...] = (figures_json(count.counted).decode(), figures_json(count.book).decode())
    transaction.run(
        _Q["insert_count"],
        (
            transaction.now_ms,
            count.day,
            *figures,
            count.actor,
            count.officer,
            second,
            state,
            difference,
            None if state == "waiting" else transaction.now_ms,
        ),
    )


def _settle(
    transaction: Transaction, count: Count, state: str, *, second: str | None = None, difference: int | None = None
) -> None:
    transaction.run(_Q["settle_count"], (state, second, difference, transaction.now_ms, count.seq))
