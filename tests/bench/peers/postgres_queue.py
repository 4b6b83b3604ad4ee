"""procrastinate on a PostgreSQL of its own, with its defaults: every commit is on the disk before it is answered."""

import asyncio
import logging
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import procrastinate
import psycopg

from tests.bench.peers.task import Task, job, measured

_START_S = 20
_USER = "postgres"
_WORKER = "worker"


def conninfo(folder: Path) -> str:
    """The server's socket."""
    return f"host={folder} dbname=postgres user={_USER}"


def app_of(folder: Path, connections: int) -> tuple[procrastinate.App, Any]:
    """The app and its one task."""
    connector = procrastinate.PsycopgConnector(conninfo=conninfo(folder), min_size=connections, max_size=connections)
    app = procrastinate.App(connector=connector)

    @app.task(name="card", queue="cards")
    async def card(**_: Any) -> None:
        return

    return app, card


async def work(task: Task) -> None:
    """Be the worker."""
    app, _ = app_of(task.folder, task.workers + 4)
    async with app.open_async():
        print("ready", flush=True)
        await app.run_worker_async(queues=["cards"], concurrency=task.workers, install_signal_handlers=False)


async def produce(task: Task) -> None:
    """Hand in all jobs, and wait until none is left when there are workers."""
    app, card = app_of(task.folder, task.clients)
    prepared = [job(number) for number in range(task.jobs)]
    numbers = iter(range(task.jobs))

    async def client() -> None:
        for number in numbers:
            fields = prepared[number]
            # Its own lock takes the place of our Idempotency-Key.
            await card.configure(queueing_lock=fields["order"]).defer_async(**fields)

    async with app.open_async():
        with measured(task):
            await asyncio.gather(*(client() for _ in range(task.clients)))
            if task.workers:
                async with await psycopg.AsyncConnection.connect(conninfo(task.folder), autocommit=True) as look:
                    left = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
                    while (await (await look.execute(left)).fetchone() or (0,))[0]:
                        await asyncio.sleep(0.05)


async def prepare(task: Task) -> None:
    """Wait for the server and make the tables."""
    deadline = time.monotonic() + _START_S
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo(task.folder)):
                break
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
    app, _ = app_of(task.folder, 2)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()


def server(folder: Path) -> "subprocess.Popen[bytes]":
    """A new server in the folder; as the user of Debian's package, for it refuses to run as root."""
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam(_USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    data = folder / "data"
    uncounted = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    options = ["--username", _USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"]
    subprocess.run(
        [found[-1] / "initdb", "-D", data, *options],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env=uncounted,
        **identity,
    )
    settings = ["listen_addresses=", "max_connections=100"]
    command = [found[-1] / "postgres", "-D", data, "-k", folder]
    command += [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **identity)


def main(task: Task) -> None:
    """Measure it with its server, or be its worker."""
    logging.disable(logging.CRITICAL)
    if task.setting == _WORKER:
        asyncio.run(work(task))
        return
    postgres = server(task.folder)
    worker = None
    try:
        asyncio.run(prepare(task))
        if task.workers:
            arguments = [*task.arguments(), "--setting", _WORKER]
            worker = subprocess.Popen([sys.executable, "-m", __spec__.name, *arguments], stdout=subprocess.PIPE)
            assert worker.stdout is not None
            worker.stdout.readline()
        asyncio.run(produce(task))
    finally:
        if worker is not None:
            worker.kill()
            worker.wait()
        postgres.send_signal(signal.SIGINT)
        postgres.wait()


if __name__ == "__main__":
    main(Task.of_command_line())
