"""Readiness: the checks as they stand, asked of the machine now and then, and judged whenever somebody looks.

Sensors that take time (the link, the disk, the clock) are read by :meth:`Readiness.run`; printers, blanks and officers
are seen in memory, so that an answer is never old in what matters most.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from stationd.domain import readiness as rules
from stationd.domain.errors import Faulted, Refused
from stationd.domain.printer import PrinterStatus
from stationd.domain.readiness import Check, CheckName, CityLag, Finding, Level, Link
from stationd.ports.clock import Clock
from stationd.ports.readiness import CentreProbe, Host, HostReading
from stationd.services.calendar import Calendar
from stationd.services.duty import Duty
from stationd.services.gate import Gate
from stationd.services.officers import Officers

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """What can be seen in memory: printers by name, blanks at hand, whether they are low, printers at rest.

    ``storage_trouble`` is the code of the fault that keeps the database from being written.
    ``missed`` tells how many blanks the last count did not find, ``city`` how far the city is behind.
    """

    printers: Callable[[], Mapping[str, PrinterStatus]]
    at_hand: Callable[[], int]
    is_low: Callable[[], bool]
    resting: Callable[[], Collection[str]] = tuple
    storage_trouble: Callable[[], str | None] = lambda: None
    missed: Callable[[], int] = int
    city: Callable[[], CityLag | None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Which failed checks stop new orders, and which stop printing."""

    orders: Collection[CheckName]
    printing: Collection[CheckName]


class Readiness:
    """The readiness gate of the station."""

    def __init__(
        self,
        sights: Sights,
        *,
        clock: Clock,
        calendar: Calendar,
        officers: Officers,
        duty: Duty,
        host: Host,
        stops: Stops,
        gate: Gate,
    ) -> None:
        self._sights = sights
        self._clock = clock
        self._calendar = calendar
        self._officers = officers
        self._duty = duty
        self._host = host
        self._stops = stops
        self._gate = gate
        self._reading: HostReading | None = None
        self._link: Link | None = None
        self._checks: dict[CheckName, Check] = {}
        self._followers: list[Callable[[], None]] = []
        gate.add(self._reasons)

    def follow(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` when the level of a check has changed."""
        self._followers.append(changed)

    def checks(self) -> tuple[Check, ...]:
        """Every check as it stands now."""
        now_ms = self._clock.now_ms()
        levels = {name: check.finding.level for name, check in self._checks.items()}
        self._checks = {
            name: rules.checked(name, finding, self._checks.get(name), now_ms)
            for name, finding in self._findings().items()
        }
        changed = [check for check in self._checks.values() if levels.get(check.name) is not check.finding.level]
        for check in changed:
            if levels or not check.is_ok:
                log = _log.info if check.is_ok else _log.warning
                log("%s is %s: %s", check.name, check.finding.level, check.finding.detail.en)
        if changed:
            for follower in self._followers:
                follower()
        return tuple(self._checks.values())

    def order_refusal(self) -> Refused | None:
        """Why no new order is taken now, or ``None``."""
        failed = rules.stopped(self._checks.values(), self._stops.orders)
        if not failed:
            return None
        return Refused("orders-stopped", wait_s=30, why=tuple(self._checks[name].finding.detail for name in failed))

    @property
    def can_finish(self) -> int:
        """How many cards can be finished with what is there."""
        ready = [status.supplies for status in self._sights.printers().values() if not status.stopped_by]
        return rules.can_finish(self._sights.at_hand(), ready)

    @property
    def reading(self) -> HostReading | None:
        """The machine below as last read; ``None`` before the first time."""
        return self._reading

    async def look(self) -> None:
        """Read the clock and the machine, and judge everything anew. Raises ``Faulted`` when the disk takes nothing."""
        self._reading = await self._host.read()
        self.checks()
        self._gate.look()
        await self._calendar.look()

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except Faulted as fault:
                _log.warning("cannot remember the time: %s", fault.detail)
            await asyncio.sleep(LOOK_EVERY_S)

    async def watch_link(self, probe: CentreProbe, every_s: float) -> None:
        """For ever: see whether the centre can be reached. A link that seems down is tried again sooner."""
        self._link = Link()
        while True:
            self._link = self._link.observed(is_answering=await probe.is_answering())
            self.checks()
            self._gate.look()
            await asyncio.sleep(every_s if self._link.run == 0 else min(every_s, LOOK_EVERY_S))

    def _reasons(self) -> tuple[str, ...]:
        return rules.stopped(self._checks.values(), self._stops.printing)

    def _findings(self) -> Mapping[CheckName, Finding]:
        sights, reading = self._sights, self._reading
        printers, lag = sights.printers(), sights.city()
        able = self._officers.able()
        views = [self._officers.view(officer) for officer in able]
        return {
            CheckName.CENTRE: rules.centre(self._link),
            **({} if lag is None else {CheckName.CITY: rules.city(lag)}),
            CheckName.EQUIPMENT: rules.equipment(printers),
            CheckName.SUPPLIES: rules.supplies(self.can_finish, is_low=sights.is_low(), missed=sights.missed()),
            CheckName.OFFICERS: rules.officers(
                is_required=self._duty.is_required,
                able=len(able),
                on_duty=len(self._duty.on_duty()),
                ends_soon=sum(view.days_left is not None for view in views),
            ),
            CheckName.CLOCK: rules.clock(is_trusted=self._calendar.is_trusted, was_trusted=self._calendar.was_trusted),
            CheckName.DISK: Finding(Level.OK, rules.NOT_READ_YET)
            if reading is None and sights.storage_trouble() is None
            else rules.disk(None if reading is None else reading.free_bytes, sights.storage_trouble()),
            CheckName.TEMPERATURE: rules.temperature(
                printers, resting=sights.resting(), host_c=None if reading is None else reading.celsius
            ),
        }
