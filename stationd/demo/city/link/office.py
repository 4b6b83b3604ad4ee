"""The city's program, `stationd-city`, in a folder: its commands, its door, and itself."""

import asyncio
import json
import secrets
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientError, ClientSession

from stationd.demo.city.child import Child, bound
from stationd.domain.errors import Refused

LEAVE_AHEAD: Final = 4
"""How many orders a station has leave for at once: enough to go on for a while alone, few enough to see some move."""
_CONFIG: Final = """\
[city]
id = "1671"
key_file = "{folder}/city.key"
leave_ahead = {leave}
[books]
database = "{database}"
backup_dir = "{folder}/backups"
[nats]
servers = {servers}
ca_file = "{ca}"
replicas = 3
events_mib = 128
orders_mib = 128
[http]
port = 0
token_file = "{folder}/door.token"
"""


class Office:
    """`stationd-city` with a configuration of its own."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.folder = folder
        self.config = folder / "city.toml"
        self._command = (sys.executable, "-m", "stationd.city", "--config", str(self.config))
        self.process = Child("stationd-city", (*self._command, "run"), folder / "city.log", tell=tell)
        self.token = ""

    def prepare(self, *, database: str, servers: Sequence[str], ca_file: Path) -> None:
        """Write the configuration and the token of its door."""
        (self.folder / "backups").mkdir(parents=True, exist_ok=True)
        text = _CONFIG.format(
            folder=self.folder, database=database, servers=json.dumps(list(servers)), ca=ca_file, leave=LEAVE_AHEAD
        )
        self.config.write_text(text, encoding="utf-8")
        self.token = secrets.token_hex(32)
        path = self.folder / "door.token"
        path.touch(mode=0o600)
        path.write_text(self.token, encoding="ascii")

    async def command(self, *arguments: str, exits: Sequence[int] = (0,)) -> str:
        """What a command of `stationd-city` printed. Raises ``Refused`` when it failed."""
        process = await asyncio.create_subprocess_exec(
            *bound((*self._command, *arguments)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
        )
        output, complaint = await process.communicate()
        if process.returncode not in exits:
            said = complaint.decode(errors="replace").strip().splitlines()
            raise Refused(
                "command-failed", f"cannot go on: stationd-city {arguments[0]}: {said[-1] if said else 'no word'}"
            )
        return output.decode()

    async def lines(self, *arguments: str, exits: Sequence[int] = (0,)) -> list[dict[str, Any]]:
        """The lines of JSON that a command printed."""
        return [json.loads(line) for line in (await self.command(*arguments, exits=exits)).splitlines()]

    # ------------------------------------------------------------------------------------------------------ its door

    async def is_connected(self, session: ClientSession) -> bool:
        """Whether it says that it reaches the servers."""
        with suppress(ClientError, TimeoutError):
            async with session.get(f"{await self.door()}/healthz") as answer:
                return bool((await answer.json())["connected"])
        return False

    async def file(self, session: ClientSession, orders: Sequence[bytes]) -> list[dict[str, Any]]:
        """What became of each of some orders, a line each with its station. Raises ``ClientError``."""
        async with session.post(
            f"{await self.door()}/v1/orders",
            data=b"\n".join(orders),
            headers={**self._headers, "Content-Type": "application/x-ndjson"},
        ) as answer:
            answer.raise_for_status()
            return [json.loads(line) for line in (await answer.read()).splitlines()]

    async def move(self, session: ClientSession, order: str, station: str) -> None:
        """Give an order to a station. Raises ``ClientError``."""
        url = f"{await self.door()}/v1/orders/{order}/move"
        async with session.post(url, params={"to": station}, headers=self._headers) as answer:
            answer.raise_for_status()

    async def door(self) -> str:
        """Where its door is; nowhere while it does not run."""
        return await self.process.address() or "http://127.0.0.1:9"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}
