"""What ``stationd doctor`` looks at of the link to the city: that it connects, and what the city has not got yet."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Final

from stationd.adapters.sqlite.connection import reading
from stationd.adapters.sqlite.queries import load
from stationd.app import DATABASE_FILE
from stationd.cli.findings import Finding, Level
from stationd.config import Settings
from stationd.domain.errors import Faulted
from stationd.linking import engine

_Q: Final = load("city")
_BOOKS: Final = load("books")
_MANY: Final = 10_000


async def city(settings: Settings) -> list[Finding]:
    """Whether the city's servers let this station in, and how far the city is behind; nothing without a link."""
    if not settings.city.servers:
        return []
    waiting = await asyncio.to_thread(_waiting, settings.station.state_dir / DATABASE_FILE)
    told = f"; events that it has not got yet: {waiting}"
    try:
        session = await engine(settings.city, settings.station.id).connect()
    except Faulted as fault:
        level = Level.NOTICE if fault.code == "city-unreachable" else Level.WRONG
        return [Finding("city", level, f"{fault.detail}{told}", fault.fix)]
    await session.aclose()
    if waiting > _MANY:
        fix = "wait, and look again; if it does not fall, look at the log of the station"
        return [Finding("city", Level.NOTICE, f"the city lets this station in{told}", fix)]
    return [Finding("city", Level.GOOD, f"the city lets this station in{told}")]


def _waiting(database: Path) -> int:
    if not database.exists():
        return 0
    with reading(database) as connection:
        try:
            sent = connection.execute(_Q["sent"]).fetchone()
            last = connection.execute(_BOOKS["last_event"]).fetchone()
        except sqlite3.Error:
            return 0
    return (0 if last is None else int(last[0])) - (0 if sent is None else int(sent[0]))
