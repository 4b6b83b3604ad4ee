"""``stationd minutes``: the register of minutes, paper made of it, and the book of blanks of a day."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json, iso, settings_of

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers
    from stationd.config import Settings
    from stationd.services.minutes import Register


def register(subparsers: "Subparsers") -> None:
    """Add the commands."""
    parser = subparsers.add_parser("minutes", help="list minutes, print them as PDF or CSV, draw up a day's book")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list the register, the newest first")
    add_config(listing)
    add_json(listing)
    listing.add_argument("--kind", help="only these, such as destruction")
    listing.add_argument("--limit", type=int, default=50, help="how many (default: %(default)s)")
    printing = actions.add_parser("print", help="write minutes to a file; a file that is there is not overwritten")
    add_config(printing)
    printing.add_argument("number", metavar="NUMBER", help="the number of the minutes")
    printing.add_argument(
        "output", metavar="FILE", type=Path, help="a name that ends in .pdf or .csv; - writes PDF to standard output"
    )
    book = actions.add_parser("book", help="draw up the book of blanks of a day, and tell its number")
    add_config(book)
    add_json(book)
    book.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="which day (default: today)")


def run(args: argparse.Namespace) -> int:
    """Carry out one action on the station's database, beside a running daemon or without one."""
    if args.action == "print" and args.output.suffix not in {".pdf", ".csv"} and str(args.output) != "-":
        print("stationd: cannot print: the name of the file must end in .pdf or .csv", file=sys.stderr)
        return EXIT_FAILED
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    import stationd.app  # noqa: F401, PLC0415 - start-up time of other commands; before the loop, for it reads files

    actions = {"list": _list, "print": _print, "book": _book}
    return asyncio.run(_with_register(settings, lambda register: actions[args.action](args, register)))


async def _with_register(settings: "Settings", act: "Callable[[Register], Awaitable[int]]") -> int:
    from stationd.adapters.system import SystemClock, SystemEntropy  # noqa: PLC0415
    from stationd.app import open_database  # noqa: PLC0415
    from stationd.attending import Attending  # noqa: PLC0415
    from stationd.bookkeeping import Bookkeeping  # noqa: PLC0415

    clock, entropy = SystemClock(), SystemEntropy()
    database, seal = await open_database(settings, clock)
    try:
        attending = Attending(settings, database, seal, clock=clock, entropy=entropy, printers=dict)
        await attending.calendar.load()
        await attending.officers.load()
        keeping = Bookkeeping(settings, database, seal, attending, clock=clock, entropy=entropy, printers=list)
        return await act(keeping.minutes)
    finally:
        await database.aclose()


async def _list(args: argparse.Namespace, register: "Register") -> int:
    lines, _ = await register.page(kind=args.kind, before=None, limit=args.limit)
    if args.json:
        print(json.dumps([asdict(line) | {"at": iso(line.at)} for line in lines], indent=2))
        return EXIT_DONE
    for line in lines:
        print(f"{line.day}  {line.number:36} {line.kind:18} {line.subject}")
    return EXIT_DONE


async def _print(args: argparse.Namespace, register: "Register") -> int:
    drawn = await register.by_number(args.number)
    make = register.csv if args.output.suffix == ".csv" else register.pdf
    data = await make(drawn.id)
    if str(args.output) == "-":
        sys.stdout.buffer.write(data)
        return EXIT_DONE
    try:
        await asyncio.to_thread(_write_new, args.output, data)
    except OSError as trouble:
        print(f"stationd: cannot write {args.output}: {trouble.strerror}", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_DONE


async def _book(args: argparse.Namespace, register: "Register") -> int:
    from stationd.domain.authority import STATION  # noqa: PLC0415

    drawn = await register.blank_book(args.on or register.today, actor=STATION)
    print(json.dumps(asdict(drawn) | {"at": iso(drawn.at)}, indent=2) if args.json else drawn.number)
    return EXIT_DONE


def _write_new(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, for it names people."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
