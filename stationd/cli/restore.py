"""``stationd restore``: a backup in the place of the database of a stopped station."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, read_settings

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "restore",
        help="put a backup in the place of the database of a stopped station",
        description="Puts a backup in the place of the database. The files that were there are kept beside it.",
    )
    add_config(parser)
    parser.add_argument("source", type=Path, metavar="SRC", help="a file made by stationd backup")


def run(args: argparse.Namespace) -> int:
    """0 when the backup is in place."""
    settings = read_settings(args)
    if settings is None:
        return EXIT_FAILED
    from stationd.adapters.sqlite.backup import restore  # noqa: PLC0415 - start-up time of other commands
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    database = settings.station.state_dir / DATABASE_FILE
    kept = restore(args.source.absolute(), database)
    print(f"restored from {args.source}" + (f"; what was there is kept as {kept}" if kept else ""))
    return EXIT_DONE
