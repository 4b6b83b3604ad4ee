"""The machine below: free space, how hot its processor is, the write-ahead log, and when it was last backed up."""

import asyncio
import os
from pathlib import Path
from typing import Final

from stationd.ports.readiness import HostReading

ZONES = Path("/sys/class/thermal")

BACKUP_MARK: Final = "last-backup"
"""A file in the state directory, touched when a backup is done."""


class LinuxHost:
    """Fulfils :class:`stationd.ports.readiness.Host`."""

    def __init__(self, state_dir: Path, zones: Path = ZONES) -> None:
        self._state_dir = state_dir
        self._zones = zones

    async def read(self) -> HostReading:
        """Free bytes for an ordinary user, the hottest thermal zone, the write-ahead log, the last backup."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> HostReading:
        try:
            found = os.statvfs(self._state_dir)
            free: int | None = found.f_bavail * found.f_frsize
        except OSError:
            free = None
        degrees = [each for zone in sorted(self._zones.glob("thermal_zone*/temp")) if (each := _celsius(zone))]
        logs = [log.st_size for path in self._state_dir.glob("*.db-wal") if (log := _stat(path))]
        mark = _stat(self._state_dir / BACKUP_MARK)
        return HostReading(
            free_bytes=free,
            celsius=max(degrees, default=None),
            wal_bytes=sum(logs) if logs else None,
            backed_up_at=None if mark is None else mark.st_mtime,
        )


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
