"""saq on a redis-server of its own that syncs its log before it answers (``appendfsync always``)."""

import asyncio
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import redis.asyncio
import uvloop
from saq import Worker
from saq.queue.redis import RedisQueue

from tests.bench.peers.task import Task, job, measured

_START_S = 10
_WORKER = "worker"


async def card(_context: Any, **_: Any) -> bool:
    """The one function."""
    return True


def queue_of(folder: Path) -> RedisQueue:
    """The queue over the server's socket."""
    return RedisQueue(redis.asyncio.from_url(f"unix://{folder}/redis.sock"), max_concurrent_ops=64)


async def work(task: Task) -> None:
    """Be the worker."""
    worker = Worker(queue_of(task.folder), functions=[card], concurrency=task.workers, dequeue_timeout=1)
    print("ready", flush=True)
    await worker.start()


async def produce(task: Task) -> None:
    """Hand in all jobs, and wait until none is left when there are workers."""
    queue = queue_of(task.folder)
    await queue.connect()
    prepared = [job(number) for number in range(task.jobs)]
    numbers = iter(range(task.jobs))

    async def client() -> None:
        for number in numbers:
            fields = prepared[number]
            # Its own ``key`` takes the place of our Idempotency-Key.
            taken = await queue.enqueue("card", key=fields["order"], ttl=3600, fields=fields)
            assert taken is not None

    with measured(task):
        await asyncio.gather(*(client() for _ in range(task.clients)))
        while task.workers and await queue.count("incomplete"):
            await asyncio.sleep(0.01)


def main(task: Task) -> None:
    """Measure it with its server, or be its worker."""
    logging.disable(logging.CRITICAL)
    if task.setting == _WORKER:
        uvloop.run(work(task))
        return
    folder = task.folder
    files = ["--unixsocket", str(folder / "redis.sock"), "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    command = ["redis-server", "--port", "0", *files, "--appendfsync", "always", "--daemonize", "no"]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL)]
    try:
        deadline = time.monotonic() + _START_S
        while not (folder / "redis.sock").exists():
            assert processes[0].poll() is None, "redis-server ended at its start"
            assert time.monotonic() < deadline, "redis-server does not start"
            time.sleep(0.02)
        if task.workers:
            arguments = [*task.arguments(), "--setting", _WORKER]
            worker = subprocess.Popen([sys.executable, "-m", __spec__.name, *arguments], stdout=subprocess.PIPE)
            processes.append(worker)
            assert worker.stdout is not None
            worker.stdout.readline()
        uvloop.run(produce(task))
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


if __name__ == "__main__":
    main(Task.of_command_line())
