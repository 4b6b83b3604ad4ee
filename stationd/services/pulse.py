"""How a printer is, asked again and again; what it says is taken in, and tells when its open attempts can be asked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from stationd.domain.errors import Faulted
from stationd.domain.printer import OFFLINE, PrinterState, PrinterStatus
from stationd.services import patience
from stationd.services.post import Post

_log = logging.getLogger(__name__)


class Pulse:
    """Asks one printer how it is. ``reconcile`` is called when it answers again after a silence."""

    def __init__(self, post: Post, reconcile: Callable[[], Awaitable[None]]) -> None:
        self._post = post
        self._reconcile = reconcile
        self._nudged = asyncio.Event()
        self._is_quiet = False

    def nudge(self) -> None:
        """Ask now: its cable was put in or pulled out."""
        self._nudged.set()

    def stir(self) -> None:
        """It is given work: ask as often as of a busy one again."""
        self._post.stirred_at = self._post.clock.monotonic()
        if self._is_quiet:
            self.nudge()

    def set_plugged(self, *, is_plugged: bool) -> None:
        """Its cable is in or out, whatever its driver says: CUPS answers for a printer that is gone."""
        self._post.is_plugged = is_plugged
        if not is_plugged:
            self.take_in(self._gone())
        self.nudge()

    async def ask_forever(self) -> None:
        """Ask until cancelled."""
        post, standing = self._post, self._post.standing
        has_to_ask = False
        while True:
            post.asked_at = post.clock.monotonic()
            was_offline = standing.offline_since is not None
            self.take_in(await self._asked(was_offline=was_offline))
            has_to_ask = has_to_ask or was_offline
            if has_to_ask and standing.offline_since is None and post.is_ready:
                with suppress(Faulted):
                    await self._reconcile()
                    has_to_ask = False
                    post.changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._again_s()):
                    await self._nudged.wait()
            self._is_quiet = False
            self._nudged.clear()

    def take_in(self, status: PrinterStatus) -> None:
        """What the device says of itself now; whoever waits for a change of it is woken."""
        post, standing = self._post, self._post.standing
        now = post.clock.monotonic()
        before, could = standing.status, standing.fit(now)
        standing.take_in(status, now)
        if standing.fit(now) != could:
            post.changed()
        if (before.state, before.reasons) != (status.state, status.reasons):
            post.since_ms = post.clock.now_ms()
            post.stirred_at = now
            if status.stopped_by and status.stopped_by != before.stopped_by:
                post.last_fault = " ".join(sorted(status.stopped_by))
            post.changed()

    async def _asked(self, *, was_offline: bool) -> PrinterStatus:
        try:
            status = await self._post.printer.status()
        except Faulted as fault:
            if not was_offline:
                self._post.last_fault = fault.code
                _log.warning("printer %s does not answer: %s", self._post.name, fault.code)
            return self._gone()
        return status if self._post.is_plugged else self._gone()

    def _again_s(self) -> float:
        post = self._post
        is_busy = bool(post.standing.in_hand or post.status.stopped_by)
        self._is_quiet = not is_busy and post.has_been(post.stirred_at, patience.QUIET_AFTER_S)
        return patience.QUIET_EVERY_S if self._is_quiet else patience.ASK_EVERY_S

    def _gone(self) -> PrinterStatus:
        return replace(self._post.status, state=PrinterState.STOPPED, reasons=frozenset({OFFLINE}))
