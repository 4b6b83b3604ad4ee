"""The city at work: facts into the books, messages out of them, rights to the servers, the door."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from aiohttp import web

from stationd.adapters.books_metrics import BooksMetrics, ServersHealth
from stationd.adapters.system import SystemClock
from stationd.adapters.systemd import Notifier, watchdog_s
from stationd.city import door
from stationd.city.assigning import Policy
from stationd.city.backup import newest_backup
from stationd.city.books import Books, Transaction
from stationd.city.desk import Desk
from stationd.city.engine import Engine, letter_of
from stationd.city.identity import Identity, read_key, read_token
from stationd.city.metrics import difference_counts, figures
from stationd.city.rights import Rights
from stationd.city.settings import CitySettings
from stationd.city.taking import Facts, Letter, Taken
from stationd.domain.errors import Faulted

_log = logging.getLogger(__name__)

_FACTS_AT_ONCE: Final = 256
_MESSAGES_AT_ONCE: Final = 64
_LOOK_EVERY_S: Final = 1.0
_ASK_EVERY_S: Final = 60.0
_FIGURES_EVERY_S: Final = 10.0
_COMPARED_EVERY_S: Final = 300.0
_TOLD_EVERY_S: Final = 3.0
_AGAIN_AFTER_S: Final = 2.0
_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 30.0
_TRIAL: Final = "sqlite:"


class City:
    """Everything of one run; :func:`opened` builds it."""

    def __init__(self, settings: CitySettings, identity: Identity) -> None:
        clock = SystemClock()
        self.settings = settings
        self.rights = Rights(identity, settings.city)
        self.metrics = BooksMetrics()
        self._clock_s: Callable[[], int] = lambda: clock.now_ms() // 1000
        self.loop = asyncio.get_running_loop()
        self._written = asyncio.Event()
        policy = Policy(leave_ahead=settings.leave_ahead, life_s=settings.life_s, reserved=settings.reserved)
        books = Books(settings.database, clock.now_ms)
        self.desk = Desk(books, identity, self.rights, policy, self._note)

    async def run(self) -> None:
        """Work until cancelled; whatever is lost is built up again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link(), name="link")
            tasks.create_task(self._figures(), name="figures")

    async def _link(self) -> None:
        is_first, said = True, ""
        while True:
            engine: Engine | None = None
            try:
                consumer = await self.desk.consumer()
                engine = Engine(self.settings.servers, self.rights, self._clock_s, consumer=consumer)
                told = _cancellations()
                await engine.connect()
                _go_on(told)
                if renewed := await self.desk.renew(await engine.orders_made()):
                    _log.warning("the stream of orders is a new one: %d orders are told anew", renewed)
                self.metrics.is_connected = is_first = True
                _log.info("connected to the servers of the link")
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._take(engine), name="facts")
                    tasks.create_task(self._send(engine), name="messages")
                    tasks.create_task(self._govern(engine), name="rights")
                    tasks.create_task(self._watch(engine), name="servers")
                    tasks.create_task(self._ask_again(engine), name="missing facts")
            except* Faulted as group:
                why = _first(group)
                if is_first or str(why) != said:
                    _log.warning("%s; it is tried again", _line(why))
                is_first, said = False, str(why)
            finally:
                self.metrics.is_connected = False
                self.metrics.servers = ServersHealth()
                if engine is not None:
                    await engine.aclose()
            await asyncio.sleep(_AGAIN_AFTER_S)

    async def _take(self, engine: Engine) -> None:
        """Facts into the books; acknowledged once they are committed."""
        books, facts, counts = self.desk.books, self.desk.facts, self.metrics.facts
        while True:
            _go_on()
            messages = await engine.fetch(_FACTS_AT_ONCE)
            if not messages:
                if await self.desk.is_catching_up() and await engine.has_all():
                    await self.desk.caught_up()
                continue
            letters = [letter_of(message) for message in messages]
            taken = await books.run(partial(_taken, facts, letters))
            await engine.acknowledge(messages)
            counts.labels("new").inc(taken.new)
            counts.labels("repeated").inc(taken.repeated)
            counts.labels("refused").inc(taken.refused)

    async def _send(self, engine: Engine) -> None:
        """Messages out of the books, as they were written; marked once they are on the servers' disks."""
        books, is_full = self.desk.books, False
        while True:
            _go_on()
            self._written.clear()
            waiting = await books.run(lambda transaction: transaction.rows("unsent", most=_MESSAGES_AT_ONCE))
            async with asyncio.TaskGroup() as tasks:
                posts = [tasks.create_task(engine.post(id_, station, bytes(body))) for id_, station, body in waiting]
            sent = [row[0] for row, post in zip(waiting, posts, strict=True) if post.result()]
            if len(sent) < len(waiting) and not is_full:
                _log.warning("the servers have no room for messages to stations: %d wait", len(waiting) - len(sent))
            is_full = len(sent) < len(waiting)
            if sent:
                await books.run(partial(_mark, sent))
                self.metrics.sent.inc(len(sent))
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await (asyncio.sleep(_LOOK_EVERY_S) if is_full else self._written.wait())

    async def _govern(self, engine: Engine) -> None:
        """Consumers for the stations that are enrolled, and rights for them and no others."""
        served: frozenset[str] = frozenset()
        pushed: object = None
        while True:
            _go_on()
            stations = frozenset(each["id"] for each in await self.desk.stations())
            await engine.welcome(sorted(stations - served))
            served |= stations
            revoked = await self.desk.revoked()
            if revoked != pushed:
                await engine.push(revoked)
                pushed = revoked
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _watch(self, engine: Engine) -> None:
        """How the servers are, for the metrics."""
        while True:
            _go_on()
            self.metrics.servers = await engine.health()
            await asyncio.sleep(_FIGURES_EVERY_S)

    async def _ask_again(self, engine: Engine) -> None:
        """Ask stations for facts that are missing while the servers have none left: they were lost with a stream."""
        while True:
            await asyncio.sleep(_ASK_EVERY_S)
            _go_on()
            if await engine.has_all():
                for id_, station, body in await self.desk.wanted():
                    await engine.post(id_, station, body)

    async def _figures(self) -> None:
        compare_at, is_first = self.loop.time(), True
        while True:
            try:
                self.metrics.figures = await self.desk.books.run(figures)
                if self.loop.time() >= compare_at:
                    self.metrics.differences = await self.desk.books.run(difference_counts)
                    compare_at = self.loop.time() + _COMPARED_EVERY_S
                is_first = True
            except Faulted as trouble:
                if is_first:
                    _log.warning("%s", trouble)
                is_first = False
            self.metrics.backed_up_at = await asyncio.to_thread(newest_backup, self.settings.backup_dir)
            await asyncio.sleep(_FIGURES_EVERY_S)

    def _note(self) -> None:
        """Called in the thread of the books; what it tells of is committed when the next unit runs there."""
        self.loop.call_soon_threadsafe(self._written.set)


@asynccontextmanager
async def opened(settings: CitySettings) -> AsyncIterator[City]:
    """The city with its books open. Raises ``Faulted``."""
    city = City(settings, Identity(await asyncio.to_thread(read_key, settings.key_file)))
    await city.desk.books.open()
    try:
        yield city
    finally:
        await city.desk.books.aclose()


@asynccontextmanager
async def serving(city: City) -> AsyncIterator[int]:
    """The door open; its port. Raises ``Faulted`` (``token-unusable``, ``port-taken``)."""
    token = await asyncio.to_thread(read_token, city.settings.token_file)
    runner = web.AppRunner(door.build(city.desk, city.metrics, token), access_log=None, keepalive_timeout=15)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", city.settings.port).start()
        except OSError as error:
            raise Faulted("port-taken", f"cannot listen on port {city.settings.port}: {error.strerror}") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def serve(settings: CitySettings, environment: Mapping[str, str] = os.environ) -> None:
    """Run until SIGTERM or SIGINT. Raises ``Faulted`` for what waiting does not mend."""
    city = City(settings, Identity(await asyncio.to_thread(read_key, settings.key_file)))
    told = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        city.loop.add_signal_handler(each, told.set)
    notifier = Notifier(environment)
    work = asyncio.create_task(_at_work(city, notifier, watchdog_s(environment)), name="city")
    waiting = asyncio.create_task(told.wait(), name="signal")
    await asyncio.wait({work, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    notifier.tell("STOPPING=1")
    await end(work)
    _log.info("asked to stop; stopped")


async def _at_work(city: City, notifier: Notifier, watchdog: float | None) -> None:
    try:
        await _until_open(city, notifier)
        async with serving(city) as port:
            _log.info("the books are open; the city's door is at http://127.0.0.1:%d", port)
            notifier.tell("READY=1")
            feeding = asyncio.create_task(_tell(city, notifier, watchdog), name="systemd")
            try:
                await city.run()
            finally:
                feeding.cancel()
    finally:
        await city.desk.books.aclose()


async def _until_open(city: City, notifier: Notifier) -> None:
    """Open the books; a database that is not there yet is waited for."""
    wait_s = _WAIT_S
    while True:
        try:
            return await city.desk.books.open()
        except Faulted as trouble:
            if trouble.code != "books-unreachable" or city.settings.database.startswith(_TRIAL):
                raise
            if wait_s == _WAIT_S:
                _log.warning("%s; it is tried again until it is there: %s", trouble.detail, trouble.fix)
            notifier.tell(f"STATUS=waits for the database: {trouble.detail}")
        await asyncio.sleep(wait_s)
        wait_s = min(_LONGEST_WAIT_S, 2 * wait_s)


async def _tell(city: City, notifier: Notifier, watchdog: float | None) -> None:
    """Tell systemd how it goes, and that the loop and the thread of the books still turn."""
    every_s = _TOLD_EVERY_S if watchdog is None else min(_TOLD_EVERY_S, watchdog / 3)
    while True:
        await city.desk.books.turn()
        state = "connected" if city.metrics.is_connected else "no connection to the servers"
        stations = len(city.metrics.figures.stations)
        notifier.tell(
            "WATCHDOG=1", f"STATUS={state}; {stations} stations, {city.metrics.figures.unsent} messages to send"
        )
        await asyncio.sleep(every_s)


async def end(work: "asyncio.Task[None]") -> None:
    """End the work; raises what it has died of."""
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work


def _cancellations() -> int:
    """How often the running task was told to end: by us, or by a group of tasks, which takes it back only at times."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def _go_on(told: int = 0) -> None:
    """Raise a cancellation that was swallowed after ``told`` others: Python 3.11's time limits lose some.

    `asyncio.wait_for` answers as if nothing had been when both come together, and the client of NATS waits by it; once
    lost, nobody cancels again.
    """
    if _cancellations() > told:
        raise asyncio.CancelledError


def _taken(facts: Facts, letters: Sequence[Letter], transaction: Transaction) -> Taken:
    return facts.take(transaction, letters)


def _mark(ids: Sequence[str], transaction: Transaction) -> None:
    for id_ in ids:
        transaction.run("set_sent", id=id_, now=transaction.now_ms)


def _line(trouble: BaseException) -> str:
    fix = getattr(trouble, "fix", None)
    return f"{trouble} ({fix})" if fix else str(trouble)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
