"""Options that many commands share, and the settings behind ``--config``."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.adapters.host import use_zone
from stationd.cli.ownership import step_down
from stationd.config import DEFAULT_FILE, ConfigError, Settings, load

if TYPE_CHECKING:  # argparse's type is generic only for type checkers
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  it has no public name


def add_config(parser: argparse.ArgumentParser) -> None:
    """Give a command ``--config FILE``."""
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_FILE,
        metavar="FILE",
        help="the configuration file (default: %(default)s)",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give a command ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def settings_of(args: argparse.Namespace) -> Settings | None:
    """The settings of ``--config``, or ``None`` after every problem has been told on standard error.

    For commands that use the station's books: where root calls, they go on as the station's user.
    """
    settings = read_settings(args)
    if settings is not None:
        step_down(settings)
    return settings


def read_settings(args: argparse.Namespace) -> Settings | None:
    """The same for commands that stay who they are."""
    try:
        settings = load(args.config)
    except ConfigError as wrong:
        for problem in wrong.problems:
            print(problem, file=sys.stderr)
        return None
    use_zone(settings.station.time_zone)
    return settings


def iso(unix_ms: int) -> str:
    """A moment as RFC 3339 has it, in UTC and to the second."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
