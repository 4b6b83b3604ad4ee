"""``stationd run``: the daemon."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.adapters.journal import JournalHandler, Repeats, is_journal
from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.check import examine
from stationd.cli.options import add_config, read_settings

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers
    from stationd.config import Settings


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser("run", help="run the station until SIGTERM")
    add_config(parser)
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))


def run(args: argparse.Namespace) -> int:
    """Run until told to stop."""
    settings = read_settings(args)
    if settings is None:
        return EXIT_FAILED
    from stationd.adapters.garbage import look_seldom  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.memory import refuse_dumps  # noqa: PLC0415 - see above

    set_up_logging(args.log_level)
    refuse_dumps()
    look_seldom()
    import uvloop  # noqa: PLC0415 - costs start-up time that no other command should pay

    uvloop.run(serve(settings, args.config))
    return EXIT_DONE


async def serve(settings: "Settings", file: Path) -> None:
    """The station from start to stop; ``file`` is read again on SIGHUP."""
    with without_ca_bundle():
        from stationd.daemon import Daemon  # noqa: PLC0415 - see above

    await Daemon(settings, lambda: examine(file)).run()


@contextmanager
def without_ca_bundle() -> Iterator[None]:
    """While aiohttp is imported: it reads every certificate authority of the system for clients that speak TLS.

    That takes a fifth of the start (60 to 90 ms) and 2 MB. The station speaks no TLS through aiohttp's default
    context; whoever does must bring a context of their own, and gets a refused handshake otherwise, never an open one.
    """
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, os.devnull))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def set_up_logging(level: str) -> None:
    """One line an event: to the journal with its fields where it listens, else on standard error with the time."""
    handler: logging.Handler
    if is_journal(os.environ.get("JOURNAL_STREAM"), sys.stderr.fileno()):
        handler = JournalHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(Repeats())
    logging.basicConfig(handlers=[handler], level=level.upper())
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
