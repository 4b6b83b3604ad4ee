"""Running the simulated city: where to look, and each alert as it comes and goes."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

from stationd.demo.city.palembang import STATIONS
from stationd.demo.city.scratch import Scratch
from stationd.demo.city.settings import CityOptions
from stationd.demo.city.site import City, Notice


async def run(options: CityOptions) -> None:
    """Run until SIGINT or SIGTERM, or for ``options.minutes``. Raises ``Refused`` when a program is missing."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    async with Scratch() as scratch:
        folder = options.folder or await scratch.folder()
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        await _live(options, folder, asked)


async def _live(options: CityOptions, folder: Path, asked: asyncio.Event) -> None:
    async with City(folder, day_s=options.day_s, hear=_tell) as city:
        print(
            f"{len(STATIONS)} simulated stations of Palembang; a day passes in {options.day_s:g} seconds\n"
            f"  Prometheus    {city.prometheus_url}/alerts\n"
            f"  Alertmanager  {city.alertmanager_url}\n"
            f"  a station     {city.stations_url}/stations/1671-07/metrics\n"
            f"  files, logs   {folder}\n"
            f"  the report    stationd city-report --prometheus {city.prometheus_url} "
            f"--day {options.day_s:g} --output report.html\n"
            "Alerts as Alertmanager sends them, with the day of the city; Ctrl-C ends it.",
            flush=True,
        )
        with suppress(TimeoutError):
            await asyncio.wait_for(asked.wait(), options.minutes * 60 if options.minutes else None)


def _tell(notice: Notice) -> None:
    mark = "FIRING" if notice.is_firing else "clear "
    if sys.stdout.isatty():
        mark = f"\033[{31 if notice.is_firing else 32}m{mark}\033[0m"
    print(f"day {notice.day:6.1f}  {mark}  to {notice.receiver:15} {notice.alert:18} {notice.summary}", flush=True)
