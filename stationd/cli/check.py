"""``stationd check``: every problem of the configuration at once, the drivers' own included."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stationd.adapters.printers import drivers
from stationd.adapters.readers import drivers as reader_drivers
from stationd.cli.options import add_config, add_json
from stationd.config import ConfigError, Problem, Settings, load
from stationd.config_calendar import CalendarError, load_year, packaged_calendar
from stationd.config_matchers import MatchersError, directories, packaged_directory, strange_profiles
from stationd.config_matchers import load as load_matchers
from stationd.domain.inventory import DeviceRecord, Sighting, Subsystem
from stationd.domain.matcher import DeviceKind
from stationd.ports.printers import Printer, PrinterSpec
from stationd.ports.readers import Reader, ReaderSpec
from stationd.services.watch_devices import DeviceUse

if TYPE_CHECKING:  # exists for type checkers only
    from stationd.cli.options import Subparsers


_ANY_DEVICE: Final = DeviceRecord(
    identity="usb:ffff:ffff:A1:00",
    seen=Sighting(
        subsystem=Subsystem.USBMISC,
        sys_path="/sys/devices/any",
        node="/dev/usb/lp0",
        vendor="ffff",
        product="ffff",
        serial="A1",
        serial_key="A1",
        port="any-usb2-1",
        function="00",
    ),
)
"""A device that says everything of itself, for drivers to be asked about their options."""


def register(subparsers: "Subparsers") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "check",
        help="tell every problem of the configuration",
        description="Tells every problem of the configuration, or sums it up when it is good. Nothing is started and "
        "no device is asked.",
    )
    add_config(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the configuration is good, 1 when it has problems; either is told, as text or as JSON."""
    settings, problems = examine(args.config)
    if args.json:
        print(json.dumps({"good": not problems, "problems": [asdict(problem) for problem in problems]}, indent=2))
    elif settings is not None and not problems:
        print(f"configuration is good: {summary(settings)}")
    else:
        for problem in problems:
            print(problem)
        print(f"{args.config}: {_count(len(problems), 'problem')}", file=sys.stderr)
    return 1 if problems else 0


def examine(path: Path) -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings in a file, if it can be read, and every problem: of the file first, then of the drivers."""
    settings = None
    problems: tuple[Problem, ...] = ()
    try:
        settings = load(path)
        printers: Mapping[str, PrinterSpec] = {f"printer[{at}]": spec for at, spec in enumerate(settings.printers)}
        readers: Mapping[str, ReaderSpec] = {f"reader[{at}]": spec for at, spec in enumerate(settings.readers)}
    except ConfigError as wrong:
        problems, printers, readers = wrong.problems, wrong.printers, wrong.readers
    problems = (*problems, *driver_problems(str(path), printers, readers), *notice_problems(settings))
    return settings, (*problems, *city_problems(settings), *matcher_problems(path, settings))


def city_problems(settings: Settings | None) -> tuple[Problem, ...]:
    """What is wrong with the link to the city before anything is asked over it: what it needs is not installed."""
    if settings is None or not settings.city.servers or find_spec("nats") is not None:
        return ()
    servers, allowed = json.dumps(settings.city.servers), "none without the extra stationd[city]"
    return (Problem(file=str(settings.file), key="city.servers", value=servers, allowed=allowed),)


def notice_problems(settings: Settings | None) -> tuple[Problem, ...]:
    """What is wrong with telling holders: the calendar file, and a modem without gammu."""
    if settings is None:
        return ()
    problems: tuple[Problem, ...] = ()
    try:
        load_year(settings.notices.calendar or packaged_calendar(), frozenset())
    except CalendarError as wrong:
        problems = wrong.problems
    if "modem" in settings.notices.ways and find_spec("gammu") is None:
        allowed = "modem only with the extra stationd[sms] installed"
        problems = (
            *problems,
            Problem(file=str(settings.file), key="notices.ways", value="modem", allowed=allowed),
        )
    return problems


def matcher_problems(path: Path, settings: Settings | None) -> tuple[Problem, ...]:
    """What is wrong in ``devices.d``: in the files, with the profiles named there, and what the drivers say to it.

    Of the packaged matchers only the files are examined: a driver of theirs may be an extra that is not installed.
    """
    try:
        matchers = load_matchers(directories(path))
    except MatchersError as wrong:
        return wrong.problems
    own = [matcher for matcher in matchers if Path(matcher.file).parent != packaged_directory()]
    problems = () if settings is None else strange_profiles(own, {profile.name for profile in settings.profiles})
    for matcher in own:
        if matcher.kind is DeviceKind.MODEM:
            continue  # its driver is asked for nothing but a port
        use = DeviceUse(name=matcher.name, record=_ANY_DEVICE, matcher=matcher)
        is_printer = matcher.kind is DeviceKind.PRINTER
        told = driver_problems(
            matcher.file,
            {f"device {matcher.name}": use.spec} if is_printer else {},
            {} if is_printer else {f"device {matcher.name}": use.reader_spec},
        )
        problems = (*problems, *told)
    return problems


def driver_problems(
    file: str, printers: Mapping[str, PrinterSpec], readers: Mapping[str, ReaderSpec]
) -> tuple[Problem, ...]:
    """What the drivers have against their printers and readers, given by their places in the file."""
    builds: list[tuple[str, str, Callable[[], Printer | Reader]]] = [
        *((where, spec.name, partial(drivers.build, spec)) for where, spec in printers.items()),
        *((where, spec.name, partial(reader_drivers.build, spec)) for where, spec in readers.items()),
    ]
    problems = []
    built = []
    for where, name, build in builds:
        try:
            built.append(build())
        except ValueError as wrong:
            allowed = f"what its driver takes ({wrong})"
            problems.append(Problem(file=file, key=where, value=json.dumps(name), allowed=allowed))
    asyncio.run(_close(built))
    return tuple(problems)


async def _close(devices: Sequence[Printer | Reader]) -> None:
    for device in devices:
        await device.aclose()


def summary(settings: Settings) -> str:
    """The configuration in one line: station, mode, printers, readers, profiles, addresses."""
    station = settings.station
    listen = ", ".join(str(place) for place in settings.http.listen)
    return (
        f"station {station.id} ({station.name}), {station.mode}, {_count(len(settings.printers), 'printer')}, "
        f"{_count(len(settings.readers), 'reader')}, {_count(len(settings.profiles), 'profile')}, listening on {listen}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
