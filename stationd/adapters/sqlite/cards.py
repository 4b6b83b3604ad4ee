"""Finished cards over SQLite: fulfils :class:`stationd.ports.cards.CardStore`."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from stationd.adapters.sqlite.card_door import CardDoor, Rows, find_card, holder_of, read_card
from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.blanks import CARD_DESTROYED, DESTROYED_CAUSE, NOT_PRINTED_ON, Account
from stationd.domain.custody import HELD_HERE, Card, Custody, CustodyEvent
from stationd.domain.errors import Refused
from stationd.domain.finding import word_of_chip, word_of_serial
from stationd.domain.handover import (
    UNDO_WITHIN_S,
    HandedOver,
    HandOver,
    IdentityDocument,
    Relation,
    hand_over_refusal,
    undo_refusal,
)
from stationd.domain.ids import seq_of
from stationd.domain.second_person import Approval
from stationd.ports.cards import CardMove, CardsPage, FoundCard, Standing
from stationd.ports.seal import Seal

_Q = load("cards")
_JOBS = load("jobs")
_BOOKS = load("books")
_BLANKS = load("blanks")

_AWAY = frozenset({Custody.IN_TRANSIT, Custody.TRANSFERRED, Custody.MISSING})
_TICKET = 4
"""The symbols of a receipt that are called out: enough to tell those who wait apart, far too few to guess it."""


class SqliteCards:
    """Where every finished card is; every change goes through the one door."""

    def __init__(
        self, writer: Writer, reader: UnitConnection, seal: Seal, *, undo_within_s: int = UNDO_WITHIN_S
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._seal = seal
        self._undo_within_s = undo_within_s
        self._door = CardDoor(seal)

    async def read(self, card_id: str) -> Card | None:
        """See :meth:`stationd.ports.cards.CardStore.read`."""

        def unit(connection: sqlite3.Connection) -> Card | None:
            row = connection.execute(_Q["by_id"], (seq_of(card_id), card_id)).fetchone()
            return None if row is None else read_card(row)

        return await self._reader.run(unit)

    async def page(self, page: CardsPage) -> Sequence[Card]:
        """See :meth:`stationd.ports.cards.CardStore.page`."""
        values: tuple[object, ...]
        if page.village is not None:
            query, values = "page_village", (page.village, *page.after, page.limit)
        elif page.custody is None:
            query, values = "page_all", (page.after[1], page.limit)
        elif page.custody is Custody.HANDED_OVER:
            query, values = "page_handed_over", (page.after[1], page.limit)
        else:
            query, values = "page_aside", (page.custody, *page.after, page.limit)
        return await self._reader.run(
            lambda connection: [read_card(row) for row in connection.execute(_Q[query], values)]
        )

    async def counts(self) -> Mapping[Custody, int]:
        """See :meth:`stationd.ports.cards.CardStore.counts`."""

        def unit(connection: sqlite3.Connection) -> dict[Custody, int]:
            kept = dict(connection.execute(_BOOKS["tallies"], ("card_custody",)).fetchall())
            return {custody: kept.get(custody.value, 0) for custody in Custody}

        return await self._reader.run(unit)

    async def move(self, move: CardMove) -> Card | Refused:
        """See :meth:`stationd.ports.cards.CardStore.move`."""

        def act(transaction: Transaction) -> Card | Refused:
            card = find_card(transaction, move.card_id)
            if isinstance(card, Refused):
                return card
            data: dict[str, object] = {}
            if move.event is CustodyEvent.CHECKED:
                data["evidence"] = "officer" if move.chip is None else "reader"
            refused = None if move.chip is None else self._chip_refusal(transaction, card, move.chip)
            if refused is not None:
                return refused
            after = self._door.change(
                transaction,
                card,
                move.event,
                actor=move.actor.name,
                place=move.place,
                chip=None if move.chip is None else word_of_chip(move.chip),
                data=data,
            )
            if isinstance(after, Card) and move.chip is not None and card.origin is None:
                transaction.run(_Q["keep_blank"], (card.seq, self._serial_hash(move.chip)))
            return after

        return await self._writer.once(act)

    def _serial_hash(self, chip: bytes) -> bytes:
        return self._seal.fingerprint(word_of_serial(chip.hex()))

    def _chip_refusal(self, transaction: Transaction, card: Card, chip: bytes) -> Refused | None:
        """Why a card cannot have this chip: another card has it, or the blank with it is not in the house any more."""
        other = transaction.row(_Q["made_of"], (self._serial_hash(chip),))
        if other is not None and other[0] != card.id:
            return Refused("chip-elsewhere", see=other[0])
        named = transaction.row(_BLANKS["serial"], (chip.hex().upper(),))
        if named is not None and Account(named[0]) in NOT_PRINTED_ON:
            return Refused("chip-elsewhere/blank", account=Account(named[0]))
        return None

    # ------------------------------------------------------------------------------------------------ at the counter

    async def hand_over(self, card_id: str, hand_over: HandOver, actor: Actor) -> Card | Refused:
        """See :meth:`stationd.ports.cards.CardStore.hand_over`."""

        def act(transaction: Transaction) -> Card | Refused:
            card = find_card(transaction, card_id)
            if isinstance(card, Refused):
                return card
            given = hand_over
            if transaction.row(_JOBS["is_surrendered"], (card.seq,)) is not None:
                given = replace(hand_over, is_old_card_surrendered=True)  # it came back with the order
            refused = self._hand_over_refusal(transaction, card, given, actor)
            return refused or self._hand_over(transaction, card, given, actor)

        return await self._writer.once(act)

    def _hand_over_refusal(
        self, transaction: Transaction, card: Card, hand_over: HandOver, actor: Actor
    ) -> Refused | None:
        if card.custody is Custody.HANDED_OVER:
            return Refused("card-handed-over", see=card.id)
        if card.custody in _AWAY:
            return Refused("card-not-here", see=card.transfer, custody=card.custody)
        refused = hand_over_refusal(card.kind, hand_over)
        if refused is not None:  # somebody who cannot show who they are asks for a card: that belongs in the book
            transaction.event("hand_over.refused", card.id, {"code": refused.code, "actor": actor.name})
        return refused

    def _hand_over(self, transaction: Transaction, card: Card, hand_over: HandOver, actor: Actor) -> Card | Refused:
        proxy, document = hand_over.proxy, hand_over.identity.document
        facts: dict[str, object] = {"document": document, "by_proxy": proxy is not None}
        if proxy is not None:
            facts["relation"] = proxy.relation
        after = self._door.change(transaction, card, CustodyEvent.HANDED_OVER, actor=actor.name, data=facts)
        if isinstance(after, Refused):
            return after
        sealed = None
        if proxy is not None and proxy.name is not None:
            number = transaction.rows(_Q["last_hand_over"])[0][0] + 1
            sealed = self._seal.seal(proxy.name.encode(), place=f"hand_over:proxy:{number}")
        relation = None if proxy is None else proxy.relation
        is_given = int(hand_over.is_old_card_surrendered)
        row = (card.seq, transaction.now_ms, actor.name, document, relation, is_given, sealed)
        transaction.run(_Q["insert_hand_over"], row)
        return after

    async def call(self, card_id: str, counter: str, actor: Actor) -> Card | Refused:
        """See :meth:`stationd.ports.cards.CardStore.call`."""

        def act(transaction: Transaction) -> Card | Refused:
            card = find_card(transaction, card_id)
            if isinstance(card, Refused):
                return card
            if card.custody not in HELD_HERE:
                return Refused("card-state/call", see=card.id, custody=card.custody)
            facts = {"counter": counter, "ticket": card.receipt[-_TICKET:], "actor": actor.name}
            transaction.event("card.called", card.id, facts)
            return card

        return await self._writer.once(act)

    async def hand_overs(self, card_id: str) -> Sequence[HandedOver]:
        """See :meth:`stationd.ports.cards.CardStore.hand_overs`."""

        def unit(connection: sqlite3.Connection) -> list[HandedOver]:
            return [
                HandedOver(
                    at=at,
                    actor=actor,
                    document=IdentityDocument(document),
                    relation=None if relation is None else Relation(relation),
                    is_old_card_surrendered=bool(is_given),
                    undone_at=undone_at,
                )
                for at, actor, document, relation, is_given, undone_at in connection.execute(
                    _Q["hand_overs"], (seq_of(card_id),)
                )
            ]

        return await self._reader.run(unit)

    # ------------------------------------------------------------------------------- what two officers must agree to

    def undo(self, transaction: Transaction, approval: Approval) -> Card | Refused:
        """Undo a hand-over that two officers agreed to undo: ``card-state``, ``hand-over-final``."""
        card = find_card(transaction, approval.subject)
        if isinstance(card, Refused):
            return card
        standing = transaction.row(_Q["standing_hand_over"], (card.seq,))
        if standing is None:
            return Refused("card-state/undo", see=card.id, custody=card.custody)
        refused = undo_refusal(standing[1], approval.asked_at, within_s=self._undo_within_s)
        if refused is not None:
            return refused
        by = _names(approval)
        transaction.run(_Q["undo_hand_over"], (transaction.now_ms, by, standing[0]))
        return self._door.change(
            transaction, card, CustodyEvent.HAND_OVER_UNDONE, actor=by, data={"approval": approval.id}
        )

    def destroy(self, transaction: Transaction, approval: Approval) -> Card | Refused:
        """Destroy a quarantined card as two officers agreed: ``card-state``.

        The blank that it was made of goes with it, in the ledger of the station that printed it.
        """
        card = find_card(transaction, approval.subject)
        if isinstance(card, Refused):
            return card
        by = _names(approval)
        gone = self._door.change(transaction, card, CustodyEvent.DESTROYED, actor=by, data={"approval": approval.id})
        if isinstance(gone, Card) and card.origin is None and transaction.balance(Account.ISSUED) > 0:
            transaction.move(CARD_DESTROYED, cause=DESTROYED_CAUSE, actor=by, job=card.seq)
        return gone

    # ------------------------------------------------------------------------------------------------------- finding

    async def find(self, words: Sequence[str], limit: int) -> Sequence[FoundCard]:
        """See :meth:`stationd.ports.cards.CardStore.find`."""
        hashes = [self._seal.fingerprint(word) for word in words]

        def unit(connection: sqlite3.Connection) -> list[FoundCard]:
            found = []
            for (seq,) in connection.execute(_Q["with_word"], (hashes[0], hashes[-1], -1)):
                if all(connection.execute(_Q["has_word"], (each, seq)).fetchone() for each in hashes[1:-1]):
                    card = read_card(connection.execute(_Q["by_seq"], (seq,)).fetchone())
                    found.append(FoundCard(card=card, name=holder_of(self._seal, _rows_of(connection), card).name))
                if len(found) >= limit:
                    break
            return found

        return await self._reader.run(unit)

    async def name_of(self, card: Card) -> str:
        """See :meth:`stationd.ports.cards.CardStore.name_of`."""
        return await self._reader.run(lambda connection: holder_of(self._seal, _rows_of(connection), card).name)

    async def by_receipt(self, receipt: str) -> Standing | None:
        """See :meth:`stationd.ports.cards.CardStore.by_receipt`."""

        def unit(connection: sqlite3.Connection) -> Standing | None:
            row = connection.execute(_Q["job_by_receipt"], (receipt,)).fetchone()
            foreign = connection.execute(_Q["foreign_by_receipt"], (receipt,)).fetchone()
            job = None if row is None else job_of(row)
            seq = job.seq if job is not None else None if foreign is None else foreign[0]
            found = connection.execute(_Q["by_seq"], (seq,)).fetchone()
            card = None if found is None else read_card(found)
            if job is None and card is None:
                return None
            peer = None
            if card is not None and card.custody in _AWAY:
                (peer,) = connection.execute(_Q["peer_name_of"], (card.transfer,)).fetchone()
            return Standing(job=job, card=card, peer_name=peer)

        return await self._reader.run(unit)


def _rows_of(connection: sqlite3.Connection) -> Rows:
    return lambda sql, values: connection.execute(sql, values).fetchall()


def _names(approval: Approval) -> str:
    return f"officer-{approval.first} officer-{approval.second}"
