"""The bodies of the API that are about devices; see :mod:`stationd.http.schemas`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from stationd.domain.inventory import TEXT_LIMIT
from stationd.domain.job import Evidence
from stationd.http.schemas import LINE

Label = Annotated[
    str, Meta(min_length=1, max_length=TEXT_LIMIT, pattern=LINE, description="One line.", examples=["Loket 2, kiri"])
]


class LabelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to call a device from now on; null takes the name away."""

    label: Label | None


class HistoryQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where, and how many."""

    after: Annotated[str, Meta(max_length=200, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class SupplyAnswer(msgspec.Struct, frozen=True):
    """A consumable: its level in percent and the cards that it still makes, where the device says so."""

    name: str
    level: int | None
    cards: int | None


class UsbAnswer(msgspec.Struct, frozen=True):
    """Where and what a device is on the USB bus, and how often it came."""

    identity: Annotated[
        str,
        Meta(
            description="Lasts over replug and reboot: vendor, product, and the serial, or @ and the port.",
            examples=["usb:0f49:0c12:10000123456:00"],
        ),
    ]
    is_by_port: Annotated[bool, Meta(description="It has no serial of its own: keep it in its socket.")]
    is_present: bool
    title: Annotated[str, Meta(description="What it calls itself.")]
    vendor: Annotated[str, Meta(description="Four hex digits.", examples=["0f49"])]
    product: Annotated[str, Meta(description="Four hex digits.", examples=["0c12"])]
    serial: str
    port: Annotated[str, Meta(description="Host controller and chain of hub ports.", examples=["0000.00.14.0-usb2-1"])]
    node: Annotated[str, Meta(examples=["/dev/usb/lp0"])] | None
    matcher: Annotated[str, Meta(description="Which matcher takes it.")] | None
    plugs: Annotated[int, Meta(ge=0, description="How often it was plugged in.")]
    resets: Annotated[int, Meta(ge=0, description="How often it came back before it counted as gone.")]
    first_seen: datetime
    last_seen: Annotated[datetime, Meta(description="When it last came or changed; when it went, once it is gone.")]


class DeviceAnswer(msgspec.Struct, frozen=True):
    """A device of the station: configured, or on the USB bus."""

    id: str
    kind: Annotated[str, Meta(description="printer, reader, or unknown where no matcher takes it.")]
    name: str
    label: Annotated[str, Meta(description="What an officer called it.")] | None
    driver: Annotated[str, Meta(description="Null where nothing takes it.")] | None
    model: str | None
    state: Annotated[
        str,
        Meta(
            description="IPP printer-state for a printer; for a reader ready or absent; unused: plugged in, and the "
            "reasons say why nothing uses it; absent: pulled out.",
            examples=["idle"],
        ),
    ]
    reasons: Annotated[tuple[str, ...], Meta(description="IPP printer-state-reasons.", examples=[["media-empty"]])]
    is_paused: bool
    since: Annotated[datetime, Meta(description="When it came into this state.")]
    supplies: tuple[SupplyAnswer, ...]
    counter: Annotated[int, Meta(description="The device's own count of cards.")] | None
    evidence: Annotated[Evidence, Meta(description="The strongest proof of a printed card that it can give.")] | None
    profiles: tuple[str, ...]
    last_fault: str | None
    printing: Annotated[tuple[str, ...], Meta(description="Ids of the jobs that it holds.")]
    card_s: Annotated[float, Meta(ge=0, description="Seconds a card, as measured, while it can print.")] | None
    free_in_s: Annotated[float, Meta(ge=0, description="Seconds until all that it holds is printed.")] | None
    usb: UsbAnswer | None


class DeviceList(msgspec.Struct, frozen=True):
    """All devices; the list is never cut, ``next`` is null."""

    items: tuple[DeviceAnswer, ...]
    next: None = None


class DeviceEvent(msgspec.Struct, frozen=True):
    """Something that happened to a device."""

    at: datetime
    type: Annotated[str, Meta(examples=["device.plugged", "device.unplugged", "device.changed", "printer.paused"])]
    details: Annotated[
        Mapping[str, str | int | bool | None],
        Meta(description="What belongs to the type: port, matcher, is_new, is_reset, label, actor."),
    ]


class DeviceHistory(msgspec.Struct, frozen=True):
    """What happened to a device, the last first; ``next`` is the cursor for what was before."""

    items: tuple[DeviceEvent, ...]
    next: str | None
