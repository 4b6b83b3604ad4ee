"""``stationd backup``: a checked copy of the database, made beside a running station."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, settings_of

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "backup",
        help="copy the database to a new file, beside a running station",
        description="Copies the database to a new file. The copy is checked before it gets its name. Personal data "
        "stay sealed in it; the station key is not part of it.",
    )
    add_config(parser)
    parser.add_argument("destination", type=Path, metavar="DEST", help="the new file")


def run(args: argparse.Namespace) -> int:
    """0 when the copy is there."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    from stationd.adapters.sqlite.backup import backup  # noqa: PLC0415 - start-up time of other commands
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    backup(settings.station.state_dir / DATABASE_FILE, args.destination.absolute())
    print(f"backed up to {args.destination}")
    return EXIT_DONE
