"""A PostgreSQL server of our own in a folder, on a socket there and no port, by a user who may do nothing else."""

import asyncio
import importlib
import os
import pwd
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from stationd.demo.city.child import Child, bound
from stationd.domain.errors import Refused

USER: Final = "postgres"
"""Debian's, for it refuses to run as root."""
_ROLE: Final = "stationd-city"
_INSTALLED: Final = Path("/usr/lib/postgresql")


def binaries(installed: Path = _INSTALLED) -> Path | None:
    """Where the newest one is installed; ``None`` without any."""
    found = sorted(installed.glob("*/bin/postgres"), key=lambda path: int(path.parent.parent.name))
    return found[-1].parent if found else None


def usable() -> str | None:
    """Why there is none to use here, in words; ``None`` when there is one."""
    if binaries() is None:
        return "PostgreSQL is not installed"
    if os.geteuid() == 0 and not _has_user():
        return f"PostgreSQL does not run as root, and there is no user {USER}"
    try:
        importlib.import_module("psycopg")
    except ImportError:
        return "psycopg or libpq is missing"
    return None


class Postgres:
    """One server in ``folder``, which must be empty and reachable for its user."""

    def __init__(self, folder: Path, log: Path, tell: Callable[[str], None]) -> None:
        where = binaries()
        if where is None:
            raise Refused("program-missing", "cannot start PostgreSQL: it is not installed")
        self._where = where
        self._folder = folder
        self._log = log
        self._user = USER if os.geteuid() == 0 else None
        command = (str(where / "postgres"), "-D", f"{folder}/data", "-k", str(folder), "-c", "listen_addresses=")
        self.process = Child("PostgreSQL", command, log, stop=signal.SIGINT, user=self._user, tell=tell)
        self.url = f"postgresql://{_ROLE}@/postgres?host={folder}"

    @property
    def version(self) -> str:
        """The major version."""
        return self._where.parent.name

    async def start(self) -> None:
        """Make a database cluster and start the server; it may take a moment until it answers."""
        if self._user is not None:
            await asyncio.to_thread(shutil.chown, self._folder, self._user, self._user)
        options = ("--username", _ROLE, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C")
        command = (str(self._where / "initdb"), "-D", f"{self._folder}/data", *options)
        process = await asyncio.create_subprocess_exec(
            *bound(command, user=self._user),
            cwd=self._folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            await asyncio.to_thread(self._log.write_bytes, output)
            raise Refused("city-not-started", f"cannot start PostgreSQL: see {self._log}")
        await self.process.start()

    async def is_ready(self) -> bool:
        """Whether it answers."""
        command = (str(self._where / "pg_isready"), "-q", "-h", str(self._folder))
        process = await asyncio.create_subprocess_exec(*command)
        return await process.wait() == 0


def _has_user() -> bool:
    try:
        pwd.getpwnam(USER)
    except KeyError:
        return False
    return True
