"""Where the books do not say the same: what stations say against what the city gave them, and against each other."""

from dataclasses import dataclass
from typing import Final

from stationd.city.books import Transaction

STANDING: Final = (
    "card-twice",
    "holder-twice",
    "order-without-card",
    "order-free",
    "blanks-differ",
    "blanks-from-nowhere",
    "history-forked",
    "facts-missing",
    "transfer-open",
)
"""The codes of what goes away by itself once the books agree; all others tell of something that happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that wants a person. ``subject`` is a station, an order or a packet; nothing here is of a person."""

    code: str
    subject: str
    detail: str


def differences(transaction: Transaction) -> list[Difference]:
    """All of them, the worst first."""
    return [
        *standing(transaction),
        *(
            Difference(code=code, subject=station, detail=f"{count} times")
            for station, code, count, _ in transaction.rows("troubles")
        ),
    ]


def standing(transaction: Transaction) -> list[Difference]:
    """Those that the books show now."""
    found = [
        Difference(code="card-twice", subject=order, detail=f"{count} cards were printed of this order")
        for order, count in transaction.rows("cards_twice")
    ]
    found += [
        Difference(code="holder-twice", subject=order, detail=f"its holder has a first card at {count} stations")
        for order, count in transaction.rows("holders_twice")
    ]
    found += [
        Difference(code="order-without-card", subject=order, detail="the card that was printed is in no book any more")
        for order, _ in transaction.rows("settled_without_card")
    ]
    found += [
        Difference(code="order-free", subject=order, detail=f"no station has it; the last word was {told or 'none'}")
        for order, told in transaction.rows("orders_free")
    ]
    for station, issued, received, at_hand, in_printers, printed, spoiled in transaction.rows("blank_figures"):
        if issued != received:
            detail = f"{issued} blanks were given to it, it has received {received}"
            found.append(Difference(code="blanks-differ", subject=station, detail=detail))
        used = at_hand + in_printers + printed + spoiled
        if used > received:
            detail = f"{used} blanks are told of there, it has received {received}"
            found.append(Difference(code="blanks-from-nowhere", subject=station, detail=detail))
    for station, _, _, seq, _, forked_at, highest in transaction.rows("stations"):
        if forked_at is not None:
            detail = f"its book has another history after number {seq}"
            found.append(Difference(code="history-forked", subject=station, detail=detail))
        elif highest is not None and highest > seq:
            detail = f"number {seq + 1} is missing, {highest} is here"
            found.append(Difference(code="facts-missing", subject=station, detail=detail))
    for packet, sender, receiver, sent, received, _ in transaction.rows("transfers_open"):
        detail = f"{sender} says {sent or 'nothing'}, {receiver} says {received or 'nothing'}"
        found.append(Difference(code="transfer-open", subject=packet, detail=detail))
    return found
