"""Packets going out: packing, cancelling, and the confirmation that comes back."""

from dataclasses import replace
from typing import Final

import msgspec

from stationd.adapters.sqlite.card_door import CardDoor, find_card, read_card
from stationd.adapters.sqlite.minutes import Draw
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.transfer_rows import counts_of, find_transfer, found_transfer, item_states
from stationd.domain.authority import Actor
from stationd.domain.custody import Card, Custody, CustodyEvent
from stationd.domain.errors import Refused
from stationd.domain.ids import uuid7
from stationd.domain.transfer import (
    MOST_CARDS,
    Confirmation,
    Direction,
    ItemState,
    Manifest,
    PackedCard,
    Transfer,
    TransferState,
    reconciled,
)
from stationd.ports.clock import Entropy
from stationd.ports.transfers import Packing, TransferFiles

_Q: Final = load("transfers")
_CARDS: Final = load("cards")
_ID_BITS: Final = 74
_OPEN: Final = frozenset({TransferState.SENT, TransferState.DIFFERING})
_encode = msgspec.json.Encoder().encode


class Packets:
    """What the sender of a packet writes."""

    def __init__(
        self, door: CardDoor, files: TransferFiles, draw: Draw, entropy: Entropy, *, station: str, name: str
    ) -> None:
        self._door = door
        self._files = files
        self._draw = draw
        self._entropy = entropy
        self._station = station
        self._name = name

    def pack(self, transaction: Transaction, packing: Packing) -> Transfer | Refused:
        """Minutes, file, and every card in transit, or nothing of it."""
        cards = self._chosen(transaction, packing)
        if isinstance(cards, Refused):
            return cards
        id_ = uuid7(transaction.now_ms, self._entropy.bits(_ID_BITS))
        manifest = Manifest(
            id=id_,
            number="",
            sender=self._station,
            sender_name=self._name,
            receiver=packing.to.id,
            made_at=transaction.now_ms,
            cards=tuple(self._packed(transaction, card) for card in cards),
        )
        drawn = self._draw(transaction, packing.draft(manifest), f"transfer:{id_}")
        manifest = replace(manifest, number=drawn.number)
        now, actor = transaction.now_ms, packing.actor.name
        row = (
            id_,
            Direction.OUT,
            drawn.number,
            packing.to.id,
            packing.to.name,
            TransferState.SENT,
            len(cards),
            now,
            now,
        )
        transaction.run(_Q["insert"], (*row, actor, self._files.write(manifest)))
        transaction.run(_Q["set_minutes"], (drawn.id, id_))
        for card in cards:
            packed = self._door.change(transaction, card, CustodyEvent.PACKED, actor=actor, transfer=id_)
            if isinstance(packed, Refused):
                raise packed  # and so nothing of this packet is kept
        items = [
            (id_, place, card.id, card.receipt, card.seq, ItemState.SENT, None, None)
            for place, card in enumerate(cards, 1)
        ]
        transaction.run_many(_Q, "insert_items", items)
        facts = {"state": TransferState.SENT, "direction": Direction.OUT, "peer": packing.to.id, "cards": len(cards)}
        transaction.event("transfer.packed", id_, facts | {"number": drawn.number, "actor": actor})
        return found_transfer(transaction, id_)

    def _chosen(self, transaction: Transaction, packing: Packing) -> list[Card] | Refused:
        found: list[Card] = []
        if packing.card_ids is None:
            query = "due_cards" if packing.is_due_only else "shelved_cards"
            rows = transaction.rows(_Q[query], (_encode(packing.to.serves).decode(), MOST_CARDS))
            found = [read_card(transaction.rows(_CARDS["by_seq"], row)[0]) for row in rows]
        else:
            for card_id in dict.fromkeys(packing.card_ids):
                card = find_card(transaction, card_id)
                if isinstance(card, Refused):
                    return card
                found.append(card)
        if not found:
            return Refused("nothing-to-transfer", station=packing.to.id)
        if len(found) > MOST_CARDS:
            return Refused("transfer-too-large", field="cards", most=MOST_CARDS)
        return found

    def _packed(self, transaction: Transaction, card: Card) -> PackedCard:
        return PackedCard(
            id=card.id,
            receipt=card.receipt,
            order=card.order,
            kind=card.kind,
            printed_at=card.printed_at,
            district=card.district,
            village=card.village,
            holder=self._door.holder(transaction, card),
        )

    def cancel(self, transaction: Transaction, transfer_id: str, actor: Actor) -> Transfer | Refused:
        """Every card in hand again."""
        transfer = find_transfer(transaction, transfer_id)
        if isinstance(transfer, Refused):
            return transfer
        if transfer.direction is not Direction.OUT or transfer.state is not TransferState.SENT:
            return Refused("transfer-state/cancel", see=transfer.id, state=transfer.state)
        for _, _, _, _, seq in transaction.rows(_Q["items"], (transfer_id,)):
            card = read_card(transaction.rows(_CARDS["by_seq"], (seq,))[0])
            if card.custody is Custody.IN_TRANSIT and card.transfer == transfer_id:
                self._door.change(transaction, card, CustodyEvent.UNPACKED, actor=actor.name)
        transaction.run(_Q["set_all_returned"], (transfer_id,))
        transaction.run(_Q["set_state"], (TransferState.CANCELLED, transaction.now_ms, transfer_id))
        facts = {"state": TransferState.CANCELLED, "from": transfer.state, "direction": Direction.OUT}
        transaction.event("transfer.cancelled", transfer_id, facts | {"peer": transfer.peer, "actor": actor.name})
        return found_transfer(transaction, transfer_id)

    def take_confirmation(
        self, transaction: Transaction, confirmation: Confirmation, raw: bytes, actor: Actor
    ) -> Transfer | Refused:
        """What the receiver says, written into this station's book."""
        transfer = find_transfer(transaction, confirmation.transfer)
        if isinstance(transfer, Refused):
            return transfer
        if transfer.direction is not Direction.OUT or transfer.peer != confirmation.receiver:
            return Refused("transfer-unknown/partner")
        if transfer.state is TransferState.CANCELLED:
            return Refused("transfer-state/cancelled", see=transfer.id)
        items = item_states(transaction, transfer.id)
        found = reconciled(
            {each: state for each, (state, _) in items.items()}, confirmation, last_revision=transfer.revision
        )
        if isinstance(found, Refused):
            return found
        for told, event, state in (
            (found.arrived, CustodyEvent.TRANSFERRED, ItemState.ARRIVED),
            (found.missing, CustodyEvent.MISSED, ItemState.MISSING),
        ):
            for sender_id in told:
                transaction.run(_Q["set_items"], (state, transfer.id, sender_id))
                card = read_card(transaction.rows(_CARDS["by_seq"], (items[sender_id][1],))[0])
                if card.transfer == transfer.id and card.custody in {Custody.IN_TRANSIT, Custody.MISSING}:
                    self._door.change(transaction, card, event, actor=actor.name)
        for receipt in confirmation.extra:
            transaction.run(_Q["insert_extra"], (transfer.id, receipt, transaction.now_ms))
        row = (found.state, transaction.now_ms, confirmation.revision, raw, transfer.id)
        transaction.run(_Q["set_confirmed"], row)
        facts = {"state": found.state, "from": transfer.state, "direction": Direction.OUT, "peer": transfer.peer}
        counts = counts_of(confirmation)
        transaction.event("transfer.confirmed", transfer.id, facts | counts | {"actor": actor.name})
        return found_transfer(transaction, transfer.id)
