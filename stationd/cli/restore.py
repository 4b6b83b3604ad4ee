"""``stationd restore``: a backup in the place of the database of a stopped station."""

import argparse
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.key_files import key_file, previous_of, read_key
from stationd.cli.options import add_config, read_settings
from stationd.domain.errors import Faulted, Refused

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers
    from stationd.config import Settings


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "restore",
        help="put a backup in the place of the database of a stopped station",
        description="Puts a backup in the place of the database. The files that were there are kept beside it. A "
        "backup from before a change of the station key opens with the previous key only, and is refused until that "
        "key is back in its place. At the next start every order that the backup has in line is set aside, for its "
        "card may have been made since, and every card in question is uncertain, until an officer has looked.",
    )
    add_config(parser)
    parser.add_argument(
        "--nothing-printed-since",
        action="store_true",
        help="the station has not run since the backup was made (it moves to another machine): leave the line alone",
    )
    parser.add_argument("source", type=Path, metavar="SRC", help="a file made by stationd backup")


def run(args: argparse.Namespace) -> int:
    """0 when the backup is in place."""
    settings = read_settings(args)
    if settings is None:
        return EXIT_FAILED
    from stationd.adapters.sqlite.backup import restore  # noqa: PLC0415 - start-up time of other commands
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    database = settings.station.state_dir / DATABASE_FILE
    if not _see_that_it_opens(settings, args.source.absolute()):
        print("there is no station key here to try it with: it opens with the key that the station had on that day")
    kept = restore(args.source.absolute(), database, is_unused_since=args.nothing_printed_since)
    print(f"restored from {args.source}" + (f"; what was there is kept as {kept}" if kept else ""))
    if not args.nothing_printed_since:
        print(
            "what the backup has in line may have been printed since: at the next start it is set aside until an "
            "officer has looked for each card; count the blanks, and look through officers and tokens"
        )
    return EXIT_DONE


def _see_that_it_opens(settings: "Settings", source: Path) -> bool:
    """Whether there was a key to try a backup with. Raises :class:`Refused` (``backup-other-key``) if it does not open.

    What is no backup at all is left to the restore, which says so.
    """
    file = key_file(settings)
    if file is None or not source.is_file():
        return file is not None
    if _opens(source, read_key(file)):
        return True
    detail = f"cannot restore {source}: the personal data in it do not open with the station key in {file}"
    previous = previous_of(file)
    if previous.exists() and _opens(source, read_key(previous)):
        raise Refused(
            "backup-other-key",
            f"{detail}; it was made before the key was changed",
            fix=f"put the previous key back, keeping this one: mv {file} {file}.newer && mv {previous} {file}",
        )
    raise Refused(
        "backup-other-key", detail, fix=f"put the key that this station had on the day of the backup into {file} first"
    )


def _opens(source: Path, key: bytes) -> bool:
    from stationd.adapters.sqlite.connection import reading  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.sqlite.keyring import seal_of  # noqa: PLC0415

    try:
        with reading(source) as connection:
            seal_of(connection, key)
    except sqlite3.DatabaseError:
        return True
    except Faulted:
        return False
    return True
