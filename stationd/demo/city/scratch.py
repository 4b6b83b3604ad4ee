"""Folders that are gone when the demonstration is, also when it was killed."""

import asyncio
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_REMOVE: Final = 'cat >/dev/null; for n in 1 2 3 4 5 6 7 8 9; do sleep 1; rm -rf -- "$@" 2>/dev/null && break; done'
"""A shell that waits until the other end of its standard input is closed, and sees to it that the folders go."""


class Scratch:
    """Folders for as long as the context lasts. Others may pass through them, and see nothing by that."""

    def __init__(self) -> None:
        self._folders: list[Path] = []
        self._wardens: list[asyncio.subprocess.Process] = []

    async def folder(self, prefix: str = "stationd-city-") -> Path:
        """A new one, with a short name: the path of a socket may not be long."""
        made = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=prefix))
        self._folders.append(made)
        await asyncio.to_thread(made.chmod, 0o711)
        warden = await asyncio.create_subprocess_exec(
            "sh", "-c", _REMOVE, "sh", str(made), stdin=asyncio.subprocess.PIPE, start_new_session=True, cwd="/"
        )
        self._wardens.append(warden)
        return made

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for folder in self._folders:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        for warden in self._wardens:
            with suppress(ProcessLookupError):
                warden.kill()
            await warden.wait()
