"""Invented services for finished cards behind the door."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from stationd.domain.answer import Answer, answer
from stationd.domain.authority import Actor
from stationd.domain.custody import Card, Custody, Place
from stationd.domain.errors import Refused
from stationd.domain.handover import HandedOver, HandOver, IdentityDocument, Relation
from stationd.domain.job import JobKind
from stationd.domain.second_person import Approval, ApprovalState
from stationd.domain.transfer import (
    Direction,
    DueGroup,
    ItemState,
    ScanResult,
    Transfer,
    TransferItem,
    TransferState,
)
from stationd.ports.approvals import Agreed
from stationd.ports.cards import FoundCard
from stationd.ports.transfers import Scanned
from stationd.services.cards import CardView, Search
from stationd.services.second_person import Second
from stationd.services.transfers import Seen, TransferView, Wanted

JOB_ID = "01890000-0000-7000-8000-000000000001"
APPROVAL = Approval(
    seq=1,
    id=JOB_ID,
    kind="hand-over.undo",
    subject=JOB_ID,
    payload="{}",
    reason="salah orang",
    state=ApprovalState.PENDING,
    asked_by="the-officer",
    first=None,
    second=None,
    asked_at=1_700_000_000_123,
    expires_at=1_700_000_900_123,
    settled_at=None,
    settled_by=None,
)
CARD = Card(
    seq=1,
    id=JOB_ID,
    receipt="2XK7-9QF4-M3TP",
    order="PRR-16711-000123",
    kind=JobKind.FIRST,
    custody=Custody.ON_SHELF,
    since=1_700_000_000_123,
    printed_at=1_700_000_000_000,
    place=Place(box="A3", slot=17),
    district="16.71.07",
    village="16.71.07.1001",
)
HANDED_OVER = HandedOver(
    at=1_700_000_000_123,
    actor="officer-199901012026011001",
    document=IdentityDocument.KK,
    relation=Relation.PARENT,
    is_old_card_surrendered=False,
)


@dataclass
class FakeCards:
    done: list[tuple[Any, ...]] = field(default_factory=list)

    async def read(self, card_id: str) -> CardView:
        if card_id != JOB_ID:
            raise Refused("card-unknown", "cannot find the card: there is none with this id")
        return CardView(card=CARD, hand_overs=(HANDED_OVER,))

    async def page(self, **asked: Any) -> tuple[list[Card], str | None]:
        self.done.append(("page", asked))
        return [CARD], "1700000000123-1"

    async def find(self, search: Search) -> list[FoundCard]:
        self.done.append(("find", search))
        return [FoundCard(card=CARD, name="Contoh Rekaan")]

    async def check(self, card_id: str, *, chip: bytes | None, actor: Actor) -> CardView:
        self.done.append(("check", chip))
        return await self.read(card_id)

    async def shelve(self, card_id: str, place: Place, *, actor: Actor) -> CardView:
        self.done.append(("shelve", place))
        return await self.read(card_id)

    async def quarantine(self, card_id: str, reason: str, *, actor: Actor) -> CardView:
        return await self.read(card_id)

    async def release(self, card_id: str, reason: str, *, actor: Actor) -> CardView:
        await self.read(card_id)
        raise Refused("card-state", "cannot do this with the card: it is on shelf", see=card_id)

    async def found(self, card_id: str, reason: str, *, actor: Actor) -> CardView:
        return await self.read(card_id)

    async def call(self, card_id: str, counter: str, *, actor: Actor) -> CardView:
        self.done.append(("call", counter))
        return await self.read(card_id)

    async def hand_over(self, card_id: str, hand_over: HandOver, *, actor: Actor) -> CardView:
        self.done.append(("hand over", hand_over))
        return await self.read(card_id)

    async def undo(self, card_id: str, reason: str, *, actor: Actor, second: Second | None) -> Agreed:
        await self.read(card_id)
        return Agreed(approval=APPROVAL)

    async def destroy(self, card_id: str, reason: str, *, actor: Actor, second: Second | None) -> Agreed:
        await self.read(card_id)
        return Agreed(approval=APPROVAL)


class FakeAnswers:
    quota = 120

    def left(self, caller: object) -> tuple[int, int]:
        return 119, 1

    async def about(self, text: str, *, caller: object) -> Answer:
        if text == "slow":
            raise Refused("rate-limited", "cannot answer now", wait_s=7)
        return answer(None, CARD, here="Kecamatan Contoh")


TRANSFER_ID = "01890000-0000-7000-8000-00000000000a"
TRANSFER = Transfer(
    id=TRANSFER_ID,
    direction=Direction.OUT,
    state=TransferState.SENT,
    number="470/003/BA/1671-07/XI/2026",
    peer="1671-09",
    peer_name="Kecamatan Umpama",
    cards=1,
    arrived=0,
    missing=0,
    extra=0,
    revision=0,
    made_at=1_700_000_000_123,
    at=1_700_000_000_123,
    settled_at=None,
)
VIEW = TransferView(
    transfer=TRANSFER,
    items=(TransferItem(place=1, sender_id=JOB_ID, receipt="2XK7-9QF4-M3TP", state=ItemState.SENT, card=JOB_ID),),
    extra=("0000-0000-0000",),
)


@dataclass
class FakeTransfers:
    done: list[tuple[Any, ...]] = field(default_factory=list)

    async def due(self) -> list[DueGroup]:
        return [DueGroup(district="16.71.09", partner="1671-09", cards=4, oldest=1_700_000_000_123)]

    async def page(self, **asked: Any) -> tuple[list[Transfer], str | None]:
        self.done.append(("page", asked))
        return [TRANSFER], f"1~{TRANSFER_ID}"

    async def read(self, transfer_id: str) -> TransferView:
        if transfer_id != TRANSFER_ID:
            raise Refused("transfer-unknown", "cannot find the transfer: there is none with this id")
        return VIEW

    async def pack(self, wanted: Wanted, *, actor: Actor) -> TransferView:
        self.done.append(("pack", wanted))
        return VIEW

    async def cancel(self, transfer_id: str, *, actor: Actor) -> TransferView:
        return await self.read(transfer_id)

    async def announce(self, raw: bytes, *, actor: Actor) -> TransferView:
        self.done.append(("announce", raw))
        return VIEW

    async def take_confirmation(self, raw: bytes, *, actor: Actor) -> TransferView:
        self.done.append(("confirm", raw))
        return VIEW

    async def scan(self, transfer_id: str, seen: Seen, *, actor: Actor) -> Scanned:
        self.done.append(("scan", seen))
        return Scanned(result=ScanResult.ARRIVED, card=JOB_ID, transfer=TRANSFER)

    async def settle(self, transfer_id: str, *, with_differences: bool, actor: Actor) -> TransferView:
        self.done.append(("settle", with_differences))
        return await self.read(transfer_id)

    async def file(self, transfer_id: str) -> bytes:
        await self.read(transfer_id)
        return b'{"format":"stationd-transfer/1"}'

    async def confirmation(self, transfer_id: str) -> bytes:
        await self.read(transfer_id)
        raise Refused("transfer-unconfirmed", "cannot give the confirmation: there is none yet", see=transfer_id)

    async def pdf(self, transfer_id: str) -> bytes:
        await self.read(transfer_id)
        return b"%PDF-1.4"

    async def csv(self, transfer_id: str) -> bytes:
        await self.read(transfer_id)
        return b"No.;Nama\r\n"


class FakeSlips:
    async def print(self, job_id: str) -> SimpleNamespace:
        if job_id != JOB_ID:
            raise Refused("job-unknown", "cannot find the job: there is none with this id")
        return SimpleNamespace(receipt="2XK7-9QF4-M3TP")
