"""A desk for officers in tests: the real store and services, a clock of one's own, hashes that cost nothing."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.approvals import SqliteApprovals
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.officers import SqliteOfficers
from stationd.adapters.system import SystemEntropy
from stationd.domain.authority import Actor, Role
from stationd.domain.session import SessionRules
from stationd.services.calendar import Calendar
from stationd.services.duty import Duty, SignedIn
from stationd.services.gate import Gate
from stationd.services.officers import Decree, Officers, OfficerView
from stationd.services.second_person import SecondPerson
from stationd.services.sign_in import SignIn

HERE = ("16.71.07", "16.71.16")
NUMBER, OTHER, NOBODY = "199901012026011001", "199902022026022002", "199903032026033003"
PIN = "rahasia-contoh"
ADMIN = Actor(name="test", role=Role.ADMIN)
START = datetime(2026, 6, 1, 8, tzinfo=UTC)


class HandClock:
    """A clock that stands still until it is moved; the wall may be moved without the monotonic one."""

    def __init__(self) -> None:
        self.wall_ms = int(START.timestamp() * 1000)
        self.mono = 1000.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic(self) -> float:
        return self.mono

    def pass_s(self, seconds: float) -> None:
        self.mono += seconds
        self.wall_ms += int(seconds * 1000)


class HandSource:
    """Whether the clock is trusted, by hand."""

    is_trusted = True

    async def is_synchronised(self) -> bool:
        return self.is_trusted


class CheapPins:
    """A second implementation of the port: one round of SHA-256. It counts its work."""

    def __init__(self) -> None:
        self.looked = 0

    async def hash(self, pin: str) -> str:
        return hashlib.sha256(pin.encode()).hexdigest()

    async def is_right(self, hash_: str | None, pin: str) -> bool:
        self.looked += 1
        return hash_ == await self.hash(pin)


class Desk:
    """Everything about officers over one database; ``restart`` forgets what is only in memory."""

    def __init__(self, database: Database, clock: HandClock, source: HandSource) -> None:
        self.database = database
        self.clock = clock
        self.source = source
        self.pins = CheapPins()
        self.restart()

    def restart(self) -> None:
        writer, reader = self.database.writer, self.database.reader
        self.store = SqliteOfficers(writer, reader, StationSeal(bytes(32)))
        self.gate = Gate()
        self.calendar = Calendar(self.clock, self.source, self.store, zone=UTC)
        self.officers = Officers(self.store, self.pins, self.calendar, HERE)
        self.duty = Duty(
            self.store,
            self.officers,
            clock=self.clock,
            calendar=self.calendar,
            gate=self.gate,
            rules=SessionRules(lifetime_s=12 * 3600, idle_s=2 * 3600),
            is_required=True,
        )
        self.sign_ins = SignIn(
            self.store,
            self.officers,
            self.duty,
            hasher=self.pins,
            clock=self.clock,
            calendar=self.calendar,
            regions=frozenset(HERE),
        )

        self.approvals = SqliteApprovals(writer, reader, SystemEntropy())
        self.second_person = SecondPerson(
            self.approvals, self.officers, self.sign_ins, clock=self.clock, calendar=self.calendar, lifetime_s=900.0
        )

    async def load(self) -> None:
        await self.officers.load()
        await self.calendar.load()
        await self.duty.load()

    async def appoint(
        self,
        number: str = NUMBER,
        *,
        pin: str = PIN,
        since: date = date(2026, 1, 1),
        until: date = date(2026, 12, 31),
    ) -> OfficerView:
        decree = Decree(
            number=number, name="Petugas Contoh", decree="SK Contoh 1/2026", valid_from=since, valid_until=until
        )
        return await self.officers.add(decree, pin, actor=ADMIN)

    async def sign_in(self, number: str = NUMBER, pin: str = PIN) -> SignedIn:
        return await self.sign_ins.sign_in(number, pin)

    def actor(self, signed_in: SignedIn) -> Actor | None:
        from stationd.services.access import hash_of

        return self.duty.actor_of(hash_of(signed_in.token))

    async def go_on_duty(self, number: str = NUMBER) -> Actor:
        actor = self.actor(await self.sign_in(number))
        assert actor is not None
        await self.duty.begin(actor)
        return actor

    async def events(self) -> list[tuple[str, str, str]]:
        return await self.database.reader.run(
            lambda connection: connection.execute("SELECT type, subject, data FROM event ORDER BY seq").fetchall()
        )


@asynccontextmanager
async def open_desk(path: Path) -> AsyncIterator[Desk]:
    """An empty desk at eight in the morning of a Monday in June."""
    clock = HandClock()
    database = await Database.open(path / "station.db", clock)
    try:
        desk = Desk(database, clock, HandSource())
        await desk.load()
        yield desk
    finally:
        await database.aclose()
