"""The printers of the station, as people see and steer them."""

from dataclasses import dataclass

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Evidence
from stationd.domain.printer import Supply
from stationd.ports import KnownDevice, PrinterStore
from stationd.services.spool import Spooler


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device as shown. ``since_ms``: Unix milliseconds of the last change of state or reasons.

    ``evidence`` is the strongest proof of a printed card that a printer can give; ``None`` for a reader. ``driver`` is
    ``None`` for what no driver takes. ``usb`` is what is remembered of a device on the USB bus.
    """

    id: str
    kind: str
    name: str
    driver: str | None
    state: str
    reasons: tuple[str, ...]
    is_paused: bool
    since_ms: int
    supplies: tuple[Supply, ...]
    counter: int | None
    evidence: Evidence | None
    profiles: tuple[str, ...]
    model: str | None
    last_fault: str | None
    printing: tuple[str, ...]
    usb: KnownDevice | None = None


class Printers:
    """Looking at printers, pausing and resuming them."""

    def __init__(self, store: PrinterStore) -> None:
        self._store = store
        self._spoolers: dict[str, Spooler] = {}

    def add(self, spooler: Spooler) -> None:
        """Take a printer in."""
        self._spoolers[spooler.name] = spooler

    def remove(self, name: str) -> None:
        """Take out a printer that no task attends any more."""
        self._spoolers.pop(name, None)

    def spoolers(self) -> tuple[Spooler, ...]:
        """The spoolers, in the order in which they came."""
        return tuple(self._spoolers.values())

    def all(self) -> list[DeviceView]:
        """Every printer."""
        return [_view(spooler) for spooler in self._spoolers.values()]

    def one(self, device_id: str) -> DeviceView:
        """One printer by its name. Raises :class:`Refused` (``device-unknown``)."""
        return _view(self._spooler(device_id))

    def pace_s(self) -> float | None:
        """Mean seconds between two cards of the whole station; ``None`` when no printer can print."""
        rate = sum(
            1 / seconds
            for spooler in self._spoolers.values()
            if spooler.is_open and (seconds := spooler.pace.seconds(spooler.spec.profiles[0])) > 0
        )
        if rate > 0:
            return 1 / rate
        return 0.0 if any(spooler.is_open for spooler in self._spoolers.values()) else None

    async def pause(self, device_id: str, *, actor: Actor) -> DeviceView:
        """Start no further card there; remembered over restarts."""
        return await self._set_paused(device_id, actor, is_paused=True)

    async def resume(self, device_id: str, *, actor: Actor) -> DeviceView:
        """Let it print again."""
        return await self._set_paused(device_id, actor, is_paused=False)

    async def _set_paused(self, device_id: str, actor: Actor, *, is_paused: bool) -> DeviceView:
        spooler = self._spooler(device_id)
        await self._store.set_paused(spooler.name, actor, is_paused=is_paused)
        spooler.set_paused(is_paused=is_paused)
        return _view(spooler)

    def _spooler(self, device_id: str) -> Spooler:
        spooler = self._spoolers.get(device_id)
        if spooler is None:
            raise Refused("device-unknown", "cannot find the device: there is none with this id")
        return spooler


def _view(spooler: Spooler) -> DeviceView:
    status, capabilities = spooler.status, spooler.printer.capabilities
    reasons = set(status.reasons)
    if spooler.is_paused:
        reasons.add("paused")
    return DeviceView(
        id=spooler.name,
        kind="printer",
        name=spooler.name,
        driver=spooler.spec.driver,
        state="stopped" if spooler.is_paused or status.stopped_by else status.state.value,
        reasons=tuple(sorted(reasons)),
        is_paused=spooler.is_paused,
        since_ms=spooler.since_ms,
        supplies=status.supplies,
        counter=status.counter,
        evidence=capabilities.evidence,
        profiles=spooler.spec.profiles,
        model=status.model,
        last_fault=spooler.last_fault,
        printing=tuple(spooler.printing.values()),
    )
