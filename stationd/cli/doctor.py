"""``stationd doctor``: machine and station looked over as a technician would, with what to do about each thing."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers


def register(subparsers: "Subparsers") -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "doctor",
        help="look over machine and station as a technician would, and say what to do",
        description="Looks over configuration, rights, key, books, disk, clock, devices, CUPS, printers, network, "
        "officers, backups and the running daemon. Nothing is changed and nothing is printed. Run it as root to see "
        "everything.",
    )
    add_config(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> int:
    """0 when nothing is wrong, 1 when something keeps the station from working."""
    from stationd.cli.examination import examine_station  # noqa: PLC0415 - start-up time of other commands
    from stationd.cli.findings import Level  # noqa: PLC0415

    findings = asyncio.run(examine_station(args.config))
    if args.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            mark = {Level.GOOD: "good  ", Level.NOTICE: "notice", Level.WRONG: "WRONG "}[finding.level]
            print(f"{mark}  {finding.what:<14} {finding.found}")
            if finding.fix is not None:
                print(f"{'':24}-> {finding.fix}")
    wrong = sum(finding.level is Level.WRONG for finding in findings)
    noticed = sum(finding.level is Level.NOTICE for finding in findings)
    print(f"{len(findings)} things looked at, {wrong} wrong, {noticed} to be noticed", file=sys.stderr)
    return EXIT_FAILED if wrong else EXIT_DONE
