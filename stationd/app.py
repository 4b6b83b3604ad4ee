"""The composition root: the only place that knows everything. It builds, starts in order, and stops in reverse."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from stationd import __version__
from stationd.adapters.readers import drivers as reader_drivers
from stationd.adapters.seal import StationSeal, load_key
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.keyring import KEY_CHECK, seal_of
from stationd.adapters.sqlite.restored import put_to_people
from stationd.adapters.sqlite.tokens import SqliteTokens
from stationd.adapters.station_lock import held
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.adapters.systemd import Notifier, watchdog_s
from stationd.attending import Attending
from stationd.bookkeeping import Bookkeeping
from stationd.calling import Calling
from stationd.config import Settings
from stationd.domain.blanks import at_hand
from stationd.domain.dispatch import RESTING
from stationd.domain.errors import Faulted
from stationd.domain.events import Event
from stationd.handing import Handing
from stationd.http.doors import Doors
from stationd.http.routing import Table
from stationd.keeping import Keeping
from stationd.linking import Linking
from stationd.measuring import Measuring
from stationd.notifying import Notifying
from stationd.ordering import Ordering
from stationd.plugging import Bus, Plugging
from stationd.ports.clock import Clock, Entropy
from stationd.ports.readers import ReaderSpec
from stationd.printing import Printing
from stationd.services.access import Access
from stationd.services.bell import Bell
from stationd.services.modems import Modems
from stationd.services.read import Readers
from stationd.services.recover import show_orphans
from stationd.services.station import Station
from stationd.services.supervise import Supervisor
from stationd.services.watchdog import Watchdog
from stationd.serving import Serving
from stationd.streaming import Streaming

_log = logging.getLogger(__name__)

DATABASE_FILE = "station.db"
WATCHDOG = "watchdog"
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
        self._tables = tables
        self._bus = bus or Bus()
        self._environment = environment
        self._clock = clock or SystemClock()
        self._entropy = entropy or SystemEntropy()
        self._notifier = Notifier(environment)
        self._supervisor = Supervisor()
        self._serving = Serving(settings, environment=environment, sockets=sockets)
        self.readers = Readers(self._supervisor)
        self.modems = Modems()
        self._bell = Bell()
        self._parts = AsyncExitStack()
        """What is to be stopped, the last to be built first."""
        self._followers: list[Callable[[Sequence[Event]], None]] = []
        """Who is told what was committed, in this order."""
        self._stopping_since = 0.0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the API listens, as URLs and socket paths, once started."""
        return self._serving.addresses

    async def start(self) -> None:
        """Bring the station up. Raises :class:`Faulted` with nothing left running when something stands in the way."""
        settings = self.settings
        try:
            self._parts.enter_context(held(_existing(settings.station.state_dir)))
            self._database, self._seal = await open_database(settings, self._clock, self._publish, self._environment)
            self._parts.push_async_callback(self._database.aclose)
            await self._build()
            await self._load()
            await self._run()
            await self._serving.start(self._doors(), self._tables(self))
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
        self._stopping_since = self._clock.monotonic()
        await self._parts.aclose()

    async def run_until_signalled(self) -> None:
        """Run until SIGTERM or SIGINT."""
        asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, asked.set)
        await asked.wait()
        _log.info("asked to stop")

    # ------------------------------------------------------------------------------------------------- building

    async def _build(self) -> None:
        """Make the parts from the bottom up, and say how each is stopped; nothing runs yet."""
        settings, clock, entropy = self.settings, self._clock, self._entropy
        database, seal, writer = self._database, self._seal, self._database.writer
        stop = self._parts.push_async_callback
        self.tokens = SqliteTokens(writer, database.reader)
        self.ordering = Ordering(settings, database, clock=clock, ring=self._bell.ring_all)
        self.attending = Attending(
            settings,
            database,
            seal,
            clock=clock,
            entropy=entropy,
            printers=lambda: {spooler.name: spooler.status for spooler in self.printers.spoolers()},
            resting=lambda: [spooler.name for spooler in self.printers.spoolers() if RESTING in spooler.reasons],
        )
        self.ordering.register(self.attending.approvals)
        self.access = Access(
            self.tokens, clock, self.attending.duty, is_trusted=lambda: self.attending.calendar.is_trusted
        )
        self.printing = Printing(
            settings,
            database,
            seal,
            clock=clock,
            entropy=entropy,
            bell=self._bell,
            attending=self.attending,
            ordering=self.ordering,
        )
        self.store, self.jobs, self.printers = self.printing.store, self.printing.jobs, self.printing.printers
        self.measuring = Measuring(
            database,
            clock,
            printers=self.printers,
            readers=self.readers,
            is_ready=lambda: self.station.describe().is_ready,
            is_trusted=lambda: self.attending.calendar.is_trusted,
        )
        stop(self.measuring.keep)
        stop(self.printing.aclose)
        stop(self._supervisor.stop)
        stop(self._settle)
        stop(self.readers.aclose)
        self.notifying = Notifying(
            settings, database, seal, clock=clock, entropy=entropy, attending=self.attending, modems=self.modems
        )
        stop(self.notifying.stop, self._supervisor)
        stop(self.attending.stop, self._supervisor)
        self.bookkeeping = Bookkeeping(
            settings,
            database,
            seal,
            self.attending,
            clock=clock,
            entropy=entropy,
            printers=lambda: [spooler.name for spooler in self.printers.spoolers()],
        )
        self.blanks = self.bookkeeping.blanks
        self.handing = Handing(
            settings,
            database,
            seal,
            clock=clock,
            entropy=entropy,
            jobs=self.jobs,
            job_store=self.store,
            attending=self.attending,
            books=self.bookkeeping,
        )
        self.linking = Linking(
            settings,
            database,
            seal,
            clock=clock,
            entropy=entropy,
            submission=self.printing.submission,
            transfers=self.handing.transfers,
        )
        self.attending.city_lag = lambda: self.linking.lag
        self.keeping = Keeping(
            settings,
            database,
            seal,
            surely_ms=lambda: self.attending.calendar.known_ms,
            jobs=self.store,
            load_key=self._load_key,
            relieved=self._bell.ring_all,
        )
        self.station = Station(
            id_=settings.station.id,
            name=settings.station.name,
            mode=settings.station.mode,
            serves=settings.station.serves,
            time_zone=settings.station.time_zone or None,
            version=__version__,
            clock=clock,
            printers=self.printers,
            storage_trouble=lambda: writer.trouble,
            at_hand=lambda: at_hand(writer.balances()),
            gate=self.attending.gate,
        )
        self.streaming = Streaming(database, clock, self.readers)
        self._calling = Calling(database, seal, clock, self.access, self.streaming.stream)
        stop(self._stop_tasks)
        stop(self.linking.stop, self._supervisor)
        stop(self._serving.stop)
        stop(self.printing.stop)
        self.plugging = await Plugging.make(
            settings,
            database,
            printers=self.printers,
            readers=self.readers,
            supervisor=self._supervisor,
            attend=self.printing.attend,
            bus=self._bus,
            modems=self.modems,
        )
        stop(self.plugging.stop, self._supervisor)
        stop(self.streaming.stop, self._supervisor)

    async def _load(self) -> None:
        """Take up what a former run left, and begin to follow what is committed."""
        await put_to_people(self._database.writer)
        await self.attending.load()
        await self.ordering.load()
        await self.bookkeeping.load()
        await self.printing.load()
        await self.handing.load()
        await self.measuring.load()
        await self.linking.load()
        for collector in (
            self.attending.metrics,
            self.handing.metrics,
            self.notifying.metrics,
            self.attending.approval_metrics,
            self.bookkeeping.metrics,
            self.ordering.metrics,
            self.plugging.metrics,
            self.streaming.metrics,
        ):
            self.measuring.metrics.add(collector)
        if self.linking.is_set_up:
            self.measuring.metrics.add(self.linking.metrics)
        self._followers = [
            self.measuring.follow,
            self.handing.follow,
            self.attending.approval_metrics.follow,
            self.bookkeeping.metrics.follow,
            self.streaming.follow,
            self.linking.follow,
            self.printing.follow,
            self.ordering.follow,
        ]

    async def _run(self) -> None:
        """Start what goes on for ever; the printers first, so that nothing waits for the rest."""
        supervisor = self._supervisor
        self.measuring.start(supervisor)
        await show_orphans(self.store, self.plugging.names | {spec.name for spec in self.settings.printers})
        await self.printing.start(supervisor)
        for spec in self.settings.readers:
            await self._add_reader(spec)
        self.plugging.start(supervisor, self.store)
        self.bookkeeping.start(supervisor)
        self.keeping.start(supervisor)
        self.attending.start(supervisor)
        await self.streaming.start(
            supervisor, printers=self.printers, station=self.station, readiness=self.attending.readiness
        )
        self.notifying.start(supervisor)
        self.ordering.start(supervisor)
        self._calling.start(supervisor)
        self.linking.start(supervisor)
        self.attending.readiness.follow(self._tell_status)

    async def _stop_tasks(self) -> None:
        for part in (self.keeping, self.ordering, self.bookkeeping, self._calling, self.measuring):
            await part.stop(self._supervisor)
        await self._supervisor.stop(WATCHDOG)

    async def _settle(self) -> None:
        """Give callers and cards their time."""
        left_s = self._stopping_since + FINISH_WITHIN_S - self._clock.monotonic()
        if not await self._supervisor.settle(max(0.0, left_s)):
            _log.warning("stopped with cards in the printers; they are asked for at the next start")

    async def _add_reader(self, spec: ReaderSpec) -> None:
        try:
            reader = await asyncio.to_thread(reader_drivers.build, spec)
        except ValueError as wrong:
            raise Faulted("reader-misconfigured", f"cannot use reader {spec.name}: {wrong}") from wrong
        self.readers.add(reader, spec)

    def _load_key(self) -> bytes:
        settings = self.settings
        return load_key(settings.station.state_dir, self._environment, beside=settings.file.parent)

    def _doors(self) -> Doors:
        """What the API may use."""
        return Doors(
            access=self.access,
            submission=self.printing.submission,
            jobs=self.jobs,
            printers=self.printers,
            readers=self.readers,
            devices=self.plugging.devices,
            queue=self.printing.queue,
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
            precedence=self.printing.precedence,
            duty=self.attending.duty,
            readiness=self.attending.readiness,
            stream=self.streaming.stream,
            figures=self.streaming.figures,
            pairings=self._calling.pairings,
            repeats=self._calling.repeats,
            clock=self._clock,
            metrics=self.measuring.metrics.render,
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
        self._supervisor.start(WATCHDOG, watchdog.run)

    def _tell_status(self) -> None:
        view = self.station.describe()
        how = "ready" if view.is_ready else f"not printing: {', '.join(view.reasons)}"
        self._notifier.tell(f"STATUS=station {view.id} is {how}")

    # ---------------------------------------------------------------------------------------------------- events

    def _publish(self, events: Sequence[Event]) -> None:
        """After a commit: the figures, the stream, the line and the printers that have something to do."""
        for follow in self._followers:
            follow(events)


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
