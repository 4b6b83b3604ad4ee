"""Sealing with the newest keys: a change of the station key is carried out while the station works."""

import asyncio
import logging
from typing import Final, Protocol

from stationd.domain.errors import Faulted

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 10.0
PAUSE_S: Final = 0.02
"""Between two steps: the writer is everybody's."""


class Keyring(Protocol):
    """The keys in use."""

    async def refresh(self) -> bool:
        """Take over what was changed beside us; whether sealed values may still be wrapped by older keys."""
        ...

    async def step(self) -> int:
        """Wrap some of them anew; how many were looked at."""
        ...


class Rekeying:
    """Looks for new keys, and wraps anew what older ones wrapped, in small steps."""

    def __init__(self, keyring: Keyring, *, look_every_s: float = LOOK_EVERY_S, pause_s: float = PAUSE_S) -> None:
        self._keyring = keyring
        self._look_every_s = look_every_s
        self._pause_s = pause_s

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                is_behind = await self._keyring.refresh()
                while is_behind:
                    if not await self._keyring.step():
                        is_behind = await self._keyring.refresh()
                    await asyncio.sleep(self._pause_s)
            except Faulted as fault:
                _log.warning("cannot change the keys of the personal data: %s", fault.detail)
            await asyncio.sleep(self._look_every_s)
