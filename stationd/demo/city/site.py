"""A whole city on loopback: the simulated stations on one port, a genuine Prometheus, and a genuine Alertmanager.

Prometheus asks the stations itself and has the city's own rules, made fit for short days; Alertmanager has the city's
own routes and hands to this process what it would mail.
"""

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from stationd.demo.city import books, faster, faults
from stationd.demo.city.books import BooksFault, SimulatedBooks
from stationd.demo.city.child import Child, cancelled
from stationd.demo.city.faults import Fault
from stationd.demo.city.files import CONFIGS, city_files
from stationd.demo.city.palembang import STATIONS
from stationd.demo.city.ports import free_port
from stationd.demo.city.station import SimulatedStation
from stationd.domain.errors import Refused

_WINDOW_SAMPLES: Final = 5
_STARTS_WITHIN_S: Final = 60.0
_PROMETHEUS: Final = """\
global: {{scrape_interval: {scrape}ms, evaluation_interval: {scrape}ms}}
rule_files: [rules/*.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
scrape_configs:
  - job_name: stationd
    scrape_timeout: {scrape}ms
    http_sd_configs: [{{url: "{stations}/targets", refresh_interval: 1s}}]
  - job_name: stationd-city
    metrics_path: /books/metrics
    scrape_timeout: {scrape}ms
    static_configs: [{{targets: ["{books}"]}}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An alert as somebody was told of it. ``day`` is that of the city since its beginning."""

    day: float
    receiver: str
    is_firing: bool
    alert: str
    station: str
    kecamatan: str
    summary: str


class City:
    """Eighteen stations that live ``day_s`` seconds a day, and those who watch them, as an async context.

    ``script`` tells the faults of each day, ``books_script`` those of the city's side of the link; ``hear`` is called
    with every notice. Raises ``Refused`` when a program, or the city's files, are missing, or when a program does not
    start.
    """

    def __init__(
        self,
        folder: Path,
        *,
        day_s: float = 5.0,
        scrape_s: float = 0.5,
        configs: Sequence[Path] = CONFIGS,
        script: Callable[[float], dict[str, frozenset[Fault]]] = faults.at,
        books_script: Callable[[float], frozenset[BooksFault]] = books.at,
        hear: Callable[[Notice], None] | None = None,
    ) -> None:
        self.folder = folder
        self.day_s = day_s
        self.notices: list[Notice] = []
        self.stations_url = self.prometheus_url = self.alertmanager_url = ""
        self._scrape_s = scrape_s
        self._configs = configs
        self._script = script
        self._books = SimulatedBooks(books_script)
        self._hear = hear
        self._began = 0.0
        self._stack = AsyncExitStack()
        self._stations: dict[str, SimulatedStation] = {}
        self._faults: dict[str, frozenset[Fault]] = {}

    @property
    def day(self) -> float:
        """How many days have passed."""
        return (time.monotonic() - self._began) / self.day_s

    def shorter(self, query: str) -> str:
        """A query of real days made fit for this city's."""
        return faster.rules(query, self.day_s, _WINDOW_SAMPLES * self._scrape_s)

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        prometheus = await asyncio.to_thread(found, "prometheus")
        alertmanager = await asyncio.to_thread(found, "prometheus-alertmanager", "alertmanager")
        now_ms = time.time_ns() // 1_000_000
        self._stations = {
            station: SimulatedStation(number, now_ms=now_ms) for number, station in enumerate(STATIONS, start=1)
        }
        self._began = time.monotonic()
        await self._serve()
        living = asyncio.create_task(self._live(), name="days of the city")
        self._stack.push_async_callback(cancelled, living)
        ports = free_port(), free_port()
        self.prometheus_url, self.alertmanager_url = (f"http://127.0.0.1:{port}" for port in ports)
        await asyncio.to_thread(self._write, ports[1])
        await self._run(
            (
                alertmanager,
                f"--config.file={self.folder}/alertmanager.yml",
                f"--storage.path={self.folder}/alertmanager",
                f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--cluster.listen-address=",
            ),
            f"{self.alertmanager_url}/-/ready",
        )
        await self._run(
            (
                prometheus,
                f"--config.file={self.folder}/prometheus.yml",
                f"--storage.tsdb.path={self.folder}/prometheus",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
                "--storage.tsdb.retention.time=1d",
            ),
            f"{self.prometheus_url}/-/ready",
        )

    def _write(self, alertmanager_port: int) -> None:
        config = city_files(self._configs)
        (self.folder / "rules").mkdir(parents=True, exist_ok=True)
        for path in sorted((config / "rules").glob("*.yml")):
            text = self.shorter(path.read_text(encoding="utf-8"))
            (self.folder / "rules" / path.name).write_text(text, encoding="utf-8")
        prometheus = _PROMETHEUS.format(
            scrape=round(self._scrape_s * 1000),
            alertmanager=alertmanager_port,
            stations=self.stations_url,
            books=self.stations_url.removeprefix("http://"),
        )
        (self.folder / "prometheus.yml").write_text(prometheus, encoding="utf-8")
        routes = faster.routes((config / "alertmanager.yml").read_text(encoding="utf-8"), f"{self.stations_url}/alerts")
        (self.folder / "alertmanager.yml").write_text(routes, encoding="utf-8")

    async def _run(self, command: Sequence[str], ready: str) -> None:
        name = Path(command[0]).name
        child = Child(name, command, self.folder / f"{name}.log")
        self._stack.push_async_callback(child.end)
        await child.start()
        await answers(child, ready)

    # ------------------------------------------------------------------------------------------------- the stations

    async def _live(self) -> None:
        before = self.day
        while True:
            await asyncio.sleep(self._scrape_s)
            day = self.day
            self._faults = self._script(day)
            for station, each in self._stations.items():
                each.live(day - before, faults=self._faults.get(station, frozenset()), real_s=time.time())
            before = day

    async def _serve(self) -> None:
        app = web.Application()
        app.router.add_get("/targets", self._targets)
        app.router.add_get("/stations/{station}/metrics", self._metrics)
        app.router.add_get("/books/metrics", self._books_metrics)
        app.router.add_post("/alerts/{receiver}", self._told)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        self.stations_url = f"http://127.0.0.1:{port}"

    async def _targets(self, request: web.Request) -> web.Response:
        groups = [
            {
                "targets": [request.host],
                "labels": {
                    "__metrics_path__": f"/stations/{station}/metrics",
                    "station": station,
                    "kecamatan": kecamatan,
                },
            }
            for station, kecamatan in STATIONS.items()
            if Fault.SILENT not in self._faults.get(station, ())
        ]
        return web.json_response(groups)

    async def _metrics(self, request: web.Request) -> web.Response:
        station = request.match_info["station"]
        if station not in self._stations or Fault.DOWN in self._faults.get(station, ()):
            raise web.HTTPServiceUnavailable
        return web.Response(
            body=self._stations[station].render(), headers={"Content-Type": "text/plain; version=0.0.4"}
        )

    async def _books_metrics(self, _request: web.Request) -> web.Response:
        text = self._books.render(self.day, time.time())
        if text is None:
            raise web.HTTPServiceUnavailable
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _told(self, request: web.Request) -> web.Response:
        for alert in (await request.json())["alerts"]:
            labels = alert["labels"]
            notice = Notice(
                day=self.day,
                receiver=request.match_info["receiver"],
                is_firing=alert["status"] == "firing",
                alert=labels["alertname"],
                station=labels.get("station", ""),
                kecamatan=labels.get("kecamatan", ""),
                summary=alert["annotations"].get("summary", ""),
            )
            self.notices.append(notice)
            if self._hear is not None:
                self._hear(notice)
        return web.Response()


def found(*names: str) -> str:
    """Where one of these programs is. Raises ``Refused``."""
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    raise Refused(
        "program-missing",
        f"cannot start the city: {names[0]} is not installed",
        fix="apt install prometheus prometheus-alertmanager",
    )


async def answers(child: Child, url: str) -> None:
    """Wait until a program answers at an address. Raises ``Refused`` when it does not, or ends."""
    deadline = time.monotonic() + _STARTS_WITHIN_S
    async with ClientSession(timeout=ClientTimeout(total=5)) as session:
        while child.pid is not None and time.monotonic() < deadline:
            with suppress(ClientError, TimeoutError):
                async with session.get(url) as answer:
                    if answer.ok:
                        return
            await asyncio.sleep(0.1)
    raise Refused("city-not-started", f"cannot start {child.name}: see {child.log}")
