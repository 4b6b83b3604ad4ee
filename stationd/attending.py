"""The part of the composition that is about people and the gate: officers, duty, the city, readiness."""

from collections.abc import Callable, Collection, Mapping

from stationd.adapters.approval_metrics import ApprovalMetrics
from stationd.adapters.city_keys import CityKeys
from stationd.adapters.host import LinuxHost
from stationd.adapters.kernel_clock import KernelClock, VouchedClock
from stationd.adapters.pin import Argon2Pins
from stationd.adapters.probe import probe_for
from stationd.adapters.readiness_metrics import ReadinessMetrics
from stationd.adapters.sqlite.approvals import SqliteApprovals
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.officers import SqliteOfficers
from stationd.config import Mode, Settings
from stationd.domain.blanks import at_hand
from stationd.domain.printer import PrinterStatus
from stationd.domain.readiness import CityLag
from stationd.domain.session import SessionRules
from stationd.ports.clock import Clock, Entropy
from stationd.ports.officers import PinHasher
from stationd.ports.seal import Seal
from stationd.services.calendar import Calendar
from stationd.services.city_orders import CityOrders, UnsignedOrders
from stationd.services.duty import Duty
from stationd.services.gate import Gate
from stationd.services.officers import Officers
from stationd.services.readiness import Readiness, Sights, Stops
from stationd.services.second_person import SecondPerson
from stationd.services.sign_in import SignIn
from stationd.services.supervise import Supervisor


class Attending:
    """Who may print here, and whether the station may print at all."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        seal: Seal,
        *,
        clock: Clock,
        entropy: Entropy,
        printers: Callable[[], Mapping[str, PrinterStatus]],
        resting: Callable[[], Collection[str]] = tuple,
        hasher: PinHasher | None = None,
    ) -> None:
        self._settings = settings
        self.missed: Callable[[], int] = int
        """How many blanks the last count did not find; whoever keeps their book says it here."""
        self.city_lag: Callable[[], CityLag | None] = lambda: None
        """How far the city is behind; whoever keeps the link says it here."""
        is_unattended = settings.station.mode is Mode.UNATTENDED
        store = SqliteOfficers(database.writer, database.reader, seal)
        hasher = hasher or Argon2Pins()
        source = VouchedClock() if settings.clock.trust == "always" else KernelClock()
        self.gate = Gate()
        self.calendar = Calendar(clock, source, store)
        self.officers = Officers(store, hasher, self.calendar, settings.station.serves)
        self.duty = Duty(
            store,
            self.officers,
            clock=clock,
            calendar=self.calendar,
            gate=self.gate,
            rules=SessionRules(
                lifetime_s=settings.duty.session_hours * 3600.0, idle_s=settings.duty.idle_minutes * 60.0
            ),
            is_required=settings.duty.required,
        )
        self.sign_in = SignIn(
            store,
            self.officers,
            self.duty,
            hasher=hasher,
            clock=clock,
            calendar=self.calendar,
            regions=frozenset(settings.station.serves),
        )
        self.approvals = SqliteApprovals(database.writer, database.reader, entropy)
        """Owners of what needs a second person say here how it is carried out."""
        self.second_person = SecondPerson(
            self.approvals,
            self.officers,
            self.sign_in,
            clock=clock,
            calendar=self.calendar,
            lifetime_s=settings.duty.second_minutes * 60.0,
        )
        self.approval_metrics = ApprovalMetrics()
        self.city_orders = CityOrders(
            CityKeys(settings.city.keys),
            station=settings.station.id,
            moment=lambda: self.calendar.moment,
            is_required=is_unattended,
            reserved=settings.city.reserved,
        )
        self.unsigned = UnsignedOrders(store, self.gate) if is_unattended else None
        balances = database.writer.balances
        self.readiness = Readiness(
            Sights(
                printers=printers,
                at_hand=lambda: at_hand(balances()),
                resting=resting,
                storage_trouble=lambda: database.writer.trouble,
                missed=self._missed,
                city=self._lag,
                is_low=lambda: at_hand(balances()) <= settings.blanks.low,
            ),
            clock=clock,
            calendar=self.calendar,
            officers=self.officers,
            duty=self.duty,
            host=LinuxHost(settings.station.state_dir),
            stops=Stops(orders=settings.readiness.stop_orders, printing=settings.readiness.stop_printing),
            gate=self.gate,
        )
        self.metrics = ReadinessMetrics(self.readiness, self.officers, self.duty)

    def _missed(self) -> int:
        return self.missed()

    def _lag(self) -> CityLag | None:
        return self.city_lag()

    async def load(self) -> None:
        """Take up what a former run left: the trusted day, the register, sessions and duty."""
        await self.officers.load()
        await self.calendar.load()
        await self.duty.load()
        await self.second_person.sweep()
        self.approval_metrics.load(len(await self.second_person.pending()))
        if self.unsigned is not None:
            await self.unsigned.look()

    def start(self, supervisor: Supervisor) -> None:
        """Start what goes on for ever."""
        supervisor.start("duty", self.duty.run)
        supervisor.start("readiness", self.readiness.run)
        supervisor.start("second person", self.second_person.run)
        if self.unsigned is not None:
            supervisor.start("unsigned orders", self.unsigned.run)
        centre = self._settings.centre
        if centre.probe is not None:
            probe = probe_for(centre.probe, centre.timeout_s)
            supervisor.start("link to the centre", lambda: self.readiness.watch_link(probe, centre.every_s))

    @staticmethod
    async def stop(supervisor: Supervisor) -> None:
        """Stop it; printers may still be at work."""
        for name in ("duty", "readiness", "second person", "unsigned orders", "link to the centre"):
            await supervisor.stop(name)
