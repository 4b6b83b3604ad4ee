"""A station of the city: the daemon as a process of its own with a simulated printer, and its books read beside it."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession

from stationd.adapters.host import BACKUP_MARK
from stationd.adapters.sqlite.backup import backup
from stationd.adapters.sqlite.tokens import SqliteTokens
from stationd.adapters.system import SystemClock
from stationd.adapters.transfer_files import StationKeys
from stationd.app import DATABASE_FILE, open_database
from stationd.config import load
from stationd.demo.city.child import Child
from stationd.domain.authority import Role
from stationd.services.access import Access

_CONFIG = """\
[station]
id = "{station}"
name = "Kecamatan {name}"
state_dir = "{folder}/state"
[clock]
trust = "always"
[devices]
watch = false
[duty]
required = false
[http]
listen = ["127.0.0.1:0"]
[[profile]]
name = "ktp-el"
rest_after_cards = 0
[[printer]]
name = "kartu-1"
driver = "simulator"
seconds = {seconds}
folder = "{folder}/cards"
{city}
"""


class Kecamatan:
    """One station in ``folder``; ``seconds`` is what its printer takes for a card."""

    def __init__(self, station: str, name: str, folder: Path, seconds: float, tell: Callable[[str], None]) -> None:
        self.station = station
        self.name = name
        self.folder = folder
        self.config = folder / "stationd.toml"
        self.credentials = folder / "city.creds"
        self.cards = folder / "cards"
        self.token = ""
        self._seconds = seconds
        command = (sys.executable, "-m", "stationd", "run", "--config", str(self.config))
        self.process = Child(f"Station {station}", command, folder / "stationd.log", tell=tell)

    def configure(self, city: str = "") -> None:
        """Write the configuration; ``city`` is its table ``[city]``."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = _CONFIG.format(
            station=self.station, name=self.name, folder=self.folder, seconds=self._seconds, city=city
        )
        self.config.write_text(text, encoding="utf-8")

    async def identity(self) -> str:
        """What `stationd transfer identity` shows, made with the station's books, a token, and a backup."""
        settings = await asyncio.to_thread(load, self.config)
        database, seal = await open_database(settings, SystemClock())
        try:
            access = Access(SqliteTokens(database.writer, database.reader), SystemClock())
            self.token = await access.create("city-demo", Role.ADMIN)
            identity = StationKeys(seal.derived).identity
        finally:
            await database.aclose()
        await asyncio.to_thread(self._back_up)
        return identity

    # --------------------------------------------------------------------------------------------------- what it says

    async def is_up(self, session: ClientSession) -> bool:
        """Whether it answers."""
        address = await self.process.address()
        if address is None:
            return False
        with suppress(ClientError, TimeoutError):
            async with session.get(f"{address}/healthz") as answer:
                return answer.ok
        return False

    async def call(self, session: ClientSession, method: str, path: str, body: object = None) -> Any:
        """What a call answers. Raises ``ClientError``."""
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{await self.process.address() or 'http://127.0.0.1:9'}{path}"
        async with session.request(method, url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json(content_type=None)

    async def look_in_the_tray(self, session: ClientSession) -> list[tuple[str, bool]]:
        """What an officer does with cards of which nobody knows: orders, and whether their card lay there."""
        judged = []
        for each in (await self.call(session, "GET", "/v1/jobs?state=uncertain&limit=100"))["items"]:
            is_there = await asyncio.to_thread(self._is_in_the_tray, each["order"])
            verdict = {"outcome": "printed" if is_there else "not_printed", "note": "looked in the tray"}
            await self.call(session, "POST", f"/v1/jobs/{each['id']}/verdict", verdict)
            judged.append((each["order"], is_there))
        return judged

    # ------------------------------------------------------------------------------------- its books, read beside it

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of its database."""
        with closing(
            sqlite3.connect(f"file:{self.folder}/state/{DATABASE_FILE}?mode=ro", uri=True, timeout=30)
        ) as books:
            return books.execute(sql, values).fetchall()

    def printed(self) -> list[str]:
        """The orders of which it has made a card, one for each card."""
        return [order for (order,) in self.rows("SELECT order_ref FROM job WHERE state = 'printed'")]

    def told(self) -> list[tuple[Any, ...]]:
        """Everything that happened there, as its chain has it."""
        return self.rows("SELECT seq, at, type, subject, data, hash FROM event ORDER BY seq")

    def tray(self) -> int:
        """Cards that lie in the printer's folder."""
        return len(list(self.cards.glob("*.png")))

    def newest_card(self) -> Path | None:
        """The card that was made last."""
        return max(self.cards.glob("*.png"), key=lambda path: path.stat().st_mtime_ns, default=None)

    def _back_up(self) -> None:
        """What `stationd backup` does."""
        state = self.folder / "state"
        backup(state / DATABASE_FILE, self.folder / "backup.db")
        (state / BACKUP_MARK).touch()

    def _is_in_the_tray(self, order: str) -> bool:
        attempts = self.rows("SELECT a.id FROM attempt AS a JOIN job AS j ON j.seq = a.job WHERE order_ref = ?", order)
        return any(list(self.cards.glob(f"*{id_}*")) for (id_,) in attempts)


def city_table(identity: str, servers: Sequence[str], ca_file: Path, credentials: Path) -> str:
    """The table ``[city]`` of a station: what `stationd-city identity` prints, with other addresses for the servers."""
    lines = [line for line in identity.splitlines() if not line.startswith("servers")]
    lines += [f"servers = {json.dumps(list(servers))}", f'ca_file = "{ca_file}"', f'credentials_file = "{credentials}"']
    return "\n".join(lines)
