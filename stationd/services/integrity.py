"""The books are read through in the background, a little at a time: damage is found before it is needed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from stationd.domain.errors import Faulted

_log = logging.getLogger(__name__)

STEP_EVERY_S: Final = 20.0
"""A pass over a station's books takes some hundred steps, so that each row is looked at several times a day."""


class Examination(Protocol):
    """The store's side of it."""

    async def step(self) -> Sequence[str]:
        """Look at the next part; what is wrong with it, one line each. Raises ``Faulted``."""
        ...

    async def aclose(self) -> None:
        """Let go of the books."""
        ...


class Integrity:
    """Reads the books through, for ever."""

    def __init__(self, examination: Examination, condemn: Callable[[], None], *, every_s: float = STEP_EVERY_S) -> None:
        """``condemn`` is called when something is wrong: nothing is printed out of books that are damaged."""
        self._examination = examination
        self._condemn = condemn
        self._every_s = every_s
        self.found: set[str] = set()
        """What was found wrong since the start."""

    async def run(self) -> None:
        """For ever."""
        try:
            while True:
                await asyncio.sleep(self._every_s)
                await self.step()
        finally:
            await self._examination.aclose()

    async def step(self) -> None:
        """Look at the next part."""
        try:
            found = set(await self._examination.step())
        except Faulted as fault:
            _log.warning("cannot read the books through: %s", fault.detail)
            found = {fault.code} if fault.code == "storage-corrupt" else set()
        for line in sorted(found - self.found):
            _log.error("the books are damaged: %s; restore the last backup", line)
        self.found |= found
        if found:
            self._condemn()
