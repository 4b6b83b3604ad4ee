"""The devices of the station."""

from collections.abc import Mapping

import msgspec
from aiohttp import hdrs

from stationd.domain.inventory import is_by_port
from stationd.http.device_schemas import (
    DeviceAnswer,
    DeviceEvent,
    DeviceHistory,
    DeviceList,
    HistoryQuery,
    LabelBody,
    SupplyAnswer,
    UsbAnswer,
)
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import EVERYBODY, KEEPERS, OFFICERS, Table
from stationd.http.schemas import NoQuery, Nothing, moment
from stationd.http.tags import Edited, require_match, tag_of
from stationd.ports.devices import KnownDevice
from stationd.services.printers import DeviceView

table = Table("devices")


def _facts(device: DeviceAnswer) -> object:
    return device.id, device.is_paused, device.label


@table.route("GET", "/v1/devices", roles=EVERYBODY, says="All devices.")
async def list_devices(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceList]:  # noqa: ARG001 - one shape for all
    """Printers, readers, and what is plugged in and not used, and how they are."""
    return Reply(DeviceList(items=tuple(map(_answer, doors.devices.all()))))


@table.route(
    "GET", "/v1/devices/{device_id}", roles=EVERYBODY, says="The device.", problems=("device-unknown",), tagged=_facts
)
async def read_device(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceAnswer]:
    """One device and how it is; also one that was pulled out."""
    return Reply(_answer(doors.devices.one(ask.path["device_id"])))


_DEVICE = Edited(read_device, _facts, DeviceAnswer)


@table.route(
    "GET",
    "/v1/devices/{device_id}/label",
    roles=OFFICERS,
    says="What officers call it; the ETag serves as If-Match.",
    problems=("device-unknown",),
)
async def read_label(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[LabelBody]:
    """What a device is called."""
    label = _label(doors.devices.one(ask.path["device_id"]))
    return Reply(label, headers={hdrs.ETAG: tag_of(label)})


@table.route(
    "PUT",
    "/v1/devices/{device_id}/label",
    roles=OFFICERS,
    says="Labelled.",
    problems=("device-unknown", "device-not-on-the-bus", "changed-meanwhile", "storage-full"),
    headers={hdrs.IF_MATCH: "The ETag with which the label was read: written only if nobody changed it since."},
)
async def label_device(doors: Doors, ask: Ask[LabelBody, NoQuery]) -> Reply[DeviceAnswer]:
    """Call a device something; it keeps the name over replug and reboot."""
    view = await doors.devices.label(
        ask.path["device_id"],
        ask.body.label,
        actor=ask.actor,
        before=lambda view: require_match(ask.request, tag_of(_label(view))),
    )
    return Reply(_answer(view), headers={hdrs.ETAG: tag_of(_label(view))})


@table.route(
    "GET",
    "/v1/devices/{device_id}/history",
    roles=KEEPERS,
    says="A page of what happened to it.",
    problems=("device-unknown", "cursor-malformed"),
)
async def read_history(doors: Doors, ask: Ask[Nothing, HistoryQuery]) -> Reply[DeviceHistory]:
    """What happened to a device, the last first: plugged, pulled out, reset, labelled, paused, resumed."""
    query = ask.query
    after = None if query.after is msgspec.UNSET else query.after
    events, cursor = await doors.devices.history(ask.path["device_id"], after=after, limit=query.limit)
    items = tuple(DeviceEvent(at=moment(each.at), type=each.type, details=_details(each.data)) for each in events)
    return Reply(DeviceHistory(items=items, next=cursor))


@table.route(
    "POST",
    "/v1/devices/{device_id}/pause",
    roles=OFFICERS,
    says="Paused.",
    problems=("device-unknown", "storage-full"),
    edits=_DEVICE,
)
async def pause_device(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceAnswer]:
    """Let a printer finish its card and take no other."""
    return Reply(_answer(await doors.printers.pause(ask.path["device_id"], actor=ask.actor)))


@table.route(
    "POST",
    "/v1/devices/{device_id}/resume",
    roles=OFFICERS,
    says="At work.",
    problems=("device-unknown", "storage-full"),
    edits=_DEVICE,
)
async def resume_device(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceAnswer]:
    """Let a paused printer work again."""
    return Reply(_answer(await doors.printers.resume(ask.path["device_id"], actor=ask.actor)))


@table.route(
    "POST",
    "/v1/devices/{device_id}/drain",
    roles=OFFICERS,
    says="Kept for maintenance, as soon as its cards are out.",
    problems=("device-unknown", "storage-full"),
    edits=_DEVICE,
)
async def drain_device(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceAnswer]:
    """Let a printer finish what it has, then keep it for maintenance until it is resumed."""
    return Reply(_answer(await doors.printers.drain(ask.path["device_id"], actor=ask.actor)))


@table.route(
    "POST",
    "/v1/devices/{device_id}/test-card",
    roles=OFFICERS,
    status=202,
    says="The test card is on its way; its blank is booked as spoiled.",
    problems=("device-unknown", "printer-not-ready", "blanks-not-there", "document-invalid", "storage-full"),
    is_repeatable=True,
)
async def print_test_card(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceAnswer]:
    """Print a specimen on this printer, paused or not; it is nobody's card and counts as none."""
    return Reply(_answer(await doors.printers.test_card(ask.path["device_id"], actor=ask.actor)))


def _label(view: DeviceView) -> LabelBody:
    return LabelBody(label=view.usb.label if view.usb is not None else None)


def _answer(view: DeviceView) -> DeviceAnswer:
    return DeviceAnswer(
        id=view.id,
        kind=view.kind,
        name=view.name,
        label=view.usb.label if view.usb is not None else None,
        driver=view.driver,
        model=view.model,
        state=view.state,
        reasons=view.reasons,
        is_paused=view.is_paused,
        since=moment(view.since_ms),
        supplies=tuple(SupplyAnswer(name=each.name, level=each.level, cards=each.cards) for each in view.supplies),
        counter=view.counter,
        evidence=view.evidence,
        profiles=view.profiles,
        last_fault=view.last_fault,
        printing=view.printing,
        card_s=view.card_s,
        free_in_s=view.free_in_s,
        usb=_usb(view.usb) if view.usb is not None else None,
    )


def _usb(known: KnownDevice) -> UsbAnswer:
    return UsbAnswer(
        identity=known.identity,
        is_by_port=is_by_port(known.identity),
        is_present=known.is_present,
        title=known.title,
        vendor=known.vendor,
        product=known.product,
        serial=known.serial,
        port=known.port,
        node=known.node,
        matcher=known.matcher,
        plugs=known.plugs,
        resets=known.resets,
        first_seen=moment(known.first_seen_at),
        last_seen=moment(known.last_seen_at),
    )


def _details(data: Mapping[str, object]) -> Mapping[str, str | int | bool | None]:
    return {key: value for key, value in data.items() if value is None or isinstance(value, str | int)}
