"""What ``stationd-city check`` looks at: the key, the token, the books, each server by itself, the backups.

Nothing is changed, and no books are made. One line each, with what to do where something is wrong.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from stationd.adapters.books_metrics import ServersHealth
from stationd.city.backup import newest_backup
from stationd.city.books import Books, Transaction
from stationd.city.engine import Engine
from stationd.city.identity import Identity, read_token
from stationd.city.rights import Rights
from stationd.city.settings import CitySettings
from stationd.domain.errors import Faulted

_OLDEST: Final = (2, 11)
_DAY_S: Final = 86_400
_BACKUP_DAYS: Final = 2
_CERTIFICATE_DAYS: Final = 21
_NEARLY_FULL: Final = 0.8


class Level(StrEnum):
    """How bad it is."""

    GOOD = "good"
    NOTICE = "notice"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    level: Level
    text: str
    fix: str | None = None

    def __str__(self) -> str:
        line = f"{self.level.value:6}  {self.name}: {self.text}"
        return f"{line}\n        {self.fix}" if self.fix and self.level is not Level.GOOD else line


async def examine(settings: CitySettings, identity: Identity) -> AsyncIterator[Finding]:
    """Look at everything, the nearest first."""
    yield Finding("key", Level.GOOD, f"the key of city {settings.city} can be read")
    try:
        await asyncio.to_thread(read_token, settings.token_file)
        yield Finding("token", Level.GOOD, "the token of the door can be read")
    except Faulted as fault:
        yield _wrong("token", fault)
    yield await _books(settings)
    rights = Rights(identity, settings.city)
    for url in settings.servers.urls:
        yield await _server(settings, rights, url)
    yield await _backup(settings)


def _wrong(name: str, fault: Faulted) -> Finding:
    return Finding(name, Level.WRONG, fault.detail, fault.fix)


async def _books(settings: CitySettings) -> Finding:
    books = Books(settings.database, lambda: time.time_ns() // 1_000_000)
    try:
        if not await books.look():
            return Finding("books", Level.NOTICE, "there are none yet", "stationd-city run makes them")
        stations = await books.run(_stations)
    except Faulted as fault:
        return _wrong("books", fault)
    finally:
        await books.aclose()
    without = [id_ for id_, user in stations if user is None]
    if without:
        text = f"{len(stations)} stations; without credentials: {', '.join(without)}"
        return Finding("books", Level.NOTICE, text, "stationd-city rotate STATION writes new ones")
    return Finding("books", Level.GOOD, f"they can be used; {len(stations)} stations are enrolled")


def _stations(transaction: Transaction) -> list[tuple[str, str | None]]:
    return [(row[0], row[2]) for row in transaction.rows("stations")]


async def _server(settings: CitySettings, rights: Rights, url: str) -> Finding:
    name = f"server {url}"
    alone = replace(settings.servers, urls=(url,))
    engine = Engine(alone, rights, lambda: int(time.time()))
    try:
        version = await engine.look()
        health = await engine.health()
    except Faulted as fault:
        return _wrong(name, fault)
    finally:
        await engine.aclose()
    if tuple(map(int, version.split(".")[:2])) < _OLDEST:
        return Finding(
            name, Level.WRONG, f"it is {version}, which may lose what it acknowledged", "install 2.11 or newer"
        )
    return _health(name, version, health)


def _health(name: str, version: str, health: ServersHealth) -> Finding:
    leaderless = [stream.name for stream in health.streams if not stream.is_led]
    if not any(stream.is_made for stream in health.streams):
        text = f"version {version} lets the city in; there are no streams yet"
        return Finding(name, Level.NOTICE, text, "stationd-city run makes them")
    if leaderless:
        fix = "look at the other servers: two of three must see each other"
        return Finding(name, Level.WRONG, f"nobody leads {', '.join(leaderless)}", fix)
    behind = sorted(
        {server for stream in health.streams for server, is_whole in stream.servers.items() if not is_whole}
    )
    if behind:
        return Finding(name, Level.WRONG, f"it says that {', '.join(behind)} is down or behind", "look there")
    full = [each.name for each in health.streams if each.held_bytes > _NEARLY_FULL * (each.limit_bytes or 1 << 62)]
    if full:
        return Finding(name, Level.NOTICE, f"{', '.join(full)} is nearly full", "nats.events_mib, nats.orders_mib")
    days = None if health.expires_at is None else (health.expires_at - time.time()) / _DAY_S
    if days is not None and days < _CERTIFICATE_DAYS:
        return Finding(name, Level.NOTICE, f"its certificate ends in {days:.0f} days", "sign a new one")
    lasting = "" if days is None else f", its certificate lasts {days:.0f} days"
    return Finding(name, Level.GOOD, f"version {version} lets the city in{lasting}")


async def _backup(settings: CitySettings) -> Finding:
    made_at = await asyncio.to_thread(newest_backup, settings.backup_dir)
    fix = "stationd-city backup; systemctl status stationd-city-backup.timer"
    if made_at is None:
        return Finding("backup", Level.NOTICE, f"there is none in {settings.backup_dir}", fix)
    days = (time.time() - made_at) / _DAY_S
    if days > _BACKUP_DAYS:
        return Finding("backup", Level.WRONG, f"the newest is {days:.0f} days old", fix)
    return Finding("backup", Level.GOOD, f"the newest is {days * 24:.0f} hours old")
