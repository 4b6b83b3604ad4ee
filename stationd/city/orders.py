"""The city's orders: filed, offered, given leave, moved, ended. Every change is one transaction with what it sends.

The rule is :mod:`stationd.domain.fence`; nothing here decides who may make a card.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from stationd.adapters.city_messages import CityMessages
from stationd.city.books import Transaction
from stationd.city.rules import text, whole
from stationd.domain.city_link import ORDER_KEPT, ORDER_RECEIVED, ORDER_REFUSED, ORDER_RETURNED, ORDER_TAKEN, Fact, Word
from stationd.domain.city_order import LONGEST_LIFE_S, document_hash, holder_hash
from stationd.domain.errors import Refused
from stationd.domain.fence import (
    Act,
    Assignment,
    Hold,
    asked,
    offered,
    printed,
    recall_fence,
    recalled,
    returned,
    written_off,
)
from stationd.domain.ids import uuid7
from stationd.domain.job_machine import JobEvent
from stationd.ports.clock import Entropy
from stationd.ports.seal import Seal

_ID_BITS: Final = 74
_PRINTED: Final = f"job.{JobEvent.CARD_PRINTED}"

_Reference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$(?!\n)")]
_Nik = Annotated[str, Meta(pattern=r"^[0-9]{16}$(?!\n)")]


class _Holder(msgspec.Struct):
    nik: _Nik


class _Document(msgspec.Struct):
    data: bytes | None = None


class _Order(msgspec.Struct):
    """What the city itself must know of an order; its station judges the rest."""

    order: _Reference
    kind: str
    holder: _Holder
    document: _Document
    signature: str | None = None


_decode = msgspec.json.Decoder(_Order).decode


class Filed(StrEnum):
    """What became of an order that was filed."""

    OFFERED = "offered"
    REPEATED = "repeated"
    """The very same was filed before."""


class Moved(StrEnum):
    """What became of an order that was to be moved or ended."""

    DONE = "done"
    ASKED = "asked-back"
    """Its station has leave and must give it back first."""
    SETTLED = "settled"
    """Too late: its card was made, or it was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An order as it stands in the books."""

    order: str
    kind: str
    sealed: bytes | None
    assignment: Assignment
    goes_to: str | None
    is_ending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``leave_ahead``: how many orders a station may have leave for at once; ``life_s``: of a signature."""

    leave_ahead: int
    life_s: int

    def __post_init__(self) -> None:
        if not 0 < self.life_s <= LONGEST_LIFE_S:
            raise ValueError("no station takes a signature with a longer life")


class Orders:
    """The verbs on orders; every method runs inside a transaction of the books."""

    def __init__(
        self, messages: CityMessages, seal: Seal, entropy: Entropy, policy: Policy, *, on_change: Callable[[], None]
    ) -> None:
        """``on_change`` is called when something was written that is to be sent, once it is committed or not."""
        self._messages = messages
        self._seal = seal
        self._entropy = entropy
        self._policy = policy
        self._on_change = on_change

    def file(self, transaction: Transaction, station: str, body: bytes) -> Filed | Refused:
        """Take an order, a body of ``POST /v1/jobs`` without a signature, and offer it to a station.

        Refused: ``order-malformed``, ``order-known``, ``station-unknown``.
        """
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
        transaction.run(
            "insert_order",
            order=order.order,
            kind=order.kind,
            sealed=self._seal.seal(body, place=_place(order.order)),
            digest=digest,
            now=transaction.now_ms,
        )
        self._offer(transaction, self._standing(transaction, order.order), station)
        return Filed.OFFERED

    def move(self, transaction: Transaction, order: str, to: str) -> Moved | Refused:
        """Give an order to another station, at once where nobody has leave for it.

        Refused: ``order-unknown``, ``station-unknown``, ``order-there`` when that station has it already.
        """
        standing = self._find(transaction, order)
        if standing is None:
            return _no_order(order)
        if transaction.row("station_key", station=to) is None:
            return _unknown(to)
        if standing.assignment.station == to and standing.goes_to is None:
            return Refused("order-there", f"cannot move: {to} has order {order} already")
        return self._take_back(transaction, standing, goes_to=to, is_ending=False)

    def cancel(self, transaction: Transaction, order: str) -> Moved | Refused:
        """End an order, at once where nobody has leave for it. Refused: ``order-unknown``."""
        standing = self._find(transaction, order)
        if standing is None:
            return _no_order(order)
        return self._take_back(transaction, standing, goes_to=None, is_ending=True)

    def write_off(self, transaction: Transaction, order: str) -> Moved | Refused:
        """A person vouches that the station which was asked for it has made no card of it and never will.

        Refused: ``order-unknown``, ``order-not-asked-back``.
        """
        standing = self._find(transaction, order)
        if standing is None:
            return _no_order(order)
        after = written_off(standing.assignment)
        if after == standing.assignment:
            return Refused(
                "order-not-asked-back",
                f"cannot write off: no station was asked for order {order}",
                fix="move or cancel it first",
            )
        self._keep(transaction, standing, after, told="written-off")
        return Moved.DONE

    def hear(self, transaction: Transaction, fact: Fact, data: Mapping[str, Any]) -> None:
        """What a fact says of orders."""
        if fact.type == _PRINTED:
            self._hear_printed(transaction, fact)
            return
        if fact.type not in {ORDER_RECEIVED, ORDER_TAKEN, ORDER_REFUSED, ORDER_RETURNED, ORDER_KEPT}:
            return
        message = transaction.row("message", id=fact.subject, station=fact.station)
        fence = whole(data, "fence")
        if message is None or message[0] is None or not fence:
            transaction.run("trouble", station=fact.station, code="order-never-given", count=1, now=transaction.now_ms)
            return
        standing = self._standing(transaction, str(message[0]))
        before, station = standing.assignment, fact.station
        if fact.type == ORDER_RECEIVED:
            self._hear_received(transaction, standing, station, fence)
        elif fact.type == ORDER_TAKEN:
            transaction.run("set_offer", station=station, id=text(data, "job"), offer=fact.subject)
            self._hear_taken(transaction, standing, station, fence)
        elif fact.type == ORDER_REFUSED:
            self._keep(transaction, standing, returned(before, station, fence + 1), told=text(data, "code"))
        elif fact.type == ORDER_RETURNED:
            self._keep(transaction, standing, returned(before, station, fence), told="returned")
        else:
            if before.station != station:  # a card of its counter, of an order that is somebody else's by now
                transaction.run(
                    "trouble", station=station, code="order-made-at-counter", count=1, now=transaction.now_ms
                )
            told = f"kept {text(data, 'state')}"
            transaction.run("set_told", order=standing.order, told=told, now=transaction.now_ms)

    def grant(self, transaction: Transaction, station: str) -> None:
        """Give leave to a station's oldest orders that ask for it, as many as it may have ahead."""
        if transaction.rows("station_forked", station=station)[0][0] is not None:
            return
        ahead = transaction.rows("granted", station=station)[0][0]
        for order, fence in transaction.rows("asking", station=station, most=max(0, self._policy.leave_ahead - ahead)):
            standing = self._standing(transaction, order)
            after, act, told = asked(standing.assignment, station, fence)
            self._keep(transaction, standing, after)
            self._say(transaction, station, act, order, told)

    # ------------------------------------------------------------------------------------------------------- inside

    def _hear_received(self, transaction: Transaction, standing: Standing, station: str, fence: int) -> None:
        after, act, told = asked(standing.assignment, station, fence)
        if act is Act.RECALL or after == standing.assignment:  # void, or the leave that it has once more
            if act is Act.RECALL or transaction.rows("station_forked", station=station)[0][0] is None:
                self._say(transaction, station, act, standing.order, told)
            return
        transaction.run("set_asked", order=standing.order, now=transaction.now_ms)

    def _hear_taken(self, transaction: Transaction, standing: Standing, station: str, fence: int) -> None:
        """A station has leave; these books know, unless they were restored from a backup that is older."""
        if standing.assignment != Assignment(fence, station, Hold.OFFERED):
            return
        after, _, _ = asked(standing.assignment, station, fence)
        transaction.run("trouble", station=station, code="leave-forgotten", count=1, now=transaction.now_ms)
        self._keep(transaction, standing, after)

    def _hear_printed(self, transaction: Transaction, fact: Fact) -> None:
        row = transaction.row("offer_of_card", station=fact.station, id=fact.subject)
        if row is None:
            return  # an order of its own counter
        standing = self._standing(transaction, str(row[0]))
        before = standing.assignment
        after = printed(before, fact.station, row[1])
        is_its_own = (before.station, before.fence) == (fact.station, row[1])
        if not is_its_own or before.hold not in {Hold.GRANTED, Hold.RECALLED, Hold.SETTLED}:
            transaction.run("trouble", station=fact.station, code="card-without-leave", count=1, now=transaction.now_ms)
        self._keep(transaction, standing, after, told=None)

    def _take_back(
        self, transaction: Transaction, standing: Standing, *, goes_to: str | None, is_ending: bool
    ) -> Moved:
        before = standing.assignment
        if before.hold is Hold.SETTLED:
            return Moved.SETTLED
        after = recalled(before)
        if before.station is not None:
            self._say(transaction, before.station, Act.RECALL, standing.order, recall_fence(before))
        wished = replace(standing, goes_to=goes_to, is_ending=is_ending)
        transaction.run("set_wish", order=standing.order, goes_to=goes_to, is_ending=int(is_ending))
        self._keep(transaction, wished, after, is_forced=True)
        return Moved.DONE if after.hold is Hold.FREE else Moved.ASKED

    def _keep(
        self,
        transaction: Transaction,
        standing: Standing,
        after: Assignment,
        *,
        told: str | None = None,
        is_forced: bool = False,
    ) -> None:
        """Write an order's new assignment, and go on with one that nobody has any more."""
        if after == standing.assignment and not is_forced:
            return
        outcome = "printed" if after.hold is Hold.SETTLED else None
        if after.hold is Hold.FREE and standing.is_ending:
            after, outcome = replace(after, hold=Hold.SETTLED), "cancelled"
        transaction.run(
            "set_assignment",
            order=standing.order,
            fence=after.fence,
            station=after.station,
            hold=after.hold,
            outcome=outcome,
            told=told,
            now=transaction.now_ms,
        )
        if after.hold is Hold.FREE and standing.goes_to is not None:
            self._offer(transaction, replace(standing, assignment=after), standing.goes_to)

    def _offer(self, transaction: Transaction, standing: Standing, station: str) -> None:
        after = offered(standing.assignment, station)
        if after is None or standing.sealed is None:
            raise AssertionError(f"order {standing.order} is offered while it may be somebody's")
        body = self._seal.open(standing.sealed, place=_place(standing.order))
        order = _decode(body)
        id_, now_s = self._id(transaction), transaction.now_ms // 1000
        claims: dict[str, object] = {
            "aud": station,
            "jti": id_,
            "iat": now_s,
            "exp": now_s + self._policy.life_s,
            "order": standing.order,
            "kind": standing.kind,
            "holder_sha256": holder_hash(id_, order.holder.nik),
            "fence": after.fence,
        }
        if order.document.data is not None:
            claims["document_sha256"] = document_hash(order.document.data)
        (seal_key,) = transaction.rows("seal_key", station=station)[0]
        message = self._messages.offer(claims, body, seal_key=bytes(seal_key))
        transaction.run(
            "set_assignment",
            order=standing.order,
            fence=after.fence,
            station=station,
            hold=after.hold,
            outcome=None,
            told=None,
            now=transaction.now_ms,
        )
        transaction.run("set_wish", order=standing.order, goes_to=None, is_ending=0)
        self._send(transaction, id_, station, "offer", standing.order, after.fence, message)

    def _say(self, transaction: Transaction, station: str, act: Act, order: str, fence: int) -> None:
        id_ = self._id(transaction)
        word = Word(id=id_, station=station, act=act, order=order, fence=fence, at=transaction.now_ms // 1000)
        self._send(transaction, id_, station, act.value, order, fence, self._messages.word(word))

    def _send(
        self, transaction: Transaction, id_: str, station: str, kind: str, order: str, fence: int, body: bytes
    ) -> None:
        transaction.run(
            "insert_message",
            id=id_,
            station=station,
            kind=kind,
            order_ref=order,
            fence=fence,
            body=body,
            now=transaction.now_ms,
        )
        self._on_change()

    def _id(self, transaction: Transaction) -> str:
        return uuid7(transaction.now_ms, self._entropy.bits(_ID_BITS))

    def _find(self, transaction: Transaction, order: str) -> Standing | None:
        row = transaction.row("order", order=order)
        if row is None:
            return None
        kind, sealed, fence, station, hold, goes_to, is_ending = row
        return Standing(
            order=order,
            kind=kind,
            sealed=None if sealed is None else bytes(sealed),
            assignment=Assignment(fence, station, Hold(hold)),
            goes_to=goes_to,
            is_ending=bool(is_ending),
        )

    def _standing(self, transaction: Transaction, order: str) -> Standing:
        found = self._find(transaction, order)
        if found is None:
            raise AssertionError(f"order {order} was spoken of and is not in the books")
        return found


def _read(body: bytes) -> _Order | Refused:
    try:
        order = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refused("order-malformed", "cannot file: it is no order with order, kind, holder.nik and document")
    if order.signature is not None:
        return Refused("order-malformed", "cannot file: the order bears a signature, the city makes its own")
    return order


def _place(order: str) -> str:
    return f"city_order:sealed:{order}"


def _unknown(station: str) -> Refused:
    return Refused("station-unknown", f"cannot send there: station {station} is not enrolled")


def _no_order(order: str) -> Refused:
    return Refused("order-unknown", f"cannot find order {order}")
