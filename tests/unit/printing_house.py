"""A station without a door: the real store, simulated printers, and what officers do to them."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Self

from stationd.adapters.printers.simulator import build
from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.printers import SqlitePrinters
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.job import Job, JobKind, JobState
from stationd.domain.order import Document, TemplateDocument
from stationd.domain.profile import KTP_EL, RestRule
from stationd.ports.printers import PrinterSpec
from stationd.services.ahead import Ahead
from stationd.services.bell import Bell
from stationd.services.crew import Crew
from stationd.services.jobs import Jobs, Surrounding
from stationd.services.line import Line
from stationd.services.pace import Pace
from stationd.services.printers import Printers
from stationd.services.queue import Queue
from stationd.services.spool import Spooler
from stationd.services.supervise import Supervisor
from tests.unit.test_store import KEY, Store

PNG = b"\x89PNG\r\n\x1a\n"
OFFICER = Actor(name="petugas", role=Role.OFFICER)


class Brush:
    """A renderer that counts; ``holds`` keeps it from finishing."""

    def __init__(self) -> None:
        self.drawn: list[str] = []

    async def check(self, template: str, fields: object, photo: bytes | None) -> None:
        return None

    async def render(self, template: str, fields, photo: bytes | None) -> Document:
        self.drawn.append(fields["name"])
        return Document("image/png", PNG + fields["name"].encode())


class House:
    """A station without a door: its books, its services, and as many simulated printers as a test wants."""

    def __init__(self, path: Path, **rules: int) -> None:
        self.path = path
        self.rules = {"max_tries": 5, "ageing": 10, "stop_after_spoils": 3, **rules}
        self.clock = SystemClock()

    async def __aenter__(self) -> Self:
        self.database = await Database.open(self.path / "station.db", self.clock, self.follow)
        writer, reader = self.database.writer, self.database.reader
        self.store = Store(self.database)
        self.store.jobs = SqliteJobs(writer, reader, StationSeal(KEY), SystemEntropy(), **self.rules)
        self.marks = SqlitePrinters(writer, reader, SystemEntropy())
        self.brush = Brush()
        self.bell, self.line, self.supervisor = Bell(), Line(), Supervisor()
        self.line.load(await self.store.jobs.ranks())
        self.crew = Crew(self.line, lambda: writer.balances().get("safe", 0))
        self.ahead = Ahead(self.store.jobs, self.brush, self.clock)
        self.printers = Printers(self.marks, self.crew, renderer=self.brush, templates={"ktp-el": "specimen"})
        self.queue = Queue(
            self.marks,
            line=self.line,
            crew=self.crew,
            bell=self.bell,
            clock=self.clock,
            at_hand=lambda: writer.balances().get("safe", 0),
            ageing=10,
        )
        await self.queue.load()
        self.jobs = Jobs(
            self.store.jobs,
            self.line,
            self.crew,
            renderer=self.brush,
            surrounding=Surrounding(
                around=self.queue.around,
                counter=self.printers.counter,
                withdraw=self.printers.withdraw,
                give_up=self.printers.give_up,
            ),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for spooler in self.printers.spoolers():
            spooler.stop()
        await self.supervisor.settle(2)
        await self.supervisor.stop()
        for spooler in self.printers.spoolers():
            await spooler.aclose()
        await self.database.aclose()

    def follow(self, events) -> None:
        joined = self.line.follow(events)
        if any(event.type.startswith("blanks.") for event in events):
            self.bell.ring_all()
        elif joined:
            self.bell.ring(joined)

    async def printer(self, name: str = "kartu-1", *, rest: RestRule | None = None, **options: object) -> Spooler:
        folder = str(self.path / "cards" / name)
        spec = PrinterSpec(name=name, driver="simulator", options={"folder": folder, "seconds": 0.01, **options})
        spooler = Spooler(
            build(spec),
            spec,
            store=self.store.jobs,
            bell=self.bell,
            clock=self.clock,
            renderer=self.brush,
            pace=Pace({"ktp-el": float(spec.options["seconds"])}),
            crew=self.crew,
            ahead=self.ahead,
            profiles={"ktp-el": replace(KTP_EL, rest=rest)},
            mark=(await self.marks.marks()).get(name),
        )
        self.ahead.make_room()
        self.printers.add(spooler)
        self.supervisor.start(name, spooler.run)
        return spooler

    async def accept(self, kind: JobKind = JobKind.FIRST, name: str | None = None) -> Job:
        acceptance = self.store.acceptance(kind)
        document = Document("image/png", PNG + acceptance.order.document.data)
        if name is not None:
            document = TemplateDocument(template="specimen", fields={"name": name})
        answer = await self.store.jobs.accept(replace(acceptance, order=replace(acceptance.order, document=document)))
        assert not isinstance(answer, Refused)
        return answer.job

    async def until(self, state: JobState, number: int, timeout_s: float = 60) -> None:
        async with asyncio.timeout(timeout_s):
            while (await self.store.jobs.counts())[state] != number:
                await asyncio.sleep(0.005)

    def cards(self, name: str = "*") -> int:
        return sum(1 for _ in (self.path / "cards").glob(f"{name}/*.png"))

    async def events(self, kind: str) -> list[str]:
        return await self.database.reader.run(
            lambda c: [r[0] for r in c.execute("SELECT data FROM event WHERE type = ? ORDER BY seq", (kind,))]
        )
