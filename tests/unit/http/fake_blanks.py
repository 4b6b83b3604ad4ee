"""The book of blanks and the minutes behind the door."""

from dataclasses import dataclass, field
from datetime import date

from fake_queue import JOB_ID

from stationd.domain.authority import Actor
from stationd.domain.blank_entry import Entry, NewEntry, Pack
from stationd.domain.blanks import Account, Balances, EntryKind
from stationd.domain.errors import Refused
from stationd.ports.blanks import Booked, Counted, CountState, CountView
from stationd.ports.minutes import Drawn
from stationd.services.second_person import Second


@dataclass
class FakeBlanks:
    entries: list[tuple[EntryKind, int, str, Actor]] = field(default_factory=list)

    async def balances(self) -> Balances:
        return Balances(
            received=10, safe=5, printer=1, issued=2, spoiled=1, quarantined=0, returned=0, destroyed=0, missing=1
        )

    async def counts(self) -> Counted:
        return Counted(waiting=CountView(state=CountState.WAITING, at=1_700_000_000_000, people=1), last=None)

    async def book(self, entry: NewEntry, *, actor: Actor, second: Second | None = None) -> Booked:
        self.entries.append((entry.kind, entry.quantity, entry.note, actor))
        return Booked(balances=await self.balances(), entry=3)

    async def ledger(self, *, before: int | None, limit: int) -> tuple[list[Entry], int | None]:
        entry = Entry(
            seq=7, at=1_700_000_000_000, source=Account.SAFE, target=Account.SPOILED, quantity=2, cause="spoiled",
            job=None, actor="counter", note="", detail={"category": "factory-bad"},
        )  # fmt: skip
        return [entry][:limit], 7

    async def packs(self, *, after: str, limit: int, is_sealed: bool | None) -> tuple[list[Pack], str | None]:
        pack = Pack(number="DUS-1", quantity=100, first_serial=None, last_serial=None, is_sealed=True, received=1)
        return [pack][:limit], None

    async def serial(self, serial: str) -> str:
        if serial != "A1":
            raise Refused("serial-unknown", "cannot find the blank: no entry has named this serial")
        return "safe"


class FakeMinutes:
    async def page(self, *, kind: str | None, before: int | None, limit: int) -> tuple[list[Drawn], int | None]:
        return [DRAWN][:limit], 1

    async def blank_book(self, day: date, *, actor: Actor) -> Drawn:
        return DRAWN

    async def pdf(self, minutes_id: str) -> bytes:
        self._must_be_known(minutes_id)
        return b"%PDF-1.7"

    async def csv(self, minutes_id: str) -> bytes:
        self._must_be_known(minutes_id)
        return b"Nomor,1"

    def _must_be_known(self, minutes_id: str) -> None:
        if minutes_id != JOB_ID:
            raise Refused("minutes-unknown", "cannot find the minutes: there are none with this id")


DRAWN = Drawn(
    seq=1,
    id=JOB_ID,
    at=1_700_000_000_000,
    kind="blank-book",
    number="470/001/BA/1671-07/XI/2023",
    day="2023-11-14",
    subject="blanks:2023-11-14",
)
