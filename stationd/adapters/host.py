"""The machine below: free space, how hot its processor is, the write-ahead log, and when it was last backed up."""

import asyncio
import logging
import os
import resource
import time
from pathlib import Path
from typing import Final

from stationd.ports.readiness import HostReading

_log = logging.getLogger(__name__)

ZONES = Path("/sys/class/thermal")

BACKUP_MARK: Final = "last-backup"
"""A file in the state directory, touched when a backup is done."""

DESCRIPTORS: Final = Path("/proc/self/fd")
FEW_DESCRIPTORS: Final = 8
"""With fewer to spare, callers are turned away by the system before we hear of them: nothing else would tell of it."""


_MACHINES: Final = os.environ.get("TZ")


def use_zone(name: str) -> None:
    """Tell local time by this zone from now on, in the whole process; by the machine's own where none is named."""
    wanted = name or _MACHINES
    if wanted == os.environ.get("TZ"):
        return
    if wanted is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = wanted
    time.tzset()


class LinuxHost:
    """Fulfils :class:`stationd.ports.readiness.Host`."""

    def __init__(self, state_dir: Path, zones: Path = ZONES, descriptors: Path = DESCRIPTORS) -> None:
        self._state_dir = state_dir
        self._zones = zones
        self._descriptors = descriptors
        self._is_short = False

    async def read(self) -> HostReading:
        """Free bytes for an ordinary user, the hottest thermal zone, the write-ahead log, the last backup."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> HostReading:
        self._tell_of_descriptors()
        try:
            found = os.statvfs(self._state_dir)
            free: int | None = found.f_bavail * found.f_frsize
        except OSError:
            free = None
        zones = _found(self._zones, "thermal_zone*/temp")
        degrees = [each for zone in zones if (each := _celsius(zone))]
        logs = [log.st_size for path in _found(self._state_dir, "*.db-wal") if (log := _stat(path))]
        mark = _stat(self._state_dir / BACKUP_MARK)
        return HostReading(
            free_bytes=free,
            celsius=max(degrees, default=None),
            wal_bytes=sum(logs) if logs else None,
            backed_up_at=None if mark is None else mark.st_mtime,
        )

    def _tell_of_descriptors(self) -> None:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            used = sum(1 for _ in self._descriptors.iterdir())
        except OSError:  # not even one to look with
            used = limit
        is_short = limit - used < FEW_DESCRIPTORS
        if is_short and not self._is_short:
            _log.error("%d of %d file descriptors are in use; without any, callers are turned away", used, limit)
        elif self._is_short and not is_short:
            _log.warning("there are file descriptors again: %d of %d are in use", used, limit)
        self._is_short = is_short


def _found(folder: Path, pattern: str) -> list[Path]:
    """What there is, in order; nothing where it cannot be looked at."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _celsius(zone: Path) -> float | None:
    try:
        return int(zone.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None
