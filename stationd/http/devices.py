"""The devices of the station."""

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import EVERYBODY, OFFICERS, Table
from stationd.http.schemas import DeviceAnswer, DeviceList, NoQuery, Nothing, SupplyAnswer, moment
from stationd.services.printers import DeviceView

table = Table("devices")


@table.route("GET", "/v1/devices", roles=EVERYBODY, says="All devices.")
async def list_devices(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceList]:  # noqa: ARG001 - one shape for all
    """All devices and how they are."""
    return Reply(DeviceList(items=tuple(_answer(view) for view in (*doors.printers.all(), *doors.readers.all()))))


@table.route("GET", "/v1/devices/{device_id}", roles=EVERYBODY, says="The device.", problems=("device-unknown",))
async def read_device(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceAnswer]:
    """One device and how it is."""
    device_id = ask.path["device_id"]
    readers = {view.id: view for view in doors.readers.all()}
    return Reply(_answer(readers[device_id] if device_id in readers else doors.printers.one(device_id)))


@table.route(
    "POST", "/v1/devices/{device_id}/pause", roles=OFFICERS, says="Paused.", problems=("device-unknown", "storage-full")
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
)
async def resume_device(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DeviceAnswer]:
    """Let a paused printer work again."""
    return Reply(_answer(await doors.printers.resume(ask.path["device_id"], actor=ask.actor)))


def _answer(view: DeviceView) -> DeviceAnswer:
    return DeviceAnswer(
        id=view.id,
        kind=view.kind,
        name=view.name,
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
    )
