"""The nats-servers as a city has them: the shipped configuration but for addresses and paths, TLS, rights by JWT."""

import asyncio
import contextlib
import json
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from stationd.city.identity import Identity
from stationd.city.rights import Rights
from tests.rigs.agent_and_city import certify
from tests.rigs.nats import UP_WITHIN_S, Node, Servers
from tests.rigs.paper_city import CITY_KEY
from tests.rigs.ports import free_port

CONFIG = Path(__file__).parents[2] / "config" / "city" / "nats"
CITY = "1671"
RIGHTS_AT = 1_764_000_000


class CityCluster(Servers):
    """``count`` nodes; :attr:`pem` is the authority of stations and city, and every node's certificate."""

    def __init__(self, folder: Path, count: int = 3) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, count)
        self.pem = certify(folder)
        self._monitors = {node.name: free_port() for node in self.nodes}
        self.identity = Identity(CITY_KEY)
        self.rights = Rights(self.identity, CITY)

    @property
    def urls(self) -> list[str]:
        """Where clients connect."""
        return [f"tls://127.0.0.1:{node.port}" for node in self.nodes]

    def credentials(self, stations: Sequence[str]) -> dict[str, Path]:
        """The credentials file of each of these stations, written into the folder."""
        found = {}
        for station in stations:
            _, text = self.rights.station_credentials(station, at=RIGHTS_AT)
            found[station] = self.folder / f"{station}.creds"
            found[station].write_text(text, encoding="ascii")
        return found

    async def restart(self) -> None:
        """All nodes at once: killed, and started until they listen."""
        for node in self.nodes:
            node.kill()
        for node in self.nodes:
            node.start()
        await self._until_listening()

    async def until_led(self) -> None:
        """Wait until the nodes have a leader; before that they answer nothing about streams."""
        async with asyncio.timeout(UP_WITHIN_S):
            while not await asyncio.to_thread(self._is_led):
                await asyncio.sleep(0.1)

    async def _until_up(self) -> None:
        await self._until_listening()
        await self.until_led()

    async def _until_listening(self) -> None:
        for node in self.nodes:
            while not await _answers(node):
                await asyncio.sleep(0.05)

    def _is_led(self) -> bool:
        return all(_knows_leader(port) for port in self._monitors.values())

    def _config(self, node: Node) -> str:
        own = (CONFIG / "node.conf").read_text(encoding="utf-8").replace('"city-1"', f'"{node.name}"')
        own = own.replace("0.0.0.0:6222", f"127.0.0.1:{node.route_port}")
        others = [f'"tls://127.0.0.1:{other.route_port}"' for other in self.nodes if other is not node]
        own = own.replace('"tls://city-2.example:6222", "tls://city-3.example:6222"', ", ".join(others))
        text = (CONFIG / "nats.conf").read_text(encoding="utf-8").replace("0.0.0.0:4222", f"127.0.0.1:{node.port}")
        text = text.replace("/var/lib/nats", str(node.store)).replace("20GB", "4GB")
        text = text.replace("include node.conf", own if others else f'server_name: "{node.name}"')
        text += f'http: "127.0.0.1:{self._monitors[node.name]}"\n'
        text = text.replace("include rights.conf", self.rights.server_config({}, at=RIGHTS_AT))
        for path in ("server.pem", "server.key", "city-ca.pem"):
            text = text.replace(f"/etc/nats/{path}", str(self.pem))
        return text


def _knows_leader(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/jsz", timeout=5) as answer:
            told = json.loads(answer.read())
    except (OSError, ValueError):
        return False
    return "meta_cluster" not in told or bool(told["meta_cluster"].get("leader"))


async def _answers(node: Node) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.close()
        await writer.wait_closed()
        return True
    return False
