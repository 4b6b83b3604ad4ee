"""Counting what reaches the disk, and making the disk slower: a shim compiled at run time and preloaded."""

import os
import struct
import subprocess
from pathlib import Path

_FILE = "SYNCS_FILE"
_LONG = struct.Struct("l")


class Syncs:
    """The shim in a folder; :meth:`environment` is for a process whose syncs (and its children's) shall be counted."""

    def __init__(self, folder: Path) -> None:
        """Compile it with the C compiler that the tests need anyhow."""
        self._library = folder / "syncs.so"
        self._file = folder / "syncs"
        source = Path(__file__).with_name("syncs.c")
        command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", self._library, source]
        subprocess.run(command, check=True)
        self._file.write_bytes(_LONG.pack(0))
        self._file.chmod(0o666)  # PostgreSQL runs as another user

    def environment(self, delay_ms: float = 0) -> dict[str, str]:
        """What such a process needs in its environment; ``delay_ms`` is added to each fsync and fdatasync."""
        return {
            "LD_PRELOAD": str(self._library),
            _FILE: str(self._file),
            "SYNCS_DELAY_US": str(round(delay_ms * 1000)),
        }

    def count(self) -> int:
        """How many there were so far."""
        return _count(self._file)


def count() -> int:
    """How many syncs there were so far in all processes that are counted with this one; 0 when it is not counted."""
    path = os.environ.get(_FILE)
    return 0 if path is None else _count(Path(path))


def _count(path: Path) -> int:
    return int(_LONG.unpack(path.read_bytes()[: _LONG.size])[0])
