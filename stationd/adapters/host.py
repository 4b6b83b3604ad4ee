"""The machine below: free space, and how hot its processor is."""

import asyncio
import os
from pathlib import Path

from stationd.ports.readiness import HostReading

ZONES = Path("/sys/class/thermal")


class LinuxHost:
    """Fulfils :class:`stationd.ports.readiness.Host`."""

    def __init__(self, state_dir: Path, zones: Path = ZONES) -> None:
        self._state_dir = state_dir
        self._zones = zones

    async def read(self) -> HostReading:
        """Free bytes for an ordinary user, and the hottest thermal zone."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> HostReading:
        try:
            found = os.statvfs(self._state_dir)
            free: int | None = found.f_bavail * found.f_frsize
        except OSError:
            free = None
        degrees = [each for zone in sorted(self._zones.glob("thermal_zone*/temp")) if (each := _celsius(zone))]
        return HostReading(free_bytes=free, celsius=max(degrees, default=None))


def _celsius(zone: Path) -> float | None:
    try:
        return int(zone.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None
