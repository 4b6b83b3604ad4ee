"""Devices that come and go: matched, remembered over restarts, taken into use and let go."""

import asyncio
from pathlib import Path

import pytest

from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.devices import KEPT_GONE, SqliteDevices
from stationd.adapters.system import SystemClock
from stationd.domain.authority import STATION
from stationd.domain.errors import Faulted, Refused
from stationd.domain.inventory import Changes, DeviceRecord, Inventory, Sighting, Subsystem, diff, take_stock
from stationd.domain.matcher import Criteria, DeviceKind, Matcher, Start
from stationd.services.watch_devices import DeviceUse, DeviceWatch, name_of

EVOLIS = "usb:0f49:0c12:10000123456:00"
NAME = "usb-0f49-0c12-10000123456"
MATCHERS = (
    Matcher(
        name="evolis",
        title="Evolis card printer",
        kind=DeviceKind.PRINTER,
        driver="ipp",
        criteria=Criteria(vendor="0f49"),
        profiles=("ktp-el",),
    ),
    Matcher(
        name="ftdi",
        title="Adapter",
        kind=DeviceKind.READER,
        driver="serial",
        criteria=Criteria(vendor="0403"),
        start=Start.ASKED,
    ),
)


def seen(port: str = "1", serial: str = "10000123456", **differs) -> Sighting:
    values = {
        "subsystem": Subsystem.USBMISC,
        "sys_path": f"/sys/devices/{port}",
        "node": "/dev/usb/lp0",
        "vendor": "0f49",
        "product": "0c12",
        "serial": serial,
        "serial_key": serial or None,
        "port": f"c-usb2-{port}",
        "function": "00",
        "address": "1:2",
        "model": "Primacy 2",
    }
    return Sighting(**(values | differs))


class FakeWatcher:
    """A bus that holds what the test says."""

    def __init__(self, *sightings: Sighting, is_readable: bool = True) -> None:
        self.inventory = take_stock(sightings)
        self._is_readable = is_readable
        self._changes: asyncio.Queue[Changes] = asyncio.Queue()
        self._waits = asyncio.Event()

    async def start(self) -> Inventory:
        if not self._is_readable:
            raise Faulted("devices-unreadable", "cannot read the USB bus")
        return self.inventory

    async def next_changes(self) -> Changes:
        self._waits.set()
        return await self._changes.get()

    async def hold(self, *sightings: Sighting) -> None:
        """Change the bus, and wait until the service has dealt with it."""
        await self._waits.wait()
        before, self.inventory = self.inventory, take_stock(sightings, before=self.inventory)
        self._waits.clear()
        self._changes.put_nowait(diff(before.devices, self.inventory.devices))
        await asyncio.wait_for(self._waits.wait(), 60)

    async def settled(self) -> None:
        await asyncio.wait_for(self._waits.wait(), 60)

    def look_again(self) -> None:
        raise AssertionError("not used here")

    async def aclose(self) -> None:
        raise AssertionError("not used here")


class Log:
    """Who takes devices into use, noting it."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.uses: list[DeviceUse] = []
        self.shown: list[str] = []

    async def device_came(self, use: DeviceUse) -> None:
        self.uses.append(use)
        self.notes.append(f"came {use.name} at {use.record.seen.node}")

    async def device_shown(self, record: DeviceRecord) -> None:
        self.shown.append(record.identity)

    async def device_went(self, name: str, identity: str) -> None:
        self.notes.append(f"went {name}")


class Station:
    """The service over a real database, restarted at will."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events: list[tuple[str, str]] = []
        self.log = Log()

    async def start(self, *sightings: Sighting) -> FakeWatcher:
        self.database = await Database.open(
            self.path, SystemClock(), lambda events: self.events.extend((e.type, e.subject) for e in events)
        )
        self.store = SqliteDevices(self.database.writer, self.database.reader)
        self.watcher = FakeWatcher(*sightings)
        self.service = DeviceWatch(self.watcher, self.store, MATCHERS, self.log)
        self._task = asyncio.create_task(self.service.run(), name="devices")
        await self.watcher.settled()
        return self.watcher

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.database.aclose()


@pytest.fixture
async def station(tmp_path):
    running = Station(tmp_path / "station.db")
    yield running
    await running.stop()


async def test_a_printer_is_remembered_and_taken_into_use_and_let_go(station: Station) -> None:
    bus = await station.start()
    await bus.hold(seen())
    await bus.hold()
    assert station.log.notes == [f"came {NAME} at /dev/usb/lp0", f"went {NAME}"]
    assert station.events == [("device.plugged", EVOLIS), ("device.unplugged", EVOLIS)]
    (device,) = await station.store.known()
    assert (device.identity, device.is_present, device.matcher, device.plugs, device.node) == (
        EVOLIS,
        False,
        "evolis",
        1,
        None,
    )


async def test_a_printer_that_comes_makes_a_printer_of_its_matcher(station: Station) -> None:
    await station.start(seen())
    spec = station.log.uses[0].spec
    assert (spec.name, spec.driver, spec.profiles) == (NAME, "ipp", ("ktp-el",))
    assert spec.options == {"identity": EVOLIS, "node": "/dev/usb/lp0", "serial": "10000123456"}


async def test_plugging_again_counts_and_a_reset_counts_apart(station: Station) -> None:
    bus = await station.start(seen())
    first_seen = (await station.store.known())[0].first_seen_at
    await bus.hold()
    await bus.hold(seen())
    await bus.hold(seen(address="1:9", node="/dev/usb/lp4"))
    (device,) = await station.store.known()
    assert (device.plugs, device.resets, device.node, device.first_seen_at) == (2, 1, "/dev/usb/lp4", first_seen)
    assert station.log.notes[-1] == f"came {NAME} at /dev/usb/lp4"


async def test_a_restart_is_no_plug_and_tells_no_event(station: Station) -> None:
    await station.start(seen())
    await station.stop()
    station.events.clear()
    await station.start(seen(node="/dev/usb/lp9"))
    (device,) = await station.store.known()
    assert (device.plugs, device.node, station.events) == (1, "/dev/usb/lp9", [])
    assert station.log.notes == [f"came {NAME} at /dev/usb/lp0", f"came {NAME} at /dev/usb/lp9"]


async def test_what_went_while_the_station_was_off_is_noted_at_the_start(station: Station) -> None:
    await station.start(seen())
    await station.stop()
    station.events.clear()
    await station.start()
    assert station.events == [("device.unplugged", EVOLIS)]
    assert station.log.notes[-1] == f"went {NAME}"
    assert not (await station.store.known())[0].is_present


async def test_what_must_be_configured_first_is_shown_and_not_used(station: Station) -> None:
    await station.start(seen(vendor="0403", product="6001"), seen(port="2", vendor="1234", serial="X7"))
    assert station.log.notes == []
    shown = {d.known.identity: d.match.matcher.name if d.match else None for d in station.service.devices()}
    assert shown == {"usb:0403:6001:10000123456:00": "ftdi", "usb:1234:0c12:X7:00": None}
    assert sorted(station.log.shown) == sorted(shown)


async def test_a_label_lasts_and_a_hostile_one_is_cleaned(station: Station) -> None:
    bus = await station.start(seen())
    await station.service.label(EVOLIS, "Loket 2\x1b[31m\n" + "x" * 500, actor=STATION)
    await bus.hold()
    await bus.hold(seen())
    (device,) = await station.store.known()
    assert device.label is not None
    assert device.label.startswith("Loket 2 [31m xxx")
    assert len(device.label) == 64
    await station.service.label(EVOLIS, None, actor=STATION)
    assert (await station.store.known())[0].label is None
    with pytest.raises(Refused, match="there is none"):
        await station.service.label("usb:none", "x", actor=STATION)


async def test_a_serial_found_to_be_shared_stays_untrusted_after_a_restart(station: Station) -> None:
    await station.start(seen(port="1", serial="SAME1"), seen(port="2", serial="SAME1"))
    await station.stop()
    await station.start()
    assert await station.store.shared_serials() == {"0f49:0c12:SAME1"}


async def test_devices_that_rename_themselves_at_each_plug_do_not_fill_the_disk(station: Station) -> None:
    bus = await station.start(seen(serial="LABELLED"))
    await station.service.label("usb:0f49:0c12:LABELLED:00", "Loket 1", actor=STATION)
    for burst in range(4):
        await bus.hold(*(seen(port=f"{burst}.{n}", serial=f"S{burst}-{n}") for n in range(400)))
    await bus.hold()
    known = await station.store.known()
    assert len(known) == KEPT_GONE + 1
    assert any(device.label == "Loket 1" for device in known)


async def test_what_could_not_be_written_is_used_and_written_with_the_next_change(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = await station.start()
    with monkeypatch.context() as broken:

        async def fail(*_: object, **__: object) -> None:
            raise Faulted("storage-full", "cannot write: the disk is full")

        broken.setattr(station.store, "write", fail)
        await bus.hold(seen())
    assert station.log.notes == [f"came {NAME} at /dev/usb/lp0"]
    assert await station.store.known() == ()
    await bus.hold(seen(), seen(port="2", serial="B2"))
    assert {device.identity for device in await station.store.known()} == {EVOLIS, "usb:0f49:0c12:B2:00"}


async def test_without_a_bus_the_station_goes_on_with_what_is_configured(station: Station) -> None:
    await station.start()
    service = DeviceWatch(FakeWatcher(is_readable=False), station.store, MATCHERS, station.log)
    await asyncio.wait_for(service.run(), 60)


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        (EVOLIS, NAME),
        ("usb:0403:6011:ft1:00.1", "usb-0403-6011-ft1-00-1"),
        ("usb:0403:6011:FT1:00", "usb-0403-6011-ft1-f6e56c"),
        ("usb:0f49:0c12:@0000.00.14.0-usb2-1.2:01", "usb-0f49-0c12-0000-00-14-0-usb2-1-2-345c39-01"),
    ],
)
def test_the_name_follows_from_the_identity_alone(identity: str, name: str) -> None:
    assert name_of(identity) == name
    assert len(name) <= 63
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_names_that_would_read_alike_differ() -> None:
    names = {name_of(f"usb:0f49:0c12:{who}:00") for who in ("A.b", "a-b", "A-B", "a_b", "@a-b")}
    assert len(names) == 5
