"""Where one looks at the city: a page made of its books, and Prometheus, which asks the stations and the city."""

import asyncio
import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from aiohttp import web

from stationd.city.books import Transaction
from stationd.demo.city import faster
from stationd.demo.city.child import Child
from stationd.demo.city.files import city_files
from stationd.demo.city.link.kecamatan import Kecamatan
from stationd.demo.city.link.page import DEAD, Glance, Row, page
from stationd.demo.city.link.reckoning import cards_of, taken_of
from stationd.demo.city.link.site import LinkedCity
from stationd.demo.city.ports import free_port
from stationd.demo.city.site import answers
from stationd.domain.errors import StationError

_DAY_S: Final = 1440.0
"""An hour of the alerts' patience passes in a minute."""
_LEAST_S: Final = 10.0
_LINES: Final = 14
_NEWEST: Final = "SELECT coalesce(max(seq), 0) FROM event"
_PRINTED: Final = "SELECT count(*) FROM job WHERE state = 'printed'"
_PROMETHEUS: Final = """\
global: {{scrape_interval: 2s, evaluation_interval: 2s}}
rule_files: [rules/*.yml]
scrape_configs:
  - job_name: stationd
    http_sd_configs: [{{url: "{here}/targets/stations", refresh_interval: 2s}}]
  - job_name: stationd-city
    http_sd_configs: [{{url: "{here}/targets/city", refresh_interval: 2s}}]
"""


class Look:
    """The page and Prometheus; ``story`` are the lines that were told."""

    def __init__(self, city: LinkedCity, story: Sequence[str]) -> None:
        self.url = self.prometheus_url = ""
        self._city = city
        self._story = story
        self._addresses: dict[str, str] = {}
        """Where each station was last, so that Prometheus sees that nobody answers there any more."""

    async def start(self, stack: AsyncExitStack) -> None:
        """Open the page, and start Prometheus where it is installed; both end with ``stack``."""
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_get("/cards/{station}", self._card)
        app.router.add_get("/targets/stations", self._stations)
        app.router.add_get("/targets/city", self._books)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        program = shutil.which("prometheus")
        if program is not None:
            await self._watch(program, stack)

    async def _watch(self, program: str, stack: AsyncExitStack) -> None:
        folder, port = self._city.folder / "prometheus", free_port()
        await asyncio.to_thread(_write, folder, self.url)
        command = (
            program,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
        )
        child = Child("Prometheus", command, folder / "prometheus.log")
        stack.push_async_callback(child.end)
        await child.start()
        self.prometheus_url = f"http://127.0.0.1:{port}"
        await answers(child, f"{self.prometheus_url}/-/ready")

    async def alerts(self, station: str) -> dict[str, str]:
        """The alerts that fire for a station, by Prometheus: names, and what they say. None without Prometheus."""
        if not self.prometheus_url:
            return {}
        async with self._city.session.get(f"{self.prometheus_url}/api/v1/alerts") as answer:
            found = (await answer.json())["data"]["alerts"]
        return {
            each["labels"]["alertname"]: each["annotations"]["summary"]
            for each in found
            if each["state"] == "firing" and each["labels"].get("station") == station
        }

    # ----------------------------------------------------------------------------------------------------- the calls

    async def _page(self, _request: web.Request) -> web.Response:
        try:
            seen = await self._glance()
        except StationError as trouble:
            raise web.HTTPServiceUnavailable(text=trouble.detail) from trouble
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"}
        return web.Response(text=page(seen), content_type="text/html", headers=headers)

    async def _card(self, request: web.Request) -> web.FileResponse:
        name = request.match_info["station"]
        station = next((each for each in self._city.stations if each.station == name), None)
        newest = None if station is None else await asyncio.to_thread(station.newest_card)
        if newest is None:
            raise web.HTTPNotFound
        return web.FileResponse(newest)

    async def _stations(self, _request: web.Request) -> web.Response:
        groups = []
        for each in self._city.stations:
            address = each.process.last_address or self._addresses.get(each.station)
            if address is not None:
                self._addresses[each.station] = address
                labels = {"station": each.station, "kecamatan": each.name}
                groups.append({"targets": [address.removeprefix("http://")], "labels": labels})
        return web.json_response(groups)

    async def _books(self, _request: web.Request) -> web.Response:
        address = self._city.office.process.last_address
        return web.json_response([] if address is None else [{"targets": [address.removeprefix("http://")]}])

    # ------------------------------------------------------------------------------------------------------- inside

    async def _glance(self) -> Glance:
        city = self._city
        cards, taken, orders = await city.books.run(_figures)
        leader = await city.cluster.leader(city.session)
        servers = [
            (node.name, DEAD if node.process.pid is None else "leads" if node is leader else "follows")
            for node in city.cluster.nodes
        ]
        office = city.office.process
        servers.append(("stationd-city", "works" if office.pid else DEAD))
        links = [("Prometheus: alerts", f"{self.prometheus_url}/alerts")] if self.prometheus_url else []
        links.append(("figures of the city's books", f"{office.last_address}/metrics"))
        rows = [await self._row(each, cards, taken, orders) for each in city.stations]
        return Glance(
            rows=rows,
            servers=servers,
            orders=sum(orders.values()),
            links=links,
            story=list(self._story)[-_LINES:],
        )

    async def _row(
        self, station: Kecamatan, cards: dict[str, int], taken: dict[str, int], orders: Counter[tuple[str, str]]
    ) -> Row:
        name, is_up = station.station, station.process.pid is not None
        is_cut = any(line.is_cut for line in self._city.lines.get(name, ()))
        newest = await asyncio.to_thread(station.newest_card)
        own, last = await asyncio.to_thread(_counted, station)
        return Row(
            station=name,
            name=station.name,
            state=_state(station, is_cut=is_cut),
            is_ill=is_cut or (last > 0 and not is_up),
            address=station.process.last_address if is_up else None,
            own_cards=own,
            city_cards=cards.get(name, 0),
            waiting=orders[name, "offered"],
            leave=orders[name, "granted"] + orders[name, "recalled"],
            behind=max(0, last - taken.get(name, 0)),
            card=0 if newest is None else newest.stat().st_mtime_ns,
        )


def _state(station: Kecamatan, *, is_cut: bool) -> str:
    process = station.process
    if process.pid is None:
        return "is down" if process.log.exists() else "not yet there"
    return "starts" if process.last_address is None else "link cut" if is_cut else "works"


def _counted(station: Kecamatan) -> tuple[int, int]:
    """Cards and rows in a station's book, which may not be there yet."""
    try:
        return station.rows(_PRINTED)[0][0], station.rows(_NEWEST)[0][0]
    except sqlite3.OperationalError:
        return 0, 0


def _figures(books: Transaction) -> tuple[dict[str, int], dict[str, int], Counter[tuple[str, str]]]:
    orders: Counter[tuple[str, str]] = Counter()
    for hold, station, count in books.rows("orders_by_station"):
        orders[station, hold] += count
    return cards_of(books), taken_of(books), orders


def _write(folder: Path, here: str) -> None:
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    for path in sorted((city_files() / "rules").glob("*.yml")):
        text = faster.rules(path.read_text(encoding="utf-8"), _DAY_S, _LEAST_S)
        (folder / "rules" / path.name).write_text(text, encoding="utf-8")
    (folder / "prometheus.yml").write_text(_PROMETHEUS.format(here=here), encoding="utf-8")
