"""The demonstration's workbench: a page with the printers as they stand on a table, to pull, open, empty, jam and kill.

The page uses the API as any frontend does. What is here beside it is what a person in the room would see: which cable
is in its socket, which cards lie in the trays, and the power switch.
"""

import asyncio
import os
import re
import signal
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import hdrs, web

from stationd.adapters.printers.simulator.driver import SimulatedPrinter
from stationd.app import DATABASE_FILE, App
from stationd.demo.bus import SimulatedBus
from stationd.demo.settings import DemoOptions
from stationd.demo.truth import Truth, look, newest
from stationd.domain.authority import Role
from stationd.domain.errors import Refused
from stationd.http.console import answer
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import OFFICERS, NoQuery, Nothing, Table

FOLDER: Final = Path(__file__).parent / "page"
PATH: Final = "/demo"

_SHOWN: Final = 5
"""Cards of each tray on the page."""

_LAST_WORDS_S: Final = 0.05

_NAME: Final = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")
_CARD: Final = re.compile(r"[0-9a-f-]{36}(~[0-9]+)?\.png")


class OnTable(msgspec.Struct, frozen=True):
    """A printer on the table: its name, its id among the devices, whether its cable is in, the newest of its cards.

    ``is_free``: it was put in here, and its whole body can be taken away.
    """

    name: str
    device: str
    is_cabled: bool
    is_free: bool
    cards: tuple[str, ...]


class Seen(msgspec.Struct, frozen=True):
    """What a person in the room sees; ``start`` counts the starts of the station, a card takes ``seconds``."""

    start: int
    seconds: float
    printers: tuple[OnTable, ...]
    truth: Truth | None


class Key(msgspec.Struct, frozen=True):
    """The token with which the page asks."""

    token: str


@dataclass(slots=True)
class Workbench:
    """The table; ``tokens`` are those of the demonstration, known once the station runs."""

    options: DemoOptions
    bus: SimulatedBus
    start: int = 1
    tokens: Mapping[str, str] | None = None

    def table(self, app: App) -> Table:
        """The calls, over the printers of this station."""
        calls = Table("demo")

        @calls.route("GET", PATH, roles=None, says="The page.", media_type="text/html")
        async def page(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
            """The workbench: pull printers, watch the cards, kill the station."""
            return await answer(ask.request, "bench.html", FOLDER)

        @calls.route(
            "GET",
            "/demo/page/{file:.+}",
            roles=None,
            says="The file.",
            media_type="*/*",
            problems=("path-unknown",),
        )
        async def page_file(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
            """A file that the page needs."""
            return await answer(ask.request, ask.path["file"], FOLDER)

        @calls.route("POST", "/demo/key", roles=None, says="A token of this demonstration's officer.")
        async def key(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Key]:  # noqa: ARG001 - one shape for all
            """A token for the workbench, for whoever reaches this machine: all that it opens is invented."""
            return Reply(Key(token=(self.tokens or {}).get(Role.OFFICER, "")))

        @calls.route("GET", "/demo/bench", roles=OFFICERS, says="The table.")
        async def seen(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Seen]:  # noqa: ARG001 - one shape for all
            """What stands on the table and lies in the trays, and how the books compare with it."""
            return Reply(await asyncio.to_thread(self._seen, app))

        @calls.route(
            "GET",
            "/demo/cards/{printer}/{card}",
            roles=OFFICERS,
            says="The card.",
            media_type="image/png",
            problems=("path-unknown",),
        )
        async def card(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
            """A card as it lies in the tray."""
            data = await asyncio.to_thread(self._card, ask.path["printer"], ask.path["card"])
            return web.Response(body=data, content_type="image/png", headers={hdrs.CACHE_CONTROL: "no-store"})

        @calls.route("POST", "/demo/kill", roles=OFFICERS, status=202, says="It will die in a moment.")
        async def kill(_doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[Nothing]:  # noqa: ARG001 - one shape for all
            """Kill the station as a power cut would (SIGKILL). The demonstration starts it again.

            It is answered first: a browser sends a request again whose connection ended without an answer.
            """
            asyncio.get_running_loop().call_later(_LAST_WORDS_S, os.kill, os.getpid(), signal.SIGKILL)
            return Reply(Nothing())

        return calls

    def _seen(self, app: App) -> Seen:
        fixed = [
            (each.name, each.name, each.printer.mechanism.is_reachable, False)
            for each in app.printers.spoolers()
            if isinstance(each.printer, SimulatedPrinter) and each.name not in self.bus.ids.values()
        ]
        free = [(name, device, name in self.bus.present, True) for name, device in self.bus.ids.items()]
        return Seen(
            start=self.start,
            seconds=self.options.seconds,
            printers=tuple(
                OnTable(
                    name=name,
                    device=device,
                    is_cabled=is_cabled,
                    is_free=is_free,
                    cards=newest(self.options.cards / name, _SHOWN),
                )
                for name, device, is_cabled, is_free in (*fixed, *free)
            ),
            truth=self._truth(),
        )

    def _truth(self) -> Truth | None:
        try:
            return look(self.options.cards, self.options.folder / "state" / DATABASE_FILE)
        except (OSError, sqlite3.Error):
            return None

    def _card(self, printer: str, card: str) -> bytes:
        if _NAME.fullmatch(printer) is None or _CARD.fullmatch(card) is None:
            raise Refused("path-unknown")
        try:
            return (self.options.cards / printer / card).read_bytes()
        except OSError:
            raise Refused("path-unknown") from None
