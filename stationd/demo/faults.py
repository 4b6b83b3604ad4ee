"""The demonstration's own calls: do to a simulated printer what people and accidents do."""

from collections.abc import Callable

import msgspec

from stationd.adapters.printers.simulator.driver import SimulatedPrinter
from stationd.domain.errors import Refused
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import OFFICERS, NoQuery, Nothing, Table
from stationd.services.printers import Printers

PATH = "/demo/printers/{name}/{act}"

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


class Done(msgspec.Struct):
    """What was done to which printer."""

    printer: str
    act: str
    what: str


def table(printers: Printers) -> Table:
    """The calls, over the printers of this station."""
    calls = Table("demo")
    known = {spooler.name: spooler.printer for spooler in printers.spoolers()}

    @calls.route("POST", PATH, roles=OFFICERS, says="Done.", problems=("device-unknown", "act-unknown"))
    async def provoke(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Done]:
        """Do something to a simulated printer: unplug, plug, open, close, empty, load, jam, clear, restart."""
        name, act = ask.path["name"], ask.path["act"]
        printer = known.get(name)
        if not isinstance(printer, SimulatedPrinter):
            raise Refused("device-unknown", "cannot find the device: there is no simulated printer of this name")
        if act not in ACTS:
            raise Refused("act-unknown", f"cannot do this to a printer: allowed are {', '.join(ACTS)}")
        what, do = ACTS[act]
        do(printer)
        return Reply(Done(printer=name, act=act, what=what))

    return calls
