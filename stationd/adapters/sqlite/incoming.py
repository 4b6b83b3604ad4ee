"""Packets coming in: their list read in, their cards scanned out of them, what both ends will agree on."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from stationd.adapters.sqlite.card_door import FORGOTTEN, CardDoor, foreign_place, read_card
from stationd.adapters.sqlite.minutes import Draw
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import sealed_holder, sealed_holder_at
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.transfer_rows import counts_of, find_transfer, found_transfer
from stationd.domain.authority import Actor
from stationd.domain.custody import Card, CustodyEvent
from stationd.domain.errors import Refused
from stationd.domain.ids import ID_RANDOM_BITS, job_id
from stationd.domain.job import JobKind
from stationd.domain.order import Holder
from stationd.domain.transfer import (
    Confirmation,
    Direction,
    ItemState,
    ListedCard,
    Manifest,
    PackedCard,
    ScanResult,
    Transfer,
    TransferState,
    manifest_refusal,
    settled,
)
from stationd.ports.clock import Entropy
from stationd.ports.seal import Seal
from stationd.ports.transfers import Scanned, Scanning, Settling, TransferFiles

_Q: Final = load("transfers")
_CARDS: Final = load("cards")


class _Listed(msgspec.Struct, array_like=True):
    id: str
    order: str
    kind: JobKind
    printed_at: int
    district: str | None
    village: str | None
    nik: str
    name: str
    address: str | None
    phone: str | None


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Listed).decode


class Incoming:
    """What the receiver of a packet writes."""

    def __init__(
        self, seal: Seal, door: CardDoor, files: TransferFiles, draw: Draw, entropy: Entropy, *, station: str
    ) -> None:
        self._seal = seal
        self._door = door
        self._files = files
        self._draw = draw
        self._entropy = entropy
        self._station = station

    def announce(self, transaction: Transaction, manifest: Manifest, raw: bytes, actor: Actor) -> Transfer | Refused:
        """The list of a packet, before any of its cards is in the book."""
        refused = manifest_refusal(manifest, here=self._station)
        if refused is not None:
            return refused
        now, count = transaction.now_ms, len(manifest.cards)
        row = (
            manifest.id,
            Direction.IN,
            manifest.number,
            manifest.sender,
            manifest.sender_name,
            TransferState.ANNOUNCED,
        )
        if transaction.run(_Q["insert"], (*row, count, manifest.made_at, now, actor.name, raw)) != 1:
            return Refused("transfer-known", see=manifest.id)
        transaction.run_many(
            _Q, "insert_items", [self._item(manifest.id, place, card) for place, card in enumerate(manifest.cards, 1)]
        )
        facts = {"state": TransferState.ANNOUNCED, "direction": Direction.IN, "peer": manifest.sender, "cards": count}
        transaction.event("transfer.announced", manifest.id, facts | {"actor": actor.name})
        return found_transfer(transaction, manifest.id)

    def _item(self, transfer_id: str, place: int, card: PackedCard) -> tuple[object, ...]:
        holder = card.holder
        plain = _encode(
            _Listed(
                card.id,
                card.order,
                card.kind,
                card.printed_at,
                card.district,
                card.village,
                holder.nik,
                holder.name,
                holder.address,
                holder.phone,
            )
        )
        sealed = self._seal.seal(plain, place=_item_place(transfer_id, place))
        nik = self._seal.fingerprint(holder.nik)
        return (transfer_id, place, card.id, card.receipt, None, ItemState.SENT, sealed, nik)

    # ------------------------------------------------------------------------------------------------------ scanning

    def scan(self, transaction: Transaction, scanning: Scanning) -> Scanned | Refused:
        """A card out of the packet is in this station's book from here on."""
        transfer = self._open(transaction, scanning.transfer_id)
        if isinstance(transfer, Refused):
            return transfer
        row = self._row(transaction, scanning)
        if row is None:
            return self._unlisted(transaction, transfer, scanning)
        place, _, receipt, state, seq, sealed = row
        if state == ItemState.ARRIVED:
            card = read_card(transaction.rows(_CARDS["by_seq"], (seq,))[0])
            return Scanned(result=ScanResult.KNOWN, card=card.id, transfer=transfer)
        if sealed is None:
            return Refused("card-forgotten")
        listed = _decode(self._seal.open(sealed, place=_item_place(transfer.id, place)))
        arrived = self._take_in(transaction, transfer, receipt, listed, scanning.actor)
        if isinstance(arrived, Refused):
            return arrived
        transaction.run(_Q["set_arrived"], (arrived.seq, transfer.id, place))
        return Scanned(result=ScanResult.ARRIVED, card=arrived.id, transfer=found_transfer(transaction, transfer.id))

    def _open(self, transaction: Transaction, transfer_id: str) -> Transfer | Refused:
        transfer = find_transfer(transaction, transfer_id)
        if isinstance(transfer, Transfer) and (
            transfer.direction is not Direction.IN or transfer.state is TransferState.AGREED
        ):
            return Refused("transfer-state", see=transfer.id, state=transfer.state)
        return transfer

    def _row(self, transaction: Transaction, scanning: Scanning) -> Any | None:
        if scanning.receipt is not None:
            return transaction.row(_Q["item_by_receipt"], (scanning.transfer_id, scanning.receipt))
        if scanning.nik is not None:
            return transaction.row(_Q["item_by_nik"], (scanning.transfer_id, self._seal.fingerprint(scanning.nik)))
        return transaction.row(_Q["item_by_place"], (scanning.transfer_id, scanning.place))

    def _unlisted(self, transaction: Transaction, transfer: Transfer, scanning: Scanning) -> Scanned | Refused:
        if scanning.receipt is None:
            return Refused("card-not-listed")
        if transaction.run(_Q["insert_extra"], (transfer.id, scanning.receipt, transaction.now_ms)) == 1:
            facts = {"state": transfer.state, "direction": Direction.IN, "peer": transfer.peer}
            transaction.event("transfer.exceeded", transfer.id, facts | {"actor": scanning.actor.name})
        return Scanned(result=ScanResult.NOT_LISTED, card=None, transfer=found_transfer(transaction, transfer.id))

    def _take_in(
        self, transaction: Transaction, transfer: Transfer, receipt: str, listed: _Listed, actor: Actor
    ) -> Card | Refused:
        """A card that was here before goes on with its own row; any other gets one."""
        own = transaction.row(_CARDS["job_by_receipt"], (receipt,))
        foreign = transaction.row(_CARDS["foreign_by_receipt"], (receipt,))
        seq = own[0] if own is not None else foreign[0] if foreign is not None else None
        if seq is None:
            return self._new(transaction, transfer, receipt, listed, actor)
        row = transaction.row(_CARDS["by_seq"], (seq,))
        if row is None:
            return Refused("card-state/unfinished")
        card = read_card(row)
        self._remember(transaction, card, listed)
        return self._door.change(transaction, card, CustodyEvent.RECEIVED, actor=actor.name, transfer=transfer.id)

    def _remember(self, transaction: Transaction, card: Card, listed: _Listed) -> None:
        """Whose card it is, where that was forgotten when the card left."""
        holder = _holder(listed)
        if card.origin is None:
            sealed = sealed_holder(self._seal, holder, None, card.id)
            row = (card.seq, self._seal.fingerprint(listed.nik), sealed, listed.district, listed.village)
            transaction.run(_CARDS["restore_holder"], row)
        else:
            sealed = sealed_holder_at(self._seal, holder, None, foreign_place(card.id))
            transaction.run(_CARDS["restore_foreign"], (sealed, card.seq))

    def _new(self, transaction: Transaction, transfer: Transfer, receipt: str, listed: _Listed, actor: Actor) -> Card:
        seq, now = transaction.next_job_seq(), transaction.now_ms
        id_ = job_id(now, seq, self._entropy.bits(ID_RANDOM_BITS))
        sealed = sealed_holder_at(self._seal, _holder(listed), None, foreign_place(id_))
        row = (seq, now, listed.printed_at, listed.district, listed.village, transfer.id)
        transaction.run(_CARDS["insert_foreign"], row)
        about = (seq, id_, receipt, listed.order, listed.kind, transfer.peer, sealed)
        transaction.run(_CARDS["insert_foreign_about"], about)
        card = read_card(transaction.rows(_CARDS["by_seq"], (seq,))[0])
        self._door.welcome(transaction, card, sent_as=listed.id, actor=actor.name)
        return card

    # ------------------------------------------------------------------------------------------------------ settling

    def settle(self, transaction: Transaction, settling: Settling) -> Transfer | Refused:
        """The packet is empty: what was scanned has arrived, what was not is missing, and the sender is told."""
        transfer = self._open(transaction, settling.transfer_id)
        if isinstance(transfer, Refused):
            return transfer
        left = transfer.cards - transfer.arrived
        if (left or transfer.extra) and not settling.with_differences:
            return Refused("transfer-incomplete", see=transfer.id, left=left, extra=transfer.extra)
        listed = self._listed(transaction, transfer.id)
        transaction.run(_Q["set_unscanned_missing"], (transfer.id,))
        items = transaction.rows(_Q["items"], (transfer.id,))
        extra = [receipt for (receipt,) in transaction.rows(_Q["extras"], (transfer.id,))]
        state = settled([ItemState(row[3]) for row in items], len(extra))
        confirmation = Confirmation(
            transfer=transfer.id,
            sender=transfer.peer,
            receiver=self._station,
            revision=transfer.revision + 1,
            at=transaction.now_ms,
            arrived=tuple(row[1] for row in items if row[3] == ItemState.ARRIVED),
            missing=tuple(row[1] for row in items if row[3] == ItemState.MISSING),
            extra=tuple(extra),
        )
        raw = self._files.write_confirmation(confirmation)
        transaction.run(_Q["set_confirmed"], (state, transaction.now_ms, confirmation.revision, raw, transfer.id))
        drawn = self._draw(transaction, settling.draft(transfer, listed, extra), f"transfer:{transfer.id}")
        transaction.run(_Q["set_minutes"], (drawn.id, transfer.id))
        facts = {"state": state, "from": transfer.state, "direction": Direction.IN, "peer": transfer.peer}
        counts = counts_of(confirmation)
        transaction.event("transfer.settled", transfer.id, facts | counts | {"actor": settling.actor.name})
        return found_transfer(transaction, transfer.id)

    def _listed(self, transaction: Transaction, transfer_id: str) -> Sequence[ListedCard]:
        found = []
        for place, receipt, state, seq, sealed in transaction.rows(_Q["sealed_items"], (transfer_id,)):
            if sealed is None and seq is None:
                holder = FORGOTTEN
            elif sealed is None:
                holder = self._door.holder(transaction, read_card(transaction.rows(_CARDS["by_seq"], (seq,))[0]))
            else:
                listed = _decode(self._seal.open(sealed, place=_item_place(transfer_id, place)))
                holder = _holder(listed)
            found.append(
                ListedCard(
                    receipt=receipt,
                    name=holder.name,
                    nik=holder.nik,
                    address=holder.address,
                    has_arrived=state == ItemState.ARRIVED,
                )
            )
        return found


def _holder(listed: _Listed) -> Holder:
    return Holder(nik=listed.nik, name=listed.name, address=listed.address, phone=listed.phone)


def _item_place(transfer_id: str, place: int) -> str:
    return f"transfer_card:sealed:{transfer_id}:{place}"
