"""``stationd token``: bearer tokens for kiosks, officers, administrators and monitors."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, add_json, settings_of
from stationd.domain.authority import Role

if TYPE_CHECKING:
    from stationd.adapters.sqlite.tokens import SqliteTokens
    from stationd.cli.options import Subparsers
    from stationd.config import Settings


def register(subparsers: "Subparsers") -> None:
    """Add the commands."""
    parser = subparsers.add_parser("token", help="create, list and revoke bearer tokens")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="print a new token, and nothing else; only its hash is kept")
    add_config(create)
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    create.add_argument("--name", required=True, help="what the token is for, such as kiosk-1; each name once")
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

    print(await Access(tokens, SystemClock()).create(args.name, Role(args.role)))


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
                "created_at": _iso(row.created_at),
                "revoked_at": None if row.revoked_at is None else _iso(row.revoked_at),
            }
            for row in rows
        ]
        print(json.dumps(listed, indent=2))
        return
    for row in rows:
        state = "active" if row.revoked_at is None else f"revoked {_iso(row.revoked_at)}"
        print(f"{row.name:24} {row.role.value:8} created {_iso(row.created_at)}  {state}")


def _iso(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
