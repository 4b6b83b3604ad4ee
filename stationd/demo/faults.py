"""The demonstration's own calls: do to a simulated printer what people and accidents do."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from stationd.adapters.printers.simulator.driver import SimulatedPrinter
from stationd.demo.bus import SimulatedBus
from stationd.demo.settings import SECONDS_A_CARD
from stationd.domain.errors import Refused
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import OFFICERS, NoQuery, Nothing, Table
from stationd.services.printers import Printers

PRINTERS = "/demo/printers"
PRINTER = f"{PRINTERS}/{{name}}"
PATH = f"{PRINTER}/{{act}}"

ACTS: dict[str, tuple[str, Callable[[SimulatedPrinter], None]]] = {
    "unplug": ("pulls the cable", SimulatedPrinter.unplug),
    "plug": ("puts the cable back", SimulatedPrinter.plug),
    "open": ("opens the cover", lambda printer: printer.fault("cover-open")),
    "close": ("closes the cover", lambda printer: printer.clear("cover-open")),
    "empty": ("takes the blanks out", lambda printer: printer.fault("media-empty")),
    "load": ("puts blanks in", lambda printer: printer.clear("media-empty")),
    "jam": ("jams a card", lambda printer: printer.fault("media-jam")),
    "clear": ("takes the jammed card out", lambda printer: printer.clear("media-jam")),
    "restart": ("takes its power away for a moment", SimulatedPrinter.forget),
}
"""What can be done to a printer, in pairs of trouble and cure."""


class NewPrinter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printer to plug in: its name, which is its serial, and the seconds that it takes for a card."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{1,31}$(?!\n)", examples=["kartu-9"])]
    seconds: Annotated[float, Meta(ge=0, le=600)] = SECONDS_A_CARD


class Done(msgspec.Struct):
    """What was done to which printer; ``device`` is its id in ``/v1/devices``."""

    printer: str
    act: str
    what: str
    device: str


def table(printers: Printers, bus: SimulatedBus) -> Table:
    """The calls, over the printers of this station and its bus."""
    calls = Table("demo")

    @calls.route(
        "POST",
        PRINTERS,
        roles=OFFICERS,
        status=201,
        says="Plugged in; the station finds it by itself.",
        problems=("device-present", "devices-full"),
    )
    async def plug_in(_doors: Doors, ask: Ask[NewPrinter, NoQuery]) -> Reply[Done]:
        """Plug a simulated printer in: a new one, or one that was pulled out."""
        name = ask.body.name
        device = bus.plug(name, ask.body.seconds)
        return Reply(Done(printer=name, act="plug in", what="puts it in a free socket", device=device))

    @calls.route("DELETE", PRINTER, roles=OFFICERS, says="Pulled out.", problems=("device-unknown",))
    async def pull_out(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Done]:
        """Pull a printer out that was plugged in here, whatever it is doing."""
        name = ask.path["name"]
        return Reply(Done(printer=name, act="pull out", what="takes it out of its socket", device=bus.pull(name)))

    @calls.route("POST", PATH, roles=OFFICERS, says="Done.", problems=("device-unknown", "act-unknown"))
    async def provoke(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Done]:
        """Do something to a simulated printer: unplug, plug, open, close, empty, load, jam, clear, restart."""
        name, act = ask.path["name"], ask.path["act"]
        printer = next((each.printer for each in printers.spoolers() if each.name == name), None)
        if not isinstance(printer, SimulatedPrinter):
            raise Refused("device-unknown/simulated")
        if act not in ACTS:
            raise Refused("act-unknown", allowed=tuple(ACTS))
        what, do = ACTS[act]
        do(printer)
        return Reply(Done(printer=name, act=act, what=what, device=name))

    return calls
