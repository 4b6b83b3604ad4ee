"""What changes without being recorded is told, and only what changed."""

import asyncio
from dataclasses import replace

from stationd.adapters.system import SystemClock
from stationd.domain.job import Evidence
from stationd.services.glance import EVERY_S, Glance
from stationd.services.printers import DeviceView
from stationd.services.station import StationView
from stationd.services.stream import Stream

PRINTER = DeviceView(
    id="kartu-1",
    kind="printer",
    name="kartu-1",
    driver="simulator",
    state="idle",
    reasons=(),
    is_paused=False,
    since_ms=0,
    supplies=(),
    counter=1,
    evidence=Evidence.COUNTER,
    profiles=("ktp-el",),
    model=None,
    last_fault=None,
    printing=(),
)
STATION = StationView(
    id="1671-07", name="", mode="", serves=(), time_zone=None, version="", started_at_ms=0, is_ready=True, reasons=()
)


class Room:
    def __init__(self):
        self.printers = {"kartu-1": PRINTER}
        self.station = STATION
        self.stream = Stream(None, SystemClock())
        self.glance = Glance(self.stream, lambda: list(self.printers.values()), lambda: self.station)

    def told(self):
        events, _ = self.stream.passing_after(0)
        return [(event.type, event.subject, dict(event.data)) for event in events]


def test_the_first_look_tells_nothing_and_the_next_only_what_changed():
    room = Room()
    room.glance.look()
    room.glance.look()
    assert room.told() == []
    room.printers["kartu-1"] = replace(PRINTER, state="stopped", reasons=("cover-open",))
    room.printers["kartu-2"] = replace(PRINTER, id="kartu-2")
    room.station = replace(STATION, is_ready=False, reasons=("no-printer-ready",))
    room.glance.look()
    assert room.told() == [
        ("printer.changed", "kartu-1", {"state": "stopped", "reasons": ("cover-open",), "is_paused": False}),
        ("printer.changed", "kartu-2", {"state": "idle", "reasons": (), "is_paused": False}),
        ("station.changed", "1671-07", {"is_ready": False, "reasons": ("no-printer-ready",)}),
    ]


def test_a_printer_that_went_is_told_once():
    room = Room()
    room.glance.look()
    room.printers.clear()
    room.glance.look()
    room.glance.look()
    assert room.told() == [("printer.changed", "kartu-1", {"state": "gone", "reasons": (), "is_paused": False})]


def test_a_check_that_changed_is_told():
    room = Room()
    room.glance.checked()
    assert room.told() == [("station.checked", "1671-07", {})]


async def test_nothing_is_looked_at_while_nobody_listens():
    room = Room()
    running = asyncio.create_task(room.glance.run())
    await asyncio.sleep(3 * EVERY_S)
    assert room.glance._ready is None
    with await room.stream.listen(None):
        async with asyncio.timeout(60):
            while room.glance._ready is None:
                await asyncio.sleep(0.01)
    async with asyncio.timeout(60):
        while room.glance._ready is not None:
            await asyncio.sleep(0.01)
    running.cancel()
