"""A glance at what changes without being recorded: how the printers are and whether the station can print.

Printers and checks change by themselves; nobody writes it down. While somebody listens, all of it is looked at ten
times a second, and what differs from the last look is told as a passing event.
"""

import asyncio
from collections.abc import Callable, Sequence

from stationd.services.printers import DeviceView
from stationd.services.station import StationView
from stationd.services.stream import Stream

EVERY_S = 0.1
GONE = "gone"
"""The state told of a printer that is not one of the station's any more."""


class Glance:
    """Looks, compares, and tells."""

    def __init__(
        self, stream: Stream, printers: Callable[[], Sequence[DeviceView]], station: Callable[[], StationView]
    ) -> None:
        self._stream = stream
        self._printers = printers
        self._station = station
        self._seen: dict[str, DeviceView] = {}
        self._ready: tuple[bool, tuple[str, ...]] | None = None

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            if len(self._stream):
                self.look()
            else:
                self._seen.clear()
                self._ready = None

    def look(self) -> None:
        """Tell ``printer.changed`` and ``station.changed``; the first look has nothing to compare with."""
        is_first = self._ready is None
        now = {view.id: view for view in self._printers()}
        for name, view in now.items():
            if not is_first and self._seen.get(name) != view:
                data = {"state": view.state, "reasons": view.reasons, "is_paused": view.is_paused}
                self._stream.tell("printer.changed", name, data)
        for name in self._seen.keys() - now.keys():
            self._stream.tell("printer.changed", name, {"state": GONE, "reasons": (), "is_paused": False})
        self._seen = now
        station = self._station()
        ready = (station.is_ready, station.reasons)
        if not is_first and ready != self._ready:
            self._stream.tell("station.changed", station.id, {"is_ready": ready[0], "reasons": ready[1]})
        self._ready = ready

    def checked(self) -> None:
        """A check of readiness has changed its level."""
        self._stream.tell("station.checked", self._station().id, {})
