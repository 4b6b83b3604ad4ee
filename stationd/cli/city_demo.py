"""``stationd city-demo``: eighteen simulated stations with faults, and the genuine programs that watch them."""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers

_SHORTEST_DAY_S = 2.0


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "city-demo",
        help="run 18 simulated stations with faults under a genuine Prometheus and Alertmanager",
        description="Runs simulated stations whose days pass in seconds, and tells alerts as they come and go.",
    )
    parser.add_argument("--day", type=_day, default=5.0, metavar="SECONDS", help="how long a day takes (%(default)s)")
    parser.add_argument("--minutes", type=float, default=0.0, help="end after so many minutes (default: never)")
    parser.add_argument("--dir", type=Path, metavar="FOLDER", help="where everything goes (default: a new folder)")


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C."""
    from stationd.demo.city.run import run as run_city  # noqa: PLC0415 - costs start-up time of other commands
    from stationd.demo.city.settings import CityOptions  # noqa: PLC0415 - see above

    folder = args.dir.absolute() if args.dir is not None else Path(tempfile.mkdtemp(prefix="stationd-city-"))
    asyncio.run(run_city(CityOptions(folder=folder, day_s=args.day, minutes=args.minutes)))
    return EXIT_DONE


def _day(text: str) -> float:
    value = float(text)
    if not value >= _SHORTEST_DAY_S:
        raise argparse.ArgumentTypeError(f"{text}: allowed is a number of seconds from {_SHORTEST_DAY_S:g}")
    return value
