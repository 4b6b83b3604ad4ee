"""What former runs, or lanes that gave a card up, left open at a printer: the device is asked, and believed as it may.

*Unknown* never becomes *again* by itself.
"""

import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from stationd.domain.errors import Faulted
from stationd.domain.job import JobState
from stationd.domain.outcome import FOR_A_PERSON, Cause, NothingPrinted, StillOpen, Unknown
from stationd.domain.printer import PrinterStatus
from stationd.ports.jobs import JobStore, OpenAttempt, Settling, Turn, Turned
from stationd.ports.printers import HoldsJobs
from stationd.services import patience
from stationd.services.post import Post

_log = logging.getLogger(__name__)

_CLEAR_TRIES = 3
"""How often a job is cancelled that a device goes on holding: an answer may be lost; a card under way may stay."""

_OURS = frozenset({Cause.TRANSIENT, Cause.WITHDRAWN})
"""What drivers say of a job whose document never came: not the device's doing."""


class Reconciliation:
    """The open attempts of one printer. ``resumed`` are those still in the device, for a lane to watch."""

    def __init__(self, post: Post, store: JobStore, turn: Callable[[Turn], Awaitable[Turned]]) -> None:
        self.resumed: deque[OpenAttempt] = deque()
        self._post = post
        self._store = store
        self._turn = turn

    async def when_reachable(self, take_in: Callable[[PrinterStatus], None]) -> None:
        """Ask about every open attempt as soon as the device answers; one that stays silent is shown to a person."""
        post = self._post
        since = post.clock.monotonic()
        has_shown = False
        while True:
            try:
                take_in(await post.printer.status())
                await self.now()
            except Faulted:
                if not has_shown and post.has_been(since, patience.LOST_AFTER_S):
                    has_shown = True
                    await self._show_open("the station restarted, and the printer has not answered since")
                if post.is_stopping:
                    return
                await post.wait_for_change(timeout_s=patience.ASK_EVERY_S)
            else:
                return

    async def now(self) -> None:
        """Ask the device about every attempt that is open here. Raises ``Faulted`` when it does not answer."""
        await self._clear_away()
        for found_open in await self._open_here():
            attempt = found_open.attempt
            finding = await self._post.printer.find(attempt)
            if isinstance(finding, StillOpen):
                kept = replace(found_open, attempt=replace(attempt, remote_id=finding.remote_id))
                self.resumed.append(kept)
                continue
            if attempt.sent_at is None and isinstance(finding, NothingPrinted) and finding.cause in _OURS:
                has_died = self._post.has_died and found_open.job.state is JobState.PRINTING
                cause = Cause.STOPPED if has_died else Cause.WITHDRAWN
                finding = NothingPrinted(cause, "the station stopped before the document was sent")
            _log.info("attempt %s was open: %s", attempt.id, type(finding).__name__)
            await self._turn(Turn(settling=Settling(attempt=attempt, outcome=finding)))

    async def _clear_away(self) -> None:
        """What the device keeps of attempts that are settled, or that a restored book has lost, must become no card."""
        printer = self._post.printer
        if not isinstance(printer, HoldsJobs):
            return
        for _ in range(_CLEAR_TRIES):
            held = await printer.unfinished()
            strays = await self._store.strays(self._post.name, held) if held else ()
            for attempt in strays:
                _log.warning(
                    "printer %s still holds attempt %s, which is settled: cancelling", printer.name, attempt.id
                )
                await printer.give_up(attempt)
            if not strays:
                return

    async def _open_here(self) -> Sequence[OpenAttempt]:
        """The attempts in question that no lane has in hand.

        Beside working lanes these are only cards given up as uncertain: a claim may be in the books before its lane
        knows of it, and an outcome in a lane's hand before it is in the books.
        """
        found = await self._store.open_attempts()
        in_hand = {*self._post.printing, *(each.attempt.id for each in self.resumed)}
        return [
            each
            for each in found
            if each.attempt.printer == self._post.name
            and each.attempt.id not in in_hand
            and (each.job.state is not JobState.UNCERTAIN or each.reason not in FOR_A_PERSON)
            and (each.job.state is JobState.UNCERTAIN or not self._post.is_ready)
        ]

    async def _show_open(self, reason: str) -> None:
        for each in await self._open_here():
            if each.job.state is JobState.PRINTING and each.attempt.remote_id is not None:
                await self._turn(Turn(settling=Settling(attempt=each.attempt, outcome=Unknown(reason))))
