"""``stationd officer``: who may print here, by which decree."""

import argparse
import asyncio
import getpass
import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json, settings_of
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Faulted
from stationd.services.officers import Decree

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers
    from stationd.services.officers import Officers

_ACTOR = Actor(name="command line", role=Role.ADMIN)
_LONGEST_PIN_FILE = 1024


def register(subparsers: "Subparsers") -> None:
    """Add the commands."""
    parser = subparsers.add_parser("officer", help="enter, list and revoke officers appointed by decree")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="enter an officer and the decree; the PIN is asked, or read from a file")
    add_config(add)
    add.add_argument("--number", required=True, metavar="NIP", help="the officer's number, 18 digits")
    add.add_argument("--name", required=True, help="the officer's name")
    add.add_argument("--decree", required=True, metavar="D", help="the decree's number")
    add.add_argument("--from", dest="since", required=True, type=_day, metavar="DATE", help="the first day, 2026-01-31")
    add.add_argument("--until", required=True, type=_day, metavar="DATE", help="the last day")
    add.add_argument("--region", metavar="CODE", help="the kecamatan of the decree (default: the station's own)")
    add.add_argument(
        "--pin-file", type=Path, metavar="FILE", help="a file that holds the PIN and nothing else; - for standard input"
    )
    listing = actions.add_parser("list", help="list the officers")
    add_config(listing)
    add_json(listing)
    revoke = actions.add_parser("revoke", help="end an appointment; a running station obeys within a second")
    add_config(revoke)
    revoke.add_argument("number", metavar="NUMBER")


def run(args: argparse.Namespace) -> int:
    """Carry out one action on the station's database, beside a running daemon or without one."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    actions = {"add": _add, "list": _list, "revoke": _revoke}
    from stationd.adapters.system import SystemClock, SystemEntropy  # noqa: PLC0415 - start-up time of other commands
    from stationd.app import open_database  # noqa: PLC0415
    from stationd.attending import Attending  # noqa: PLC0415

    async def act() -> None:
        clock = SystemClock()
        database, seal = await open_database(settings, clock)
        try:
            attending = Attending(settings, database, seal, clock=clock, entropy=SystemEntropy(), printers=dict)
            await attending.officers.load()
            await attending.calendar.load()
            await actions[args.action](args, attending.officers)
        finally:
            await database.aclose()

    asyncio.run(act())
    return EXIT_DONE


async def _add(args: argparse.Namespace, officers: "Officers") -> None:
    decree = Decree(
        number=args.number,
        name=args.name,
        decree=args.decree,
        valid_from=args.since,
        valid_until=args.until,
        region=args.region,
    )
    pin = await asyncio.to_thread(_ask_pin if args.pin_file is None else lambda: _read_pin(args.pin_file))
    view = await officers.add(decree, pin, actor=_ACTOR)
    print(f"entered: {view.officer.number} is {view.standing}")


async def _list(args: argparse.Namespace, officers: "Officers") -> None:
    views = officers.all()
    if args.json:
        listed = [
            {
                "number": view.officer.number,
                "name": view.officer.name,
                "decree": view.officer.decree,
                "region": view.officer.region,
                "valid_from": view.officer.valid_from.isoformat(),
                "valid_until": view.officer.valid_until.isoformat(),
                "standing": view.standing.value,
                "days_left": view.days_left,
            }
            for view in views
        ]
        print(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    for view in views:
        each = view.officer
        soon = "" if view.days_left is None else f", {view.days_left} days left"
        print(
            f"{each.number}  {view.standing}{soon}  {each.region}  {each.valid_from} to {each.valid_until}  "
            f"{each.decree}  {each.name}"
        )


async def _revoke(args: argparse.Namespace, officers: "Officers") -> None:
    await officers.revoke(args.number, actor=_ACTOR)


def _ask_pin() -> str:
    if not sys.stdin.isatty():
        raise Faulted("pin-unreadable", "cannot ask for the PIN: this is no terminal", fix="give --pin-file FILE")
    pin = getpass.getpass("PIN: ")
    if getpass.getpass("PIN again: ") != pin:
        raise Faulted("pin-unreadable", "cannot take the PIN: the two do not agree")
    return pin


def _read_pin(path: Path) -> str:
    try:
        with sys.stdin if str(path) == "-" else path.open(encoding="utf-8") as file:
            return file.read(_LONGEST_PIN_FILE).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Faulted("pin-unreadable", f"cannot read the PIN from {path}: {type(error).__name__}") from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: allowed is a date such as 2026-01-31") from None
