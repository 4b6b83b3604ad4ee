"""The part of the composition that is about the queue: orders, the line they form, and the printers that take them."""

from collections.abc import Sequence
from functools import partial

from stationd.adapters.printers import drivers
from stationd.adapters.render import SvgRenderer
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.printers import SqlitePrinters
from stationd.attending import Attending
from stationd.config import Settings
from stationd.domain.blanks import at_hand
from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.domain.matcher import Matcher
from stationd.domain.profile import Profile
from stationd.ordering import Ordering
from stationd.ports.clock import Clock, Entropy
from stationd.ports.printers import Printer, PrinterMark, PrinterSpec
from stationd.ports.seal import Seal
from stationd.services.ahead import Ahead
from stationd.services.bell import Bell
from stationd.services.crew import Crew
from stationd.services.jobs import Jobs, Surrounding
from stationd.services.line import Line
from stationd.services.pace import Pace
from stationd.services.precedence import Precedence
from stationd.services.printers import Printers
from stationd.services.queue import Queue
from stationd.services.spool import Spooler
from stationd.services.submit import Submission
from stationd.services.supervise import Supervisor


class Printing:
    """From the order taken to the card in the tray."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        seal: Seal,
        *,
        clock: Clock,
        entropy: Entropy,
        bell: Bell,
        attending: Attending,
        ordering: Ordering,
    ) -> None:
        """``bell`` wakes printers; ``ordering`` says who waits for blanks, ``attending`` who must agree."""
        self._settings = settings
        self._clock = clock
        self._bell = bell
        self._gate = attending.gate
        self._line = Line()
        writer, reader, queue = database.writer, database.reader, settings.queue
        self.store = SqliteJobs(
            writer,
            reader,
            seal,
            entropy,
            max_tries=queue.max_tries,
            ageing=queue.ageing,
            reach=queue.reach,
            stop_after_spoils=queue.stop_after_spoils,
            second_thoughts_s=queue.second_thoughts_s,
            reserve=ordering.reserve,
        )
        self._renderer = SvgRenderer(settings.profiles)
        self._marks = SqlitePrinters(writer, reader, entropy)
        stock = partial(_stock, database)
        self._crew = Crew(self._line, stock, clock, ordering.reserve)
        self.printers = Printers(
            self._marks,
            self._crew,
            renderer=self._renderer,
            templates={profile.name: profile.template for profile in settings.profiles},
        )
        self.queue = Queue(
            self._marks,
            line=self._line,
            crew=self._crew,
            bell=bell,
            clock=clock,
            at_hand=stock,
            ageing=queue.ageing,
        )
        self._ahead = Ahead(self.store, self._renderer, clock)
        self.jobs = Jobs(
            self.store,
            self._line,
            self._crew,
            renderer=self._renderer,
            surrounding=Surrounding(
                around=self.queue.around,
                counter=self.printers.counter,
                withdraw=self.printers.withdraw,
                give_up=self.printers.give_up,
                ration=ordering.rationer.of,
                waits=attending.second_person.about,
            ),
        )
        self.precedence = Precedence(self.store, ordering.rations, self.jobs, attending.second_person)
        self.submission = Submission(
            self.store,
            self.jobs,
            self._renderer,
            {profile.name: frozenset({profile.template}) for profile in settings.profiles},
            city=attending.city_orders,
            bar=attending.readiness.order_refusal,
        )

    async def load(self) -> None:
        """Take up what a former run left: pauses, and the line; a delay of then is over."""
        await self.queue.load()
        await self.store.clear_delays()
        self._line.load(await self.store.ranks())

    def follow(self, events: Sequence[Event]) -> None:
        """Take in what was committed: the line, and a ring for the printers that have something to do."""
        joined = self._line.follow(events)
        if any(event.type.startswith("blanks.") for event in events):
            self._bell.ring_all()
        elif joined:
            self._bell.ring(joined)

    async def attend(self, printer: Printer, spec: PrinterSpec, matcher: Matcher) -> Spooler:
        """What serves a printer that was plugged in."""
        profiles = [matcher.fitted(profile) for profile in self._settings.profiles]
        return self._spooler(printer, spec, profiles, (await self._marks.marks()).get(spec.name))

    async def start(self, supervisor: Supervisor) -> None:
        """Put the configured printers to work. Raises :class:`Faulted` (``printer-misconfigured``)."""
        known = await self._marks.marks()
        for spec in self._settings.printers:
            try:
                printer = drivers.build(spec, home=self._settings.station.state_dir)
            except ValueError as wrong:
                raise Faulted("printer-misconfigured", f"cannot use printer {spec.name}: {wrong}") from wrong
            spooler = self._spooler(printer, spec, self._settings.profiles, known.get(spec.name))
            self.printers.add(spooler)
            supervisor.start(f"printer {spec.name}", spooler.run)

    async def stop(self) -> None:
        """Begin no more cards; those begun go on."""
        for spooler in self.printers.spoolers():
            spooler.stop()

    async def aclose(self) -> None:
        """Let the printers go."""
        for spooler in self.printers.spoolers():
            await spooler.aclose()

    def _spooler(
        self, printer: Printer, spec: PrinterSpec, profiles: Sequence[Profile], mark: PrinterMark | None
    ) -> Spooler:
        nominal_s = {profile.name: profile.nominal_s for profile in profiles}
        seconds = printer.capabilities.nominal_s
        if seconds is not None:
            nominal_s = dict.fromkeys(nominal_s, seconds)
            profiles = [profile.at(seconds) for profile in profiles]
        self._ahead.make_room()
        return Spooler(
            printer,
            spec,
            store=self.store,
            bell=self._bell,
            clock=self._clock,
            renderer=self._renderer,
            pace=Pace(nominal_s),
            gate=self._gate,
            crew=self._crew,
            ahead=self._ahead,
            profiles={profile.name: profile for profile in profiles},
            batch=self._settings.queue.batch,
            mark=mark,
        )


def _stock(database: Database) -> int:
    return at_hand(database.writer.balances())
