"""The part of the composition that is about the book of blanks and about minutes."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Final

from stationd.adapters.blank_metrics import BlankMetrics
from stationd.adapters.paper import OfficePaper
from stationd.adapters.paper.size import PageSize
from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.minutes import SqliteMinutes
from stationd.adapters.sqlite.papers import Papers
from stationd.attending import Attending
from stationd.config import Settings
from stationd.domain.blank_entry import DESTRUCTION
from stationd.domain.errors import Faulted
from stationd.domain.minutes import Office
from stationd.domain.signers import Desk, Signer
from stationd.ports.clock import Clock, Entropy
from stationd.ports.seal import Seal
from stationd.services.blanks import Blanks
from stationd.services.minutes import Register
from stationd.services.supervise import Supervisor

_log = logging.getLogger(__name__)

RECKON_EVERY_S: Final = 300.0
_TASK: Final = "bookkeeping"


class Bookkeeping:
    """The book of blanks, the register of minutes, and what is told about them."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        seal: Seal,
        attending: Attending,
        *,
        clock: Clock,
        entropy: Entropy,
        printers: Callable[[], Collection[str]],
    ) -> None:
        """``printers`` names those that have hoppers."""
        self._officers = attending.officers
        self.desk = desk_of(settings)
        self.minutes_store = register_of(settings, database, seal, entropy)
        """Whoever else draws up minutes does it with this one, so that all are numbered together."""
        papers = Papers(
            minutes=self.minutes_store, desk=self.desk, signer=self.signer, today=lambda: attending.calendar.day
        )
        self._store = SqliteBlanks(database.writer, database.reader, low=settings.blanks.low, seal=seal, papers=papers)
        attending.approvals.carry_out(DESTRUCTION, self._store.carry_out())
        self.blanks = Blanks(self._store, attending.second_person, printers)
        self.minutes = Register(
            self.minutes_store,
            OfficePaper(PageSize(settings.office.paper)),
            blanks=self._store,
            desk=self.desk,
            signer=self.signer,
            today=lambda: attending.calendar.day,
        )
        self.metrics = BlankMetrics(clock.now_ms, database.writer.hoppers)
        attending.missed = lambda: self.metrics.missed

    async def load(self) -> None:
        """Take up what a former run left."""
        self.metrics.load(await self.blanks.counts())

    def start(self, supervisor: Supervisor) -> None:
        """Start what goes on for ever."""
        supervisor.start(_TASK, self._run)

    async def stop(self, supervisor: Supervisor) -> None:
        """Reckon nothing more."""
        await supervisor.stop(_TASK)

    async def _run(self) -> None:
        """For ever: reckon how long the blanks last, and forget what nobody agreed to."""
        while True:
            try:
                self.metrics.days_left = (await self.blanks.balances()).days_left
                await self.blanks.forget_drafts()
            except Faulted as fault:
                _log.warning("cannot look after the book of blanks: %s", fault.detail)
            await asyncio.sleep(RECKON_EVERY_S)

    def signer(self, number: str) -> Signer:
        """The officer with this number, as minutes name people."""
        view = self._officers.one(number)
        if view is None:
            return Signer(nip=number)
        return Signer(name=view.officer.name, nip=number, decree=view.officer.decree)


def desk_of(settings: Settings) -> Desk:
    """Where minutes are drawn up."""
    office = settings.office
    return Desk(office=Office(head=office.head, address=office.address, town=office.city), place=settings.station.name)


def register_of(settings: Settings, database: Database, seal: Seal, entropy: Entropy) -> SqliteMinutes:
    """The register of minutes of a station."""
    return SqliteMinutes(
        database.writer,
        database.reader,
        seal,
        entropy,
        station=settings.station.id,
        numbering=settings.office.numbers,
    )
