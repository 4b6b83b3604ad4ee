"""One process to a state directory: two daemons over one book would each take the other's open cards for a dead one's.

The lock is the kernel's (``flock``), so that it ends with the process however that ends, and none is ever left behind.
Commands that only read or add to the book beside a running station do not take it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from stationd.domain.errors import Faulted

LOCK_FILE: Final = "station.lock"


@contextmanager
def held(state_dir: Path) -> Iterator[None]:
    """Hold the state directory. Raises :class:`Faulted` (``station-running``, ``storage-failed``)."""
    path = state_dir / LOCK_FILE
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Faulted("storage-failed", f"cannot lock {path}: {error.strerror}") from error
    try:
        if os.geteuid() == 0:  # a restore by root must not keep the station's own user out
            owner = state_dir.stat()
            with suppress(OSError):
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Faulted(
                "station-running",
                f"cannot use {state_dir}: another stationd is using it",
                fix="stop it first (systemctl stop stationd), or give this one a state_dir of its own",
            ) from None
        yield
    finally:
        os.close(descriptor)
