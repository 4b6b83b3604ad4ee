"""The rows of orders: how one stands, and every change of it in one transaction with the message that tells it.

The rule is :mod:`stationd.domain.fence`; nothing here decides who may make a card.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from stationd.adapters.city_messages import CityMessages
from stationd.city.books import Transaction
from stationd.domain.city_link import Word
from stationd.domain.city_order import LONGEST_LIFE_S, document_hash, holder_hash
from stationd.domain.fence import Act, Assignment, Hold, offered, recall_fence, recalled
from stationd.domain.ids import uuid7
from stationd.ports.clock import Entropy
from stationd.ports.seal import Seal

_ID_BITS: Final = 74

_Reference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$(?!\n)")]
_Kind = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,31}$(?!\n)")]
_Nik = Annotated[str, Meta(pattern=r"^[0-9]{16}$(?!\n)")]


class _Holder(msgspec.Struct):
    nik: _Nik


class _Document(msgspec.Struct):
    data: bytes | None = None


class FiledOrder(msgspec.Struct):
    """What the city itself must know of an order; its station judges the rest."""

    order: _Reference
    kind: _Kind
    holder: _Holder
    document: _Document
    signature: str | None = None


decode = msgspec.json.Decoder(FiledOrder).decode
"""Raises what msgspec raises."""


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
    """``leave_ahead``: how many orders a station may have leave for at once; ``life_s``: of a signature.

    ``reserved``: what the references of the city's orders begin with; none: with anything.
    """

    leave_ahead: int
    life_s: int
    reserved: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.life_s <= LONGEST_LIFE_S:
            raise ValueError("no station takes a signature with a longer life")


class Assigning:
    """Finds and writes orders; every method runs inside a transaction of the books."""

    def __init__(
        self, messages: CityMessages, seal: Seal, entropy: Entropy, policy: Policy, *, on_change: Callable[[], None]
    ) -> None:
        """``on_change`` is called when something was written that is to be sent, once it is committed or not."""
        self._messages = messages
        self._seal = seal
        self._entropy = entropy
        self.policy = policy
        self._on_change = on_change

    def find(self, transaction: Transaction, order: str) -> Standing | None:
        """How an order stands; ``None`` for one that was never filed."""
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

    def may_give(self, transaction: Transaction, station: str) -> bool:
        """Whether leave is given to a station: not while its history or these books' are in doubt."""
        is_forked = transaction.rows("station_forked", station=station)[0][0] is not None
        return not is_forked and not is_catching_up(transaction)

    def trouble(self, transaction: Transaction, station: str, code: str) -> None:
        """Count something that wants a person."""
        transaction.run("trouble", station=station, code=code, count=1, now=transaction.now_ms)

    def take_back(self, transaction: Transaction, standing: Standing, *, goes_to: str | None, is_ending: bool) -> Moved:
        """Take an order from whoever has it, to give it to another station or to end it."""
        before = standing.assignment
        if before.hold is Hold.SETTLED:
            return Moved.SETTLED
        after = recalled(before)
        if before.station is not None:
            self.say(transaction, before.station, Act.RECALL, standing.order, recall_fence(before))
        wished = replace(standing, goes_to=goes_to, is_ending=is_ending)
        transaction.run("set_wish", order=standing.order, goes_to=goes_to, is_ending=int(is_ending))
        self.keep(transaction, wished, after, is_forced=True)
        return Moved.DONE if after.hold is Hold.FREE else Moved.ASKED

    def keep(
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
            is_made = transaction.row("printed_cards", order=standing.order) is not None
            after, outcome = replace(after, hold=Hold.SETTLED), "printed" if is_made else "cancelled"
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
            self.offer(transaction, replace(standing, assignment=after), standing.goes_to)

    def offer(self, transaction: Transaction, standing: Standing, station: str) -> None:
        """Give a free order to a station."""
        before = standing.assignment
        base = transaction.row("fence_base")
        after = offered(replace(before, fence=max(before.fence, 0 if base is None else int(base[0]))), station)
        if after is None or standing.sealed is None:
            raise AssertionError(f"order {standing.order} is offered while it may be somebody's")
        body = self._seal.open(standing.sealed, place=place_of(standing.order))
        order = decode(body)
        id_, now_s = self._id(transaction), transaction.now_ms // 1000
        claims: dict[str, object] = {
            "aud": station,
            "jti": id_,
            "iat": now_s,
            "exp": now_s + self.policy.life_s,
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

    def say(self, transaction: Transaction, station: str, act: Act, order: str, fence: int) -> None:
        """Say a word to a station."""
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

    def standing(self, transaction: Transaction, order: str) -> Standing:
        """How an order stands of which a message was sent."""
        found = self.find(transaction, order)
        if found is None:
            raise AssertionError(f"order {order} was spoken of and is not in the books")
        return found


def is_catching_up(transaction: Transaction) -> bool:
    """Whether these books were restored and have not heard yet what the servers still have."""
    return transaction.row("catching_up") is not None


def place_of(order: str) -> str:
    """Where the sealed body of an order belongs."""
    return f"city_order:sealed:{order}"
