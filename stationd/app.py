"""The composition root: the only place that knows everything. It builds, starts in order, and stops in reverse."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from stationd import __version__
from stationd.adapters.loop_metrics import LOOP_LAG, LoopMetrics
from stationd.adapters.metrics import Metrics
from stationd.adapters.printers import drivers
from stationd.adapters.readers import drivers as reader_drivers
from stationd.adapters.render import SvgRenderer
from stationd.adapters.seal import StationSeal, load_key
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.keyring import KEY_CHECK, seal_of
from stationd.adapters.sqlite.printers import SqlitePrinters
from stationd.adapters.sqlite.tokens import SqliteTokens
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.adapters.systemd import Notifier, watchdog_s
from stationd.adapters.wait_metrics import WaitMetrics
from stationd.attending import Attending
from stationd.bookkeeping import Bookkeeping
from stationd.calling import Calling
from stationd.config import Settings
from stationd.domain.blanks import at_hand
from stationd.domain.dispatch import RESTING
from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.domain.matcher import Matcher
from stationd.domain.profile import Profile
from stationd.handing import Handing
from stationd.http.app import build
from stationd.http.doors import Doors
from stationd.http.listeners import hosts_of, open_sockets
from stationd.http.policy import MEBIBYTE, HttpPolicy
from stationd.http.routing import Table
from stationd.http.serve import HttpServer
from stationd.http.tls import server_tls
from stationd.keeping import Keeping
from stationd.notifying import Notifying
from stationd.ordering import TASK as RATIONING
from stationd.ordering import Ordering
from stationd.plugging import Bus, Plugging
from stationd.ports.clock import Clock, Entropy
from stationd.ports.printers import Printer, PrinterMark, PrinterSpec
from stationd.ports.readers import ReaderSpec
from stationd.ports.rendering import Renderer
from stationd.services.access import Access
from stationd.services.ahead import Ahead
from stationd.services.bell import Bell
from stationd.services.crew import Crew
from stationd.services.jobs import Jobs, Surrounding
from stationd.services.line import Line
from stationd.services.modems import Modems
from stationd.services.pace import Pace
from stationd.services.precedence import Precedence
from stationd.services.printers import Printers
from stationd.services.queue import Queue
from stationd.services.read import Readers
from stationd.services.recover import show_orphans
from stationd.services.spool import Spooler
from stationd.services.station import Station
from stationd.services.submit import Submission
from stationd.services.supervise import Supervisor
from stationd.services.watchdog import Watchdog
from stationd.streaming import Streaming

_log = logging.getLogger(__name__)

DATABASE_FILE = "station.db"
FINISH_WITHIN_S = 2.0
"""How long a stop waits for callers and cards; a card that is not settled then is asked for at the next start.

The whole stop has five seconds: the rest is for closing on a machine that is busy (seen: over two seconds more).
"""


class App:
    """A running station."""

    def __init__(
        self,
        settings: Settings,
        *,
        environment: Mapping[str, str] = os.environ,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        tables: Callable[["App"], Sequence[Table]] = lambda _: (),
        bus: Bus | None = None,
        sockets: Sequence[socket.socket] | None = None,
    ) -> None:
        """``tables`` gives calls beside the API's own, made once the station is built; ``bus`` other devices.

        ``sockets`` already listen, and are closed with the station; without them it opens its own.
        """
        self.settings = settings
        self.server: HttpServer | None = None
        self.addresses: tuple[str, ...] = ()
        """Where the API listens, as URLs and socket paths, once started."""
        self._tables = tables
        self._bus = bus or Bus()
        self._sockets = sockets
        self._environment = environment
        self._clock = clock or SystemClock()
        self._entropy = entropy or SystemEntropy()
        self._notifier = Notifier(environment)
        self._supervisor = Supervisor()
        self.readers = Readers(self._supervisor)
        self.modems = Modems()
        self._bell = Bell()
        self._line = Line()
        self._metrics: Metrics | None = None
        self._waits = WaitMetrics()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Bring the station up. Raises :class:`Faulted` with nothing left running when something stands in the way."""
        settings = self.settings
        self._database, seal = await open_database(settings, self._clock, self._publish, self._environment)
        try:
            await self._build(seal)
            await self._listen(seal)
        except BaseException:
            await self.stop()
            raise
        self._notifier.tell("READY=1")
        self._tell_status()
        self._feed_watchdog()
        self.attending.gate.follow(self._tell_status)
        _log.info("station %s is up, listening on %s", settings.station.id, ", ".join(self.addresses))

    async def stop(self) -> None:
        """Take no more requests, let the printers settle, write down what is known, close."""
        began = self._clock.monotonic()
        if hasattr(self, "streaming"):
            await self.streaming.stop(self._supervisor)
        if hasattr(self, "plugging"):
            await self.plugging.stop(self._supervisor)
        for spooler in self.printers.spoolers() if hasattr(self, "printers") else ():
            spooler.stop()
        if self.server is not None:
            await self.server.stop()
            self.server = None
        if hasattr(self, "keeping"):
            await self.keeping.stop(self._supervisor)
        for name in (LOOP_LAG, RATIONING, "bookkeeping", "old answers", "watchdog"):
            await self._supervisor.stop(name)
        await Attending.stop(self._supervisor)
        if hasattr(self, "notifying"):
            await self.notifying.stop(self._supervisor)
        await self.readers.aclose()
        if not await self._supervisor.settle(max(0.0, began + FINISH_WITHIN_S - self._clock.monotonic())):
            _log.warning("stopped with cards in the printers; they are asked for at the next start")
        await self._supervisor.stop()
        for spooler in self.printers.spoolers() if hasattr(self, "printers") else ():
            await spooler.aclose()
        await self._database.aclose()

    async def run_until_signalled(self) -> None:
        """Run until SIGTERM or SIGINT."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked.set)
        await asked.wait()
        _log.info("asked to stop")

    # ------------------------------------------------------------------------------------------------- building

    def _measure(self, metrics: Metrics) -> None:
        loop_metrics = LoopMetrics()
        for collector in (self.plugging.metrics, self.streaming.metrics, loop_metrics, self._waits):
            metrics.add(collector)
        self._supervisor.start(LOOP_LAG, loop_metrics.run)

    async def _build(self, seal: StationSeal) -> None:
        settings, clock, database = self.settings, self._clock, self._database
        writer, reader = database.writer, database.reader
        self.ordering = Ordering(settings, database, clock=clock, ring=self._bell.ring_all)
        self.store = SqliteJobs(
            writer,
            reader,
            seal,
            self._entropy,
            max_tries=settings.queue.max_tries,
            ageing=settings.queue.ageing,
            reach=settings.queue.reach,
            stop_after_spoils=settings.queue.stop_after_spoils,
            second_thoughts_s=settings.queue.second_thoughts_s,
            reserve=self.ordering.reserve,
        )
        renderer = SvgRenderer(settings.profiles)
        self.tokens = SqliteTokens(writer, reader)
        marks = SqlitePrinters(writer, reader, self._entropy)
        self.crew = Crew(self._line, lambda: at_hand(writer.balances()), clock, self.ordering.reserve)
        self.printers = Printers(
            marks,
            self.crew,
            renderer=renderer,
            templates={profile.name: profile.template for profile in settings.profiles},
        )
        self.queue = Queue(
            marks,
            line=self._line,
            crew=self.crew,
            bell=self._bell,
            clock=clock,
            at_hand=lambda: at_hand(writer.balances()),
            ageing=settings.queue.ageing,
        )
        await self.queue.load()
        self._ahead = Ahead(self.store, renderer, clock)
        self.attending = Attending(
            settings,
            database,
            seal,
            clock=clock,
            entropy=self._entropy,
            printers=lambda: {spooler.name: spooler.status for spooler in self.printers.spoolers()},
            resting=lambda: [spooler.name for spooler in self.printers.spoolers() if RESTING in spooler.reasons],
        )
        await self.attending.load()
        self.ordering.register(self.attending.approvals)
        await self.ordering.load()
        self.access = Access(
            self.tokens, clock, self.attending.duty, is_trusted=lambda: self.attending.calendar.is_trusted
        )
        self.jobs = Jobs(
            self.store,
            self._line,
            self.crew,
            renderer=renderer,
            surrounding=Surrounding(
                around=self.queue.around,
                counter=self.printers.counter,
                withdraw=self.printers.withdraw,
                give_up=self.printers.give_up,
                ration=self.ordering.rationer.of,
                waits=self.attending.second_person.about,
            ),
        )
        self.precedence = Precedence(self.store, self.ordering.rations, self.jobs, self.attending.second_person)
        self.notifying = Notifying(
            settings,
            database,
            seal,
            clock=clock,
            entropy=self._entropy,
            attending=self.attending,
            modems=self.modems,
        )
        self.bookkeeping = Bookkeeping(
            settings,
            database,
            seal,
            self.attending,
            clock=clock,
            entropy=self._entropy,
            printers=lambda: [spooler.name for spooler in self.printers.spoolers()],
        )
        await self.bookkeeping.load()
        self.handing = Handing(
            settings,
            database,
            seal,
            clock=clock,
            entropy=self._entropy,
            jobs=self.jobs,
            job_store=self.store,
            attending=self.attending,
            books=self.bookkeeping,
        )
        self.blanks = self.bookkeeping.blanks
        self.submission = Submission(
            self.store,
            self.jobs,
            renderer,
            {profile.name: frozenset({profile.template}) for profile in settings.profiles},
            city=self.attending.city_orders,
            bar=self.attending.readiness.order_refusal,
        )
        self.station = Station(
            id_=settings.station.id,
            name=settings.station.name,
            mode=settings.station.mode,
            serves=settings.station.serves,
            version=__version__,
            clock=clock,
            printers=self.printers,
            storage_trouble=lambda: writer.trouble,
            at_hand=lambda: at_hand(writer.balances()),
            gate=self.attending.gate,
        )
        metrics = Metrics(__version__, writer, self.printers.all, self.readers.statuses)
        await self.store.clear_delays()
        metrics.load(await self.store.counts())
        self._line.load(await self.store.ranks())
        await self.handing.load()
        for figures in (
            self.attending.metrics,
            self.handing.metrics,
            self.notifying.metrics,
            self.attending.approval_metrics,
            self.bookkeeping.metrics,
            self.ordering.metrics,
        ):
            metrics.add(figures)
        self._metrics = metrics

        async def attend(printer: Printer, spec: PrinterSpec, matcher: Matcher) -> Spooler:
            profiles = [matcher.fitted(profile) for profile in settings.profiles]
            return self._spooler(printer, spec, renderer, profiles, (await marks.marks()).get(spec.name))

        self.streaming = Streaming(database, clock, self.readers)
        self.plugging = await Plugging.make(
            settings,
            database,
            printers=self.printers,
            readers=self.readers,
            supervisor=self._supervisor,
            attend=attend,
            bus=self._bus,
            modems=self.modems,
        )
        self._measure(metrics)
        await show_orphans(self.store, self.plugging.names | {spec.name for spec in settings.printers})
        known = await marks.marks()
        for spec in settings.printers:
            self._add_printer(spec, renderer, known.get(spec.name))
        for reader_spec in settings.readers:
            await self._add_reader(reader_spec)
        self.plugging.start(self._supervisor, self.store)
        self._supervisor.start("bookkeeping", self.bookkeeping.run)
        self.keeping = Keeping(
            settings,
            database,
            seal,
            surely_ms=lambda: self.attending.calendar.known_ms,
            jobs=self.store,
            load_key=self._load_key,
            relieved=self._bell.ring_all,
        ).start(self._supervisor)
        self.attending.start(self._supervisor)
        await self.streaming.start(
            self._supervisor, printers=self.printers, station=self.station, readiness=self.attending.readiness
        )
        self.notifying.start(self._supervisor)
        self.ordering.start(self._supervisor)
        self.attending.readiness.follow(self._tell_status)

    def _load_key(self) -> bytes:
        settings = self.settings
        return load_key(settings.station.state_dir, self._environment, beside=settings.file.parent)

    def _add_printer(self, spec: PrinterSpec, renderer: Renderer, mark: PrinterMark | None) -> None:
        try:
            printer = drivers.build(spec, home=self.settings.station.state_dir)
        except ValueError as wrong:
            raise Faulted("printer-misconfigured", f"cannot use printer {spec.name}: {wrong}") from wrong
        spooler = self._spooler(printer, spec, renderer, self.settings.profiles, mark)
        self.printers.add(spooler)
        self._supervisor.start(f"printer {spec.name}", spooler.run)

    def _spooler(
        self,
        printer: Printer,
        spec: PrinterSpec,
        renderer: Renderer,
        profiles: Sequence[Profile],
        mark: PrinterMark | None,
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
            renderer=renderer,
            pace=Pace(nominal_s),
            gate=self.attending.gate,
            crew=self.crew,
            ahead=self._ahead,
            profiles={profile.name: profile for profile in profiles},
            batch=self.settings.queue.batch,
            mark=mark,
        )

    async def _add_reader(self, spec: ReaderSpec) -> None:
        try:
            reader = await asyncio.to_thread(reader_drivers.build, spec)
        except ValueError as wrong:
            raise Faulted("reader-misconfigured", f"cannot use reader {spec.name}: {wrong}") from wrong
        self.readers.add(reader, spec)

    async def _listen(self, seal: StationSeal) -> None:
        http = self.settings.http
        tls = await asyncio.to_thread(server_tls, http.tls_cert, http.tls_key, self._environment)
        inherited = list(self._sockets or ())
        own = open_sockets(str(place) for place in http.listen) if self._sockets is None else []
        sockets = (*own, *inherited)
        ports = sorted({each.getsockname()[1] for each in sockets if isinstance(each.getsockname(), tuple)})
        named = {f"{host}:{port}" for host in http.hosts for port in ports} | set(http.hosts)
        policy = HttpPolicy(
            hosts=hosts_of(sockets) | named,
            origins=frozenset(http.origins),
            max_body=http.max_body_mb * MEBIBYTE,
            body_timeout_s=http.body_timeout_s,
            kiosk_rate=http.kiosk_rate,
            has_local_admin=http.local_admin,
            is_tls=tls is not None,
        )
        metrics = self._metrics
        if metrics is None:
            raise AssertionError("built before listening")
        calling = Calling(self._database, seal, self._clock, self.access, self.streaming.stream)
        calling.start(self._supervisor)
        doors = Doors(
            access=self.access,
            submission=self.submission,
            jobs=self.jobs,
            printers=self.printers,
            readers=self.readers,
            devices=self.plugging.devices,
            queue=self.queue,
            blanks=self.blanks,
            cards=self.handing.cards,
            notices=self.notifying.notices,
            board=self.notifying.board,
            rush=self.notifying.rush,
            answers=self.handing.answers,
            transfers=self.handing.transfers,
            slips=self.handing.slips,
            minutes=self.bookkeeping.minutes,
            station=self.station,
            officers=self.attending.officers,
            sign_in=self.attending.sign_in,
            second_person=self.attending.second_person,
            precedence=self.precedence,
            duty=self.attending.duty,
            readiness=self.attending.readiness,
            stream=self.streaming.stream,
            figures=self.streaming.figures,
            pairings=calling.pairings,
            repeats=calling.repeats,
            clock=self._clock,
            metrics=metrics.render,
        )
        self.server = HttpServer(
            build(doors, policy, self._tables(self)), policy, own=own, inherited=inherited, tls=tls
        )
        await self.server.start()
        self.addresses = tuple(
            f"{'https' if tls else 'http'}://{name[0]}:{name[1]}"
            if isinstance(name := each.getsockname(), tuple)
            else f"unix:{name}"
            for each in sockets
        )

    def _feed_watchdog(self) -> None:
        """Tell systemd of progress, where it waits for word of it."""
        limit_s = watchdog_s(self._environment)
        if limit_s is None:
            return
        watchdog = Watchdog(
            lambda: self._notifier.tell("WATCHDOG=1"),
            self._database.writer.touch,
            lambda: {spooler.name: spooler.asked_at for spooler in self.printers.spoolers()},
            self._clock,
            every_s=limit_s / 3,
        )
        self._supervisor.start("watchdog", watchdog.run)

    def _tell_status(self) -> None:
        view = self.station.describe()
        how = "ready" if view.is_ready else f"not printing: {', '.join(view.reasons)}"
        self._notifier.tell(f"STATUS=station {view.id} is {how}")

    # ---------------------------------------------------------------------------------------------------- events

    def _publish(self, events: Sequence[Event]) -> None:
        """After a commit: the line, the figures, and a ring for the printers that have something to do."""
        if self._metrics is not None:
            self._metrics.follow(events)
            self._waits.follow(events)
            self.handing.follow(events)
            self.notifying.follow(events)
            self.attending.approval_metrics.follow(events)
            self.bookkeeping.metrics.follow(events)
        if hasattr(self, "plugging"):
            self.plugging.metrics.follow(events)
        if hasattr(self, "streaming"):
            self.streaming.follow(events)
        joined = self._line.follow(events)
        if hasattr(self, "ordering"):
            self.ordering.follow(events)
        if any(event.type.startswith("blanks.") for event in events):
            self._bell.ring_all()
        elif joined:
            self._bell.ring(joined)


async def open_database(
    settings: Settings,
    clock: Clock,
    publish: Callable[[Sequence[Event]], None] = lambda _: None,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Database, StationSeal]:
    """The station's database and the seal of its personal data, which must belong together.

    Raises :class:`Faulted` with nothing left open when one of them cannot be used.
    """
    state_dir = _existing(settings.station.state_dir)
    key = load_key(state_dir, environment, beside=settings.file.parent)
    database = await Database.open(state_dir / DATABASE_FILE, clock, publish)
    try:
        seal = await database.reader.run(lambda connection: seal_of(connection, key))
        if await database.remembered(KEY_CHECK) is None:
            await database.remember(KEY_CHECK, seal.check_value())
    except BaseException:
        await database.aclose()
        raise
    return database, seal


def _existing(state_dir: Path) -> Path:
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Faulted(
            "storage-failed",
            f"cannot use the state directory {state_dir}: {error.strerror}",
            fix="create it, and give it to the user that runs stationd",
        ) from error
    return state_dir
