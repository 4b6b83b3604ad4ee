"""The part of the composition that is about finished cards: custody, counter, citizen's answer, transfers, slips."""

from collections.abc import Sequence
from typing import Final

from stationd.adapters.card_metrics import CardMetrics
from stationd.adapters.seal import StationSeal
from stationd.adapters.slip import EscposSlips, Route
from stationd.adapters.slip.transport import Way
from stationd.adapters.sqlite.cards import SqliteCards
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.minutes import Draw
from stationd.adapters.sqlite.transfers import SqliteTransfers
from stationd.adapters.transfer_files import KEY_BYTES, StationKeys, TransferFiles
from stationd.attending import Attending
from stationd.bookkeeping import Bookkeeping
from stationd.config import Settings
from stationd.domain.events import Event
from stationd.domain.rate import Allowance
from stationd.domain.transfer import Partner
from stationd.ports.cards import DESTROY, UNDO
from stationd.ports.clock import Clock, Entropy
from stationd.ports.jobs import JobStore
from stationd.services.answers import Answers
from stationd.services.cards import Cards
from stationd.services.jobs import Jobs
from stationd.services.slips import Slips
from stationd.services.transfers import Signing, Transfers

_MISS_COSTS: Final = 10
"""Guessing at receipts is ten times slower than asking for known ones."""


class Handing:
    """From the printer's tray to the holder's hand."""

    def __init__(  # noqa: PLR0913 - its collaborators, each by its name
        self,
        settings: Settings,
        database: Database,
        seal: StationSeal,
        *,
        clock: Clock,
        entropy: Entropy,
        jobs: Jobs,
        job_store: JobStore,
        attending: Attending,
        books: Bookkeeping,
    ) -> None:
        """``books`` draws up minutes and knows who signs them."""
        pickup = settings.pickup
        self.store = SqliteCards(database.writer, database.reader, seal, undo_within_s=pickup.undo_minutes * 60)
        attending.approvals.carry_out(UNDO, self.store.undo)
        attending.approvals.carry_out(DESTROY, self.store.destroy)
        self.cards = Cards(self.store, attending.second_person)
        self.answers = Answers(
            self.store,
            jobs,
            clock=clock,
            day_in=attending.calendar.day_in,
            here=settings.station.name,
            allowance=Allowance(
                burst=pickup.lookups_per_minute, per_minute=pickup.lookups_per_minute, miss_cost=_MISS_COSTS
            ),
        )
        self._slip_printer = _slip_printer(settings)
        self.slips = Slips(
            job_store, self._slip_printer, station=settings.station.name, day_in=attending.calendar.day_in
        )
        self._transfer_store, files = transfer_store(settings, database, seal, entropy, books.minutes_store.draw)
        self.transfers = Transfers(
            self._transfer_store,
            files,
            books.minutes,
            Signing(desk=books.desk, signer=books.signer, today=lambda: attending.calendar.day),
            here=settings.station.id,
            partners=partners_of(settings),
        )
        self.metrics = CardMetrics()

    async def load(self) -> None:
        """Take up the counts, and make the receipt printer ready."""
        self.metrics.load(await self.store.counts(), await self._transfer_store.counts())
        if self._slip_printer is not None:
            await self._slip_printer.load()

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        self.metrics.follow(events)


def partners_of(settings: Settings) -> dict[str, Partner]:
    """The other stations by their id."""
    return {
        each.id: Partner(
            id=each.id,
            name=each.name,
            serves=each.serves,
            sign_key=each.identity[:KEY_BYTES],
            seal_key=each.identity[KEY_BYTES:],
        )
        for each in settings.partners
    }


def transfer_store(
    settings: Settings, database: Database, seal: StationSeal, entropy: Entropy, draw: Draw
) -> tuple[SqliteTransfers, TransferFiles]:
    """The store of transfers, and what reads and writes their files."""
    partners = partners_of(settings)
    files = TransferFiles(StationKeys(seal.derived), partners)
    store = SqliteTransfers(
        database.writer,
        database.reader,
        seal,
        entropy,
        files,
        draw,
        station=settings.station.id,
        name=settings.station.name,
        partners=tuple(partners.values()),
    )
    return store, files


def _slip_printer(settings: Settings) -> EscposSlips | None:
    slip = settings.slip
    if slip.printer is None:
        return None
    way, place = slip.printer
    return EscposSlips(Route(way=Way(way), place=place, baud=slip.baud), columns=slip.columns)
