"""``stationd key``: change the station key while the station works, and tell how far that is."""

import argparse
import asyncio
import json
import os
import secrets
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.key_files import key_file, previous_of, read_key, unusable
from stationd.cli.options import add_config, add_json, read_settings
from stationd.cli.ownership import SEALED_KEY_FILE, seal_to_machine
from stationd.domain.errors import Faulted

if TYPE_CHECKING:
    from stationd.cli.options import Subparsers
    from stationd.config import Settings

_NEXT: Final = ".next"


def register(subparsers: "Subparsers") -> None:
    """Add the commands."""
    parser = subparsers.add_parser("key", help="change the station key while the station works")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    rotate = actions.add_parser(
        "rotate",
        help="make a new station key and put it in the place of the old one",
        description="Makes a new station key and puts it in the place of the old one, which is kept beside it as "
        "….previous: backups made before open with that one only. A running station wraps everything anew by "
        "itself. After a crash, the same command goes on.",
    )
    add_config(rotate)
    status = actions.add_parser("status", help="tell whether a change of the key is under way")
    add_config(status)
    add_json(status)


def run(args: argparse.Namespace) -> int:
    """0 when it was done."""
    settings = read_settings(args)
    if settings is None:
        return EXIT_FAILED
    if args.action == "rotate":
        asyncio.run(_rotate(settings))
        print(
            "the station key was changed, and the old one is kept beside it, as .previous. stationd wraps the personal "
            "data anew while it runs; where the key is a credential, restart it once (stationd key status)"
        )
    else:
        _tell(settings, is_json=args.json)
    return EXIT_DONE


async def _rotate(settings: "Settings") -> None:
    from stationd.adapters.seal import KEY_BYTES, StationSeal  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.sqlite.database import Database  # noqa: PLC0415
    from stationd.adapters.sqlite.keyring import NEXT_CHECK, begin_rotation, seal_of  # noqa: PLC0415
    from stationd.adapters.system import SystemClock  # noqa: PLC0415
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    file = key_file(settings)
    if file is None:
        beside, state_dir = settings.file.absolute().parent, settings.station.state_dir
        raise Faulted("key-unusable", f"cannot find the station key, neither in {beside} nor in {state_dir}")
    following = file.with_name(file.name + _NEXT)
    key = read_key(file)
    database = await Database.open(settings.station.state_dir / DATABASE_FILE, SystemClock())
    try:
        await database.reader.run(lambda connection: seal_of(connection, key))
        announced = await database.remembered(NEXT_CHECK)
        is_going_on = following.exists() and StationSeal(read_key(following)).check_value() == announced
        if not is_going_on:
            next_key = secrets.token_bytes(KEY_BYTES)
            _write(following, next_key, like=file)
            refused = await database.writer.once(
                lambda transaction: begin_rotation(transaction, key, next_key, "command line")
            )
            if refused is not None:
                following.unlink()
                raise refused
    finally:
        await database.aclose()
    previous = previous_of(file)
    previous.unlink(missing_ok=True)
    previous.hardlink_to(file)
    following.replace(file)
    _sync(file.parent)


def _write(file: Path, key: bytes, *, like: Path) -> None:
    try:
        if SEALED_KEY_FILE in file.name:
            seal_to_machine(key, file)
        else:
            _write_plain(file, key, like=like)
        _sync(file.parent)
    except (OSError, subprocess.SubprocessError) as error:
        raise unusable(file, error) from error


def _tell(settings: "Settings", *, is_json: bool) -> None:
    from stationd.adapters.sqlite.connection import reading  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.sqlite.keyring import change_under_way  # noqa: PLC0415
    from stationd.app import DATABASE_FILE  # noqa: PLC0415

    path = settings.station.state_dir / DATABASE_FILE
    try:
        with reading(path) as connection:
            is_awaited, generations = change_under_way(connection)
    except sqlite3.Error as error:
        raise Faulted("storage-failed", f"cannot read {path}: {error}") from error
    if is_json:
        print(json.dumps({"is_new_key_awaited": is_awaited, "is_wrapping": generations > 1}))
    elif is_awaited:
        print("the station has not been given its new key yet: restart it")
    elif generations > 1:
        print("the new key is in use; what was sealed before is being wrapped anew")
    else:
        print("no change of the key is under way")


def _write_plain(path: Path, data: bytes, *, like: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        owner = like.stat()
        if os.geteuid() == 0:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        os.fchmod(descriptor, owner.st_mode & 0o777)
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
