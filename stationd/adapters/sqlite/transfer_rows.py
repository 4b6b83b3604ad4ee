"""Rows of transfers to records."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.errors import Refused
from stationd.domain.transfer import Confirmation, Direction, ItemState, Transfer, TransferItem, TransferState

_Q: Final = load("transfers")


def find_transfer(transaction: Transaction, transfer_id: str) -> Transfer | Refused:
    """The transfer with this id, or ``transfer-unknown``."""
    row = transaction.row(_Q["read"], (transfer_id,))
    return unknown() if row is None else read_transfer(row)


def found_transfer(transaction: Transaction, transfer_id: str) -> Transfer:
    """The transfer with this id, which is there."""
    return read_transfer(transaction.rows(_Q["read"], (transfer_id,))[0])


def counts_of(confirmation: Confirmation) -> dict[str, object]:
    """What an event tells of a confirmation."""
    return {
        "arrived": len(confirmation.arrived),
        "missing": len(confirmation.missing),
        "extra": len(confirmation.extra),
    }


def unknown() -> Refused:
    """The refusal for an id that is no transfer's."""
    return Refused("transfer-unknown")


def read_transfer(row: Sequence[Any]) -> Transfer:
    """The transfer of a row in the order in which the queries name the columns."""
    return Transfer(
        id=row[0],
        direction=Direction(row[1]),
        state=TransferState(row[2]),
        number=row[3],
        peer=row[4],
        peer_name=row[5],
        cards=row[6],
        arrived=row[7],
        missing=row[8],
        extra=row[9],
        revision=row[10],
        made_at=row[11],
        at=row[12],
        settled_at=row[13],
    )


def read_item(row: Sequence[Any]) -> TransferItem:
    """One line of a pack list."""
    place, sender_id, receipt, state, card = row
    return TransferItem(place=place, sender_id=sender_id, receipt=receipt, state=ItemState(state), card=card)


def item_states(transaction: Transaction, transfer_id: str) -> Mapping[str, tuple[ItemState, int]]:
    """State and card of each item, by the sender's id."""
    rows = transaction.rows(_Q["items"], (transfer_id,))
    return {sender_id: (ItemState(state), card) for _, sender_id, _, state, card in rows}
