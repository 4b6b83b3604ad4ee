"""The spooler of one printer: claims jobs, prints each exactly once, settles what became of it.

A printer has as many *lanes* as its window: each lane carries one card from claim to settlement, so that the next card
travels while one prints. The order of acts in a lane is the project's first promise:

1. one transaction settles the last card and claims the next: attempt written, blank reserved;
2. the device opens a job under the attempt's name, without the document; its id is committed;
3. only then the document is sent; that it left whole is committed, and the card is watched until it settles;
4. back to 1 with the outcome.

What the printer may begin, and in which order of profiles, is the matter of :mod:`stationd.services.standing`; whether
another printer should rather begin it, that of :mod:`stationd.services.crew`.

A lane may be cancelled anywhere. What it was doing is then an open attempt, and :meth:`Spooler._reconcile` asks the
device about it at the next start; *unknown* never becomes *again* by itself.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from stationd.domain.authority import Actor
from stationd.domain.dispatch import RESTING
from stationd.domain.errors import Faulted, Refused
from stationd.domain.forecast import Server
from stationd.domain.job import Attempt, Job, JobState
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
from stationd.domain.profile import Profile
from stationd.ports.clock import Clock
from stationd.ports.jobs import Claimed, Claiming, JobStore, OpenAttempt, Settling, Turn, Turned
from stationd.ports.printers import GivesUp, Printer, PrinterMark, PrinterSpec, PrinterStore
from stationd.ports.rendering import Renderer
from stationd.services.ahead import Ahead
from stationd.services.bell import Bell
from stationd.services.carry import Carry, TestCard
from stationd.services.crew import Crew
from stationd.services.gate import Gate
from stationd.services.pace import Pace
from stationd.services.standing import Standing

_log = logging.getLogger(__name__)

T = TypeVar("T")

ASK_EVERY_S = 1.0
"""How often a printer is asked how it is."""

QUIET_AFTER_S = 60.0
QUIET_EVERY_S = 8.0
"""How often one is asked that has long been idle; before a card it is asked in any case. Twenty printers asked every
second cost 3.4 % of a core."""

LOST_AFTER_S = 30.0
"""A card at a printer that has not answered for this long is shown to an officer; the device may still tell later."""

CUT_AFTER_S = 120.0
"""The same while the document is on its way: a slow device may answer nothing else until it has it."""

WITHDRAW_AFTER_S = 5.0
"""A card that waits in a stopped printer this long is taken back, if the device can say that it was not begun."""

_RETRY_STORAGE_S = 1.0
_FIRST_REST_S = 0.5
_LONGEST_REST_S = 30.0
_LOOK_AGAIN_S = 1.0
"""How soon a printer that left a card to a faster one looks again whether that took it."""


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
        crew: Crew | None = None,
        ahead: Ahead | None = None,
        profiles: Mapping[str, Profile] | None = None,
        batch: int = 25,
        mark: PrinterMark | None = None,
    ) -> None:
        """``gate``: whether a card may be begun at all; without one it always may.

        ``crew``: the other printers, which may be faster; ``ahead``: cards rendered before they are claimed;
        ``profiles``: the rules of profiles by name; ``batch``: cards of one profile in a row; ``mark``: what is
        remembered of it.
        """
        self.printer = printer
        self.spec = spec
        self.pace = pace
        self.standing = Standing(
            spec.profiles,
            profiles or {},
            pace,
            batch=batch,
            mark=mark or PrinterMark(is_paused=is_paused),
            now=clock.monotonic(),
        )
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
        self._is_plugged = True
        self._is_quiet = False
        self._stirred_at = clock.monotonic()
        self._has_changed = asyncio.Event()
        self._nudged = asyncio.Event()
        self._resumed: deque[OpenAttempt] = deque()
        self._troubles = 0
        self._told_at = clock.monotonic()
        self._carries: dict[str, Carry] = {}
        self._tests: deque[TestCard] = deque()
        self._crew = crew
        self._ahead = ahead
        self._gate = gate or Gate()
        self._gate.follow(self._changed)

    # ------------------------------------------------------------------------------------------ what others see

    @property
    def name(self) -> str:
        """The station's name for the printer."""
        return self.spec.name

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that it prints."""
        return self.spec.profiles

    @property
    def status(self) -> PrinterStatus:
        """What the device said when last asked."""
        return self.standing.status

    @property
    def is_paused(self) -> bool:
        """Whether a person paused it."""
        return self.standing.mark.is_paused

    @property
    def reasons(self) -> frozenset[str]:
        """Why no card is begun here now, as far as the printer is concerned."""
        return self.standing.reasons(self._clock.monotonic())

    @property
    def hindrances(self) -> frozenset[str]:
        """Why no card is begun here now, the station's own reasons included."""
        return self.reasons | frozenset(self._gate.reasons)

    @property
    def batch_profile(self) -> str | None:
        """The profile of the batch that it is at, while that goes on."""
        return self.standing.preferred

    @property
    def is_able(self) -> bool:
        """Whether the printer could start a card now, if the station may print."""
        return self._is_ready and not (self._is_stopping or self.reasons)

    @property
    def is_open(self) -> bool:
        """Whether a card may be started here now."""
        return self.is_able and self._gate.is_open

    def server(self) -> Server | None:
        """How fast it is and when it is free; ``None`` while something else than a rest holds it back.

        ``None``, too, for one that has refused cards since its last: others must not leave theirs to it.
        """
        if not self._is_ready or self._is_stopping or self._troubles or self.hindrances - {RESTING}:
            return None
        return self.standing.server(self.name, self._clock.monotonic())

    def set_paused(self, *, is_paused: bool, is_drained: bool = False) -> None:
        """Pause or resume; the cards in the machine are finished in any case. Resuming mends the breaker."""
        stopped_by = self.standing.mark.stopped_by if is_paused else None
        self.standing.mark = PrinterMark(is_paused=is_paused, is_drained=is_drained, stopped_by=stopped_by)
        self._changed()

    async def cancel(self, job_id: str, actor: Actor) -> Job | Refused | None:
        """Take a job back that is here, and cancel it; ``None`` when it is not here (any more).

        Refused (``card-under-way``) when the device does not give it back: then its card comes.
        """
        carry = next((each for each in self._carries.values() if each.job_id == job_id), None)
        return None if carry is None else await asyncio.shield(carry.ask_back(actor))

    def print_test(self, attempt: Attempt, document: Document, store: PrinterStore) -> None:
        """Print a card that is nobody's, before anything else; ``store`` is told what became of it."""
        self._tests.append(TestCard(attempt, document, store))
        self._changed()

    def nudge(self) -> None:
        """Ask the printer how it is now: its cable was put in or pulled out."""
        self._nudged.set()

    def set_plugged(self, *, is_plugged: bool) -> None:
        """Its cable is in or out, whatever its driver says: CUPS answers for a printer that is gone."""
        self._is_plugged = is_plugged
        if not is_plugged:
            self._take_in(self._gone())
        self.nudge()

    async def aclose(self) -> None:
        """Let go of the printer, for good; :meth:`run` has returned."""
        self._gate.unfollow(self._changed)
        await self.printer.aclose()

    def replace_printer(self, printer: Printer, spec: PrinterSpec) -> Printer:
        """Attend the same printer at another place from the next :meth:`run` on; the former driver, to be closed."""
        former, self.printer, self.spec = self.printer, printer, spec
        self.standing.profiles = spec.profiles
        return former

    # --------------------------------------------------------------------------------------------- the long run

    async def run(self) -> None:
        """Attend the printer until :meth:`stop`. Raises what is a defect of ours; the supervisor starts it again."""
        self._is_ready = False
        self._resumed.clear()
        self.printing.clear()
        self.standing.in_hand.clear()
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
            for carry in self._carries.values():
                carry.refuse()
            self._carries.clear()

    def stop(self) -> None:
        """Start no further card; :meth:`run` returns when the cards in question are settled."""
        self._is_stopping = True
        self._changed()

    async def _lane(self) -> None:
        settling: Settling | None = None
        while True:
            settling = await self._take_up_resumed(settling)
            if settling is None and self._tests and (self._is_stopping or not self.status.stopped_by):
                await self._test(self._tests.popleft())
                continue
            claiming = self._wish()
            if settling is None and claiming is None:
                if self._is_stopping:
                    return
                await self._wait_for_wish()
                continue
            heard = self._bell.strokes
            turned = await self._turn(Turn(settling=settling, claiming=claiming))
            settling = None
            if turned.claimed:
                settling = await self._carry(turned.claimed[0])
            elif claiming is not None and not self._resumed and not self._tests and turned.stopped_by is None:
                if self._bell.strokes != heard:
                    continue  # an order may be committed together with a claim that finds nothing, and rings before
                due_s = None if turned.due_in_ms is None else turned.due_in_ms / 1000
                if self._leaves_some(claiming):
                    self._tell_others()
                    due_s = _LOOK_AGAIN_S if due_s is None else min(due_s, _LOOK_AGAIN_S)
                await self._wait_for_work(due_s)

    def _leaves_some(self, claiming: Claiming) -> bool:
        """Whether it could make cards of a profile that it leaves to faster printers."""
        return not set(self.standing.fit(self._clock.monotonic())) <= set(claiming.profiles)

    def _tell_others(self) -> None:
        """Wake who sleeps, now and then: a ring may have found this printer, and none that would take the job."""
        now = self._clock.monotonic()
        if now - self._told_at >= _LOOK_AGAIN_S:
            self._told_at = now
            self._bell.ring_all()

    def _wish(self) -> Claiming | None:
        """What a lane asks for now; ``None`` when it may not or should not begin a card."""
        if not self.is_open:
            return None
        profiles = self.standing.fit(self._clock.monotonic())
        if profiles and self._crew is not None:
            profiles = self._crew.worthwhile(self, profiles)
        if not profiles:
            return None
        return Claiming(printer=self.name, profiles=profiles, preferred=self.standing.preferred)

    async def _wait_for_wish(self) -> None:
        """Wait until a lane that asks for nothing should look again."""
        now = self._clock.monotonic()
        if not self.is_open or not self.standing.fit(now):
            await self._wait_for_change(timeout_s=self.standing.rest_left_s(now) or None)
            return
        self._bell.pass_on(self._ready_s())
        self._tell_others()
        await self._bell.wait(self.spec.profiles, _LOOK_AGAIN_S, self._ready_s)

    def _ready_s(self) -> float:
        return self.standing.server(self.name, self._clock.monotonic()).finish_s(self.spec.profiles[0])

    # ------------------------------------------------------------------------------------------------ one card

    async def _carry(self, claimed: Claimed) -> Settling:
        """Bring one claimed job to an outcome."""
        attempt, profile = claimed.attempt, claimed.job.profile
        started = self._clock.monotonic()
        carry = self._take_in_hand(attempt, claimed.job.id, profile)
        outcome: Outcome | None = None
        try:
            outcome = await self._print(attempt, claimed.document, carry)
        finally:
            self._let_go(attempt, outcome)
        if isinstance(outcome, Printed):
            self._troubles = 0
            self.pace.printed(profile, started=started, finished=self._clock.monotonic())
        else:
            self.last_fault = outcome.reason
        settling = Settling(attempt=attempt, outcome=outcome, cancelled_by=carry.cancelled_by)
        if isinstance(outcome, NothingPrinted) and outcome.cause is Cause.PRINTER:
            await self._rest(settling)
        return settling

    def _take_in_hand(self, attempt: Attempt, job_id: str, profile: str) -> Carry:
        self.printing[attempt.id] = job_id
        self._stirred_at = self._clock.monotonic()
        if self._is_quiet:
            self.nudge()
        self.standing.begun(attempt.id, profile, self._clock.monotonic())
        carry = self._carries[attempt.id] = Carry(job_id)
        return carry

    def _let_go(self, attempt: Attempt, outcome: Outcome | None) -> None:
        self.printing.pop(attempt.id, None)
        now = self._clock.monotonic()
        self.standing.ended(attempt.id, outcome, now)
        if self.standing.rest_left_s(now):
            self._changed()

    async def _print(self, attempt: Attempt, document: Document | TemplateDocument, carry: Carry) -> Outcome:
        if isinstance(document, TemplateDocument):
            try:
                document = await self._rendered(carry.job_id, document)
            except Refused as refused:
                return NothingPrinted(Cause.DOCUMENT, refused.code)
            except Faulted as fault:
                return NothingPrinted(Cause.TRANSIENT, fault.code)
        if carry.is_wanted_back():
            return NothingPrinted(Cause.WITHDRAWN, "cancelled before it was sent")
        if not self._gate.is_open:
            return NothingPrinted(Cause.WITHDRAWN, "the station may not print any more")
        opened = await self.printer.open(attempt)
        if isinstance(opened, NothingPrinted):
            return opened
        attempt = await self._durably(lambda: self._store.opened(attempt, opened))
        if carry.is_wanted_back():
            await self._withdrawn(attempt)
            return NothingPrinted(Cause.WITHDRAWN, "cancelled before it was sent")
        outcome = await self._send(attempt, document)
        if outcome is not None:
            return outcome
        preparing = self._prepare_next()
        try:
            return await self._watch(await self._durably(lambda: self._store.sent(attempt)), carry)
        finally:
            if preparing is not None:
                await _ended(preparing)

    async def _rendered(self, job_id: str, document: TemplateDocument) -> Document:
        if self._ahead is not None:
            return await self._ahead.take(job_id, document)
        return await self._renderer.render(document.template, document.fields, document.photo)

    def _prepare_next(self) -> "asyncio.Task[None] | None":
        """Where no second card can be opened at the device, render the next while this one prints."""
        if self._ahead is None or self.printer.capabilities.window > 1:
            return None
        return asyncio.create_task(self._ahead.prepare(self.spec.profiles), name=f"printer {self.name}: rendering")

    async def _send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Send the document, unless the printer falls silent for good in the middle of it."""
        sending = asyncio.create_task(self.printer.send(attempt, document), name=f"printer {self.name}: sending")
        try:
            while True:
                done, _ = await asyncio.wait({sending}, timeout=ASK_EVERY_S)
                if done:
                    return sending.result()
                if self._has_been(self.standing.offline_since, CUT_AFTER_S):
                    return Unknown(CUT_BY_SILENCE)
        finally:
            await _ended(sending)

    async def _watch(self, attempt: Attempt, carry: Carry) -> Outcome:
        """Watch a card until it settles, or nobody can tell, or it could be taken back: stopped, or cancelled."""
        watching = asyncio.create_task(self.printer.watch(attempt), name=f"printer {self.name}: watching")
        has_asked_back = False
        try:
            while True:
                await _either(watching, carry.asked, ASK_EVERY_S)
                if watching.done():
                    return watching.result()
                if carry.asked.done():
                    found = await self._withdrawn(attempt)
                    if found is not None:
                        return found
                    carry.refuse()
                if self._has_been(self.standing.offline_since, LOST_AFTER_S):
                    await self._give_up(attempt)
                    return Unknown("the printer stopped answering while the card was in it")
                if self._has_been(self.standing.stopped_since, WITHDRAW_AFTER_S) and not has_asked_back:
                    has_asked_back = True
                    found = await self._withdrawn(attempt)
                    if found is not None:
                        return found
        finally:
            await _ended(watching)

    async def _give_up(self, attempt: Attempt) -> None:
        """Let no card come of it later: who keeps it for a printer that was pulled out would print it on its return."""
        if not self._is_plugged and isinstance(self.printer, GivesUp):
            await self.printer.give_up(attempt)

    async def _withdrawn(self, attempt: Attempt) -> Outcome | None:
        try:
            found = await self.printer.withdraw(attempt)
        except Faulted:
            return None
        return None if isinstance(found, StillOpen | Unknown) else found

    async def _test(self, test: TestCard) -> None:
        """Print a test card; its blank was booked before, and comes back when certainly nothing was printed."""
        outcome: Outcome = NothingPrinted(Cause.WITHDRAWN, "the station is stopping")
        if not self._is_stopping:
            outcome = await self._tested(test)
        await self._durably(lambda: test.store.end_test(test.attempt, outcome))

    async def _tested(self, test: TestCard) -> Outcome:
        opened = await self.printer.open(test.attempt)
        if isinstance(opened, NothingPrinted):
            return opened
        attempt = replace(
            test.attempt, remote_id=opened.remote_id, incarnation=opened.incarnation, counter=opened.counter
        )
        outcome = await self._send(attempt, test.document)
        if outcome is not None:
            return outcome
        return await self._watch(replace(attempt, sent_at=self._clock.now_ms()), Carry(attempt.job))

    async def _rest(self, settling: Settling) -> None:
        """Give the job back at once, then leave the printer alone for a moment: others may take the job meanwhile."""
        await self._turn(Turn(settling=settling))
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
            if attempt.sent_at is None and isinstance(finding, NothingPrinted) and finding.cause is Cause.TRANSIENT:
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
            carry = self._take_in_hand(each.attempt, each.job.id, each.job.profile)
            outcome: Outcome | None = None
            try:
                outcome = await self._watch(each.attempt, carry)
            finally:
                self._let_go(each.attempt, outcome)
            settling = Settling(attempt=each.attempt, outcome=outcome, cancelled_by=carry.cancelled_by)
        return settling

    # ---------------------------------------------------------------------------------------- how the printer is

    async def _ask_forever(self) -> None:
        has_to_ask = False
        while True:
            was_offline = self.standing.offline_since is not None
            try:
                status = await self.printer.status()
            except Faulted as fault:
                status = self._gone()
                if not was_offline:
                    self.last_fault = fault.code
                    _log.warning("printer %s does not answer: %s", self.name, fault.code)
            if not self._is_plugged:
                status = self._gone()
            self._take_in(status)
            has_to_ask = has_to_ask or was_offline
            if has_to_ask and self.standing.offline_since is None and self._is_ready:
                with suppress(Faulted):
                    await self._reconcile()
                    has_to_ask = False
                    self._changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._ask_again_s()):
                    await self._nudged.wait()
            self._is_quiet = False
            self._nudged.clear()

    def _ask_again_s(self) -> float:
        is_busy = bool(self.standing.in_hand or self.status.stopped_by)
        self._is_quiet = not is_busy and self._has_been(self._stirred_at, QUIET_AFTER_S)
        return QUIET_EVERY_S if self._is_quiet else ASK_EVERY_S

    def _gone(self) -> PrinterStatus:
        return replace(self.status, state=PrinterState.STOPPED, reasons=frozenset({OFFLINE}))

    def _take_in(self, status: PrinterStatus) -> None:
        now = self._clock.monotonic()
        before, could = self.status, self.standing.fit(now)
        self.standing.take_in(status, now)
        if self.standing.fit(now) != could:
            self._changed()
        if (before.state, before.reasons) != (status.state, status.reasons):
            self.since_ms = self._clock.now_ms()
            self._stirred_at = now
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
        await self._bell.wait(self.spec.profiles, due_s, self._ready_s)

    # ---------------------------------------------------------------------------------------------------- writing

    async def _turn(self, turn: Turn) -> Turned:
        turned = await self._durably(lambda: self._store.turn(turn))
        if turned.stopped_by is not None and self.standing.mark.stopped_by is None:
            _log.error("printer %s is stopped: %s", self.name, turned.stopped_by)
            self.standing.mark = replace(self.standing.mark, stopped_by=turned.stopped_by)
            self._changed()
        carry = self._carries.pop(turn.settling.attempt.id, None) if turn.settling is not None else None
        if carry is not None and turned.settled is not None:
            carry.settled(turned.settled)
        return turned

    async def _durably(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write under shield, and again until the disk takes it: an outcome that is known must not be lost.

        Cancelling waits for a write that has begun, so that no claim is left without its lane knowing.
        """
        while True:
            writing: asyncio.Future[T] | None = None
            try:
                writing = asyncio.ensure_future(write())
                return await asyncio.shield(writing)
            except asyncio.CancelledError:
                if writing is not None:
                    with suppress(Exception):
                        await writing
                raise
            except Faulted as fault:
                if self.last_fault != fault.code:
                    _log.error("printer %s waits: %s", self.name, fault.detail)
                self.last_fault = fault.code
                await asyncio.sleep(_RETRY_STORAGE_S)


async def _either(one: "asyncio.Future[Any]", other: "asyncio.Future[Any]", timeout_s: float) -> None:
    """Wait until one of them is done, but not for ever."""
    await asyncio.wait({one, other}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


async def _ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait until it is gone; what it raised is not lost: it was asked for its result before."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
