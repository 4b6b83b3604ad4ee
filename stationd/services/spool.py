"""The spooler of one printer: claims jobs, prints each exactly once, settles what became of it.

A printer has as many *lanes* as its window: each lane carries one card from claim to settlement, so that the next card
travels while one prints. The order of acts in a lane is the project's first promise:

1. one transaction settles the last card and claims the next: attempt written, blank reserved;
2. the device opens a job under the attempt's name, without the document; its id is committed;
3. only then the document is sent, and watched until it settles;
4. back to 1 with the outcome.

A lane may be cancelled anywhere. What it was doing is then an open attempt, and :meth:`Spooler._reconcile` asks the
device about it at the next start; *unknown* never becomes *again* by itself.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import Attempt, JobState
from stationd.domain.order import Document, TemplateDocument
from stationd.domain.outcome import (
    CUT_BY_SILENCE,
    FOR_A_PERSON,
    Cause,
    NothingPrinted,
    Outcome,
    Printed,
    StillOpen,
    Unknown,
)
from stationd.domain.printer import OFFLINE, PrinterState, PrinterStatus
from stationd.ports import (
    Claimed,
    Claiming,
    Clock,
    JobStore,
    OpenAttempt,
    Printer,
    PrinterSpec,
    Renderer,
    Settling,
    Turn,
    Turned,
)
from stationd.services.bell import Bell
from stationd.services.gate import Gate
from stationd.services.pace import Pace

_log = logging.getLogger(__name__)

T = TypeVar("T")

ASK_EVERY_S = 1.0
"""How often a printer is asked how it is."""

LOST_AFTER_S = 30.0
"""A card at a printer that has not answered for this long is shown to an officer; the device may still tell later."""

CUT_AFTER_S = 120.0
"""The same while the document is on its way: a slow device may answer nothing else until it has it."""

WITHDRAW_AFTER_S = 5.0
"""A card that waits in a stopped printer this long is taken back, if the device can say that it was not begun."""

_RETRY_STORAGE_S = 1.0
_FIRST_REST_S = 0.5
_LONGEST_REST_S = 30.0


class Spooler:
    """Everything that happens at one printer."""

    def __init__(  # noqa: PLR0913 - its collaborators, each by its name
        self,
        printer: Printer,
        spec: PrinterSpec,
        *,
        store: JobStore,
        bell: Bell,
        clock: Clock,
        renderer: Renderer,
        pace: Pace,
        is_paused: bool = False,
        gate: Gate | None = None,
    ) -> None:
        """``gate``: whether a card may be begun at all; without one it always may."""
        self.printer = printer
        self.spec = spec
        self.pace = pace
        self.is_paused = is_paused
        self.status = PrinterStatus(state=PrinterState.STOPPED, reasons=frozenset({OFFLINE}))
        self.since_ms = clock.now_ms()
        self.last_fault: str | None = None
        self.printing: dict[str, str] = {}
        """Attempt id → job id of the cards in question now."""
        self._store = store
        self._bell = bell
        self._clock = clock
        self._renderer = renderer
        self._is_ready = False
        self._is_stopping = False
        self._has_changed = asyncio.Event()
        self._nudged = asyncio.Event()
        self._resumed: deque[OpenAttempt] = deque()
        self._troubles = 0
        self._offline_since: float | None = clock.monotonic()
        self._stopped_since: float | None = clock.monotonic()
        self._gate = gate or Gate()
        self._gate.follow(self._changed)

    # ------------------------------------------------------------------------------------------ what others see

    @property
    def name(self) -> str:
        """The station's name for the printer."""
        return self.spec.name

    @property
    def is_able(self) -> bool:
        """Whether the printer could start a card now, if the station may print."""
        return self._is_ready and not (self.is_paused or self._is_stopping or self.status.stopped_by)

    @property
    def is_open(self) -> bool:
        """Whether a card may be started here now."""
        return self.is_able and self._gate.is_open

    def set_paused(self, *, is_paused: bool) -> None:
        """Pause or resume; the card in the machine is finished in any case."""
        self.is_paused = is_paused
        self._changed()

    def nudge(self) -> None:
        """Ask the printer how it is now: its cable was put in or pulled out."""
        self._nudged.set()

    async def aclose(self) -> None:
        """Let go of the printer, for good; :meth:`run` has returned."""
        self._gate.unfollow(self._changed)
        await self.printer.aclose()

    def replace_printer(self, printer: Printer, spec: PrinterSpec) -> Printer:
        """Attend the same printer at another place from the next :meth:`run` on; the former driver, to be closed."""
        former, self.printer, self.spec = self.printer, printer, spec
        return former

    # --------------------------------------------------------------------------------------------- the long run

    async def run(self) -> None:
        """Attend the printer until :meth:`stop`. Raises what is a defect of ours; the supervisor starts it again."""
        self._is_ready = False
        self._resumed.clear()
        self.printing.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(self._ask_forever(), name=f"printer {self.name}: asking")
                await self._reconcile_when_reachable()
                async with asyncio.TaskGroup() as lanes:
                    for number in range(max(1, self.printer.capabilities.window)):
                        lanes.create_task(self._lane(), name=f"printer {self.name}: lane {number + 1}")
                    self._is_ready = True
                    self._changed()
                asking.cancel()
        finally:
            self._is_ready = False

    def stop(self) -> None:
        """Start no further card; :meth:`run` returns when the cards in question are settled."""
        self._is_stopping = True
        self._changed()

    async def _lane(self) -> None:
        settling: Settling | None = None
        while True:
            settling = await self._take_up_resumed(settling)
            claiming = Claiming(printer=self.name, profiles=self.spec.profiles) if self.is_open else None
            if settling is None and claiming is None:
                if self._is_stopping:
                    return
                await self._wait_for_change()
                continue
            turned = await self._turn(Turn(settling=settling, claiming=claiming))
            settling = None
            if turned.claimed:
                settling = await self._carry(turned.claimed[0])
            elif claiming is not None and not self._resumed:
                due_s = None if turned.due_in_ms is None else turned.due_in_ms / 1000
                await self._wait_for_work(due_s)

    # ------------------------------------------------------------------------------------------------ one card

    async def _carry(self, claimed: Claimed) -> Settling:
        """Bring one claimed job to an outcome."""
        attempt = claimed.attempt
        started = self._clock.monotonic()
        self.printing[attempt.id] = claimed.job.id
        try:
            outcome = await self._print(attempt, claimed.document)
        finally:
            self.printing.pop(attempt.id, None)
        if isinstance(outcome, Printed):
            self._troubles = 0
            self.pace.printed(claimed.job.profile, started=started, finished=self._clock.monotonic())
        else:
            self.last_fault = outcome.reason
        if isinstance(outcome, NothingPrinted) and outcome.cause is Cause.PRINTER:
            await self._rest(attempt, outcome)
        return Settling(attempt=attempt, outcome=outcome)

    async def _print(self, attempt: Attempt, document: Document | TemplateDocument) -> Outcome:
        if isinstance(document, TemplateDocument):
            try:
                document = await self._renderer.render(document.template, document.fields, document.photo)
            except Refused as refused:
                return NothingPrinted(Cause.DOCUMENT, refused.code)
            except Faulted as fault:
                return NothingPrinted(Cause.TRANSIENT, fault.code)
        if not self._gate.is_open:
            return NothingPrinted(Cause.WITHDRAWN, "the station may not print any more")
        opened = await self.printer.open(attempt)
        if isinstance(opened, NothingPrinted):
            return opened
        attempt = await self._durably(lambda: self._store.opened(attempt, opened))
        outcome = await self._send(attempt, document)
        return outcome if outcome is not None else await self._watch(attempt)

    async def _send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Send the document, unless the printer falls silent for good in the middle of it."""
        sending = asyncio.create_task(self.printer.send(attempt, document), name=f"printer {self.name}: sending")
        try:
            while True:
                done, _ = await asyncio.wait({sending}, timeout=ASK_EVERY_S)
                if done:
                    return sending.result()
                if self._has_been(self._offline_since, CUT_AFTER_S):
                    return Unknown(CUT_BY_SILENCE)
        finally:
            await _ended(sending)

    async def _watch(self, attempt: Attempt) -> Outcome:
        """Watch a card until it settles, or nobody can tell, or it could be taken back from a stopped printer."""
        watching = asyncio.create_task(self.printer.watch(attempt), name=f"printer {self.name}: watching")
        has_asked_back = False
        try:
            while True:
                done, _ = await asyncio.wait({watching}, timeout=ASK_EVERY_S)
                if done:
                    return watching.result()
                if self._has_been(self._offline_since, LOST_AFTER_S):
                    return Unknown("the printer stopped answering while the card was in it")
                if self._has_been(self._stopped_since, WITHDRAW_AFTER_S) and not has_asked_back:
                    has_asked_back = True
                    found = await self._withdrawn(attempt)
                    if found is not None:
                        return found
        finally:
            await _ended(watching)

    async def _withdrawn(self, attempt: Attempt) -> Outcome | None:
        try:
            found = await self.printer.withdraw(attempt)
        except Faulted:
            return None
        return None if isinstance(found, StillOpen | Unknown) else found

    async def _rest(self, attempt: Attempt, outcome: NothingPrinted) -> None:
        """Give the job back at once, then leave the printer alone for a moment: others may take the job meanwhile."""
        await self._turn(Turn(settling=Settling(attempt=attempt, outcome=outcome)))
        self._troubles += 1
        rest_s = min(_FIRST_REST_S * 2 ** min(self._troubles - 1, 8), _LONGEST_REST_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(rest_s):
                while not self._is_stopping:
                    await self._wait_for_change()

    # ------------------------------------------------------------------------------- what a former run left open

    async def _reconcile_when_reachable(self) -> None:
        since = self._clock.monotonic()
        has_shown = False
        while True:
            try:
                self._take_in(await self.printer.status())
                await self._reconcile()
            except Faulted:
                if not has_shown and self._clock.monotonic() - since > LOST_AFTER_S:
                    has_shown = True
                    await self._show_open("the station restarted, and the printer has not answered since")
                if self._is_stopping:
                    return
                await self._wait_for_change(timeout_s=ASK_EVERY_S)
            else:
                return

    async def _reconcile(self) -> None:
        """Ask the device about every attempt that is open here. Raises ``Faulted`` when it does not answer."""
        for found_open in await self._open_here():
            attempt = found_open.attempt
            finding = await self.printer.find(attempt)
            if isinstance(finding, StillOpen):
                kept = replace(found_open, attempt=replace(attempt, remote_id=finding.remote_id))
                self._resumed.append(kept)
                continue
            if attempt.remote_id is None and isinstance(finding, NothingPrinted):
                finding = NothingPrinted(Cause.WITHDRAWN, "the station stopped before the document was sent")
            _log.info("attempt %s was open: %s", attempt.id, type(finding).__name__)
            await self._turn(Turn(settling=Settling(attempt=attempt, outcome=finding)))

    async def _open_here(self) -> Sequence[OpenAttempt]:
        """The attempts in question that no lane has in hand.

        Beside working lanes these are only cards given up as uncertain: a claim may be in the books before its lane
        knows of it, and an outcome in a lane's hand before it is in the books.
        """
        found = await self._store.open_attempts()
        in_hand = {*self.printing, *(each.attempt.id for each in self._resumed)}
        return [
            each
            for each in found
            if each.attempt.printer == self.name
            and each.attempt.id not in in_hand
            and (each.job.state is not JobState.UNCERTAIN or each.reason not in FOR_A_PERSON)
            and (each.job.state is JobState.UNCERTAIN or not self._is_ready)
        ]

    async def _show_open(self, reason: str) -> None:
        for each in await self._open_here():
            if each.job.state is JobState.PRINTING and each.attempt.remote_id is not None:
                await self._turn(Turn(settling=Settling(attempt=each.attempt, outcome=Unknown(reason))))

    async def _take_up_resumed(self, settling: Settling | None) -> Settling | None:
        while settling is None and self._resumed:
            each = self._resumed.popleft()
            self.printing[each.attempt.id] = each.job.id
            try:
                outcome = await self._watch(each.attempt)
            finally:
                self.printing.pop(each.attempt.id, None)
            settling = Settling(attempt=each.attempt, outcome=outcome)
        return settling

    # ---------------------------------------------------------------------------------------- how the printer is

    async def _ask_forever(self) -> None:
        has_to_ask = False
        while True:
            was_offline = self._offline_since is not None
            try:
                status = await self.printer.status()
            except Faulted as fault:
                status = replace(self.status, state=PrinterState.STOPPED, reasons=frozenset({OFFLINE}))
                if not was_offline:
                    self.last_fault = fault.code
                    _log.warning("printer %s does not answer: %s", self.name, fault.code)
            self._take_in(status)
            has_to_ask = has_to_ask or was_offline
            if has_to_ask and self._offline_since is None and self._is_ready:
                with suppress(Faulted):
                    await self._reconcile()
                    has_to_ask = False
                    self._changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_EVERY_S):
                    await self._nudged.wait()
            self._nudged.clear()

    def _take_in(self, status: PrinterStatus) -> None:
        now = self._clock.monotonic()
        before, self.status = self.status, status
        self._offline_since = (self._offline_since or now) if OFFLINE in status.reasons else None
        self._stopped_since = (self._stopped_since or now) if status.stopped_by else None
        if (before.state, before.reasons) != (status.state, status.reasons):
            self.since_ms = self._clock.now_ms()
            if status.stopped_by and status.stopped_by != before.stopped_by:
                self.last_fault = " ".join(sorted(status.stopped_by))
            self._changed()

    def _has_been(self, since: float | None, seconds: float) -> bool:
        return since is not None and self._clock.monotonic() - since > seconds

    # ---------------------------------------------------------------------------------------------------- waiting

    def _changed(self) -> None:
        self._has_changed.set()
        self._has_changed = asyncio.Event()
        self._bell.ring_all()

    async def _wait_for_change(self, timeout_s: float | None = None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._has_changed.wait()

    async def _wait_for_work(self, due_s: float | None) -> None:
        await self._bell.wait(self.spec.profiles, due_s)

    # ---------------------------------------------------------------------------------------------------- writing

    async def _turn(self, turn: Turn) -> Turned:
        return await self._durably(lambda: self._store.turn(turn))

    async def _durably(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write under shield, and again until the disk takes it: an outcome that is known must not be lost.

        Cancelling waits for a write that has begun, so that no claim is left without its lane knowing.
        """
        while True:
            writing = asyncio.ensure_future(write())
            try:
                return await asyncio.shield(writing)
            except asyncio.CancelledError:
                with suppress(Exception):
                    await writing
                raise
            except Faulted as fault:
                if self.last_fault != fault.code:
                    _log.error("printer %s waits: %s", self.name, fault.detail)
                self.last_fault = fault.code
                await asyncio.sleep(_RETRY_STORAGE_S)


async def _ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait until it is gone; what it raised is not lost: it was asked for its result before."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
