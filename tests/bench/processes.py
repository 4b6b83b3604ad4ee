"""What other processes cost: read from /proc, and straight lines through it."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


def cpu_s(pids: Iterable[int]) -> float:
    """Processor seconds that these processes have used until now; those that ended count nothing."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int, name: str = "VmRSS") -> float:
    """Resident memory of a process; ``VmHWM`` for the most that it ever was."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1000
    return 0.0


def descriptors(pid: int) -> int:
    """How many files and sockets a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def family(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``base + slope · x``, with the largest distance of a measured point from it."""

    base: float
    slope: float
    off: float

    def at(self, size: float) -> float:
        """Where it is."""
        return self.base + self.slope * size


def line(points: Sequence[tuple[float, float]]) -> Line:
    """The straight line of least squares through (size, value)."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    base = mean_y - slope * mean_x
    return Line(base=base, slope=slope, off=max(abs(base + slope * x - y) for x, y in points))
