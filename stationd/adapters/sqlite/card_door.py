"""The one door through which a finished card changes its custody.

It asks the table of :mod:`stationd.domain.custody`, keeps the count, appends the event, and keeps the words by which a
card at hand is found. A card comes into the books with the outcome of its job (:mod:`.advance`) or out of a packet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import opened_holder
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.custody import HELD_HERE, Card, Custody, CustodyEvent, Place, next_custody
from stationd.domain.errors import Refused
from stationd.domain.finding import word_of_nik, words_of_name
from stationd.domain.ids import seq_of
from stationd.domain.job import JobKind
from stationd.domain.order import Holder
from stationd.ports.seal import Seal

_Q = load("cards")
_FOUND: Final = HELD_HERE - {Custody.PRINTED}
"""Where a card is found by name: in somebody's hand, on the shelf, or set aside."""

FORGOTTEN: Final = Holder(nik="", name="")
"""The holder of a card that was settled so long ago that nobody may know any more."""

Rows = Callable[[str, Sequence[object]], list[Any]]
"""Runs a query, inside a transaction or beside it."""


class CardDoor:
    """Changes of custody inside a transaction."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def change(
        self,
        transaction: Transaction,
        card: Card,
        event: CustodyEvent,
        *,
        actor: str,
        place: Place | None = None,
        transfer: str | None = None,
        chip: str | None = None,
        data: Mapping[str, object] | None = None,
    ) -> Card | Refused:
        """The card after the event: ``card-state`` when the table does not allow it, ``place-taken``."""
        custody = next_custody(card.custody, event)
        if custody is None:
            return Refused("card-state", see=card.id, custody=card.custody)
        if place is not None and place.slot is not None:
            taken = transaction.row(_Q["slot_taken"], (place.box, place.slot, card.seq))
            if taken is not None:
                return Refused("place-taken", field="place", place=str(place))
        after = replace(
            card,
            custody=custody,
            since=card.since if custody is card.custody else transaction.now_ms,
            place=place if custody is Custody.ON_SHELF else None,
            transfer=transfer or card.transfer,
            due_since=card.due_since if custody is Custody.ON_SHELF else None,
        )
        box, slot = (None, None) if after.place is None else (after.place.box, after.place.slot)
        row = (custody, after.since, box, slot, after.transfer, after.due_since, card.seq)
        transaction.run(_Q["update_card"], row)
        transaction.tally("card_custody", card.custody, -1)
        transaction.tally("card_custody", custody, 1)
        facts: dict[str, object] = {"custody": custody, "from": card.custody, "kind": card.kind}
        facts["held_ms"] = max(0, transaction.now_ms - card.since)
        if after.place is not None:
            facts["place"] = str(after.place)
        if transfer is not None:
            facts["transfer"] = transfer
        facts["actor"] = actor
        transaction.event(f"card.{event}", card.id, facts | dict(data or {}))
        self._keep_words(transaction, card, custody, chip)
        if card.custody is Custody.PRINTED:
            transaction.run(_Q["set_residence"], (card.seq,))
            return read_card(transaction.rows(_Q["by_seq"], (card.seq,))[0])
        return after

    def welcome(self, transaction: Transaction, card: Card, *, sent_as: str, actor: str) -> None:
        """Write down that a card which was never here has come out of a packet; ``sent_as`` is its id at the sender."""
        transaction.tally("card_custody", card.custody, 1)
        facts: dict[str, object] = {"custody": card.custody, "kind": card.kind, "transfer": card.transfer}
        transaction.event(f"card.{CustodyEvent.RECEIVED}", card.id, facts | {"sent_as": sent_as, "actor": actor})
        self._keep_words(transaction, card, card.custody, None, is_new=True)

    def holder(self, transaction: Transaction, card: Card) -> Holder:
        """Whose card it is. Raises ``Faulted`` (``seal-broken``)."""
        return holder_of(self._seal, transaction.rows, card)

    def _keep_words(
        self, transaction: Transaction, card: Card, custody: Custody, chip: str | None, *, is_new: bool = False
    ) -> None:
        if custody not in _FOUND:
            if card.custody in _FOUND:
                transaction.run(_Q["forget_words"], (card.seq,))
            return
        words = [] if chip is None else [chip]
        if is_new or card.custody not in _FOUND:
            holder = self.holder(transaction, card)
            words += [*words_of_name(holder.name), word_of_nik(holder.nik)]
        if words:
            transaction.run_many(
                _Q, "insert_words", [(self._seal.fingerprint(word), card.seq) for word in dict.fromkeys(words)]
            )


def find_card(transaction: Transaction, card_id: str) -> Card | Refused:
    """The card with this id, or ``card-unknown``."""
    row = transaction.row(_Q["by_id"], (seq_of(card_id), card_id))
    if row is None:
        return Refused("card-unknown")
    return read_card(row)


def read_card(row: Sequence[Any]) -> Card:
    """The card of a row in the order in which the queries name the columns."""
    return Card(
        seq=row[0],
        id=row[1],
        receipt=row[2],
        order=row[3],
        kind=JobKind(row[4]),
        custody=Custody(row[5]),
        since=row[6],
        printed_at=row[7],
        place=None if row[8] is None else Place(box=row[8], slot=row[9]),
        district=row[10],
        village=row[11],
        transfer=row[12],
        due_since=row[13],
        origin=row[14],
    )


def holder_of(seal: Seal, rows: Rows, card: Card) -> Holder:
    """Whose card it is; ``rows`` runs a query. Raises ``Faulted`` (``seal-broken``).

    Once the time of keeping is over it is :data:`FORGOTTEN`.
    """
    if card.origin is None:
        found = rows(_Q["holder_of"], (card.seq,))
        if not found:
            return FORGOTTEN
        sealed, job_id = found[0]
        return opened_holder(seal, sealed, f"holder:sealed:{job_id}")
    sealed, card_id = rows(_Q["foreign_holder_of"], (card.seq,))[0]
    if not sealed:
        return FORGOTTEN
    return opened_holder(seal, sealed, foreign_place(card_id))


def foreign_place(card_id: str) -> str:
    """Where the holder of a card from elsewhere is sealed to."""
    return f"foreign_card:sealed:{card_id}"


def told(custody: Custody) -> str:
    """A custody in words."""
    return custody.replace("_", " ")
