"""``stationd verify``: every book of the station, checked beside a running station or without one."""

import argparse
import asyncio
import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json, settings_of

if TYPE_CHECKING:
    from stationd.adapters.sqlite.findings import Finding
    from stationd.cli.options import Subparsers
    from stationd.config import Settings


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "verify",
        help="check every book of the station: file, chains, ledger, jobs, seals",
        description="Checks the database file, the chained events and ledger, the jobs and their attempts, and that "
        "everything sealed opens. Tells each row that is not as it was written.",
    )
    add_config(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 when the books are in order, 1 when something was found."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    findings = asyncio.run(_findings(settings))
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    elif findings:
        for finding in findings:
            print(finding)
    else:
        print("the books are in order")
    return EXIT_FAILED if findings else EXIT_DONE


async def _findings(settings: "Settings") -> "list[Finding]":
    from stationd.adapters.seal import load_key  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.sqlite.connection import open_reader  # noqa: PLC0415
    from stationd.adapters.sqlite.keyring import seal_of  # noqa: PLC0415
    from stationd.adapters.sqlite.verify import verify  # noqa: PLC0415
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    state_dir = settings.station.state_dir
    reader = await open_reader(state_dir / DATABASE_FILE)
    try:
        key = load_key(state_dir, os.environ, beside=settings.file.parent)
        return await reader.run(lambda connection: verify(connection, seal_of(connection, key)))
    finally:
        await reader.close()
