"""Watching devices: what comes is matched, remembered and, when a matcher says so, taken into use; what goes is let go.

A printer that is pulled out is not taken out of the station: it stops with a reason, its unprinted jobs go to others,
and a card that was in it is *uncertain*, for nobody can tell from here what became of it.
"""

import hashlib
import logging
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.errors import Faulted, Refused
from stationd.domain.inventory import Changes, DeviceRecord, diff
from stationd.domain.matcher import Match, Matcher, Start, match
from stationd.ports.devices import DeviceStore, DeviceWatcher, KnownDevice
from stationd.ports.printers import PrinterSpec
from stationd.ports.readers import ReaderSpec

_log = logging.getLogger(__name__)


class DeviceUser(Protocol):
    """Who takes devices into use: the station, for printers and readers."""

    async def device_came(self, use: "DeviceUse") -> None:
        """A matched device is there, for the first time or again under another node. Must not raise for its trouble."""
        ...

    async def device_shown(self, record: DeviceRecord) -> None:
        """A device is there that is only used once it is configured: what is configured for it may try now."""
        ...

    async def device_went(self, name: str, identity: str) -> None:
        """The device of that name was pulled out, maybe while the station was off.

        A card in question there stays in question. Also told of devices that were never taken into use.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUse:
    """A present device with what is to be done with it; ``name`` is the station's for it and lasts."""

    name: str
    record: DeviceRecord
    matcher: Matcher

    @property
    def spec(self) -> PrinterSpec:
        """The printer that it makes; ``options`` say where it is for a driver that needs no URI.

        A serial that is not trusted is not told: CUPS would find the queue of another printer by it.
        """
        seen, matcher = self.record.seen, self.matcher
        serial = "" if self.record.is_by_port else seen.serial
        return PrinterSpec(
            name=self.name,
            driver=matcher.driver,
            uri=matcher.uri,
            profiles=matcher.profiles,
            options={**matcher.options, "identity": self.record.identity, "node": seen.node, "serial": serial},
        )

    @property
    def reader_spec(self) -> ReaderSpec:
        """The reader that it makes."""
        seen, matcher = self.record.seen, self.matcher
        # The PC/SC service has no node: its readers are named after their serial, where they have one.
        port = seen.node or (f"({seen.serial})" if seen.serial else None)
        return ReaderSpec(name=self.name, driver=matcher.driver, port=port, options=matcher.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSighted:
    """A device as shown: what is remembered of it; while it is present, what was seen and which matcher takes it."""

    known: KnownDevice
    record: DeviceRecord | None
    match: Match | None

    @property
    def name(self) -> str:
        """The station's name for it."""
        return name_of(self.known.identity)


def name_of(identity: str) -> str:
    """A name for a device that lasts as long as its identity: ``usb-0f49-0c12-10000123456``.

    Lower-case letters, digits and hyphens, at most 63; what cannot be written so is stood for by a hash.
    """
    _, vendor, product, who, function = identity.split(":")
    plain = re.sub(r"[^a-z0-9]+", "-", who.lower()).strip("-")[:32]
    if plain != who:
        plain = f"{plain}-{hashlib.sha256(who.encode()).hexdigest()[:6]}".lstrip("-")
    return f"usb-{vendor}-{product}-{plain}" + ("" if function == "00" else f"-{function.replace('.', '-')}")


class DeviceWatch:
    """Runs as a task of the station; answers for what is plugged in."""

    def __init__(
        self, watcher: DeviceWatcher, store: DeviceStore, matchers: Sequence[Matcher], user: DeviceUser
    ) -> None:
        self._watcher = watcher
        self._store = store
        self._matchers = tuple(matchers)
        self._user = user
        self._written: Mapping[str, DeviceRecord] = {}
        self._known: Mapping[str, KnownDevice] = {}
        self._matches: Mapping[str, Match | None] = {}

    async def load(self) -> None:
        """Take up what is remembered, so that it can be shown before the bus was looked at, or without one."""
        self._known = {device.identity: device for device in await self._store.known()}

    @property
    def names(self) -> frozenset[str]:
        """The station's names for every device remembered, as of the last change."""
        return frozenset(map(name_of, self._known))

    async def run(self) -> None:
        """For ever; returns at once where the USB bus cannot be read at all, as without libudev."""
        try:
            inventory = await self._watcher.start()
        except Faulted as fault:
            _log.warning("only configured printers and readers are used: %s", fault.detail)
            return
        await self.load()
        present = {device.identity for device in self._known.values() if device.is_present}
        await self._settle(diff({}, inventory.devices), also_gone=present - inventory.devices.keys())
        while True:
            await self._watcher.next_changes()
            # Against what was written down, not what was told: a write that failed is made good with the next.
            await self._settle(diff(self._written, self._watcher.inventory.devices))

    def devices(self) -> Sequence[DeviceSighted]:
        """Every device remembered, those present first; asks nothing."""
        present = self._watcher.inventory.devices
        return tuple(
            DeviceSighted(known=known, record=present.get(identity), match=self._matches.get(identity))
            for identity, known in self._known.items()
        )

    async def label(self, identity: str, label: str | None, *, actor: Actor) -> None:
        """Call a device something. Raises :class:`Refused` (``device-unknown``)."""
        answer = await self._store.set_label(identity, label, actor)
        if isinstance(answer, Refused):
            raise answer
        await self.load()

    async def _settle(self, changes: Changes, *, also_gone: Collection[str] = ()) -> None:
        """Write changes down, then act on them; what cannot be written is acted on all the same, and written later."""
        inventory = self._watcher.inventory
        self._matches = {identity: match(each.seen, self._matchers) for identity, each in inventory.devices.items()}
        used = {
            identity: DeviceUse(name=name_of(identity), record=inventory.devices[identity], matcher=found.matcher)
            for identity, found in self._matches.items()
            if found is not None
        }
        matchers = {identity: use.matcher.name for identity, use in used.items()}
        try:
            await self._store.write(changes, matchers=matchers, shared=inventory.shared, also_gone=also_gone)
            await self.load()
        except Faulted as fault:
            _log.warning("cannot write down which devices came and went: %s", fault.detail)
        else:
            self._written = inventory.devices
        for identity in (*sorted(also_gone), *(record.identity for record in changes.removed)):
            _log.info("%s was pulled out", identity)
            await self._user.device_went(name_of(identity), identity)
        for record in (*changes.added, *(change.after for change in changes.changed)):
            use = used.get(record.identity)
            if use is None:
                _log.info("%s is plugged in and nothing takes it; see stationd devices", record.label)
            if use is not None and use.matcher.start is Start.AUTOMATIC:
                await self._user.device_came(use)
            else:
                await self._user.device_shown(record)
