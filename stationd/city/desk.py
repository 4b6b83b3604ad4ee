"""What people and programs ask of the city, from the command line and through the door: one call, one transaction."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from stationd.adapters.system import SystemEntropy
from stationd.city.assigning import Assigning, Moved, Policy, is_catching_up
from stationd.city.books import Books, Transaction
from stationd.city.hearing import Hearing
from stationd.city.identity import Identity
from stationd.city.orders import Filed, Orders
from stationd.city.reconcile import Difference, differences
from stationd.city.rights import Rights
from stationd.city.taking import Facts
from stationd.domain.city_link import Again
from stationd.domain.errors import Refused
from stationd.domain.events import GENESIS
from stationd.domain.ids import read_receipt, uuid7

T = TypeVar("T")

_KEY_BYTES: Final = 32
_STATION_ID = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[a-z0-9]{1,16})?")
_NOTE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?")
_LONGEST: Final = 64
_MOST_BLANKS: Final = 100_000
_ID_BITS: Final = 74
_NAME_BITS: Final = 64
_FOR_EVER_S: Final = 100 * 365 * 86_400
"""Servers hold void what a user was given until that second: all of it, whatever the city's clock said on that day."""
_THERE_MS: Final = 600_000
_MOVES_AT_MOST: Final = 1_000
"""No order moves so often between a backup and the loss of the books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one line of orders."""

    number: int
    order: str | None
    result: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A card or job with a receipt, where it is told of; times are Unix milliseconds."""

    station: str
    name: str
    state: str
    custody: str | None
    on_its_way_to: str | None
    since: int


class Desk:
    """The verbs. Raises ``Refused`` where the answer is no, ``Faulted`` when the books cannot be used."""

    def __init__(
        self, books: Books, identity: Identity, rights: Rights, policy: Policy, on_change: Callable[[], None]
    ) -> None:
        """``on_change`` is called when something was written that is to be sent."""
        self.books = books
        self._rights = rights
        messages = self._messages = identity.messages
        self._entropy = SystemEntropy()
        book = Assigning(messages, identity.seal, self._entropy, policy, on_change=on_change)
        self._orders, self._hearing = Orders(book, identity.seal), Hearing(book)
        self.facts = Facts(messages, identity.seal, self._hearing)

    # ------------------------------------------------------------------------------------------------------ stations

    async def enrol(self, station: str, name: str, identity: str) -> str:
        """Enter a station; the credentials file to be carried to it.

        ``identity`` is what `stationd transfer identity` shows there. Refused: ``station-malformed``,
        ``station-known``.
        """
        raw = _identity(identity)
        if _STATION_ID.fullmatch(station) is None or raw is None or not name.strip():
            raise Refused(
                "station-malformed",
                "cannot enrol: a station has an id such as 1671-07, a name, and an identity of 64 bytes in base64url",
                fix="`stationd transfer identity` shows it there",
            )

        def unit(transaction: Transaction) -> str:
            user, file = self._rights.station_credentials(station, at=transaction.now_ms // 1000)
            is_new = transaction.run(
                "insert_station",
                station=station,
                name=name.strip(),
                sign_key=raw[:_KEY_BYTES],
                seal_key=raw[_KEY_BYTES:],
                user_key=user,
                now=transaction.now_ms,
                hash=GENESIS,
            )
            if not is_new:
                raise Refused("station-known", f"cannot enrol: {station} is enrolled", fix="rotate its credentials")
            return file

        return await self.books.run(unit)

    async def rotate(self, station: str) -> str:
        """New credentials for a station; those that it has are void as soon as the servers hear of it."""

        def unit(transaction: Transaction) -> str:
            self._revoke(transaction, station)
            user, file = self._rights.station_credentials(station, at=transaction.now_ms // 1000)
            transaction.run("set_user", station=station, user_key=user)
            return file

        return await self.books.run(unit)

    async def revoke(self, station: str) -> None:
        """Take a station's credentials from it. What it had leave for stays its own until somebody has looked."""
        await self.books.run(lambda transaction: self._revoke(transaction, station))

    async def revoked(self) -> Mapping[str, int]:
        """All revoked users with the Unix second of it."""
        return dict(await self.books.run(lambda transaction: list(map(tuple, transaction.rows("revoked_users")))))

    async def stations(self) -> Sequence[Mapping[str, Any]]:
        """Every station, how far its book is here, and what is wrong with it."""
        names = ("id", "name", "user_key", "taken", "heard_at", "forked_at", "highest")
        rows = await self.books.run(lambda transaction: transaction.rows("stations"))
        found = []
        for row in rows:
            view = dict(zip(names, row, strict=True))
            view["has_credentials"] = view.pop("user_key") is not None
            view["highest"] = view["highest"] or 0
            found.append(view)
        return found

    async def follow(self, station: str) -> int:
        """Follow the other history of a station; how many facts of the one before fell."""

        def unit(transaction: Transaction) -> int:
            _known(transaction, station)
            return _allowed(self.facts.accept_fork(transaction, station))

        return await self.books.run(unit)

    async def consumer(self) -> str:
        """The name under which these books take facts."""
        row = await self.books.run(lambda transaction: transaction.row("consumer"))
        return "books" if row is None else str(row[0])

    async def replay(self) -> None:
        """Have every fact come again that the servers still have, from the next connection on; for restored books.

        No leave is given until they have come, and every order that is offered from then on has a fence above all
        that the books may have given before they were lost.
        """
        name = f"books-{self._entropy.bits(_NAME_BITS):016x}"

        def unit(transaction: Transaction) -> None:
            transaction.run("set_consumer", consumer=name)
            transaction.run("catch_up")
            highest = int(transaction.rows("highest_fence")[0][0])
            base = transaction.row("fence_base")
            beyond = max(highest, 0 if base is None else int(base[0])) + _MOVES_AT_MOST
            transaction.run("set_fence_base", value=str(beyond))

        await self.books.run(unit)

    async def is_catching_up(self) -> bool:
        """Whether no leave is given, since these books have not heard yet what the servers still have."""
        return await self.books.run(is_catching_up)

    async def caught_up(self) -> None:
        """All that the servers had is in the books: give leave again."""

        def unit(transaction: Transaction) -> None:
            transaction.run("caught_up")
            for row in transaction.rows("stations"):
                self._hearing.grant(transaction, row[0])

        await self.books.run(unit)

    async def wanted(self) -> Sequence[tuple[str, str, bytes]]:
        """What asks stations for facts that are missing here: an id, the station, and the message.

        A station that was not heard of late is not asked: its questions would only fill the stream.
        """

        def unit(transaction: Transaction) -> list[tuple[str, str, bytes]]:
            found = []
            for station, _, _, seq, heard_at, forked_at, highest in transaction.rows("stations"):
                is_there = heard_at is not None and transaction.now_ms < heard_at + _THERE_MS
                if not is_there or forked_at is not None or highest is None or highest <= seq:
                    continue
                if transaction.row("fact", station=station, seq=seq + 1) is None:
                    id_ = uuid7(transaction.now_ms, self._entropy.bits(_ID_BITS))
                    again = Again(id=id_, station=station, seq=seq + 1)
                    found.append((id_, station, self._messages.again(again)))
            return found

        return await self.books.run(unit)

    async def renew(self, made_at: str) -> int:
        """Say everything once more if the stream of orders is another one than before; how many orders it was.

        ``made_at`` tells when the stream was made. What had been sent and not fetched was lost with the one before.
        """

        def unit(transaction: Transaction) -> int:
            known = transaction.row("orders_made")
            transaction.run("set_orders_made", value=made_at)
            return 0 if known is None or known[0] == made_at else self._orders.renew(transaction)

        return await self.books.run(unit)

    # -------------------------------------------------------------------------------------------------------- orders

    async def file(self, lines: Iterable[bytes], *, to: str | None = None) -> Sequence[Line]:
        """File orders, one a line: a body of ``POST /v1/jobs`` with ``station`` beside it, or all of them to one."""
        answers = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            station, body, order = _addressed(line, to)
            if station is None:
                answers.append(Line(number=number, order=order, result="order-malformed"))
                continue
            answer = await self.books.run(partial(self._filed, station, body))
            if isinstance(answer, Refused):
                answers.append(Line(number=number, order=order, result=answer.code, detail=answer.detail))
            else:
                answers.append(Line(number=number, order=order, result=answer.value))
        return answers

    async def move(self, order: str, to: str) -> Moved:
        """Give an order to another station."""
        _readable(order, to)
        return await self.books.run(lambda transaction: _allowed(self._orders.move(transaction, order, to)))

    async def move_all(self, station: str, to: str, *, is_waiting_only: bool) -> Mapping[str, int]:
        """Move every order of a station: how many are there already, and how many it was asked for.

        With ``is_waiting_only`` those stay that it has leave for.
        """

        def unit(transaction: Transaction) -> Mapping[str, int]:
            _known(transaction, station)
            _known(transaction, to)
            counts = dict.fromkeys(Moved, 0)
            for order, hold in transaction.rows("orders_at", station=station):
                if hold == "offered" or not is_waiting_only:
                    counts[_allowed(self._orders.move(transaction, order, to))] += 1
            return {moved.value: count for moved, count in counts.items() if count}

        return await self.books.run(unit)

    async def cancel(self, order: str) -> Moved:
        """End an order."""
        _readable(order)
        return await self.books.run(lambda transaction: _allowed(self._orders.cancel(transaction, order)))

    async def write_off(self, order: str) -> Moved:
        """Give an order free whose station was asked for it and cannot answer: somebody has looked there."""
        return await self.books.run(lambda transaction: _allowed(self._orders.write_off(transaction, order)))

    async def order(self, order: str) -> Mapping[str, Any]:
        """How an order stands."""
        _readable(order)
        names = ("kind", "station", "fence", "hold", "outcome", "told", "goes_to", "filed_at", "changed_at")
        row = await self.books.run(lambda transaction: transaction.row("order_view", order=order))
        if row is None:
            raise Refused("order-unknown", f"cannot find order {order}")
        return {"order": order, **dict(zip(names, row, strict=True))}

    # --------------------------------------------------------------------------------------------- blanks and cards

    async def where(self, receipt: str) -> Sequence[Sighting]:
        """Where the card of a receipt is, the newest word last. Refused: ``receipt-malformed``, ``receipt-unknown``."""
        wanted = read_receipt(receipt)
        if wanted is None:
            raise Refused("receipt-malformed", "cannot look: this is no receipt, a symbol is wrong or missing")
        rows = await self.books.run(lambda transaction: transaction.rows("by_receipt", receipt=wanted))
        if not rows:
            raise Refused("receipt-unknown", "cannot find it: no station has told of this receipt")
        return [
            Sighting(
                station=station,
                name=name,
                state=state,
                custody=custody,
                on_its_way_to=receiver if custody == "in_transit" else None,
                since=at,
            )
            for station, name, state, custody, receiver, _, at in rows
        ]

    async def issue_blanks(self, station: str, quantity: int, note: str) -> None:
        """Write down that the city gave blanks to a station, or took some back; ``note`` is the delivery note's number.

        Refused: ``blanks-malformed``, ``blanks-issued`` when that note is written down.
        """
        if not 0 < abs(quantity) <= _MOST_BLANKS or _NOTE.fullmatch(note) is None:
            raise Refused("blanks-malformed", "cannot issue: it takes a quantity and the number of a delivery note")

        def unit(transaction: Transaction) -> None:
            _known(transaction, station)
            id_ = uuid7(transaction.now_ms, self._entropy.bits(_ID_BITS))
            if not transaction.run(
                "issue_blanks", id=id_, station=station, quantity=quantity, note=note, now=transaction.now_ms
            ):
                raise Refused("blanks-issued", f"cannot issue: note {note} is written down")

        await self.books.run(unit)

    async def differences(self) -> Sequence[Difference]:
        """Where the books of the stations and of the city do not say the same."""
        return await self.books.run(differences)

    # ------------------------------------------------------------------------------------------------------- inside

    def _filed(self, station: str, body: bytes, transaction: Transaction) -> Filed | Refused:
        return self._orders.file(transaction, station, body)

    def _revoke(self, transaction: Transaction, station: str) -> None:
        _known(transaction, station)
        (_, user) = transaction.rows("station", station=station)[0]
        if user is not None:
            at = transaction.now_ms // 1000 + _FOR_EVER_S
            transaction.run("revoke_user", user_key=user, station=station, at=at)
            transaction.run("set_user", station=station, user_key=None)


def _readable(*texts: str) -> None:
    """No database holds every character, and no order or station has strange ones."""
    if not all(text.isprintable() and len(text) <= _LONGEST for text in texts):
        raise Refused("text-malformed", "cannot look: that is no order and no station")


def _known(transaction: Transaction, station: str) -> None:
    if transaction.row("station", station=station) is None:
        raise Refused("station-unknown", f"cannot find station {station}: it is not enrolled")


def _allowed(answer: T | Refused) -> T:
    if isinstance(answer, Refused):
        raise answer
    return answer


def _identity(text: str) -> bytes | None:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == 2 * _KEY_BYTES else None


def _addressed(line: bytes, to: str | None) -> tuple[str | None, bytes, str | None]:
    """Station, body and order of a line; no station where it cannot be read."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None, b"", None
    if not isinstance(found, dict):
        return None, b"", None
    station = found.pop("station", to)
    order = found.get("order")
    shown = order if isinstance(order, str) and order.isascii() and len(order) <= _LONGEST else None
    try:
        body = json.dumps(found, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    except (ValueError, RecursionError):  # half a character, which JSON can write and nobody can send
        return None, b"", shown
    return (station if isinstance(station, str) and station.isprintable() else None), body, shown
