"""A demonstration of our own: started on a free port, asked over HTTP, stopped and started again on the same one."""

import asyncio
import contextlib
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.rigs.ports import free_port

WITHIN_S = 60.0


class Demo:
    """``stationd demo`` as a process; its folder lasts over restarts."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.arguments = arguments
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.said = b""
        self._process: asyncio.subprocess.Process | None = None
        self._draining: asyncio.Task[None] | None = None

    @property
    def tokens(self) -> dict[str, str]:
        """A token for each role."""
        return json.loads((self.folder / "tokens.json").read_text(encoding="utf-8"))

    @property
    def officer(self) -> tuple[str, str]:
        """Number and PIN, as the demonstration tells them."""
        found = re.search(rb"number (\d+), PIN ([\w-]+)", self.said)
        assert found is not None
        return found[1].decode(), found[2].decode()

    async def start(self) -> None:
        """Start, and wait until it has introduced itself."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "stationd", "demo", "--port", str(self.port), "--dir", str(self.folder)),
            *self.arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._process = process
        self.said = b""
        try:
            async with asyncio.timeout(WITHIN_S):
                while b"Stop with" not in self.said:
                    line = await process.stdout.readline()
                    assert line, self.said.decode()
                    self.said += line
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            self._process = None
            raise
        self._draining = asyncio.create_task(self._drain(process))

    async def _drain(self, process: asyncio.subprocess.Process) -> None:
        while chunk := await process.stdout.read(65536):
            if b"Traceback" in chunk:
                self.said += chunk

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it as systemd would, or worse."""
        if self._process is None:
            return
        self._process.send_signal(number)
        await asyncio.wait_for(self._process.wait(), WITHIN_S)
        ended, self._process = self._process.returncode, None
        if self._draining is not None:
            await self._draining
        assert b"Traceback" not in self.said, self.said.decode()
        assert ended == 0 or number is not signal.SIGTERM

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def ask(self, method: str, path: str, body: Any = None, *, role: str = "officer") -> Any:
        """Ask its API; what it answers."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, self.address + path, json=body) as answer,
        ):
            assert answer.status < 400, await answer.text()
            return await answer.json(content_type=None) if answer.status != 204 else None

    async def do(self, printer: str, act: str) -> None:
        """Do to a simulated printer what people and accidents do."""
        await self.ask("POST", f"/demo/printers/{printer}/{act}")

    async def jobs(self, state: str) -> list[dict[str, Any]]:
        """The jobs in a state."""
        return (await self.ask("GET", f"/v1/jobs?state={state}&limit=200"))["items"]
