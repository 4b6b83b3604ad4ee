"""Notices over SQLite: fulfils :class:`stationd.ports.notices.NoticeStore`.

An intent is committed before anything is sent. A number is kept as a keyed hash, and only as long as a delivery report
may come for it; what a notice said, and to whom, is in no row.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from stationd.adapters.sqlite.card_door import find_card
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.notice_clock import NoticeClock, about_card, clock_of, history, number_place
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import STATION, Actor
from stationd.domain.custody import Card, Custody
from stationd.domain.errors import Refused
from stationd.domain.ids import ID_RANDOM_BITS, job_id, seq_of
from stationd.domain.notice_machine import OPEN, NoticeEvent, NoticeState, after
from stationd.domain.notices import NoticeRules, Trouble, may_tell
from stationd.ports.clock import Entropy
from stationd.ports.notices import CardClock, Intended, Notice, ToldBy
from stationd.ports.notifier import Asked, NumberReader, PhoneNumber, Report
from stationd.ports.seal import Seal

_Q = load("notices")
_BOOKS = load("books")
_BEGUN: Final = "notices_begun"
_PAUSED: Final = "notices_paused"
_RULES: Final = "notice_rules"
_MOST_SKIPPED: Final = 100
"""Cards without a usable number that one transaction passes over at most."""


class SqliteNotices:
    """The outbox: intents, outcomes, reports."""

    def __init__(
        self, writer: Writer, reader: UnitConnection, seal: Seal, entropy: Entropy, read_number: NumberReader
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._seal = seal
        self._entropy = entropy
        self._read_number = read_number
        self._clock = NoticeClock(seal, read_number)

    # ------------------------------------------------------------------------------------------------------ planning

    async def plan_new(self, today: date, rules: NoticeRules, limit: int) -> int:
        """See :meth:`stationd.ports.notices.NoticeStore.plan_new`."""
        if not await self._reader.run(lambda connection: connection.execute(_Q["unplanned"], (1,)).fetchall()):
            return 0

        def act(transaction: Transaction) -> int:
            cards = transaction.rows(_Q["unplanned"], (limit,))
            for (card,) in cards:
                self._clock.plan(transaction, card, rules, today)
            return len(cards)

        return await self._writer.once(act)

    async def plan_again(self, after: int, rules: NoticeRules, limit: int) -> int | None:
        """See :meth:`stationd.ports.notices.NoticeStore.plan_again`."""

        def act(transaction: Transaction) -> int | None:
            cards = transaction.rows(_Q["clocks_after"], (after, limit))
            for (card,) in cards:
                self._clock.plan(transaction, card, rules)
            return None if len(cards) < limit else int(cards[-1][0])

        return await self._writer.once(act)

    async def rules_changed(self, digest: str) -> bool:
        """See :meth:`stationd.ports.notices.NoticeStore.rules_changed`."""
        kept = await self._reader.run(lambda connection: connection.execute(_BOOKS["read_meta"], (_RULES,)).fetchone())
        return kept is None or kept[0] != digest.encode()

    async def rules_planned(self, digest: str) -> None:
        """See :meth:`stationd.ports.notices.NoticeStore.rules_planned`."""
        await self._writer.once(lambda transaction: transaction.run(_BOOKS["write_meta"], (_RULES, digest.encode())))

    # ------------------------------------------------------------------------------------------------------- sending

    async def begin_next(self, today: date, rules: NoticeRules, way: str) -> Intended | None:
        """See :meth:`stationd.ports.notices.NoticeStore.begin_next`."""

        def act(transaction: Transaction) -> Intended | None:
            for _ in range(_MOST_SKIPPED):
                found = transaction.row(_Q["due"], (today.toordinal(), 1))
                if found is None:
                    return None
                intended = self._intend(transaction, found[0], today, rules, way, STATION)
                if not isinstance(intended, Refused):
                    return intended
                # The clock was wrong about this card: set it, and take the next.
                self._clock.plan(transaction, found[0], rules, is_number_new=True)
            return None

        return await self._writer.once(act)

    async def begin(self, card_id: str, today: date, rules: NoticeRules, way: str, actor: Actor) -> Intended | Refused:
        """See :meth:`stationd.ports.notices.NoticeStore.begin`."""

        def act(transaction: Transaction) -> Intended | Refused:
            card = _on_shelf(transaction, card_id)
            if isinstance(card, Refused):
                return card
            return self._intend(transaction, card.seq, today, rules, way, actor)

        return await self._writer.once(act)

    def _intend(
        self, transaction: Transaction, card: int, today: date, rules: NoticeRules, way: str, actor: Actor
    ) -> Intended | Refused:
        about = about_card(transaction, card)
        number = self._clock.number(transaction.rows, about)
        if isinstance(number, Trouble):
            return _unusable(number)
        clock = transaction.rows(_Q["clock"], (card,))[0]
        told = history(transaction, card, clock[6])
        earliest = may_tell(told, today, rules)
        if earliest is not None:
            return Refused("notice-too-soon", day=earliest.isoformat())
        fingerprint = self._seal.fingerprint(_spoken(number))
        _, notice_id = self._insert(transaction, card, today, way, NoticeState.INTENDED, fingerprint, actor)
        transaction.tally(_BEGUN, str(today.toordinal()), 1)
        self._clock.plan(transaction, card, rules)
        return Intended(id=notice_id, receipt=about.receipt, told=int(clock[2]), number=number.e164)

    def _insert(
        self,
        transaction: Transaction,
        card: int,
        today: date,
        way: str,
        state: NoticeState,
        number: bytes | None,
        actor: Actor,
    ) -> tuple[int, str]:
        seq = int(transaction.rows(_Q["last_seq"])[0][0]) + 1
        notice_id = job_id(transaction.now_ms, seq, self._entropy.bits(ID_RANDOM_BITS))
        settled_at = None if state in OPEN else transaction.now_ms
        row = (seq, notice_id, card, today.toordinal(), way, state, number, actor.name, transaction.now_ms, settled_at)
        transaction.run(_Q["insert_notice"], row)
        return seq, notice_id

    async def settle(
        self, notice_id: str, event: NoticeEvent, rules: NoticeRules, *, reason: str = "", reference: str | None = None
    ) -> NoticeState | None:
        """See :meth:`stationd.ports.notices.NoticeStore.settle`."""
        return await self._writer.once(
            lambda transaction: self._settle(transaction, notice_id, event, rules, reason, reference)
        )

    def _settle(
        self,
        transaction: Transaction,
        notice_id: str,
        event: NoticeEvent,
        rules: NoticeRules,
        reason: str,
        reference: str | None = None,
    ) -> NoticeState | None:
        seq = seq_of(notice_id)
        row = transaction.row(_Q["notice"], (seq, notice_id))
        state = None if row is None else after(NoticeState(row[4]), event)
        if row is None or state is None:
            return None
        _, card, day, way, before, number = row
        if state in {NoticeState.FAILED, NoticeState.WITHDRAWN}:
            transaction.tally(_BEGUN, str(day), -1)
        if state is NoticeState.WITHDRAWN:
            transaction.run(_Q["withdraw"], (seq,))
        else:
            settled_at = None if state is NoticeState.SENT else transaction.now_ms
            number = number if state in OPEN else None
            transaction.run(_Q["settle"], (state, reason, reference, number, settled_at, seq))
        self._clock.plan(transaction, card, rules)
        if state is not NoticeState.WITHDRAWN:
            data = {"notice": notice_id, "way": way, "state": state, "from": before, "reason": reason}
            transaction.event(f"notice.{_PAST[state]}", about_card(transaction, card).id, data)
        return state

    async def report(self, report: Report, way: str, rules: NoticeRules) -> NoticeState | None:
        """See :meth:`stationd.ports.notices.NoticeStore.report`."""
        event = NoticeEvent.DELIVERY_REPORTED if report.is_delivered else NoticeEvent.FAILURE_REPORTED

        def act(transaction: Transaction) -> NoticeState | None:
            notice_id = report.id
            if notice_id is None and report.number is not None:
                number = self._read_number(report.number)
                spoken = _spoken(number) if isinstance(number, PhoneNumber) else report.number
                # That it failed is believed only of the very message: the holder would be told again.
                key = (self._seal.fingerprint(spoken), way, report.reference, report.is_delivered)
                found = transaction.row(_Q["by_number"], key)
                notice_id = None if found is None else found[0]
            if notice_id is None:
                return None
            return self._settle(transaction, notice_id, event, rules, report.reason)

        return await self._writer.once(act)

    async def recover(self, rules: NoticeRules) -> int:
        """See :meth:`stationd.ports.notices.NoticeStore.recover`."""

        def act(transaction: Transaction) -> int:
            begun = transaction.rows(_Q["in_state"], (NoticeState.INTENDED,))
            for (notice_id,) in begun:
                self._settle(transaction, notice_id, NoticeEvent.LOST, rules, "station-restarted")
            return len(begun)

        return await self._writer.once(act)

    async def awaited(self, way: str, since_ms: int, limit: int) -> Sequence[Asked]:
        """See :meth:`stationd.ports.notices.NoticeStore.awaited`."""
        rows = await self._reader.run(
            lambda connection: connection.execute(_Q["awaited"], (way, since_ms, limit)).fetchall()
        )
        return [Asked(id=notice_id, reference=reference) for notice_id, reference in rows]

    async def begun_on(self, today: date) -> int:
        """See :meth:`stationd.ports.notices.NoticeStore.begun_on`."""
        label = str(today.toordinal())
        row = await self._reader.run(lambda connection: connection.execute(_Q["begun_on"], (label,)).fetchone())
        return 0 if row is None else int(row[0])

    async def mark_due(self, today: date, limit: int) -> int:
        """See :meth:`stationd.ports.notices.NoticeStore.mark_due`."""
        key = (today.toordinal(), limit)
        if not await self._reader.run(lambda connection: connection.execute(_Q["due_for_transfer"], key).fetchall()):
            return 0

        def act(transaction: Transaction) -> int:
            found = transaction.rows(_Q["due_for_transfer"], key)
            for card, card_id in found:
                if transaction.run(_Q["mark_due"], (transaction.now_ms, card)):
                    transaction.event("card.transfer_due", card_id, {})
                transaction.run(_Q["transfer_marked"], (card,))
            return len(found)

        return await self._writer.once(act)

    # ----------------------------------------------------------------------------------------------- what officers do

    async def record_told(
        self, card_id: str, how: ToldBy, today: date, rules: NoticeRules, actor: Actor
    ) -> Notice | Refused:
        """See :meth:`stationd.ports.notices.NoticeStore.record_told`."""

        def act(transaction: Transaction) -> Notice | Refused:
            card = _on_shelf(transaction, card_id)
            if isinstance(card, Refused):
                return card
            seq, notice_id = self._insert(transaction, card.seq, today, how, NoticeState.DELIVERED, None, actor)
            self._clock.plan(transaction, card.seq, rules, today)
            data = {"notice": notice_id, "way": how, "state": NoticeState.DELIVERED, "actor": actor.name}
            transaction.event("notice.delivered", card.id, data)
            return next(
                notice
                for row in transaction.rows(_Q["of_card"], (card.seq,))
                if (notice := read_notice(row)).seq == seq
            )

        return await self._writer.once(act)

    async def mend_number(self, card_id: str, number: str, rules: NoticeRules, actor: Actor) -> CardClock | Refused:
        """See :meth:`stationd.ports.notices.NoticeStore.mend_number`."""

        def act(transaction: Transaction) -> CardClock | Refused:
            card = _on_shelf(transaction, card_id)
            if isinstance(card, Refused):
                return card
            read = self._read_number(number)
            if isinstance(read, Trouble):
                return _unusable(read)
            sealed = self._seal.seal(read.e164.encode(), place=number_place(card.seq))
            transaction.run(_Q["mend_number"], (card.seq, sealed))
            transaction.run(_Q["forgive"], (transaction.rows(_Q["last_seq"])[0][0], card.seq))
            self._clock.plan(transaction, card.seq, rules, is_number_new=True)
            transaction.event("notice.number_mended", card.id, {"actor": actor.name})
            return clock_of(transaction.rows(_Q["clock"], (card.seq,))[0])

        return await self._writer.once(act)

    async def is_paused(self) -> bool:
        """See :meth:`stationd.ports.notices.NoticeStore.is_paused`."""
        kept = await self._reader.run(lambda connection: connection.execute(_BOOKS["read_meta"], (_PAUSED,)).fetchone())
        return kept is not None

    async def set_paused(self, actor: Actor, *, is_paused: bool) -> None:
        """See :meth:`stationd.ports.notices.NoticeStore.set_paused`."""

        def act(transaction: Transaction) -> None:
            if (transaction.row(_BOOKS["read_meta"], (_PAUSED,)) is not None) is is_paused:
                return
            if is_paused:
                transaction.run(_BOOKS["write_meta"], (_PAUSED, actor.name.encode()))
            else:
                transaction.run(_BOOKS["delete_meta"], (_PAUSED,))
            transaction.event(f"notice.{'paused' if is_paused else 'resumed'}", "notices", {"actor": actor.name})

        await self._writer.once(act)


_PAST: Final = {
    NoticeState.SENT: "sent",
    NoticeState.UNKNOWN: "unknown",
    NoticeState.DELIVERED: "delivered",
    NoticeState.FAILED: "failed",
}


def _on_shelf(transaction: Transaction, card_id: str) -> Card | Refused:
    card = find_card(transaction, card_id)
    if isinstance(card, Refused):
        return card
    if card.custody is not Custody.ON_SHELF:
        return Refused("card-state/tell", see=card.id)
    return card


def _unusable(trouble: Trouble) -> Refused:
    name = {Trouble.NO_NUMBER: "number-unusable/none", Trouble.LANDLINE: "number-unusable/landline"}
    return Refused(name.get(trouble, "number-unusable/bad"), field="number")


def _spoken(number: PhoneNumber) -> str:
    """What a number's hash is made of; not what any other hash is made of."""
    return f"number {number.e164}"


def read_notice(row: Sequence[Any]) -> Notice:
    """The notice of a row in the order in which the queries name the columns."""
    return Notice(
        seq=row[0],
        id=row[1],
        card=row[2],
        receipt=row[3],
        on=date.fromordinal(row[4]),
        way=row[5],
        state=NoticeState(row[6]),
        reason=row[7],
        actor=row[8],
        begun_at=row[9],
        settled_at=row[10],
    )
