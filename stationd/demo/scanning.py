"""The demonstration's own calls for its readers: hold a code before one, put a card on it, pull its plug."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from stationd.adapters.readers.simulator import SimulatedReader
from stationd.domain.errors import Refused
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import SUBMITTERS, NoQuery, Nothing, Table
from stationd.http.schemas import LINE
from stationd.services.read import Readers

_UID = bytes.fromhex("04a1b2c3d4e5f6")
_ATR = bytes.fromhex("3b8f8001804f0ca000000306030001000000006a")
"""The answer to reset of an invented contactless card (ISO 14443 A through PC/SC)."""

ACTS: dict[str, tuple[str, Callable[[SimulatedReader], None]]] = {
    "insert": ("puts a card on it", lambda reader: reader.insert_card(_UID, _ATR)),
    "remove": ("takes the card away", SimulatedReader.remove_card),
    "unplug": ("pulls the cable", SimulatedReader.pull),
    "plug": ("puts the cable back", SimulatedReader.plug),
}
"""What can be done to a reader besides holding a code before it."""


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A code to hold before the reader, such as a receipt."""

    text: Annotated[str, Meta(min_length=1, max_length=4096, pattern=LINE, examples=["7380-AS2F-3MAZ"])]


class DoneTo(msgspec.Struct):
    """What was done to which reader."""

    reader: str
    what: str


def table(readers: Readers) -> Table:
    """The calls, over the readers of this station."""
    calls = Table("demo")

    def simulated(name: str) -> SimulatedReader:
        reader = readers.reader(name)
        if not isinstance(reader, SimulatedReader):
            raise Refused("device-unknown/simulated")
        return reader

    @calls.route(
        "POST", "/demo/readers/{name}/scans", roles=SUBMITTERS, status=201, says="Read.", problems=("device-unknown",)
    )
    async def scan(_doors: Doors, ask: Ask[Code, NoQuery]) -> Reply[DoneTo]:
        """Hold a code before a simulated reader; whoever hears it reads it."""
        name = ask.path["name"]
        simulated(name).scan(ask.body.text)
        return Reply(DoneTo(reader=name, what="holds a code before it"))

    @calls.route(
        "POST",
        "/demo/readers/{name}/acts/{act}",
        roles=SUBMITTERS,
        says="Done.",
        problems=("device-unknown", "act-unknown"),
    )
    async def provoke(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DoneTo]:
        """Do something to a simulated reader: insert, remove, unplug, plug."""
        name, act = ask.path["name"], ask.path["act"]
        reader = simulated(name)
        if act not in ACTS:
            raise Refused("act-unknown", allowed=tuple(ACTS))
        what, do = ACTS[act]
        do(reader)
        return Reply(DoneTo(reader=name, what=what))

    return calls
