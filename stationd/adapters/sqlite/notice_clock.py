"""The clock of notices inside a transaction: what is next for a card, by its history and its number.

Every change of a notice ends here, so that what falls due is always found by an index and never reckoned by a search.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from stationd.adapters.sqlite.card_door import Rows, foreign_place
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import opened_holder
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.custody import Custody
from stationd.domain.notice_machine import PERHAPS, NoticeState
from stationd.domain.notices import OF_NUMBERS, NoticeRules, Plan, Told, Trouble, plan
from stationd.domain.order import Holder
from stationd.ports.notices import CardClock
from stationd.ports.notifier import NumberReader, PhoneNumber
from stationd.ports.seal import Seal

_Q = load("notices")
_CARDS = load("cards")


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutCard:
    """A card as notices see it."""

    seq: int
    id: str
    receipt: str
    is_on_shelf: bool
    is_foreign: bool = field(repr=False)


class NoticeClock:
    """Plans cards; ``read_number`` reads a number as people write it."""

    def __init__(self, seal: Seal, read_number: NumberReader) -> None:
        self._seal = seal
        self._read_number = read_number

    def plan(
        self,
        transaction: Transaction,
        card: int,
        rules: NoticeRules,
        today: date | None = None,
        *,
        is_number_new: bool = False,
    ) -> Plan | None:
        """Set a card's clock anew; ``today`` begins one that has not begun. ``None`` for a card without a clock.

        The number is read when the clock begins, and again when ``is_number_new``: opening and reading it costs ten
        times as much as all the rest.
        """
        row = transaction.row(_Q["clock"], (card,))
        if row is None:
            return None
        shelved_on = row[0] if row[0] is not None or today is None else today.toordinal()
        if shelved_on is None:
            return None
        told = history(transaction, card, row[6])
        number: object = row[5]
        if row[0] is None or is_number_new:
            number = self.number(transaction.rows, about_card(transaction, card))
        trouble = Trouble(number) if isinstance(number, str) and number in OF_NUMBERS else None
        found = plan(date.fromordinal(shelved_on), told, rules, trouble)
        transfer_on = None if found.transfer_on is None else found.transfer_on.toordinal()
        last_on = max((each.on.toordinal() for each in told if each.state in PERHAPS), default=None)
        due = None if found.notice_on is None else found.notice_on.toordinal()
        values = (shelved_on, due, found.told, found.counted, last_on, transfer_on, found.trouble)
        transaction.run(_Q["set_clock"], (*values, card))
        return found

    def number(self, rows: Rows, about: AboutCard) -> PhoneNumber | Trouble:
        """The number to tell the holder by: the one that an officer mended, else the order's."""
        return self._read_number(self.written_number(rows, about))

    def written_number(self, rows: Rows, about: AboutCard) -> str | None:
        """The number as it was written."""
        mended = rows(_Q["mended_number"], (about.seq,))
        if mended:
            return self._seal.open(mended[0][0], place=number_place(about.seq)).decode()
        return self.holder(rows, about).phone

    def holder(self, rows: Rows, about: AboutCard) -> Holder:
        """Whose card it is. Raises ``Faulted`` (``seal-broken``)."""
        query, place = "holder_of", f"holder:sealed:{about.id}"
        if about.is_foreign:
            query, place = "foreign_holder_of", foreign_place(about.id)
        return opened_holder(self._seal, rows(_CARDS[query], (about.seq,))[0][0], place)


def history(transaction: Transaction, card: int, fresh_after: int) -> list[Told]:
    """The notices of a card; failures up to the one after which the number was mended are forgiven."""
    return [
        Told(date.fromordinal(day), NoticeState(state))
        for seq, day, state in transaction.rows(_Q["history"], (card,))
        if seq > fresh_after or state != NoticeState.FAILED
    ]


def about_card(transaction: Transaction, card: int) -> AboutCard:
    """The card with this number, which is there."""
    return about_of(card, transaction.rows(_Q["about"], (card,))[0])


def about_of(card: int, row: Sequence[Any]) -> AboutCard:
    """The card of a row with custody, id, receipt and origin."""
    return AboutCard(
        seq=card, id=row[1], receipt=row[2], is_on_shelf=row[0] == Custody.ON_SHELF, is_foreign=row[3] is not None
    )


def number_place(card: int) -> str:
    """Where a mended number is sealed to."""
    return f"notice_number:sealed:{card}"


def clock_of(row: Sequence[Any]) -> CardClock:
    """The clock of a row."""
    return CardClock(
        notice_on=None if row[1] is None else date.fromordinal(row[1]),
        told=row[2],
        counted=row[3],
        transfer_on=None if row[4] is None else date.fromordinal(row[4]),
        trouble=None if row[5] is None else Trouble(row[5]),
    )
