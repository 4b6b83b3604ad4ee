"""Facts of the stations into the city's books: each once, in the order of its station's book, or not at all."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

import msgspec

from stationd.adapters.city_messages import CityMessages, message_id, parcel
from stationd.city.books import Transaction
from stationd.city.hearing import Hearing
from stationd.city.rules import (
    CARD,
    JOB,
    TRANSFER,
    Blanks,
    blanks_after,
    custody_after,
    is_arrival,
    is_storable,
    settled_at,
    text,
    told_code,
    whole,
)
from stationd.domain.city_link import LINK_REFUSED, PARTICULARS_OF, Fact, Particulars
from stationd.domain.errors import Refused
from stationd.domain.events import GENESIS
from stationd.ports.seal import Seal

_log = logging.getLogger(__name__)
_particulars = msgspec.json.Decoder(Particulars).decode
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
ELSEWHERE: Final = "elsewhere"
"""The state of a card that was printed at another station."""
_AT_ONCE: Final = 500
_MOST_TOLD: Final = 1_000_000
_Cards = dict[str, Any]
"""Of cards, by their ids: state, custody, transfer; ``None`` for one that there is not."""
_STATION: Final = 1
"""Where a subject names its station: ``events.<station>.…``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message as it came over the stream."""

    subject: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of letters: kept, there already or of another history, refused."""

    new: int = 0
    repeated: int = 0
    refused: int = 0


class Facts:
    """Takes facts; every method runs inside a transaction of the books."""

    def __init__(self, messages: CityMessages, seal: Seal, orders: Hearing) -> None:
        self._messages = messages
        self._seal = seal
        self._orders = orders

    def take(self, transaction: Transaction, letters: Sequence[Letter]) -> Taken:
        """Take what came, in any order and any number of times.

        What these books cannot take, for whatever reason, stops its own station's book and nobody else's.
        """
        taken = transaction.tried(lambda: self._take(transaction, letters))
        if not isinstance(taken, Exception):
            return taken
        total = Taken()
        for letter in letters:
            one = transaction.tried(partial(self._take, transaction, [letter]))
            if isinstance(one, Exception):
                one = self._set_aside(transaction, letter, one)
            total.new += one.new
            total.repeated += one.repeated
            total.refused += one.refused
        return total

    def _set_aside(self, transaction: Transaction, letter: Letter, error: Exception) -> Taken:
        """A letter that these books died of: kept without being applied if that goes, else refused."""
        station = letter.subject.split(".")[_STATION]
        _log.error("a fact of %s cannot be taken: %s", station, type(error).__name__)
        kept = transaction.tried(lambda: self._take(transaction, [letter], is_applied=False))
        code = "fact-unusable" if isinstance(kept, Exception) else "book-unusable"
        transaction.run("trouble", station=station, code=code, count=1, now=transaction.now_ms)
        return Taken(refused=1) if isinstance(kept, Exception) else kept

    def _take(self, transaction: Transaction, letters: Sequence[Letter], *, is_applied: bool = True) -> Taken:
        taken = Taken()
        touched: dict[str, None] = {}
        keys: dict[str, bytes | None] = {}
        facts: list[Fact] = []
        for letter in letters:
            station = letter.subject.split(".")[_STATION]
            if station not in keys:
                row = transaction.row("station_key", station=station)
                keys[station] = None if row is None else row[0]
            fact = self._read(letter, keys[station])
            if isinstance(fact, Refused):
                transaction.tell("trouble", station=station, code=fact.code, count=1, now=transaction.now_ms)
                taken.refused += 1
            else:
                facts.append(fact)
        for fact, is_new in zip(facts, self._keep(transaction, facts), strict=True):
            if is_new:
                taken.new += 1
                touched[fact.station] = None
            else:
                taken.repeated += 1
        if is_applied:
            for station in touched:
                self.advance(transaction, station)
        return taken

    def _read(self, letter: Letter, key: bytes | None) -> Fact | Refused:
        if key is None:
            return Refused("fact-station-unknown", "cannot take the fact: its station is not enrolled")
        fact = self._messages.read(letter.subject, letter.headers, letter.body, sign_key=key)
        if isinstance(fact, Fact) and not is_storable(fact):
            return Refused("fact-malformed", "cannot take the fact: no database can hold it")
        return fact

    def advance(self, transaction: Transaction, station: str) -> None:
        """Go on in the book of a station as far as it is here without a gap, and answer what it asks."""
        last, previous = transaction.rows("station_last", station=station)[0]
        before = held = self._blanks(transaction, station)
        is_whole = True
        while is_whole and (rows := transaction.rows("facts_after", station=station, seq=last, most=_AT_ONCE)):
            cards: _Cards = {}
            for seq, *row in rows:
                fact = _fact(station, seq, row)
                is_whole = seq == last + 1 and fact.follows(previous)
                if not is_whole:
                    if seq == last + 1:
                        self._set_apart(transaction, station, seq)
                    break
                data = _data(fact.data)
                held = blanks_after(held, fact.type, data)
                self._apply(transaction, fact, data, row, cards)
                last, previous = fact.seq, fact.hash
        if held != before:
            transaction.tell("set_blanks", station=station, **asdict(held))
        transaction.tell("set_last", station=station, seq=last, hash=previous, now=transaction.now_ms)
        self._orders.grant(transaction, station)

    def accept_fork(self, transaction: Transaction, station: str) -> int | Refused:
        """Go on with the newer history of a station that a person has looked at; how many facts of the older one fell.

        Refused: ``fork-unknown`` when there is no other history here that follows what was before.
        """
        first = self._fork_of(transaction, station)
        if first is None:
            return Refused("fork-unknown", f"cannot follow: no other history of {station} goes on from a fact here")
        seq, hash_ = first
        end = transaction.rows("station_last", station=station)[0][0]
        transaction.run("copy_apart", station=station, seq=seq)
        transaction.run("mark_fallen", station=station, seq=seq, last=end)
        transaction.run("drop_fallen", station=station, seq=seq)
        while True:
            transaction.run("move_back", station=station, seq=seq, hash=hash_)
            transaction.run("drop_apart", station=station, seq=seq, hash=hash_)
            found = transaction.rows("apart_at", station=station, seq=seq + 1)
            onward = [row for row in found if _fact(station, seq + 1, row).follows(hash_)]
            if not onward:
                break
            seq, hash_ = seq + 1, onward[0][4]
        beyond = max(seq, end)  # what came later than both histories reach waits for those before, as ever
        transaction.run("move_all_back", station=station, seq=beyond)
        transaction.run("drop_all_apart", station=station, seq=beyond)
        begin = first[0] - 1
        previous = transaction.rows("fact", station=station, seq=begin)[0][4] if begin else GENESIS
        transaction.run("forget_cards", station=station, seq=begin)
        transaction.run("forget_states", station=station)
        transaction.run("forget_blanks", station=station)
        held = Blanks()
        for number in range(1, begin + 1):
            row = transaction.rows("fact", station=station, seq=number)[0]
            fact, data = _fact(station, number, row), _data(row[3])
            held = blanks_after(held, fact.type, data)
            self._tell_cards(transaction, fact, data, None, {})
        transaction.run("set_blanks", station=station, **asdict(held))
        transaction.run("mend_fork", station=station, seq=begin, hash=previous)
        self.advance(transaction, station)
        return int(end) - begin

    # ------------------------------------------------------------------------------------------------------- inside

    def _keep(self, transaction: Transaction, facts: Sequence[Fact]) -> list[bool]:
        """Keep facts until their turn; ``False`` for one that is here."""
        each = [self._columns(fact) for fact in facts]
        kept = transaction.run_each("insert_fact", each)
        for fact, values, is_new in zip(facts, each, kept, strict=True):
            if is_new:
                continue
            known = transaction.rows("fact", station=fact.station, seq=fact.seq)[0]
            if known[4] != fact.hash and transaction.run("insert_apart", **values):
                self._mark_fork(transaction, fact.station)
        return [bool(is_new) for is_new in kept]

    def _columns(self, fact: Fact) -> dict[str, object]:
        told = None
        if fact.particulars is not None:
            told = self._seal.seal(_encode(fact.particulars), place=_place(fact.station, fact.seq))
        return {
            "station": fact.station,
            "seq": fact.seq,
            "at": fact.at,
            "type": fact.type,
            "subject": fact.subject,
            "data": fact.data,
            "hash": fact.hash,
            "particulars": told,
            "enclosed_to": None if fact.enclosure is None else fact.enclosure.to,
            "enclosed": None if fact.enclosure is None else fact.enclosure.file,
        }

    def _set_apart(self, transaction: Transaction, station: str, seq: int) -> None:
        """A fact that is next and does not follow: it and all that wait behind it are of another history."""
        transaction.run("copy_apart", station=station, seq=seq)
        transaction.run("drop_fallen", station=station, seq=seq)
        self._mark_fork(transaction, station)

    def _mark_fork(self, transaction: Transaction, station: str) -> None:
        transaction.run("set_forked", station=station, now=transaction.now_ms)
        transaction.run("trouble", station=station, code="history-forked", count=1, now=transaction.now_ms)

    def _fork_of(self, transaction: Transaction, station: str) -> tuple[int, bytes] | None:
        """Where the other history leaves the one that is followed: its first fact."""
        for (seq,) in transaction.rows("apart_numbers", station=station):
            before = transaction.row("fact", station=station, seq=seq - 1)
            if before is None and seq > 1:
                continue
            previous = GENESIS if before is None else before[4]
            for row in transaction.rows("apart_at", station=station, seq=seq):
                if _fact(station, seq, row).follows(previous):
                    return seq, row[4]
        return None

    def _apply(
        self, transaction: Transaction, fact: Fact, data: Mapping[str, Any], row: Sequence[Any], cards: _Cards
    ) -> None:
        told = None
        if row[5] is not None:
            told = _particulars(self._seal.open(row[5], place=_place(fact.station, fact.seq)))
        self._tell_cards(transaction, fact, data, told, cards)
        if fact.type.startswith(TRANSFER):
            self._tell_transfer(transaction, fact, data, row)
        elif fact.type == LINK_REFUSED:
            code, count = told_code(data), min(max(1, whole(data, "count")), _MOST_TOLD)
            transaction.tell("trouble", station=fact.station, code=code, count=count, now=transaction.now_ms)
        if told is not None:
            self._orders.hear_accepted(transaction, fact.station, told.order)
        self._orders.hear(transaction, fact, data)
        if row[5] is not None or row[7] is not None:
            transaction.tell("empty_fact", station=fact.station, seq=fact.seq)

    def _tell_cards(
        self,
        transaction: Transaction,
        fact: Fact,
        data: Mapping[str, Any],
        told: Particulars | None,
        cards: _Cards,
    ) -> None:
        """What a fact says of a job and a card; ``cards`` are those that were looked up already, as they are now."""
        station, id_ = fact.station, fact.subject
        if not fact.type.startswith((JOB, CARD)):
            return
        state = text(data, "state") if fact.type.startswith(JOB) else ""
        if id_ not in cards:
            cards[id_] = transaction.row("card", station=station, id=id_)
        known = cards[id_]
        if known is None and (fact.type == PARTICULARS_OF or is_arrival(fact.type)):
            known = (state or ELSEWHERE, None, None)
            transaction.tell(
                "insert_card",
                station=station,
                id=id_,
                seq=fact.seq,
                kind=text(data, "kind"),
                state=known[0],
                sent_as=text(data, "sent_as") or None,
                at=fact.at,
            )
        if known is not None:
            custody, transfer = custody_after(known[1], fact.type, data), text(data, "transfer") or known[2]
            cards[id_] = (state or known[0], custody, transfer)
            transaction.tell(
                "change_card",
                station=station,
                id=id_,
                state=state or known[0],
                custody=custody,
                transfer=transfer,
                at=fact.at,
            )
        if told is not None:
            transaction.tell(
                "set_particulars",
                station=station,
                id=id_,
                order_ref=told.order,
                receipt=told.receipt,
                holder=self._seal.fingerprint(told.nik),
                district=told.district,
                village=told.village,
            )

    def _blanks(self, transaction: Transaction, station: str) -> Blanks:
        row = transaction.row("blanks", station=station)
        if row is None:
            return Blanks()
        return Blanks(received=row[0], at_hand=row[1], in_printers=row[2], printed=row[3], spoiled=row[4])

    def _tell_transfer(self, transaction: Transaction, fact: Fact, data: Mapping[str, Any], row: Sequence[Any]) -> None:
        """Both ends' word on a packet; the file that goes with it is passed on as it is."""
        end = settled_at(fact.type)
        if end is not None:
            peer, is_sender = text(data, "peer"), end == "sent"
            transaction.run(
                "set_transfer",
                id=fact.subject,
                sender=fact.station if is_sender else peer,
                receiver=peer if is_sender else fact.station,
                cards=whole(data, "cards") or None,
                sent=text(data, "state") if is_sender else None,
                received=None if is_sender else text(data, "state"),
                at=fact.at,
            )
        to, file = row[6], row[7]
        if file is None:
            return
        if transaction.row("station_key", station=to) is None:
            transaction.run("trouble", station=to, code="parcel-for-nobody", count=1, now=transaction.now_ms)
            return
        body = parcel(to, bytes(file))
        transaction.run(
            "insert_message",
            id=message_id(body),
            station=to,
            kind="parcel",
            order_ref=None,
            fence=None,
            body=body,
            now=transaction.now_ms,
        )


def _data(written: str) -> dict[str, Any]:
    """What a fact tells; nothing for what is no object, whatever a station may sign."""
    try:
        return _decode(written)
    except (msgspec.MsgspecError, RecursionError):
        return {}


def _fact(station: str, seq: int, row: Sequence[Any]) -> Fact:
    """A fact of the books; its columns are ``at, type, subject, data, hash, …``."""
    at, kind, subject, data, hash_ = row[:5]
    return Fact(station=station, seq=seq, at=at, type=kind, subject=subject, data=data, hash=bytes(hash_))


def _place(station: str, seq: int) -> str:
    return f"fact:particulars:{station}:{seq}"
