"""``stationd upgrade-check``: whether this version takes the station's configuration and books, tried on a copy."""

import argparse
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stationd import __version__
from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.check import examine
from stationd.cli.options import add_config
from stationd.cli.ownership import step_down

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "upgrade-check",
        help="see whether this version takes the configuration and the books, before it runs",
        description="Checks the configuration with this version's eyes, and brings a copy of the database to this "
        "version's schema. The station itself is not touched and may run meanwhile.",
    )
    add_config(parser)


def run(args: argparse.Namespace) -> int:
    """0 when this version can run here, 1 with what stands in its way."""
    settings, problems = examine(args.config)
    for problem in problems:
        print(problem, file=sys.stderr)
    if settings is None or problems:
        return EXIT_FAILED
    step_down(settings)
    from stationd.adapters.sqlite.backup import backup  # noqa: PLC0415 - start-up time of other commands
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    database = settings.station.state_dir / DATABASE_FILE
    if not database.exists():
        print(f"stationd {__version__} can run here: the configuration is good, and there are no books yet")
        return EXIT_DONE
    with tempfile.TemporaryDirectory(prefix="upgrade-check-", dir=settings.station.state_dir) as folder:
        copy = Path(folder) / DATABASE_FILE
        backup(database, copy)
        before, after, floor = _migrated(copy)
    print(
        f"stationd {__version__} can run here: the configuration is good, the books go from schema {before} to {after}"
    )
    if after > before:
        back = "also works with the version before" if floor <= before else "does not work with the version before"
        print(
            f"schema {after} {back}" + ("" if floor <= before else ": the way back is the backup made at the upgrade")
        )
    return EXIT_DONE


def _migrated(copy: Path) -> tuple[int, int, int]:
    """The schema version of a copy before and after, and the oldest version that still works with it."""
    from stationd.adapters.sqlite.migrate import migrate  # noqa: PLC0415 - start-up time of other commands

    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        (before,) = connection.execute("PRAGMA user_version").fetchone()
        migrate(connection, copy)
        (after,) = connection.execute("PRAGMA user_version").fetchone()
        row = connection.execute("SELECT value FROM meta WHERE key = 'works_with'").fetchone()
    finally:
        connection.close()
    return before, after, after if row is None else int(row[0])
