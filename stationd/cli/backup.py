"""``stationd backup``: a checked copy of the database, made beside a running station."""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, read_settings

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
    parser.add_argument("destination", type=Path, metavar="DEST", help="the new file, or a folder that gets one")
    parser.add_argument("--keep", type=_count, metavar="N", help="in a folder: keep the last N, remove older ones")


def run(args: argparse.Namespace) -> int:
    """0 when the copy is there."""
    settings = read_settings(args)
    if settings is None:
        return EXIT_FAILED
    from stationd.adapters.host import BACKUP_MARK  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.sqlite.backup import backup, backup_into  # noqa: PLC0415 - start-up time of other commands
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    database, destination = settings.station.state_dir / DATABASE_FILE, args.destination.absolute()
    if destination.is_dir():
        destination = backup_into(database, destination, keep=args.keep)
    else:
        backup(database, destination)
    with suppress(OSError):  # the copy is there, whoever may write the mark that the station shows
        (settings.station.state_dir / BACKUP_MARK).touch()
    print(f"backed up to {destination}")
    return EXIT_DONE


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text}: allowed is a whole number from 1")
    return int(text)
