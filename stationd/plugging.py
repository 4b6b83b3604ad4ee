"""The part of the composition that is about devices that come and go: the watch, and who takes them into use."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from stationd.adapters.device_metrics import DeviceMetrics
from stationd.adapters.printers import drivers
from stationd.adapters.readers import drivers as reader_drivers
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.devices import SqliteDevices
from stationd.adapters.udev import Counters, UdevWatcher
from stationd.config import Settings
from stationd.config_matchers import MatchersError, directories, load, strange_profiles
from stationd.domain.errors import Faulted
from stationd.domain.matcher import Matcher
from stationd.ports.devices import DeviceWatcher
from stationd.ports.jobs import JobStore
from stationd.ports.printers import Printer, PrinterSpec
from stationd.services.devices import Devices
from stationd.services.modems import Modems
from stationd.services.patience import LOST_AFTER_S
from stationd.services.plug import Attend, Plug
from stationd.services.printers import Printers
from stationd.services.read import Readers
from stationd.services.recover import show_orphans
from stationd.services.supervise import Supervisor
from stationd.services.watch_devices import DeviceWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """Where devices come from, and how printers are made of them.

    ``watcher`` is given the serials known to be shared; ``matchers`` are those besides the files'. Printers are
    built by their drivers unless ``build`` is given.
    """

    watcher: Callable[[frozenset[str]], DeviceWatcher] = field(
        default=lambda shared: UdevWatcher(shared_serials=shared)
    )
    matchers: Sequence[Matcher] = ()
    build: Callable[[PrinterSpec], Printer] | None = None


class Plugging:
    """What comes and goes; :meth:`make` builds it, :meth:`start` and :meth:`stop` begin and end it."""

    def __init__(
        self, watcher: DeviceWatcher, watch: DeviceWatch, devices: Devices, printers: Printers, *, is_watching: bool
    ) -> None:
        self._watcher = watcher
        self._watch = watch
        self._printers = printers
        self._is_watching = is_watching
        self.devices = devices
        self.metrics = DeviceMetrics(devices.all, self._counters)

    @classmethod
    async def make(
        cls,
        settings: Settings,
        database: Database,
        *,
        printers: Printers,
        readers: Readers,
        supervisor: Supervisor,
        attend: Attend,
        bus: Bus,
        modems: Modems | None = None,
    ) -> "Plugging":
        """Build it. Raises :class:`Faulted` (``matchers-wrong``) when the files in ``devices.d`` have problems."""
        store = SqliteDevices(database.writer, database.reader)
        try:
            is_watching = settings.devices.watch
            matchers = await asyncio.to_thread(_matchers, settings) if is_watching else ()
        except MatchersError as wrong:
            raise Faulted(
                "matchers-wrong",
                "cannot use the matchers of devices: " + "; ".join(map(str, wrong.problems)),
                fix="stationd check tells the same; correct the files, or set watch = false in [devices]",
            ) from wrong
        watcher = bus.watcher(await store.shared_serials())
        plug = Plug(
            printers,
            readers,
            supervisor,
            build=bus.build or partial(drivers.build, home=settings.station.state_dir),
            build_reader=reader_drivers.build,
            attend=attend,
            configured=(*settings.printers, *settings.readers),
            modems=modems,
        )
        watch = DeviceWatch(watcher, store, (*bus.matchers, *matchers), plug)
        await watch.load()
        devices = Devices(printers, readers, watch, plug, store)
        return cls(watcher, watch, devices, printers, is_watching=is_watching)

    @property
    def names(self) -> frozenset[str]:
        """The names of printers that may come back; empty when nothing is watched."""
        return self._watch.names if self._is_watching else frozenset()

    def start(self, supervisor: Supervisor, jobs: JobStore) -> None:
        """Begin to watch, where that is wanted."""
        if not self._is_watching:
            return
        supervisor.start("devices", self._watch.run)

        async def show_unplugged() -> None:
            """A printer that had a card and was not plugged in again: a person must look."""
            await asyncio.sleep(LOST_AFTER_S)
            known = {spooler.name for spooler in self._printers.spoolers()}
            await show_orphans(jobs, known, "the station restarted, and the printer has not been plugged in since")

        supervisor.start("cards in printers that are gone", show_unplugged)

    async def stop(self, supervisor: Supervisor) -> None:
        """Take nothing more into use and stop listening."""
        await supervisor.stop("devices")
        await supervisor.stop("cards in printers that are gone")
        await self._watcher.aclose()

    def _counters(self) -> Counters | None:
        return self._watcher.counters if isinstance(self._watcher, UdevWatcher) else None


def _matchers(settings: Settings) -> tuple[Matcher, ...]:
    """The matchers of the station. Raises ``MatchersError``."""
    matchers = load(directories(settings.file))
    if strange := strange_profiles(matchers, {profile.name for profile in settings.profiles}):
        raise MatchersError(strange)
    return matchers
