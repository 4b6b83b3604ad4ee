"""The city's orders as people deal with them: filed, moved, ended; each change is one transaction with its messages."""

import hashlib
from enum import StrEnum
from typing import Final

import msgspec

from stationd.adapters.city_messages import MOST_BYTES
from stationd.city.assigning import Assigning, FiledOrder, Moved, decode, place_of
from stationd.city.books import Transaction
from stationd.domain.city_order import is_reserved
from stationd.domain.errors import Refused
from stationd.domain.fence import Act, Hold, recall_fence, written_off
from stationd.ports.seal import Seal

MOST_ORDER_BYTES: Final = MOST_BYTES * 3 // 4 - 8192
"""What fits a message, sealed and in base64, with its signature beside it."""


class Filed(StrEnum):
    """What became of an order that was filed."""

    OFFERED = "offered"
    REPEATED = "repeated"
    """The very same was filed before."""


class Orders:
    """The verbs on orders; every method runs inside a transaction of the books."""

    def __init__(self, book: Assigning, seal: Seal) -> None:
        self._book = book
        self._seal = seal

    def file(self, transaction: Transaction, station: str, body: bytes) -> Filed | Refused:
        """Take an order, a body of ``POST /v1/jobs`` without a signature, and offer it to a station.

        Refused: ``order-malformed``, ``order-known``, ``order-at-counter`` when a station's book tells of a job of it,
        ``order-not-reserved``, ``order-too-large``, ``station-unknown``.
        """
        if len(body) > MOST_ORDER_BYTES:
            return Refused("order-too-large", f"cannot file: an order may have {MOST_ORDER_BYTES} bytes")
        order = _read(body)
        if isinstance(order, Refused):
            return order
        if transaction.row("station_key", station=station) is None:
            return _unknown(station)
        digest = self._seal.fingerprint(hashlib.sha256(body).hexdigest())
        known = transaction.row("order_digest", order=order.order)
        if known is not None:
            if known[0] == digest:
                return Filed.REPEATED
            return Refused("order-known", f"cannot file: order {order.order} was filed before with another body")
        if not is_reserved(order.order, self._book.policy.reserved):
            return Refused("order-not-reserved", f"cannot file: {order.order} begins with nothing in city.reserved")
        there = transaction.row("live_cards", order=order.order)
        if there is not None:
            return Refused("order-at-counter", f"cannot file: {there[0]} has made a job of order {order.order}")
        transaction.run(
            "insert_order",
            order=order.order,
            kind=order.kind,
            sealed=self._seal.seal(body, place=place_of(order.order)),
            digest=digest,
            now=transaction.now_ms,
        )
        self._book.offer(transaction, self._book.standing(transaction, order.order), station)
        return Filed.OFFERED

    def move(self, transaction: Transaction, order: str, to: str) -> Moved | Refused:
        """Give an order to another station, at once where nobody has leave for it.

        Refused: ``order-unknown``, ``station-unknown``, ``order-there`` when that station has it already.
        """
        standing = self._book.find(transaction, order)
        if standing is None:
            return _no_order(order)
        if transaction.row("station_key", station=to) is None:
            return _unknown(to)
        if standing.assignment.station == to and standing.goes_to is None:
            return Refused("order-there", f"cannot move: {to} has order {order} already")
        return self._book.take_back(transaction, standing, goes_to=to, is_ending=False)

    def cancel(self, transaction: Transaction, order: str) -> Moved | Refused:
        """End an order, at once where nobody has leave for it. Refused: ``order-unknown``."""
        standing = self._book.find(transaction, order)
        if standing is None:
            return _no_order(order)
        return self._book.take_back(transaction, standing, goes_to=None, is_ending=True)

    def renew(self, transaction: Transaction) -> int:
        """Say once more what a lost stream of orders may have held: offers anew, leave and recalls as they stand."""
        rows = transaction.rows("orders_open")
        for (order,) in rows:
            standing = self._book.standing(transaction, order)
            before = standing.assignment
            if before.station is None:
                continue
            if before.hold is Hold.OFFERED:
                self._book.take_back(transaction, standing, goes_to=before.station, is_ending=False)
            elif before.hold is Hold.RECALLED:
                self._book.say(transaction, before.station, Act.RECALL, order, recall_fence(before))
            elif self._book.may_give(transaction, before.station):
                self._book.say(transaction, before.station, Act.LEAVE, order, before.fence)
        return len(rows)

    def write_off(self, transaction: Transaction, order: str) -> Moved | Refused:
        """A person vouches that the station which was asked for it has made no card of it and never will.

        Refused: ``order-unknown``, ``order-not-asked-back``.
        """
        standing = self._book.find(transaction, order)
        if standing is None:
            return _no_order(order)
        after = written_off(standing.assignment)
        if after == standing.assignment:
            return Refused(
                "order-not-asked-back",
                f"cannot write off: no station was asked for order {order}",
                fix="move or cancel it first",
            )
        self._book.keep(transaction, standing, after, told="written-off")
        return Moved.DONE


def _read(body: bytes) -> FiledOrder | Refused:
    try:
        order = decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused("order-malformed", "cannot file: it is no order with order, kind, holder.nik and document")
    if order.signature is not None:
        return Refused("order-malformed", "cannot file: the order bears a signature, the city makes its own")
    return order


def _unknown(station: str) -> Refused:
    return Refused("station-unknown", f"cannot send there: station {station} is not enrolled")


def _no_order(order: str) -> Refused:
    return Refused("order-unknown", f"cannot find order {order}")
