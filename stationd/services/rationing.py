"""Keeping the line to what the blanks allow: replacements leave it in a shortage and come back by themselves."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stationd.domain.errors import Faulted
from stationd.domain.job import Job
from stationd.domain.precedence import is_rationed
from stationd.domain.rationing import RationRule, Stock, expected_day, reserve_of
from stationd.ports.rationing import OrderChange, RationStore

_log = logging.getLogger(__name__)

FORECAST_EVERY_S: Final = 600.0
_AGAIN_S: Final = 5.0


class Reserve:
    """The blanks that are kept for first-timers now; asked for every card, from the database's thread too."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __call__(self) -> int:
        """The number."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Ration:
    """What explains the place of a job: the stock, and what people changed.

    Of a rationed one, how many come back before it and the day on which blanks are expected (days since the epoch).
    """

    stock: Stock
    changes: OrderChange
    before: int | None = None
    expected_day: int | None = None


class Rationer:
    """Takes the steps whenever something was committed that makes them due."""

    def __init__(
        self, store: RationStore, rule: RationRule, reserve: Reserve, *, ring: Callable[[], None] = lambda: None
    ) -> None:
        """``ring`` wakes the printers when a shortage is over: replacements in the line may be served again."""
        self._store = store
        self._rule = rule
        self._reserve = reserve
        self._ring = ring
        self._due = asyncio.Event()
        self._was_short = True

    @property
    def reserve(self) -> int:
        """The blanks that are kept for first-timers now."""
        return self._reserve.value

    @property
    def stock(self) -> Stock:
        """The blanks and who waits for them."""
        return self._store.stock()

    def look(self) -> None:
        """Something was committed: see whether a step is due. Cheap, for it is asked after every commit."""
        stock = self._store.stock()
        if stock.is_short != self._was_short:
            self._was_short = stock.is_short
            if not stock.is_short:
                self._ring()
        if stock.to_defer or stock.to_admit:
            self._due.set()

    async def settle(self) -> int:
        """Take every step that is due; how many jobs were moved."""
        moved = 0
        while True:
            step = await self._store.ration()
            if not step.deferred and not step.admitted:
                return moved
            moved += step.deferred + step.admitted

    async def forecast(self) -> None:
        """Reckon the reserve from the station's own last weeks."""
        await self._store.forget_history()
        self._reserve.value = reserve_of(self._rule, await self._store.history())
        self.look()

    async def load(self) -> None:
        """At start: the reserve, and what a former run left to do."""
        await self.forecast()
        await self.settle()

    async def of(self, job: Job) -> Ration:
        """What explains the place of a job."""
        stock, changes = self._store.stock(), await self._store.changes(job)
        if not is_rationed(job):
            return Ration(stock=stock, changes=changes)
        before, history = await self._store.before(job), await self._store.history()
        return Ration(stock=stock, changes=changes, before=before, expected_day=expected_day(stock, before, history))

    async def run(self) -> None:
        """For ever: step when due, and reckon anew now and then."""
        while True:
            try:
                async with asyncio.timeout(FORECAST_EVERY_S):
                    await self._due.wait()
            except TimeoutError:
                pass
            due = self._due.is_set()
            self._due.clear()
            try:
                await (self.settle() if due else self.forecast())
            except Faulted as fault:
                _log.warning("cannot ration the blanks: %s", fault.detail)
                await asyncio.sleep(_AGAIN_S)
                self._due.set()
