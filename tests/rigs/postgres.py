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


@contextlib.contextmanager
def postgres(folder: Path):
    """The URL of an empty database in a running server."""
    where = binaries()
    assert where is not None
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam(USER)
        os.chown(folder, user.pw_uid, user.pw_gid)
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    options = ["--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"]
    subprocess.run(
        [where / "initdb", "-D", data, *options], check=True, cwd=folder, stdout=subprocess.DEVNULL, **identity
    )
    command = [where / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **identity)
    try:
        end = time.monotonic() + UP_WITHIN_S
        while not (folder / "data" / "postmaster.pid").exists() or not _is_ready(where, folder):
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.1)
        yield f"postgresql://{USER}@/postgres?host={folder}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _is_ready(where: Path, folder: Path) -> bool:
    return subprocess.run([where / "pg_isready", "-q", "-h", folder], check=False).returncode == 0
