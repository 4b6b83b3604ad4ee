"""``stationd run``: the daemon."""

import argparse
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, settings_of

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
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    set_up_logging(args.log_level)
    import uvloop  # noqa: PLC0415 - costs start-up time that no other command should pay

    uvloop.run(serve(settings))
    return EXIT_DONE


async def serve(settings: "Settings") -> None:
    """The station from start to stop."""
    with without_ca_bundle():
        from stationd.app import App  # noqa: PLC0415 - see above

    async with App(settings) as app:
        await app.run_until_signalled()


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
    """One line an event on standard error; the time and the unit are the journal's business when it listens."""
    under_journal = "JOURNAL_STREAM" in os.environ
    pattern = (
        "%(levelname)s %(name)s: %(message)s" if under_journal else "%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format=pattern)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
