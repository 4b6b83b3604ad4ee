"""Everything that is plugged in or configured, as people see it: printers, readers, and what nothing takes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from stationd.domain import cursor
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.events import Event
from stationd.domain.matcher import Start
from stationd.ports.devices import DeviceStore
from stationd.services.plug import Plug
from stationd.services.printers import DeviceView, Printers
from stationd.services.read import Readers
from stationd.services.watch_devices import DeviceSighted, DeviceWatch

UNUSED: Final = "unused"
"""The state of a device that is plugged in and not taken into use; its reason says why."""

IN_USE: Final = "in-use"
"""The state of a line of a modem; how the modem is, the way to send tells."""

ABSENT: Final = "absent"
"""The state of a device that is remembered and was pulled out."""

UNKNOWN: Final = "unknown"
"""The kind of a device that no matcher knows."""


class Devices:
    """Looking at devices, naming them, and what happened to them."""

    def __init__(
        self, printers: Printers, readers: Readers, watch: DeviceWatch, plug: Plug, store: DeviceStore
    ) -> None:
        self._printers = printers
        self._readers = readers
        self._watch = watch
        self._plug = plug
        self._store = store
        self._labelling = asyncio.Lock()

    def all(self) -> list[DeviceView]:
        """Printers, then readers, then what is plugged in and not used."""
        sighted = {self._plug.owners.get(each.name, each.name): each for each in self._watch.devices()}
        used = [
            replace(view, usb=sighted[view.id].known) if view.id in sighted else view
            for view in (*self._printers.all(), *self._readers.all())
        ]
        names = {view.id for view in used}
        return used + [
            self._unused(each) for name, each in sighted.items() if name not in names and each.record is not None
        ]

    def one(self, device_id: str) -> DeviceView:
        """One device, also one that was pulled out long ago. Raises :class:`Refused` (``device-unknown``)."""
        for view in self.all():
            if view.id == device_id:
                return view
        for each in self._watch.devices():
            if each.name == device_id:
                return self._unused(each)
        raise Refused("device-unknown")

    async def label(
        self,
        device_id: str,
        label: str | None,
        *,
        actor: Actor,
        before: Callable[[DeviceView], None] = lambda _: None,
    ) -> DeviceView:
        """Call a device something, or nothing again; remembered as long as its identity lasts.

        ``before`` looks at the device as it stands, while nobody else labels one, and may refuse.
        Raises :class:`Refused`: ``device-unknown``, or ``device-not-on-the-bus`` for one that is only configured.
        """
        usb = self.one(device_id).usb
        if usb is None:
            raise Refused("device-not-on-the-bus")
        async with self._labelling:
            before(self.one(device_id))
            await self._watch.label(usb.identity, label, actor=actor)
            return self.one(device_id)

    async def history(self, device_id: str, *, after: str | None, limit: int) -> tuple[Sequence[Event], str | None]:
        """Up to ``limit`` events of a device, the last first, and the cursor of the earlier ones.

        Raises :class:`Refused` (``device-unknown``, ``cursor-malformed``).
        """
        before = None if after is None else cursor.start_of(after)
        view = self.one(device_id)
        subjects = {view.id} | ({view.usb.identity} if view.usb is not None else set())
        events = await self._store.history(subjects, before, limit + 1)
        return events[:limit], str(events[limit - 1].seq) if len(events) > limit else None

    def _unused(self, each: DeviceSighted) -> DeviceView:
        known, matcher = each.known, each.match.matcher if each.match is not None else None
        trouble = self._plug.troubles.get(each.name)
        reasons: tuple[str, ...]
        if each.record is None:
            state, reasons = ABSENT, ("unplugged",)
        elif self._plug.is_modem(each.name):
            state, reasons = IN_USE, ()
        elif matcher is None:
            state, reasons = UNUSED, ("no-matcher",)
        elif trouble is not None:
            state, reasons = UNUSED, ("driver-refused",)
        else:
            state, reasons = UNUSED, ("not-configured" if matcher.start is Start.ASKED else "starting",)
        return DeviceView(
            id=each.name,
            kind=matcher.kind.value if matcher is not None else UNKNOWN,
            name=each.name,
            driver=matcher.driver if matcher is not None else None,
            state=state,
            reasons=reasons,
            is_paused=False,
            since_ms=known.last_seen_at,
            supplies=(),
            counter=None,
            evidence=None,
            profiles=matcher.profiles if matcher is not None else (),
            model=known.title,
            last_fault=trouble,
            printing=(),
            usb=known,
        )
