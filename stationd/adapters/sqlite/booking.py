"""Booking what people enter: deliveries, packs, hoppers, spoils, returns, destructions and corrections.

Everything is looked at before anything is written, for an answer that refuses is committed with what others asked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from stationd.adapters.sqlite.blank_rows import detail_of, entry_of, pack_of
from stationd.adapters.sqlite.papers import Papers
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.authority import Actor
from stationd.domain.blank_entry import Entry, NewEntry, correction, entry_refusal, opening, serials_refusal
from stationd.domain.blanks import Account, EntryKind, Movement, at_hand, movement_for
from stationd.domain.errors import Refused
from stationd.ports.minutes import Drawn

_Q = load("blanks")


class Entered:
    """What an entry did: its number where it moved anything, and minutes where they were drawn up."""

    def __init__(self, seq: int | None = None, minutes: Drawn | None = None) -> None:
        self.seq = seq
        self.minutes = minutes


class Booking:
    """Entries of people, one at a time, inside a transaction; counts have a module of their own (:mod:`.counting`)."""

    def __init__(self, papers: Papers | None) -> None:
        self._papers = papers

    def __call__(
        self, transaction: Transaction, entry: NewEntry, actor: Actor, officers: Sequence[str]
    ) -> Entered | Refused:
        """Book it; ``officers`` are the numbers of those who stand for it."""
        refused = entry_refusal(entry)
        if refused is not None:
            return refused
        if entry.kind is EntryKind.OPENED:
            return self._open(transaction, entry, actor)
        if entry.kind is EntryKind.CORRECTED:
            return self._correct(transaction, entry, actor)
        return self._move(transaction, entry, actor, officers)

    def _move(
        self, transaction: Transaction, entry: NewEntry, actor: Actor, officers: Sequence[str]
    ) -> Entered | Refused:
        movement = movement_for(
            entry.kind,
            entry.quantity,
            transaction.balances(),
            source=entry.source,
            hopper=_hopper(transaction, entry.printer),
        )
        if not isinstance(movement, Movement):
            return movement or Entered()
        refused = _known_refusal(transaction, entry, movement)
        if refused is not None:
            return refused
        detail = detail_of(entry)
        seq = transaction.move(
            movement, cause=entry.kind, actor=actor.name, note=entry.note, printer=entry.printer, detail=detail
        )
        if entry.packs or entry.serials:
            transaction.write_entries()
            packs = [
                (pack.number, pack.quantity, pack.first_serial, pack.last_serial, "sealed", seq) for pack in entry.packs
            ]
            transaction.run_many(_Q, "insert_packs", packs)
            transaction.run_many(_Q, "place_serials", [(each, movement.target, seq) for each in entry.serials])
        minutes = None
        if entry.kind is EntryKind.DESTROYED and self._papers is not None:
            minutes = self._papers.destruction(transaction, entry, seq, officers)
        facts = {"entry": seq, "category": entry.category, "printer": entry.printer}
        facts |= {"first": officers[0], "second": officers[1]} if len(officers) > 1 else {}
        facts["minutes"] = None if minutes is None else minutes.number
        tell(transaction, entry.kind, entry.quantity, actor, facts)
        return Entered(seq, minutes)

    def _open(self, transaction: Transaction, entry: NewEntry, actor: Actor) -> Entered | Refused:
        row = transaction.row(_Q["pack"], (entry.pack,))
        pack = None if row is None else pack_of(row)
        movement = opening(pack, entry.quantity, transaction.balances())
        if isinstance(movement, Refused):
            return movement
        seq, difference = None, 0
        if movement is not None:
            difference = movement.quantity if movement.target is Account.SAFE else -movement.quantity
            detail = {"pack": entry.pack}
            seq = transaction.move(movement, cause=entry.kind, actor=actor.name, note=entry.note, detail=detail)
            transaction.write_entries()
        transaction.run(_Q["open_pack"], (seq, entry.quantity, entry.pack))
        tell(transaction, entry.kind, entry.quantity, actor, {"pack": entry.pack, "difference": difference})
        return Entered(seq)

    def _correct(self, transaction: Transaction, entry: NewEntry, actor: Actor) -> Entered | Refused:
        transaction.write_entries()
        row = transaction.row(_Q["entry"], (entry.corrects,))
        wrong = None if row is None else entry_of(row)
        hopper = None if wrong is None else _hopper(transaction, wrong.printer)
        movement = correction(wrong, entry.quantity, transaction.balances(), hopper=hopper)
        if isinstance(movement, Refused) or wrong is None:
            return movement if isinstance(movement, Refused) else Entered()
        places = _places(transaction, wrong.serials)
        refused = serials_refusal(EntryKind.CORRECTED, wrong.target, wrong.serials, places)
        if refused is None and any(
            not pack_of(each).is_sealed for each in transaction.rows(_Q["packs_of"], (wrong.seq,))
        ):
            refused = Refused("pack-opened/delivery", field="corrects")
        if refused is not None:
            return refused
        seq = transaction.move(
            movement,
            cause=entry.kind,
            actor=actor.name,
            note=entry.note,
            printer=wrong.printer,
            detail={"corrects": wrong.seq},
        )
        if entry.quantity == 0:
            transaction.write_entries()
            transaction.run(_Q["drop_packs"], (wrong.seq,))
            _put_back(transaction, wrong, seq)
        facts: dict[str, object] = {"entry": seq, "corrects": wrong.seq, "was": wrong.quantity, "what": wrong.cause}
        tell(transaction, entry.kind, entry.quantity, actor, facts)
        return Entered(seq)


def tell(transaction: Transaction, kind: EntryKind, quantity: int, actor: Actor, facts: Mapping[str, object]) -> None:
    """The event of an entry; facts that are ``None`` are left out."""
    known = {name: value for name, value in facts.items() if value is not None}
    transaction.event(
        f"blanks.{kind}",
        "blanks",
        {"quantity": quantity, "actor": actor.name, **known, "at_hand": at_hand(transaction.balances())},
    )


def _known_refusal(transaction: Transaction, entry: NewEntry, movement: Movement) -> Refused | None:
    """Why serials or packs of the entry do not fit what the book knows of them, or ``None``."""
    refused = serials_refusal(entry.kind, movement.source, entry.serials, _places(transaction, entry.serials))
    if refused is not None:
        return refused
    for place, pack in enumerate(entry.packs):
        if transaction.row(_Q["pack"], (pack.number,)) is not None:
            return Refused("pack-known", field=f"packs[{place}]")
    return None


def _hopper(transaction: Transaction, printer: str | None) -> int | None:
    return None if printer is None else transaction.hopper(printer) or 0


def _places(transaction: Transaction, serials: Sequence[str]) -> dict[str, str]:
    found: dict[str, Any] = {serial: transaction.row(_Q["serial"], (serial,)) for serial in serials}
    return {serial: row[0] for serial, row in found.items() if row is not None}


def _put_back(transaction: Transaction, wrong: Entry, seq: int) -> None:
    """The serials of an entry that never was, where they were before it."""
    for serial in wrong.serials:
        if wrong.source is Account.CENTRE:
            transaction.run(_Q["drop_serial"], (serial,))
        else:
            transaction.run(_Q["place_serials"], (serial, wrong.source, seq))
