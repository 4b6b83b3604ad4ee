"""A PostgreSQL server of our own in a folder, on a socket there and no port; as Debian's user, for it refuses root."""

import contextlib
import os
import pwd
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

USER = "postgres"
UP_WITHIN_S = 60


def binaries() -> Path | None:
    """Where the newest one is installed; ``None`` without any."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parent.parent.name))
    return found[-1].parent if found else None


class Postgres:
    """A server with an empty database, started, ended and killed at will; other users must be let into ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"postgresql://{USER}@/postgres?host={folder}"
        self._identity: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        where = binaries()
        assert where is not None
        self._where = where
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        options = ["--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"]
        subprocess.run(
            [where / "initdb", "-D", folder / "data", *options],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **self._identity,
        )

    def start(self) -> None:
        """Run it until it answers; after a kill it waits for the last of its former processes to go."""
        end = time.monotonic() + UP_WITHIN_S
        while not self._started():
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.1)

    def _started(self) -> bool:
        options = ["-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        with (self.folder / "log").open("ab") as log:
            process = self._process = subprocess.Popen(
                [self._where / "postgres", *options], cwd=self.folder, stdout=log, stderr=log, **self._identity
            )
        end = time.monotonic() + UP_WITHIN_S
        while process.poll() is None and time.monotonic() < end:
            asked = [self._where / "pg_isready", "-q", "-h", self.folder]
            has_begun = (self.folder / "data" / "postmaster.pid").exists()
            if has_begun and subprocess.run(asked, check=False).returncode == 0:
                return True
            time.sleep(0.1)
        return False

    def end(self, with_signal: signal.Signals = signal.SIGINT) -> None:
        """End it, or with SIGKILL kill it."""
        if self._process is not None:
            self._process.send_signal(with_signal)
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def postgres(folder: Path):
    """The URL of an empty database in a running server."""
    server = Postgres(folder)
    try:
        server.start()
        yield server.url
    finally:
        server.end()
