"""What the stations' facts say of orders: who asks for leave, what became of a card, what a counter has made.

The rule is :mod:`stationd.domain.fence`; every method runs inside a transaction of the books.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from stationd.city.assigning import Assigning, Standing, is_catching_up
from stationd.city.books import Transaction
from stationd.city.rules import text, whole
from stationd.domain import city_link
from stationd.domain.city_link import ORDER_KEPT, ORDER_RECEIVED, ORDER_REFUSED, ORDER_RETURNED, ORDER_TAKEN, Fact
from stationd.domain.fence import (
    Act,
    Assignment,
    Hold,
    asked,
    begun_at,
    made_at,
    printed,
    recall_fence,
    returned,
)
from stationd.domain.job import JobState
from stationd.domain.job_machine import JobEvent

_PRINTED: Final = f"job.{JobEvent.CARD_PRINTED}"
_OF_ORDERS: Final = frozenset({ORDER_RECEIVED, ORDER_TAKEN, ORDER_REFUSED, ORDER_RETURNED, ORDER_KEPT})
_STATE_PRINTED: Final = JobState.PRINTED.value


class Hearing:
    """Hears what is said of orders."""

    def __init__(self, book: Assigning) -> None:
        self._book = book

    def hear(self, transaction: Transaction, fact: Fact, data: Mapping[str, Any]) -> None:
        """What a fact says of orders."""
        if fact.type == _PRINTED:
            self._hear_printed(transaction, fact.station, fact.subject)
            return
        if fact.type not in _OF_ORDERS:
            return
        message = transaction.row("message", id=fact.subject, station=fact.station)
        fence = whole(data, "fence")
        if message is None and fact.type == ORDER_TAKEN:
            message = self._remembered(transaction, fact.station, fact.subject, text(data, "job"), fence)
        if message is None or message[0] is None or not fence:
            transaction.run("trouble", station=fact.station, code="order-never-given", count=1, now=transaction.now_ms)
            return
        standing = self._book.standing(transaction, str(message[0]))
        before, station = standing.assignment, fact.station
        match fact.type:
            case city_link.ORDER_RECEIVED:
                self._hear_received(transaction, standing, station, fence)
            case city_link.ORDER_TAKEN:
                transaction.run("set_offer", station=station, id=text(data, "job"), offer=fact.subject)
                self._hear_taken(transaction, standing, station, fence, job=text(data, "job"))
            case city_link.ORDER_REFUSED:
                self._book.keep(transaction, standing, returned(before, station, fence + 1), told=text(data, "code"))
            case city_link.ORDER_RETURNED:
                self._book.keep(transaction, standing, returned(before, station, fence), told="returned")
            case _:
                self._hear_kept(transaction, standing, station, state=text(data, "state"))

    def hear_accepted(self, transaction: Transaction, station: str, order: str) -> None:
        """A station has made a job of an order, by leave or at its counter: the order follows a counter that has it."""
        standing = self._book.find(transaction, order)
        if standing is None:
            return
        before, after = standing.assignment, begun_at(standing.assignment, station)
        if before.station == station or before.hold is Hold.SETTLED:
            if before.hold is Hold.SETTLED and (before.station != station or standing.is_ending):
                self._book.trouble(transaction, station, "order-made-at-counter")
            if after != before and self._book.may_give(transaction, station):
                self._book.say(transaction, station, Act.LEAVE, order, after.fence)
            self._book.keep(transaction, standing, after)
            return
        is_restored = is_catching_up(transaction)  # books that are behind: it may be a job by leave
        if not is_restored:
            self._book.trouble(transaction, station, "order-made-at-counter")
        goes_to = None if standing.is_ending or is_restored else station
        self._book.take_back(transaction, standing, goes_to=goes_to, is_ending=standing.is_ending)

    def grant(self, transaction: Transaction, station: str) -> None:
        """Give leave to a station's oldest orders that ask for it, as many as it may have ahead."""
        if not self._book.may_give(transaction, station):
            return
        ahead = transaction.rows("granted", station=station)[0][0]
        most = max(0, self._book.policy.leave_ahead - ahead)
        for order, fence in transaction.rows("asking", station=station, most=most):
            standing = self._book.standing(transaction, order)
            after, act, told = asked(standing.assignment, station, fence)
            self._book.keep(transaction, standing, after)
            self._book.say(transaction, station, act, order, told)

    # ------------------------------------------------------------------------------------------------------- inside

    def _hear_received(self, transaction: Transaction, standing: Standing, station: str, fence: int) -> None:
        after, act, told = asked(standing.assignment, station, fence)
        if act is Act.RECALL or after == standing.assignment:  # void, or the leave that it has once more
            if act is Act.RECALL or self._book.may_give(transaction, station):
                self._book.say(transaction, station, act, standing.order, told)
            return
        transaction.run("set_asked", order=standing.order, now=transaction.now_ms)

    def _hear_kept(self, transaction: Transaction, standing: Standing, station: str, *, state: str) -> None:
        transaction.run("set_told", order=standing.order, told=f"kept {state}", now=transaction.now_ms)
        if standing.assignment.station != station:  # a card of its counter, of an order that is somebody else's by now
            self._book.trouble(transaction, station, "order-made-at-counter")
        if state == _STATE_PRINTED:
            self._hear_made(transaction, standing.order, station)

    def _hear_taken(self, transaction: Transaction, standing: Standing, station: str, fence: int, *, job: str) -> None:
        """A station has leave; these books know, unless they were restored from a backup that is older."""
        self._note_taken(transaction, standing, station, fence)
        card = transaction.row("card", station=station, id=job)
        if card is not None and card[0] == _STATE_PRINTED:  # at the counter, before the leave came
            self._hear_printed(transaction, station, job)

    def _note_taken(self, transaction: Transaction, standing: Standing, station: str, fence: int) -> None:
        before = standing.assignment
        if (before.fence, before.station) != (fence, station) or before.hold not in {Hold.OFFERED, Hold.GRANTED}:
            return
        if transaction.row("leave_said", order=standing.order, fence=fence) is None:
            self._book.trouble(transaction, station, "leave-forgotten")
        self._book.keep(transaction, standing, replace(before, hold=Hold.GRANTED))

    def _hear_printed(self, transaction: Transaction, station: str, job: str) -> None:
        row = transaction.row("offer_of_card", station=station, id=job)
        if row is None:  # of its own counter
            order = transaction.rows("order_of_card", station=station, id=job)
            if order and order[0][0] is not None:
                self._hear_made(transaction, str(order[0][0]), station)
            return
        standing = self._book.standing(transaction, str(row[0]))
        before = standing.assignment
        after = printed(before, station, row[1])
        is_its_own = (before.station, before.fence) == (station, row[1])
        if not is_its_own or before.hold not in {Hold.GRANTED, Hold.RECALLED, Hold.SETTLED}:
            self._book.trouble(transaction, station, "card-without-leave")
            self._hear_made(transaction, standing.order, station)
            return
        self._book.keep(transaction, standing, after, told=None)

    def _hear_made(self, transaction: Transaction, order: str, station: str) -> None:
        """A card of an order is there, and no leave of these books has made it: no second one is begun."""
        standing = self._book.find(transaction, order)
        if standing is None:
            return
        if standing.assignment.hold is Hold.SETTLED:
            transaction.run("set_printed", order=order, now=transaction.now_ms)  # it may have been ended
            return
        before, after = standing.assignment, made_at(standing.assignment, station)
        if before.station not in {None, station}:
            self._book.say(transaction, str(before.station), Act.RECALL, order, recall_fence(before))
        if after.hold is not Hold.SETTLED:
            transaction.run("set_wish", order=order, goes_to=None, is_ending=1)
        self._book.keep(transaction, standing, after)

    def _remembered(self, transaction: Transaction, station: str, offer: str, job: str, fence: int) -> Any:
        """The message of an offer that books restored from a backup do not know, where its job names the order."""
        found = transaction.rows("order_of_card", station=station, id=job)
        standing = self._book.find(transaction, str(found[0][0])) if found and found[0][0] is not None else None
        if standing is None or fence <= 0:
            return None
        transaction.run(
            "insert_message",
            id=offer,
            station=station,
            kind="offer",
            order_ref=standing.order,
            fence=fence,
            body=None,
            now=transaction.now_ms,
        )
        transaction.run("set_sent", id=offer, now=transaction.now_ms)
        before = standing.assignment
        if before.fence < fence and before.hold in {Hold.FREE, Hold.OFFERED}:
            if before.station not in {None, station}:
                self._book.say(transaction, str(before.station), Act.RECALL, standing.order, fence)
            self._book.keep(transaction, standing, Assignment(fence, station, Hold.OFFERED))
        return transaction.row("message", id=offer, station=station)
