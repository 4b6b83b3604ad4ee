"""The station over reloads: the same process and the same listening sockets, with new settings.

``SIGHUP`` (``systemctl reload stationd``) reads the configuration again. Nothing changes before every problem in it is
known to be absent; with one, the station goes on as it was and the log lists them all. Then the station is stopped as
at SIGTERM (cards in the printers settle, or are asked for afterwards) and built anew, so that every key takes effect
and no part has to know of reloading. The sockets keep listening meanwhile: callers wait a moment, and none is refused.
When the station cannot start with the new settings it starts with the old ones.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto

from stationd.adapters.garbage import leave_alone, look_again
from stationd.adapters.host import use_zone
from stationd.adapters.systemd import Notifier, inherited_sockets
from stationd.app import App
from stationd.config import Problem, Settings
from stationd.domain.errors import Faulted
from stationd.http.listeners import open_sockets, remove_file

_log = logging.getLogger(__name__)

Examine = Callable[[], tuple[Settings | None, Sequence[Problem]]]
"""Reads the configuration: the settings, and every problem; settings with problems are not used."""


class Wish(Enum):
    """What a signal asks for."""

    STOP = auto()
    RELOAD = auto()


class Daemon:
    """One run of the process, from its first station to its last."""

    def __init__(
        self,
        settings: Settings,
        examine: Examine,
        *,
        environment: Mapping[str, str] = os.environ,
        make: Callable[..., App] = App,
    ) -> None:
        self._settings = settings
        self._examine = examine
        self._environment = environment
        self._make = make
        self._notifier = Notifier(environment)
        self._inherited = inherited_sockets(environment)
        self._own: dict[str, socket.socket] = {}
        self._wishes: asyncio.Queue[Wish] = asyncio.Queue()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT. Raises :class:`Faulted` when the station cannot start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._wishes.put_nowait, Wish.STOP)
        loop.add_signal_handler(signal.SIGHUP, self._wishes.put_nowait, Wish.RELOAD)
        try:
            await self._run()
        finally:
            await asyncio.to_thread(self._close)

    async def _run(self) -> None:
        former: Settings | None = None
        while True:
            try:
                use_zone(self._settings.station.time_zone)
                self._open(self._settings)
                app = self._make(self._settings, environment=self._environment, sockets=self._sockets())
                await app.start()
                leave_alone()
            except Faulted as fault:
                if former is None:
                    raise
                _log.error("cannot start with the new configuration, the former one goes on: %s", fault.detail)
                self._settings, former = former, None
                continue
            try:
                wanted = await self._next_settings()
            finally:
                await app.stop()
                look_again()
            if wanted is None:
                return
            former, self._settings = self._settings, wanted

    async def _next_settings(self) -> Settings | None:
        """Wait for a signal; the settings to go on with, or ``None`` to stop."""
        while await self._wishes.get() is Wish.RELOAD:
            self._notifier.tell("RELOADING=1")
            settings, problems = await asyncio.to_thread(self._examine)
            problems = (*problems, *_lasting(self._settings, settings))
            if settings is not None and not problems:
                _log.info("asked to reload: the configuration is good")
                return settings
            for problem in problems:
                _log.error("cannot reload, nothing is changed: %s", problem)
            self._notifier.tell("READY=1")
        _log.info("asked to stop")
        self._notifier.tell("STOPPING=1")
        return None

    # ---------------------------------------------------------------------------------------------------- sockets

    def _open(self, settings: Settings) -> None:
        """Listen where the settings say; what listened before and still shall goes on."""
        if self._inherited:
            return
        wanted = [str(place) for place in settings.http.listen]
        for text in [text for text in self._own if text not in wanted]:
            _let_go(self._own.pop(text))
        new = [text for text in wanted if text not in self._own]
        self._own.update(zip(new, open_sockets(new), strict=True))

    def _sockets(self) -> list[socket.socket]:
        """Doubles for the station to close, while the originals keep listening."""
        return [each.dup() for each in (*self._own.values(), *self._inherited)]

    def _close(self) -> None:
        for each in self._own.values():
            _let_go(each)
        self._own.clear()
        for each in self._inherited:
            each.close()


def _let_go(each: socket.socket) -> None:
    with suppress(OSError):
        remove_file(each)
    each.close()


def _lasting(before: Settings, after: Settings | None) -> list[Problem]:
    """What a running station cannot change: who it is, and which books are its own."""
    if after is None:
        return []
    kept = {
        "station.id": (before.station.id, after.station.id),
        "station.state_dir": (str(before.station.state_dir), str(after.station.state_dir)),
    }
    return [
        Problem(file=str(after.file), key=key, value=new, allowed=f"{old} until the station is restarted")
        for key, (old, new) in kept.items()
        if old != new
    ]
