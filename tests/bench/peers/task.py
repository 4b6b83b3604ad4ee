"""What every queue is asked to do, and how it tells what came of it."""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.client import job_body
from tests.bench.peers.syncs import count


@dataclass(frozen=True)
class Task:
    """``jobs`` from ``clients`` at once; ``workers`` finish them meanwhile, none when only taking them is measured."""

    jobs: int
    clients: int
    workers: int
    folder: Path
    setting: str

    @classmethod
    def of_command_line(cls) -> "Task":
        """The task in this process's arguments."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--jobs", type=int, required=True)
        parser.add_argument("--clients", type=int, required=True)
        parser.add_argument("--workers", type=int, required=True)
        parser.add_argument("--folder", type=Path, required=True)
        parser.add_argument("--setting", default="")
        return cls(**vars(parser.parse_args()))

    def arguments(self) -> list[str]:
        """The same task for another process."""
        pairs = vars(self).items()
        return [part for key, value in pairs for part in (f"--{key}", str(value))]


def job(number: int) -> dict[str, Any]:
    """The body that the station gets over HTTP, as the arguments of a task."""
    fields: dict[str, Any] = json.loads(job_body(number))
    return fields


@contextmanager
def measured(task: Task) -> Iterator[None]:
    """Measure the body of the ``with`` statement and print the result for whoever started this process."""
    syncs, began = count(), time.monotonic()
    yield
    seconds = time.monotonic() - began
    print(json.dumps({"rate": task.jobs / seconds, "syncs": (count() - syncs) / task.jobs}), flush=True)
