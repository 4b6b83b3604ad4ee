"""The part of the composition that is about the order of service: rationing, jumps and releases."""

from collections.abc import Callable, Sequence
from typing import Final

from stationd.adapters.order_metrics import OrderMetrics
from stationd.adapters.sqlite.approvals import SqliteApprovals
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.precedence import move_ahead, release
from stationd.adapters.sqlite.rations import SqliteRations
from stationd.config import Settings
from stationd.domain.events import Event
from stationd.domain.precedence import JUMP, RELEASE
from stationd.domain.rationing import RationRule
from stationd.ports.clock import Clock
from stationd.services.rationing import Rationer, Reserve
from stationd.services.supervise import Supervisor

_TASK: Final = "rationing"


class Ordering:
    """Who comes before whom, and who waits for blanks."""

    def __init__(self, settings: Settings, database: Database, *, clock: Clock, ring: Callable[[], None]) -> None:
        rule = rule_of(settings)
        self._database = database
        self.reserve = Reserve(rule.reserve_for_first)
        self.rations = SqliteRations(database.writer, database.reader, clock, self.reserve)
        self.rationer = Rationer(self.rations, rule, self.reserve, ring=ring)
        self.metrics = OrderMetrics(lambda: self.rationer.stock)

    def register(self, approvals: SqliteApprovals) -> None:
        """Say how what two officers agreed to is carried out."""
        approvals.carry_out(JUMP, move_ahead)
        approvals.carry_out(RELEASE, release)

    async def load(self) -> None:
        """Take up what a former run left."""
        await self.rationer.load()

    def follow(self, _: Sequence[Event]) -> None:
        """Something was committed: see who waits for blanks."""
        self.rationer.look()

    def start(self, supervisor: Supervisor) -> None:
        """Start what goes on for ever."""
        supervisor.start(_TASK, self.rationer.run)

    async def stop(self, supervisor: Supervisor) -> None:
        """Defer and release nothing more."""
        await supervisor.stop(_TASK)


def rule_of(settings: Settings) -> RationRule:
    """The policy in the configuration."""
    blanks = settings.blanks
    return RationRule(reserve_for_first=blanks.reserve_for_first, reserve_days=blanks.reserve_days)
