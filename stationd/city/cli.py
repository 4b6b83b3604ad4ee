"""``stationd-city COMMAND``: the city's side. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""

import argparse
import asyncio
import json
import logging
import os
import pwd
import re
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stationd import __version__
from stationd.city.backup import back_up
from stationd.city.desk import Desk
from stationd.city.identity import Identity, make_key, make_token, read_key
from stationd.city.rights import Rights
from stationd.city.settings import DEFAULT_FILE, CitySettings, SettingsError, load
from stationd.domain.errors import Refused, StationError

if TYPE_CHECKING:
    from stationd.city.run import City

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
_USER: Final = "stationd-city"
_FILED: Final = frozenset({"offered", "repeated"})
# An identity is 64 bytes in base64url, of which one in 64 begins with what argparse takes for an option.
_DASHED_IDENTITY: Final = re.compile(r"-[A-Za-z0-9_-]{40,}")

Verb = Callable[[argparse.Namespace, "City"], Awaitable[int]]


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of a command line; raises ``SystemExit`` for ``--help`` and wrong usage."""
    args = _parser().parse_args(_guarded(sys.argv[1:] if argv is None else argv))
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each TLS connection that the other side ends
    try:
        if args.config == DEFAULT_FILE:
            _step_down()
        settings = load(args.config)
        if args.command == "init":
            make_token(settings.token_file)
            make_key(settings.key_file)
            return EXIT_DONE
        if args.command in _ALONE:
            _ALONE[args.command](args, settings)
            return EXIT_DONE
        return _at_work(args, settings)
    except ModuleNotFoundError as missing:
        print(f"stationd-city: cannot work: {missing.name} is missing", file=sys.stderr)
        print("stationd-city: install the extra stationd[books]", file=sys.stderr)
    except SettingsError as problems:
        print(f"stationd-city: {problems}", file=sys.stderr)
    except StationError as trouble:
        print(f"stationd-city: {trouble.detail}", file=sys.stderr)
        if trouble.fix:
            print(f"stationd-city: {trouble.fix}", file=sys.stderr)
    return EXIT_FAILED


def _step_down() -> None:
    """Where root calls, go on as the user whose books they are: PostgreSQL knows people by their user."""
    if os.geteuid() != 0:
        return
    try:
        user = pwd.getpwnam(_USER)
    except KeyError:
        return
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ["HOME"] = user.pw_dir


def _guarded(words: Sequence[str]) -> list[str]:
    """The words of a command line, an identity that looks like an option put at the end, behind ``--``."""
    dashed = [word for word in words if _DASHED_IDENTITY.fullmatch(word)]
    return [word for word in words if word not in dashed] + (["--", *dashed] if dashed else [])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stationd-city", description="The city's side of the link to its stations.")
    parser.add_argument("--version", action="version", version=f"stationd-city {__version__}")
    parser.add_argument("--config", type=Path, default=DEFAULT_FILE, metavar="FILE", help=f"default: {DEFAULT_FILE}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)

    def command(name: str, help_: str, *positional: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_)
        for each in positional:
            added.add_argument(each.lower(), metavar=each)
        return added

    command("init", "make the city's key, and the token of the door; back the key up, everything hangs on it")
    command("identity", "print what stations enter in their [city] table")
    command("server-config", "print the part of the NATS servers' configuration that says whom to believe")
    check = command("check", "say what is wrong with the key, the books, each server, the backups; exit code 1 for any")
    check.add_argument("--json", action="store_true", help="one line of JSON each")
    backup = command("backup", "copy the books into books.backup_dir, or into a folder")
    backup.add_argument("folder", metavar="FOLDER", type=Path, nargs="?")
    backup.add_argument("--keep", type=int, default=30, metavar="N", help="remove older ones (%(default)s)")
    command("run", "take facts, send orders, serve the door, until SIGTERM")
    enrol = command("enrol", "enter a station and write its credentials file", "STATION", "NAME", "IDENTITY")
    rotate = command("rotate", "write new credentials for a station; the old ones are void", "STATION")
    for each in (enrol, rotate):
        each.add_argument("--out", type=Path, required=True, metavar="FILE", help="a file that is not there yet")
    command("revoke", "take a station's credentials from it", "STATION")
    command("stations", "list the stations and how far their books are here")
    command("follow", "follow the other history of a station whose book was restored from a backup", "STATION")
    command("replay", "have every fact come again that the servers still have, after the books were restored")
    file = command("file", "file orders, one a line (NDJSON, - for standard input)", "FILE")
    file.add_argument("--to", metavar="STATION", help="for lines that name no station")
    command("order", "show how an order stands", "ORDER")
    move = command("move", "give orders to another station, at once where none has leave for them")
    move.add_argument("--from", dest="source", metavar="STATION", help="every order of this station")
    move.add_argument("--order", action="append", default=[], metavar="ORDER", help="this order; may be repeated")
    move.add_argument("--to", required=True, metavar="STATION")
    move.add_argument("--waiting", action="store_true", help="leave there what it has leave for")
    command("cancel", "end an order", "ORDER")
    command("write-off", "somebody has looked: the station made no card of this order and never will", "ORDER")
    issue = command("issue-blanks", "write down blanks that were given to a station (negative: taken back)", "STATION")
    issue.add_argument("quantity", type=int, metavar="QUANTITY")
    issue.add_argument("note", metavar="NOTE", help="the number of the delivery note")
    command("reconcile", "list where the books do not say the same; exit code 1 when there is anything")
    command("where", "tell where the card of a receipt is", "RECEIPT")
    return parser


def _at_work(args: argparse.Namespace, settings: CitySettings) -> int:
    from stationd.city.run import opened, serve  # noqa: PLC0415 - an extra, and loaded before the loop runs

    async def act() -> int:
        async with opened(settings) as city:
            return await _VERBS[args.command](args, city)

    if args.command == "check":
        return asyncio.run(_check(args, settings))
    if args.command == "run":
        asyncio.run(serve(settings))
        return EXIT_DONE
    return asyncio.run(act())


def _identity(_args: argparse.Namespace, settings: CitySettings) -> None:
    identity = Identity(read_key(settings.key_file))
    print(f'[city]\nkeys = ["{identity.public_key}"]\nseal_to = "{identity.public_seal}"')
    print(f"servers = {json.dumps(list(settings.servers.urls))}")
    if settings.reserved:
        print(f"reserved = {json.dumps(list(settings.reserved))}")


def _backup(args: argparse.Namespace, settings: CitySettings) -> None:
    folder = args.folder or settings.backup_dir
    print(back_up(settings.database, folder.absolute(), keep=max(1, args.keep), now_s=time.time()))


def _server_config(_args: argparse.Namespace, settings: CitySettings) -> None:
    rights = Rights(Identity(read_key(settings.key_file)), settings.city)
    print(rights.server_config({}, at=int(time.time())), end="")


_ALONE: Final = {"backup": _backup, "identity": _identity, "server-config": _server_config}


async def _check(args: argparse.Namespace, settings: CitySettings) -> int:
    from stationd.city.check import Level, examine  # noqa: PLC0415 - an extra

    is_wrong = False
    async for finding in examine(settings, Identity(await asyncio.to_thread(read_key, settings.key_file))):
        print(json.dumps(asdict(finding)) if args.json else finding, flush=True)
        is_wrong = is_wrong or finding.level is Level.WRONG
    return EXIT_FAILED if is_wrong else EXIT_DONE


async def _enrol(args: argparse.Namespace, city: "City") -> int:
    return await _into(args.out, city.desk.enrol(args.station, args.name, args.identity))


async def _rotate(args: argparse.Namespace, city: "City") -> int:
    return await _into(args.out, city.desk.rotate(args.station))


async def _into(path: Path, made: Coroutine[object, object, str]) -> int:
    """Write a secret into a new file that nobody else reads; it is there before anything is done, or nothing is."""
    try:
        await asyncio.to_thread(_new, path)
    except BaseException:
        made.close()
        raise
    try:
        await asyncio.to_thread(path.write_text, await made, encoding="ascii")
    except BaseException:
        await asyncio.to_thread(path.unlink, missing_ok=True)
        raise
    return EXIT_DONE


async def _file(args: argparse.Namespace, city: "City") -> int:
    lines = await asyncio.to_thread(_lines, args.file)
    filed = await city.desk.file(lines, to=args.to)
    _tell([{name: value for name, value in asdict(line).items() if value} for line in filed])
    return EXIT_DONE if all(line.result in _FILED for line in filed) else EXIT_FAILED


async def _move(args: argparse.Namespace, city: "City") -> int:
    if args.source is not None:
        _tell([await city.desk.move_all(args.source, args.to, is_waiting_only=args.waiting)])
    _tell([{"order": order, "result": await city.desk.move(order, args.to)} for order in args.order])
    return EXIT_DONE


async def _issue(args: argparse.Namespace, city: "City") -> int:
    await city.desk.issue_blanks(args.station, args.quantity, args.note)
    return EXIT_DONE


async def _reconcile(_args: argparse.Namespace, city: "City") -> int:
    found = await city.desk.differences()
    _tell([asdict(each) for each in found])
    return EXIT_FAILED if found else EXIT_DONE


async def _replay(_args: argparse.Namespace, city: "City") -> int:
    await city.desk.replay()
    return EXIT_DONE


async def _where(args: argparse.Namespace, city: "City") -> int:
    _tell([asdict(each) for each in await city.desk.where(args.receipt)])
    return EXIT_DONE


def _showing(verb: Callable[[Desk, argparse.Namespace], Awaitable[object]]) -> Verb:
    """A verb whose answer is shown as it is."""

    async def shown(args: argparse.Namespace, city: "City") -> int:
        answer = await verb(city.desk, args)
        if answer is not None:
            _tell(list(answer) if isinstance(answer, list | tuple) else [answer])
        return EXIT_DONE

    return shown


_VERBS: Final[dict[str, Verb]] = {
    "enrol": _enrol,
    "rotate": _rotate,
    "revoke": _showing(lambda desk, args: desk.revoke(args.station)),
    "stations": _showing(lambda desk, _: desk.stations()),
    "follow": _showing(lambda desk, args: desk.follow(args.station)),
    "file": _file,
    "order": _showing(lambda desk, args: desk.order(args.order)),
    "move": _move,
    "cancel": _showing(lambda desk, args: desk.cancel(args.order)),
    "write-off": _showing(lambda desk, args: desk.write_off(args.order)),
    "issue-blanks": _issue,
    "reconcile": _reconcile,
    "replay": _replay,
    "where": _where,
}


def _tell(items: Sequence[object]) -> None:
    for item in items:
        print(json.dumps(item))


def _lines(name: str) -> list[bytes]:
    raw = sys.stdin.buffer.read() if name == "-" else _read(Path(name))
    return raw.split(b"\n")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused("file-unreadable", f"cannot read {path}: {error.strerror}") from error


def _new(path: Path) -> None:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise Refused("file-there", f"cannot write {path}: it is there") from None
    except OSError as error:
        user = pwd.getpwuid(os.geteuid()).pw_name
        raise Refused("file-unwritable", f"cannot write {path} as {user}: {error.strerror}") from error
