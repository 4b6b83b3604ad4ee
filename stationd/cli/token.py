"""``stationd token``: bearer tokens for kiosks, officers, administrators and monitors."""

import argparse
import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json, iso, settings_of
from stationd.domain.authority import Role

if TYPE_CHECKING:
    from stationd.adapters.sqlite.tokens import SqliteTokens
    from stationd.cli.options import Subparsers
    from stationd.config import Settings

_LONGEST = 100_000
_PATH = re.compile(r"/[A-Za-z0-9._~/-]{1,200}")


def register(subparsers: "Subparsers") -> None:
    """Add the commands."""
    parser = subparsers.add_parser("token", help="create, list and revoke bearer tokens")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="print a new token, and nothing else; only its hash is kept")
    add_config(create)
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument("--name", required=True, help="what the token is for, such as kiosk-1; each name once")
    create.add_argument(
        "--expires", type=_expiry, metavar="WHEN", help="when it ends: 12h, 30d, or a date such as 2027-01-31 (its end)"
    )
    create.add_argument(
        "--path",
        action="append",
        type=_path,
        default=[],
        metavar="PATH",
        help="the only paths that it reaches, such as /v1/jobs and all below; may be given more than once",
    )
    listing = actions.add_parser("list", help="list the tokens")
    add_config(listing)
    add_json(listing)
    revoke = actions.add_parser("revoke", help="revoke a token for good; a running station obeys within a second")
    add_config(revoke)
    revoke.add_argument("name", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Carry out one action on the station's database, beside a running daemon or without one."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    actions = {"create": _create, "list": _list, "revoke": _revoke}
    asyncio.run(_with_tokens(settings, lambda tokens: actions[args.action](args, tokens)))
    return EXIT_DONE


async def _with_tokens(settings: "Settings", act: Callable[["SqliteTokens"], Awaitable[None]]) -> None:
    from stationd.adapters.sqlite.tokens import SqliteTokens  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.system import SystemClock  # noqa: PLC0415
    from stationd.app import open_database  # noqa: PLC0415

    database, _ = await open_database(settings, SystemClock())
    try:
        await act(SqliteTokens(database.writer, database.reader))
    finally:
        await database.aclose()


async def _create(args: argparse.Namespace, tokens: "SqliteTokens") -> None:
    from stationd.adapters.system import SystemClock  # noqa: PLC0415
    from stationd.services.access import Access  # noqa: PLC0415

    clock = SystemClock()
    expires_at = None if args.expires is None else args.expires(clock.now_ms())
    print(await Access(tokens, clock).create(args.name, Role(args.role), expires_at=expires_at, paths=tuple(args.path)))


async def _revoke(args: argparse.Namespace, tokens: "SqliteTokens") -> None:
    from stationd.adapters.system import SystemClock  # noqa: PLC0415
    from stationd.services.access import Access  # noqa: PLC0415

    await Access(tokens, SystemClock()).revoke(args.name)


async def _list(args: argparse.Namespace, tokens: "SqliteTokens") -> None:
    rows = await tokens.all()
    if args.json:
        listed = [
            {
                "name": row.name,
                "role": row.role.value,
                "created_at": iso(row.created_at),
                "revoked_at": None if row.revoked_at is None else iso(row.revoked_at),
                "expires_at": None if row.expires_at is None else iso(row.expires_at),
                "paths": list(row.paths),
            }
            for row in rows
        ]
        print(json.dumps(listed, indent=2))
        return
    for row in rows:
        state = "active" if row.revoked_at is None else f"revoked {iso(row.revoked_at)}"
        if row.expires_at is not None:
            state += f", until {iso(row.expires_at)}"
        if row.paths:
            state += f", only {' '.join(row.paths)}"
        print(f"{row.name:24} {row.role.value:8} created {iso(row.created_at)}  {state}")


def _expiry(text: str) -> Callable[[int], int]:
    """When a token made now (Unix milliseconds) ends."""
    unit_ms = {"h": 3_600_000, "d": 86_400_000}.get(text[-1:])
    count = text[:-1]
    if unit_ms is not None and count.isascii() and count.isdigit() and 0 < int(count) <= _LONGEST:
        return lambda now_ms: now_ms + int(count) * unit_ms
    try:
        day = datetime.fromisoformat(f"{date.fromisoformat(text)}T00:00:00+00:00")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: allowed are 12h, 30d, or a date such as 2027-01-31") from None
    return lambda _: int((day + timedelta(days=1)).timestamp() * 1000)


def _path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text}: allowed is the beginning of a path such as /v1/jobs")
    return text
