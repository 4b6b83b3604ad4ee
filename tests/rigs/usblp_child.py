"""A usblp printer in a process of its own, for the preload of the virtual bus: calls in, outcomes out, as JSON lines.

``python -m tests.rigs.usblp_child OPTIONS`` is that process, :class:`UsblpChild` the handle for a test.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Self

import uvloop

from stationd.adapters.printers.usblp import build
from stationd.domain.errors import Faulted
from stationd.domain.job import Attempt
from stationd.domain.order import Document
from stationd.domain.outcome import NothingPrinted
from stationd.ports.printers import PrinterSpec


class UsblpChild:
    """A running process with one printer; use it as an async context manager."""

    def __init__(self, environment: Mapping[str, str], progress: Path, **options: object) -> None:
        self._environment = environment
        self._options = {"progress": str(progress), "poll_s": 0.05, **options}
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.rigs.usblp_child",
            json.dumps(self._options),
            stdin=pipe,
            stdout=pipe,
            env=dict(self._environment),
        )
        self._reading = asyncio.create_task(self._read(), name="usblp child")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()
        await self._process.wait()
        await self._reading

    def kill(self) -> None:
        """SIGKILL, as when the daemon dies."""
        if self._process.returncode is None:
            self._process.kill()

    def files(self) -> int:
        """How many files it has open."""
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    def begin(self, call: str, **values: object) -> "asyncio.Future[dict[str, Any]]":
        """Begin a call of the printer; what it answers holds ``is``, the name of its type."""
        number = next(self._numbers)
        told = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "call": call, **values}).encode() + b"\n")
        return told

    async def call(self, call: str, **values: object) -> dict[str, Any]:
        """Make a call and wait for its answer."""
        return await asyncio.wait_for(self.begin(call, **values), 60)

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            self._waiting.pop(told["id"]).set_result(told)
        for waiting in self._waiting.values():
            waiting.cancel()


async def _serve(options: dict[str, Any]) -> None:
    uri = options.pop("uri", None)
    printer = build(PrinterSpec(name="kartu-1", driver="usblp", uri=uri, options=options))
    tasks: set[asyncio.Task[None]] = set()

    async def answer(told: dict[str, Any]) -> None:
        number, call = told.pop("id"), told.pop("call")
        try:
            result = await (printer.status() if call == "status" else getattr(printer, call)(*_arguments(call, told)))
        except Faulted as fault:
            result = {"is": "Faulted", "code": fault.code, "detail": fault.detail, "fix": fault.fix}
        print(json.dumps({"id": number, **_plain(result)}, default=sorted), flush=True)

    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        task = asyncio.create_task(answer(json.loads(line)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def _arguments(call: str, told: dict[str, Any]) -> list[object]:
    name = told["attempt"]
    attempt = Attempt(
        id=name,
        job=f"job-{name}",
        number=1,
        printer="kartu-1",
        remote_id=name if told.get("is_opened", call != "open") else None,
        incarnation=None,
        counter=None,
        opened_at=0,
    )
    if call != "send":
        return [attempt]
    return [attempt, Document(told.get("media_type", "image/png"), Path(told["document"]).read_bytes())]


def _plain(result: object) -> dict[str, Any]:
    if isinstance(result, dict):
        return result
    if is_dataclass(result) and not isinstance(result, type):
        more = {"stopped_by": result.stopped_by} if hasattr(result, "stopped_by") else {}
        return {"is": type(result).__name__, **asdict(result), **more}
    assert result is None or isinstance(result, NothingPrinted)
    return {"is": "None"}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(json.loads(sys.argv[1])))
