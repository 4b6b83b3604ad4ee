"""The printers of the station, as people see and steer them."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from stationd.domain.authority import Actor
from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import Attempt, Evidence, Job
from stationd.domain.printer import Supply
from stationd.ports.devices import KnownDevice
from stationd.ports.printers import GivesUp, PrinterStore
from stationd.ports.rendering import Renderer
from stationd.services.crew import Crew
from stationd.services.spool import Spooler
from stationd.services.standing import MAINTENANCE

_log = logging.getLogger(__name__)

GIVE_UP_WITHIN_S: Final = 5.0
"""How long an officer's verdict waits for a spooler that does not answer."""

_TEST_NAME = "KARTU UJI / TEST CARD"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device as shown. ``since_ms``: Unix milliseconds of the last change of state or reasons.

    ``evidence`` is the strongest proof of a printed card that a printer can give; ``None`` for a reader. ``driver`` is
    ``None`` for what no driver takes. ``usb`` is what is remembered of a device on the USB bus. A printer at work has
    ``card_s`` seconds a card, as measured, and is done with all that it holds in ``free_in_s``.
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
    card_s: float | None = field(default=None, compare=False)
    free_in_s: float | None = field(default=None, compare=False)


class Printers:
    """Looking at printers, pausing, draining, resuming and testing them."""

    def __init__(
        self,
        store: PrinterStore,
        crew: Crew | None = None,
        *,
        renderer: Renderer | None = None,
        templates: Mapping[str, str] | None = None,
    ) -> None:
        """``crew`` is told who comes and goes; ``renderer`` draws test cards from the ``templates`` of profiles."""
        self._store = store
        self._crew = crew
        self._renderer = renderer
        self._templates = templates or {}
        self._spoolers: dict[str, Spooler] = {}

    def add(self, spooler: Spooler) -> None:
        """Take a printer in."""
        self._spoolers[spooler.name] = spooler
        if self._crew is not None:
            self._crew.add(spooler)

    def remove(self, name: str) -> None:
        """Take out a printer that no task attends any more."""
        self._spoolers.pop(name, None)
        if self._crew is not None:
            self._crew.remove(name)

    def spoolers(self) -> tuple[Spooler, ...]:
        """The spoolers, in the order in which they came."""
        return tuple(self._spoolers.values())

    def all(self) -> list[DeviceView]:
        """Every printer."""
        return [_view(spooler) for spooler in self._spoolers.values()]

    def one(self, device_id: str) -> DeviceView:
        """One printer by its name. Raises :class:`Refused` (``device-unknown``)."""
        return _view(self._spooler(device_id))

    def counter(self, name: str) -> int | None:
        """The card counter of a printer when last asked; ``None`` when it has none or is not here."""
        spooler = self._spoolers.get(name)
        return None if spooler is None else spooler.status.counter

    async def withdraw(self, job_id: str, actor: Actor) -> Job | Refused | None:
        """Take a job back from the printer that has it, and cancel it; ``None`` when none has it."""
        for spooler in self._spoolers.values():
            answer = await spooler.cancel(job_id, actor)
            if answer is not None:
                return answer
        return None

    async def give_up(self, attempt: Attempt) -> None:
        """See to it, as far as one can in a moment, that its printer makes no card of an attempt any more.

        A spooler keeps a card for a printer that was pulled out, and would print it when that is back.
        """
        its_own = self._spoolers.get(attempt.printer)
        asked = self._spoolers.values() if its_own is None else (its_own,)  # it may have another name by now
        for printer in [spooler.printer for spooler in asked if isinstance(spooler.printer, GivesUp)]:
            try:
                async with asyncio.timeout(GIVE_UP_WITHIN_S):
                    await printer.give_up(attempt)
            except (Faulted, TimeoutError):
                _log.warning("printer %s: attempt %s could not be cancelled there", printer.name, attempt.id)

    async def pause(self, device_id: str, *, actor: Actor) -> DeviceView:
        """Start no further card there; remembered over restarts."""
        return await self._set_paused(device_id, actor, is_paused=True)

    async def drain(self, device_id: str, *, actor: Actor) -> DeviceView:
        """Let it finish what it has, then keep it for maintenance; remembered over restarts."""
        return await self._set_paused(device_id, actor, is_paused=True, is_drained=True)

    async def resume(self, device_id: str, *, actor: Actor) -> DeviceView:
        """Let it print again, after a pause, maintenance, or too many spoiled blanks."""
        return await self._set_paused(device_id, actor, is_paused=False)

    async def test_card(self, device_id: str, *, actor: Actor) -> DeviceView:
        """Have a printer make a specimen of its first profile, paused or not; it takes a blank, booked as spoiled.

        Raises :class:`Refused`: ``device-unknown``, ``printer-not-ready``, ``blanks-not-there``,
        ``document-invalid`` when the template wants more than a name.
        """
        spooler = self._spooler(device_id)
        template = self._templates.get(spooler.profiles[0])
        if spooler.status.stopped_by or template is None or self._renderer is None:
            reasons = tuple(sorted(spooler.status.stopped_by))
            raise Refused("printer-not-ready" if reasons else "printer-not-ready/template", reasons=reasons)
        document = await self._renderer.render(template, {"name": _TEST_NAME}, None)
        attempt = await self._store.begin_test(spooler.name, actor)
        if isinstance(attempt, Refused):
            raise attempt
        spooler.print_test(attempt, document, self._store)
        return _view(spooler)

    async def _set_paused(
        self, device_id: str, actor: Actor, *, is_paused: bool, is_drained: bool = False
    ) -> DeviceView:
        spooler = self._spooler(device_id)
        await self._store.set_paused(spooler.name, actor, is_paused=is_paused, is_drained=is_drained)
        spooler.set_paused(is_paused=is_paused, is_drained=is_drained)
        return _view(spooler)

    def _spooler(self, device_id: str) -> Spooler:
        spooler = self._spoolers.get(device_id)
        if spooler is None:
            raise Refused("device-unknown")
        return spooler


def _view(spooler: Spooler) -> DeviceView:
    status, capabilities = spooler.status, spooler.printer.capabilities
    held = spooler.reasons
    reasons = {*status.reasons, *held}
    if MAINTENANCE in held and spooler.printing:
        reasons.add("draining")
    server = spooler.server()
    return DeviceView(
        id=spooler.name,
        kind="printer",
        name=spooler.name,
        driver=spooler.spec.driver,
        state="stopped" if held else status.state.value,
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
        card_s=None if server is None else round(server.seconds[spooler.profiles[0]], 1),
        free_in_s=None if server is None else round(server.free_in_s, 1),
    )
