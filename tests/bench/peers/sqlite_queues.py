"""huey and persist-queue on SQLite, used as they are meant to be: called from threads of the process that has jobs."""

import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from tests.bench.peers.task import Task, job, measured

_TIMEOUT_S = 60


def main(task: Task) -> None:
    """Measure the queue that is the task's setting, or be its worker."""
    {"huey": huey, "huey-worker": huey_worker, "persist-queue": persist_queue}[task.setting](task)


def produce(task: Task, put: Callable[[dict[str, Any]], object], finish: Callable[[], None]) -> None:
    """Hand in all jobs from as many threads as there are clients, then wait until ``finish`` returns."""
    prepared = [job(number) for number in range(task.jobs)]
    numbers = iter(range(task.jobs))
    lock = threading.Lock()

    def client() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            put(prepared[number])

    threads = [threading.Thread(target=client) for _ in range(task.clients)]
    with measured(task):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        finish()


def huey_queue(task: Task) -> tuple[Any, Any]:
    """The queue and its one function; every write reaches the disk."""
    from huey import SqliteHuey

    queue = SqliteHuey("bench", filename=str(task.folder / "queue.db"), fsync=True, timeout=_TIMEOUT_S)

    @queue.task()
    def card(_: dict[str, Any]) -> bool:
        return True

    return queue, card


def huey_worker(task: Task) -> None:
    """Its consumer, a process of its own; it looks for work every 10 to 50 ms instead of every 0.1 to 10 s."""
    logging.disable(logging.CRITICAL)
    queue, _ = huey_queue(task)
    consumer = queue.create_consumer(
        workers=task.workers, worker_type="thread", initial_delay=0.01, max_delay=0.05, check_worker_health=False
    )
    print("ready", flush=True)
    consumer.run()


def huey(task: Task) -> None:
    """Measure huey."""
    _, card = huey_queue(task)
    if not task.workers:
        produce(task, card, lambda: None)
        return
    command = [sys.executable, "-m", __spec__.name, *task.arguments(), "--setting", "huey-worker"]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert worker.stdout is not None
        worker.stdout.readline()
        results = sqlite3.connect(task.folder / "queue.db", timeout=_TIMEOUT_S)

        def all_have_a_result() -> None:
            while results.execute("SELECT count(*) FROM kv").fetchone()[0] < task.jobs:
                time.sleep(0.02)

        produce(task, card, all_have_a_result)
    finally:
        worker.kill()
        worker.wait()


def persist_queue(task: Task) -> None:
    """Measure persist-queue; its consumers are threads of the same process."""
    from persistqueue import SQLiteAckQueue

    path = str(task.folder)
    queue = SQLiteAckQueue(path, db_file_name="queue.db", multithreading=True, auto_commit=True, timeout=_TIMEOUT_S)
    done = threading.Semaphore(0)

    def work() -> None:
        while True:
            item = queue.get(raw=True)
            queue.ack(id=item["pqid"])
            done.release()

    def all_acknowledged() -> None:
        for _ in range(task.jobs if task.workers else 0):
            done.acquire()

    for _ in range(task.workers):
        threading.Thread(target=work, daemon=True).start()
    produce(task, queue.put, all_acknowledged)
    sys.stdout.flush()
    os._exit(0)  # its consumers wait for ever


if __name__ == "__main__":
    main(Task.of_command_line())
