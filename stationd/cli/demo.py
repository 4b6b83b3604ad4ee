"""``stationd demo``: the daemon with simulated printers and invented applicants."""

import argparse
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from stationd.cli.run import set_up_logging
from stationd.config import ConfigError

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers
    from stationd.demo.settings import DemoOptions

_MOST_PRINTERS = 32


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "demo",
        help="run a station with simulated printers and invented applicants",
        description="Runs the daemon with simulated printers and invented applicants in a folder that it names.",
    )
    parser.add_argument(
        "--speed", type=_speed, default=3.0, help="how many times faster than a real printer (%(default)s)"
    )
    parser.add_argument("--printers", type=_printers, default=2, metavar="N", help="how many printers (%(default)s)")
    parser.add_argument("--port", type=int, default=8631, help="the API's port, 0 for a free one (%(default)s)")
    parser.add_argument(
        "--station", type=_station, default="1671-07", metavar="ID", help="which station it is (%(default)s)"
    )
    parser.add_argument("--dir", type=Path, metavar="FOLDER", help="where everything goes (default: a new folder)")
    parser.add_argument("--faults", action="store_true", help="let cards jam, spoil and get lost now and then")
    parser.add_argument(
        "--scenario",
        default="",
        metavar="NAME",
        help="play a recorded scenario, busy-morning or a file of your own, instead of a counter that never rests",
    )
    parser.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
    parser.add_argument(
        "--kept", default="", help=argparse.SUPPRESS
    )  # the station's own process, see stationd.demo.keeper


def run(args: argparse.Namespace) -> int:
    """Run until Ctrl-C: a keeper, which runs this again as the station that it keeps."""
    from stationd.demo.keeper import keep, this_command  # noqa: PLC0415 - costs start-up time of other commands
    from stationd.demo.settings import DemoOptions  # noqa: PLC0415 - see above

    folder = args.dir.absolute() if args.dir is not None else Path(tempfile.mkdtemp(prefix="stationd-demo-"))
    options = DemoOptions(
        folder=folder,
        port=args.port,
        printers=args.printers,
        speed=args.speed,
        has_faults=args.faults,
        scenario=args.scenario,
        station=args.station,
    )
    if args.kept:
        return _run_kept(args, options)
    if options.scenario:
        from stationd.demo import scenario  # noqa: PLC0415 - see above

        try:
            scenario.load(options.scenario)
        except ValueError as wrong:
            print(f"stationd demo: cannot play the scenario {wrong}", file=sys.stderr)
            return EXIT_USAGE
    try:
        return keep(options, this_command(_arguments(args, folder)))
    except ConfigError as wrong:
        print(wrong)
        return EXIT_FAILED


def _run_kept(args: argparse.Namespace, options: "DemoOptions") -> int:
    import uvloop  # noqa: PLC0415 - see above

    from stationd.demo.keeper import Kept  # noqa: PLC0415 - see above
    from stationd.demo.run import run as run_demo  # noqa: PLC0415 - see above

    set_up_logging(args.log_level)
    uvloop.run(run_demo(options, Kept.parse(args.kept)))
    return EXIT_DONE


def _arguments(args: argparse.Namespace, folder: Path) -> list[str]:
    """The command line that this one was, in the folder that was chosen."""
    said = ["demo", "--dir", str(folder), "--log-level", args.log_level]
    for name in ("speed", "printers", "port", "station", "scenario"):
        said += [f"--{name}={getattr(args, name)}"]
    return said + (["--faults"] if args.faults else [])


def _speed(text: str) -> float:
    value = float(text)
    if not 0.01 <= value <= 10_000:  # noqa: PLR2004 - the bounds stand in the message
        raise argparse.ArgumentTypeError(f"{text}: allowed is a number from 0.01 to 10000")
    return value


def _station(text: str) -> str:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", text) is None:
        raise argparse.ArgumentTypeError(f"{text}: allowed is a city and kecamatan such as 1671-09")
    return text


def _printers(text: str) -> int:
    value = int(text)
    if not 1 <= value <= _MOST_PRINTERS:
        raise argparse.ArgumentTypeError(f"{text}: allowed is a whole number from 1 to {_MOST_PRINTERS}")
    return value
