"""What a reader reads, for those who are listening at that moment: the kiosk before which the citizen stands.

The content of a scan may be personal, so this is the one way out for it, apart from the stream of events: nothing is
kept for later, nothing is repeated, and a listener that is late loses the oldest.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Self

from stationd.domain.errors import Refused
from stationd.domain.scan import ReaderStatus, Scan

MOST_WAITING: Final = 16
"""Scans kept for a listener that is late: a person makes one in some seconds."""
MOST_LISTENERS: Final = 16
"""Listeners of one reader."""

Seen = Scan | ReaderStatus


class Hearing:
    """One who listens to one reader. Use it as a context; the first that it hears is how the reader is."""

    def __init__(self, status: ReaderStatus, leave: Callable[["Hearing"], None]) -> None:
        self._waiting: deque[Seen] = deque([status], maxlen=MOST_WAITING)
        self._stirred = asyncio.Event()
        self._leave = leave
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        self._leave(self)

    async def next(self, timeout_s: float) -> Sequence[Seen] | None:
        """What came, in its order; empty when nothing did in the time given, ``None`` when the reader was let go."""
        if not self._waiting and not self._is_over:
            self._stirred.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._stirred.wait()
        if self._is_over:
            return None
        came = tuple(self._waiting)
        self._waiting.clear()
        return came

    def tell(self, seen: Seen) -> None:
        """Let it wait for the listener."""
        self._waiting.append(seen)
        self._stirred.set()

    def end(self) -> None:
        """Nothing more will come; what waits is forgotten."""
        self._is_over = True
        self._waiting.clear()
        self._stirred.set()


class LiveScans:
    """Who listens to which reader."""

    def __init__(self) -> None:
        self._hearings: dict[str, set[Hearing]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._hearings.values()))

    def hear(self, reader: str, status: ReaderStatus) -> Hearing:
        """Begin to listen. Raises :class:`Refused` (``streams-full``)."""
        hearings = self._hearings.setdefault(reader, set())
        if len(hearings) >= MOST_LISTENERS:
            raise Refused("streams-full", wait_s=5, most=MOST_LISTENERS)

        def leave(hearing: Hearing) -> None:
            hearings.discard(hearing)
            if not hearings and self._hearings.get(reader) is hearings:
                del self._hearings[reader]

        hearing = Hearing(status, leave)
        hearings.add(hearing)
        return hearing

    def tell(self, reader: str, seen: Seen) -> None:
        """Hand it to those who listen now."""
        for hearing in self._hearings.get(reader, ()):
            hearing.tell(seen)

    def end(self, reader: str | None = None) -> None:
        """Nothing more comes from that reader, or from any."""
        for name in [reader] if reader is not None else list(self._hearings):
            for hearing in self._hearings.pop(name, set()):
                hearing.end()
