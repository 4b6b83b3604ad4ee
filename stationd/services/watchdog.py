"""Feeding the watchdog: word to whoever guards the process that the station makes progress, given only while it does.

A watchdog fed by a timer guards nothing: the timer goes on while the writer hangs in a dying disk. Here the word is
given when the loop turned (or this would not run), the writer has just carried out a request, and every printer's task
has asked its device lately. Trouble that is known and told (a full disk, a printer without answer) is progress; only
silence is not. Then the word stays away, the log says who is silent, and systemd starts the station afresh; what was
in a printer is asked for as after any crash.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final

from stationd.domain.errors import Faulted
from stationd.ports.clock import Clock

_log = logging.getLogger(__name__)

SILENT_AFTER_S: Final = 90.0
"""A printer's task that has not asked for this long is stuck: it asks every second, and its driver gives up sooner."""


class Watchdog:
    """Feeds the watchdog by progress."""

    def __init__(
        self,
        tell: Callable[[], None],
        write: Callable[[], Awaitable[object]],
        asked_at: Callable[[], Mapping[str, float]],
        clock: Clock,
        *,
        every_s: float,
    ) -> None:
        """``tell`` gives the word; ``write`` is a request of the writer that changes nothing.

        ``asked_at`` tells when each printer's task last asked its device, in monotonic seconds; ``every_s`` is how
        often the word is due, well under what the watchdog waits for.
        """
        self._tell = tell
        self._write = write
        self._asked_at = asked_at
        self._clock = clock
        self._every_s = every_s
        self.silent: tuple[str, ...] = ()
        """Who made no progress when last looked at."""

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.beat()
            await asyncio.sleep(self._every_s)

    async def beat(self) -> None:
        """Look once, and give the word if everything moves."""
        silent = (*(await self._silent_writer()), *self._silent_printers())
        if not silent:
            self._tell()
        elif silent != self.silent:
            _log.error("no progress of %s: the watchdog is not fed any more", ", ".join(silent))
        self.silent = silent

    async def _silent_writer(self) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(self._every_s):
                with suppress(Faulted):
                    await self._write()
        except TimeoutError:
            return ("the writer",)
        return ()

    def _silent_printers(self) -> tuple[str, ...]:
        now = self._clock.monotonic()
        return tuple(f"printer {name}" for name, at in sorted(self._asked_at().items()) if now - at > SILENT_AFTER_S)
