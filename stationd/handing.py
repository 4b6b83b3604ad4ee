"""The part of the composition that is about finished cards: custody, the counter, the citizen's answer."""

from collections.abc import Sequence
from typing import Final

from stationd.adapters.card_metrics import CardMetrics
from stationd.adapters.sqlite.cards import SqliteCards
from stationd.adapters.sqlite.database import Database
from stationd.attending import Attending
from stationd.config import Settings
from stationd.domain.events import Event
from stationd.domain.rate import Allowance
from stationd.ports.cards import DESTROY, UNDO
from stationd.ports.clock import Clock
from stationd.ports.seal import Seal
from stationd.services.answers import Answers
from stationd.services.cards import Cards
from stationd.services.jobs import Jobs

_MISS_COSTS: Final = 10
"""Guessing at receipts is ten times slower than asking for known ones."""


class Handing:
    """From the printer's tray to the holder's hand."""

    def __init__(
        self, settings: Settings, database: Database, seal: Seal, *, clock: Clock, jobs: Jobs, attending: Attending
    ) -> None:
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
        self.metrics = CardMetrics()

    async def load(self) -> None:
        """Take up the counts."""
        self.metrics.load(await self.store.counts())

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed."""
        self.metrics.follow(events)
