"""``stationd transfer``: packets of cards by files, such as on a USB stick, when there is no network and no console."""

import argparse
import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from stationd.cli import EXIT_DONE, EXIT_FAILED
from stationd.cli.options import add_config, settings_of
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Faulted, Refused

if TYPE_CHECKING:
    from stationd.adapters.sqlite.transfers import SqliteTransfers
    from stationd.cli.options import Subparsers
    from stationd.config import Settings
    from stationd.domain.transfer import Transfer
    from stationd.ports.transfers import TransferFiles

_ACTOR = Actor(name="command line", role=Role.ADMIN)
_LARGEST_FILE = 16 * 1024 * 1024


def register(subparsers: "Subparsers") -> None:
    """Add the commands."""
    parser = subparsers.add_parser("transfer", help="exchange packets of cards with other stations by files")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    identity = actions.add_parser("identity", help="print the [[partner]] table that others enter for this station")
    add_config(identity)
    export = actions.add_parser("export", help="write the file of a packet, or the confirmation of one that came")
    add_config(export)
    export.add_argument("transfer", metavar="ID", help="the transfer")
    export.add_argument("--to", type=Path, default=Path(), metavar="DIR", help="the folder (default: this one)")
    take = actions.add_parser("import", help="read in the file of a packet that comes here")
    add_config(take)
    take.add_argument("file", type=Path, metavar="FILE")
    confirm = actions.add_parser("confirm", help="read in what the receiver of a packet has confirmed")
    add_config(confirm)
    confirm.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace) -> int:
    """Carry out one action on the station's database, beside a running daemon or without one."""
    settings = settings_of(args)
    if settings is None:
        return EXIT_FAILED
    from stationd.adapters.system import SystemClock, SystemEntropy  # noqa: PLC0415 - start-up time of other commands
    from stationd.adapters.transfer_files import StationKeys  # noqa: PLC0415
    from stationd.app import open_database  # noqa: PLC0415
    from stationd.bookkeeping import register_of  # noqa: PLC0415
    from stationd.handing import transfer_store  # noqa: PLC0415

    async def act() -> None:
        database, seal = await open_database(settings, SystemClock())
        try:
            if args.action == "identity":
                print(_table(settings, StationKeys(seal.derived).identity))
                return
            entropy = SystemEntropy()
            draw = register_of(settings, database, seal, entropy).draw
            store, files = transfer_store(settings, database, seal, entropy, draw)
            await _ACTIONS[args.action](args, settings, store, files)
        finally:
            await database.aclose()

    asyncio.run(act())
    return EXIT_DONE


async def _export(
    args: argparse.Namespace, _settings: "Settings", store: "SqliteTransfers", _files: "TransferFiles"
) -> None:
    raw, name = await store.file(args.transfer), f"transfer-{args.transfer}.json"
    if raw is None:
        raw, name = await store.confirmation(args.transfer), f"confirmation-{args.transfer}.json"
    if raw is None:
        raise Refused("transfer-unknown", "cannot export: there is no packet or confirmation under this id")
    await asyncio.to_thread(_write, args.to / name, raw)
    print(args.to / name)


async def _import(
    args: argparse.Namespace, settings: "Settings", store: "SqliteTransfers", files: "TransferFiles"
) -> None:
    raw = await asyncio.to_thread(_read, args.file)
    manifest = files.read(raw, here=settings.station.id)
    answer = manifest if isinstance(manifest, Refused) else await store.announce(manifest, raw, _ACTOR)
    _tell(answer)


async def _confirm(
    args: argparse.Namespace, settings: "Settings", store: "SqliteTransfers", files: "TransferFiles"
) -> None:
    raw = await asyncio.to_thread(_read, args.file)
    confirmation = files.read_confirmation(raw, here=settings.station.id)
    answer = (
        confirmation if isinstance(confirmation, Refused) else await store.take_confirmation(confirmation, raw, _ACTOR)
    )
    _tell(answer)


_ACTIONS = {"export": _export, "import": _import, "confirm": _confirm}


def _tell(answer: "Transfer | Refused") -> None:
    if isinstance(answer, Refused):
        raise answer
    print(
        f"{answer.id}: {answer.state}, {answer.cards} cards, {answer.arrived} arrived, {answer.missing} missing, "
        f"{answer.extra} not listed"
    )


def _table(settings: "Settings", identity: str) -> str:
    station = settings.station
    serves = ", ".join(f'"{each}"' for each in station.serves)
    name = station.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'[[partner]]\nid = "{station.id}"\nname = "{name}"\nserves = [{serves}]\nidentity = "{identity}"'


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise Faulted("file-unreadable", f"cannot read {path}: {error.strerror}") from error
    if len(raw) > _LARGEST_FILE:
        raise Faulted("file-unreadable", f"cannot read {path}: it is larger than any file of a transfer")
    return raw


def _write(path: Path, raw: bytes) -> None:
    """Whole and on the stick when this returns: it is pulled out right after."""
    try:
        with path.open("wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Faulted("file-unwritable", f"cannot write {path}: {error.strerror}") from error
