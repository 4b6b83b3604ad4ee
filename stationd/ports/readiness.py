"""What the readiness of the station is judged by."""

from dataclasses import dataclass
from typing import Protocol


class CentreProbe(Protocol):
    """A way to see whether the centre can be reached."""

    async def is_answering(self) -> bool:
        """Whether it answers within the probe's own time limit. Never raises for trouble of the network."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReading:
    """The machine below: free bytes on the disk of the state directory, degrees Celsius; ``None`` where unknown.

    ``wal_bytes`` is the size of the database's write-ahead log, ``backed_up_at`` when the last copy was made (Unix s).
    """

    free_bytes: int | None
    celsius: float | None
    wal_bytes: int | None = None
    backed_up_at: float | None = None


class Host(Protocol):
    """The machine below."""

    async def read(self) -> HostReading:
        """How it is now; trouble reads as unknown."""
        ...
