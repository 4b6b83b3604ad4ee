"""The programs that a demonstration starts: they end with it, however it ends, and come back when they die alone."""

import asyncio
import os
import re
import shutil
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_AGAIN_AFTER_S: Final = 1.0
_STOPS_WITHIN_S: Final = 20.0
_MOST_DEATHS: Final = 5
_DEATHS_WITHIN_S: Final = 60.0
_SETPRIV: Final = shutil.which("setpriv")
"""Of util-linux, which every Debian has; elsewhere programs may outlive a demonstration that is killed."""
_ADDRESS: Final = re.compile(rb"http://127\.0\.0\.1:\d+")


def bound(command: Sequence[str], *, last: signal.Signals = signal.SIGKILL, user: str | None = None) -> list[str]:
    """A command whose program gets ``last`` when this process dies, whatever it dies of; run as ``user`` if given.

    It is the thread that counts: start it from the one that lives as long as the process.
    """
    if _SETPRIV is None:
        return list(command)
    as_user = () if user is None else (f"--reuid={user}", f"--regid={user}", "--clear-groups")
    return [_SETPRIV, *as_user, "--pdeathsig", last.name.removeprefix("SIG"), *command]


class Child:
    """One program with its log, which it is asked to end by ``stop``.

    With ``tell`` it is looked after as systemd would: when it ends and nobody has asked for that, one line is told, and
    it is started again. ``is_hopeless`` says that this happens again and again.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        stop: signal.Signals = signal.SIGTERM,
        user: str | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.is_hopeless = False
        last = signal.SIGINT if user is not None or stop is signal.SIGINT else signal.SIGKILL
        self._command = bound(command, last=last, user=user)
        self._stop = stop
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._watching: asyncio.Task[None] | None = None
        self._deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
        self._from = 0
        self.last_address: str | None = None
        """Where it listens for HTTP, once :meth:`address` has found that."""

    @property
    def pid(self) -> int | None:
        """Its process, while there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Run it."""
        await self._spawn()
        if self._tell is not None:
            self._watching = asyncio.create_task(self._watch(self._tell), name=f"watch {self.name}")

    async def kill(self) -> None:
        """SIGKILL, as a power cut would; it stays down until it is started."""
        await self._signal(signal.SIGKILL)

    async def end(self) -> None:
        """Ask it to end, and make it when it takes too long."""
        await self._signal(self._stop)

    async def address(self) -> str | None:
        """Where it listens for HTTP, as this run of it has written in its log; ``None`` until it has."""
        if self.last_address is None:
            found = _ADDRESS.findall(await asyncio.to_thread(self._written))
            self.last_address = found[-1].decode() if found else None
        return self.last_address

    async def _spawn(self) -> None:
        output = await asyncio.to_thread(self.log.open, "ab")
        try:
            self._from = output.tell()
            self.last_address = None
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd="/",
            )
        finally:
            output.close()

    async def _watch(self, tell: Callable[[str], None]) -> None:
        while self._process is not None:
            code = await self._process.wait()
            self._deaths.append(time.monotonic())
            if len(self._deaths) == _MOST_DEATHS and self._deaths[-1] - self._deaths[0] < _DEATHS_WITHIN_S:
                self.is_hopeless = True
                return
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            tell(f"{self.name} has ended ({how}) and is started again, as systemd would.")
            await asyncio.sleep(_AGAIN_AFTER_S)
            await self._spawn()

    async def _signal(self, number: signal.Signals) -> None:
        if self._watching is not None:
            await cancelled(self._watching)
            self._watching = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), _STOPS_WITHIN_S)
        except TimeoutError:
            process.kill()
            await process.wait()

    def _written(self) -> bytes:
        with self.log.open("rb") as file:
            file.seek(self._from)
            return file.read()


def memory_mib(children: Sequence[Child]) -> int:
    """Resident memory of programs, those alone that are running."""
    pages = 0
    for child in children:
        with suppress(OSError):
            pages += int(Path(f"/proc/{child.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended; raises what it has died of."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
