"""Printers and readers behind the door."""

from collections.abc import Callable
from dataclasses import replace

from fake_queue import JOB_ID

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.events import Event
from stationd.domain.job import Evidence
from stationd.domain.printer import Supply
from stationd.domain.scan import ReaderState, ReaderStatus
from stationd.ports.devices import KnownDevice
from stationd.services.live_scans import Hearing, LiveScans
from stationd.services.printers import DeviceView

DEVICE = DeviceView(
    id="kartu-1",
    kind="printer",
    name="kartu-1",
    driver="simulator",
    state="stopped",
    reasons=("media-empty",),
    is_paused=False,
    since_ms=1_700_000_000_000,
    supplies=(Supply(name="ribbon", level=40, cards=120),),
    counter=7,
    evidence=Evidence.COUNTER,
    profiles=("ktp-el",),
    model="Specimen 1",
    last_fault=None,
    printing=(JOB_ID,),
)

READER = replace(
    DEVICE,
    id="pemindai-1",
    kind="reader",
    name="pemindai-1",
    driver="serial",
    state="absent",
    reasons=("port-missing",),
    supplies=(),
    counter=None,
    evidence=None,
    profiles=(),
    last_fault="no such file",
    printing=(),
)

UNUSED = replace(
    DEVICE,
    id="usb-1234-0001-x7",
    kind="unknown",
    name="usb-1234-0001-x7",
    driver=None,
    state="unused",
    reasons=("no-matcher",),
    supplies=(),
    counter=None,
    evidence=None,
    profiles=(),
    printing=(),
    usb=KnownDevice(
        identity="usb:1234:0001:x7:00",
        label=None,
        title="Acme X1",
        vendor="1234",
        product="0001",
        serial="x7",
        port="0000.00.14.0-usb2-1",
        node=None,
        matcher=None,
        is_present=True,
        plugs=1,
        resets=0,
        first_seen_at=1_700_000_000_000,
        last_seen_at=1_700_000_000_000,
    ),
)


class FakePrinters:
    def all(self) -> list[DeviceView]:
        return [DEVICE]

    def one(self, device_id: str) -> DeviceView:
        if device_id != DEVICE.id:
            raise Refused("device-unknown", "cannot find the device: there is none with this id")
        return DEVICE

    async def pause(self, device_id: str, *, actor: Actor) -> DeviceView:
        return replace(self.one(device_id), is_paused=True)

    async def resume(self, device_id: str, *, actor: Actor) -> DeviceView:
        return self.one(device_id)

    async def drain(self, device_id: str, *, actor: Actor) -> DeviceView:
        return replace(self.one(device_id), is_paused=True, reasons=("draining", "maintenance"))

    async def test_card(self, device_id: str, *, actor: Actor) -> DeviceView:
        return self.one(device_id)


class FakeReaders:
    def __init__(self) -> None:
        self.live = LiveScans()

    def hear(self, device_id: str, actor: Actor) -> Hearing:
        if device_id != READER.id:
            raise Refused("device-unknown", "cannot find the device: there is none with this id")
        if actor.role is Role.KIOSK:
            raise Refused("reader-of-another", "cannot listen to the reader: it is another kiosk's")
        return self.live.hear(device_id, ReaderStatus(state=ReaderState.READY, reasons=(), since_ms=0))

    def all(self) -> list[DeviceView]:
        return [READER]


class FakeDevices:
    def all(self) -> list[DeviceView]:
        return [DEVICE, READER, UNUSED]

    def one(self, device_id: str) -> DeviceView:
        for view in self.all():
            if view.id == device_id:
                return view
        raise Refused("device-unknown", "cannot find the device: there is none with this id")

    async def label(
        self, device_id: str, label: str | None, *, actor: Actor, before: Callable[[DeviceView], None]
    ) -> DeviceView:
        view = self.one(device_id)
        before(view)
        if view.usb is None:
            raise Refused("device-not-on-the-bus", "cannot label the device: it is known by its configuration")
        return replace(view, usb=replace(view.usb, label=label))

    async def history(self, device_id: str, *, after: str | None, limit: int) -> tuple[list[Event], str | None]:
        self.one(device_id)
        if after is not None and not after.isdigit():
            raise Refused("cursor-malformed", "cannot page: 'after' is not a cursor of ours", field="after")
        data = {"port": "0000.00.14.0-usb2-1", "is_new": True, "matcher": None}
        return [Event(7, 1_700_000_000_000, "device.plugged", device_id, data)][:limit], "7"
