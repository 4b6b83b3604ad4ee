"""A shelf in tests: the real store and its two officers, with cards that were printed a moment ago."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.cards import SqliteCards
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.forgetting import SqliteForgetting
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemEntropy
from stationd.domain.authority import Actor, Role
from stationd.domain.blanks import Account, Movement
from stationd.domain.custody import Card, CustodyEvent, Place
from stationd.domain.errors import Refused
from stationd.domain.handover import CheckResult, HandOver, IdentityCheck, IdentityDocument
from stationd.domain.job import Evidence, Job, JobKind
from stationd.domain.order import Document, Holder, Order, Surrendered
from stationd.domain.outcome import Outcome, Printed
from stationd.domain.retention import Deadlines
from stationd.domain.second_person import Approval, ApprovalState
from stationd.ports.cards import CardMove
from stationd.ports.jobs import Acceptance, Accepted, Claiming, Settling, Turn
from tests.unit.officer_desk import HandClock

OFFICER = Actor(name="officer-199901012026011001", role=Role.OFFICER, officer="199901012026011001")
SHOWN = HandOver(identity=IdentityCheck(document=IdentityDocument.KK, result=CheckResult.MATCH))
KEY = bytes(range(32))


class Shelf:
    """Cards over one database, with a clock of one's own."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self.database = database
        self.clock = clock
        self.seal = StationSeal(KEY)
        self.jobs = SqliteJobs(database.writer, database.reader, self.seal, SystemEntropy(), max_tries=3, ageing=10)
        self.cards = SqliteCards(database.writer, database.reader, self.seal, undo_within_s=900)
        self._orders = count(1)

    async def forget(self) -> int:
        """Forget everybody whose card has left, now."""
        later = self.clock.now_ms() + 1
        deadlines = Deadlines(keys=0, documents=0, holders=later, proxies=later, traces=0, remarks=0)
        return await SqliteForgetting(self.database).forget(deadlines)

    async def due(self, *cards: Card) -> None:
        """These cards are due for a transfer from now on."""
        for card in cards:
            sql = f"UPDATE card SET due_since = {self.clock.now_ms()} WHERE seq = {card.seq}"
            await self.database.writer.once(lambda transaction, sql=sql: transaction.run(sql))

    async def accept(
        self,
        kind: JobKind = JobKind.FIRST,
        name: str = "Contoh Rekaan",
        district: str | None = "16.71.07",
        village: str | None = "16.71.07.1001",
        phone: str | None = None,
    ) -> Job:
        number = next(self._orders)
        order = Order(
            order=f"PRR-{number:06d}",
            kind=kind,
            holder=Holder(
                nik=f"99990101010{number:05d}",
                name=name,
                address="Jalan Rekaan 1",
                phone=phone,
                district=district,
                village=village,
            ),
            document=Document("image/png", b"picture"),
            surrendered=Surrendered(card=f"AMPLOP-{number}") if kind is JobKind.DAMAGED else None,
        )
        answer = await self.jobs.accept(
            Acceptance(order=order, service_class=0, caller="kiosk", key=f"k{number}", digest=b"d")
        )
        assert isinstance(answer, Accepted)
        return answer.job

    async def settle(self, outcome: Outcome) -> Job:
        claiming = Claiming(printer="p1", profiles=("ktp-el",))
        (claimed,) = (await self.jobs.turn(Turn(claiming=claiming))).claimed
        settled = (await self.jobs.turn(Turn(settling=Settling(attempt=claimed.attempt, outcome=outcome)))).settled
        assert settled is not None
        return settled

    async def printed(self, **about: object) -> Card:
        """A card in the tray."""
        job = await self.accept(**about)  # type: ignore[arg-type]
        assert (await self.settle(Printed(evidence=Evidence.PRINTER))).id == job.id
        return await self.card(job.id)

    async def card(self, card_id: str) -> Card:
        card = await self.cards.read(card_id)
        assert card is not None
        return card

    async def move(
        self, card: Card, event: CustodyEvent, place: Place | None = None, chip: bytes | None = None
    ) -> Card | Refused:
        return await self.cards.move(CardMove(card_id=card.id, event=event, actor=OFFICER, place=place, chip=chip))

    async def shelved(self, slot: int | None = None, box: str = "A", **about: object) -> Card:
        """A card on the shelf."""
        card = await self.printed(**about)
        await self.move(card, CustodyEvent.CHECKED)
        after = await self.move(card, CustodyEvent.SHELVED, Place(box=box, slot=slot))
        assert isinstance(after, Card)
        return after

    def agreed(self, card: Card) -> Approval:
        """What two officers agreed to about a card, now."""
        now = self.clock.now_ms()
        return Approval(
            seq=1,
            id="01890000-0000-7000-8000-000000000009",
            kind="any",
            subject=card.id,
            payload="{}",
            reason="salah orang",
            state=ApprovalState.APPROVED,
            asked_by=OFFICER.name,
            first="199901012026011001",
            second="199902022026022002",
            asked_at=now,
            expires_at=now + 1,
            settled_at=now,
            settled_by="199902022026022002",
        )

    async def undo(self, card: Card) -> Card | Refused:
        approval = self.agreed(card)
        return await self.database.writer.once(lambda transaction: self.cards.undo(transaction, approval))

    async def destroy(self, card: Card) -> Card | Refused:
        approval = self.agreed(card)
        return await self.database.writer.once(lambda transaction: self.cards.destroy(transaction, approval))

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return await self.database.reader.run(lambda connection: connection.execute(sql).fetchall())

    async def check_books(self) -> None:
        """Every card is in one place, the kept counts are right, and only cards at hand are found by words."""
        assert await self.database.reader.run(lambda connection: verify(connection, self.seal)) == []
        counted = dict(await self.rows("SELECT custody, count(*) FROM card GROUP BY custody"))
        kept = {custody.value: number for custody, number in (await self.cards.counts()).items() if number}
        assert kept == counted
        printed = await self.rows("SELECT count(*) FROM job WHERE state = 'printed'")
        own = await self.rows("SELECT count(*) FROM card WHERE seq IN (SELECT seq FROM job WHERE state = 'printed')")
        assert own == printed
        assert (
            await self.rows(
                "SELECT card FROM card_word WHERE card NOT IN (SELECT seq FROM card WHERE custody IN "
                "('checked', 'received', 'on_shelf', 'quarantined'))"
            )
            == []
        )
        standing = await self.rows(
            "SELECT count(*) FROM hand_over WHERE undone_at IS NULL "
            "AND card NOT IN (SELECT seq FROM card WHERE custody = 'handed_over')"
        )
        assert standing == [(0,)]


@asynccontextmanager
async def open_shelf(path: Path, *, blanks: int = 100) -> AsyncIterator[Shelf]:
    """An empty shelf at a station with blanks."""
    clock = HandClock()
    database = await Database.open(path / "station.db", clock)
    try:
        delivery = Movement(Account.CENTRE, Account.SAFE, blanks)
        await database.writer.once(lambda transaction: transaction.move(delivery, cause="received", actor="test"))
        yield Shelf(database, clock)
    finally:
        await database.aclose()
