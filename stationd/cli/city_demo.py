"""``stationd city-demo``: a whole city on this machine, genuine or simulated."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers

_SHORTEST_DAY_S = 2.0
_FEWEST, _MOST = 3, 18
_SECONDS_A_STATION = 0.3


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "city-demo",
        help="run a whole city with its link, and let it break; or with --day its days under Prometheus",
        description="Runs a genuine city on this machine: three NATS servers, PostgreSQL, stationd-city and eighteen "
        "stations that print, and lets them break one after the other. With --day: eighteen simulated stations under a "
        "genuine Prometheus and Alertmanager, whose days pass in seconds.",
    )
    parser.add_argument("--minutes", type=float, default=0.0, help="end after so many minutes (default: never)")
    parser.add_argument("--dir", type=Path, metavar="FOLDER", help="keep everything there (default: nothing is kept)")
    genuine = parser.add_argument_group("the genuine city")
    genuine.add_argument(
        "--stations", type=_stations, default=_MOST, metavar="N", help="how many, from 3 to 18 (%(default)s)"
    )
    genuine.add_argument(
        "--seconds", type=_seconds, metavar="S", help="how long a card takes (default: 0.3 for each station)"
    )
    genuine.add_argument(
        "--once", action="store_true", help="end with the story; exit code 1 unless all is as promised"
    )
    genuine.add_argument("--sqlite", action="store_true", help="keep the city's books in SQLite")
    genuine.add_argument(
        "--patience", type=float, default=180.0, metavar="S", help="how long to wait for anything (%(default)s)"
    )
    simulated = parser.add_argument_group("the simulated city")
    simulated.add_argument("--day", type=_day, metavar="SECONDS", help="how long a day takes, such as 5")


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C."""
    folder = args.dir.absolute() if args.dir is not None else None
    if args.day is not None:
        from stationd.demo.city.run import run as run_days  # noqa: PLC0415 - start-up time of other commands
        from stationd.demo.city.settings import CityOptions  # noqa: PLC0415 - see above

        asyncio.run(run_days(CityOptions(folder=folder, day_s=args.day, minutes=args.minutes)))
        return EXIT_DONE
    from stationd.demo.city.link.run import run as run_city  # noqa: PLC0415 - see above
    from stationd.demo.city.settings import LinkOptions  # noqa: PLC0415 - see above

    options = LinkOptions(
        folder=folder,
        stations=args.stations,
        seconds=args.seconds if args.seconds is not None else _SECONDS_A_STATION * args.stations,
        minutes=args.minutes,
        patience_s=args.patience,
        is_once=args.once,
        is_trial=args.sqlite,
    )
    return EXIT_DONE if asyncio.run(run_city(options)) else EXIT_FAILED


def _day(text: str) -> float:
    value = float(text)
    if not value >= _SHORTEST_DAY_S:
        raise argparse.ArgumentTypeError(f"{text}: allowed is a number of seconds from {_SHORTEST_DAY_S:g}")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 60:  # noqa: PLR2004 - the bounds stand in the message
        raise argparse.ArgumentTypeError(f"{text}: allowed is a number of seconds above 0 and up to 60")
    return value


def _stations(text: str) -> int:
    value = int(text)
    if not _FEWEST <= value <= _MOST:
        raise argparse.ArgumentTypeError(f"{text}: allowed is a whole number from {_FEWEST} to {_MOST}")
    return value
