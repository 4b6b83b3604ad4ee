"""The spooler of one printer: claims jobs, prints each exactly once, settles what became of it.

A printer has as many *lanes* as its window: each lane carries one card from claim to settlement, so that the next card
travels while one prints. The order of acts in a lane is the project's first promise:

1. one transaction settles the last card and claims the next: attempt written, blank reserved;
2. the device opens a job under the attempt's name, without the document; its id is committed;
3. only then the document is sent; that it left whole is committed, and the card is watched until it settles;
4. back to 1 with the outcome.

Steps 2 and 3 are the matter of :mod:`stationd.services.hand`. What the printer may begin, and in which order of
profiles, is that of :mod:`stationd.services.standing`; whether another printer should rather begin it, that of
:mod:`stationd.services.crew`; how the device is, that of :mod:`stationd.services.pulse`.

A lane may be cancelled anywhere. What it was doing is then an open attempt, and :mod:`stationd.services.reconcile` asks
the device about it at the next start; *unknown* never becomes *again* by itself.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.forecast import Server
from stationd.domain.job import Attempt, Job
from stationd.domain.order import Document
from stationd.domain.outcome import Cause, NothingPrinted, Outcome, Printed
from stationd.domain.printer import PrinterStatus
from stationd.domain.profile import Profile
from stationd.ports.clock import Clock
from stationd.ports.jobs import Claimed, JobStore, Settling, Turn, Turned
from stationd.ports.printers import Printer, PrinterMark, PrinterSpec, PrinterStore
from stationd.ports.rendering import Renderer
from stationd.services import patience
from stationd.services.ahead import Ahead
from stationd.services.bell import Bell
from stationd.services.carry import Carry, TestCard
from stationd.services.crew import Crew
from stationd.services.gate import Gate
from stationd.services.hand import Hand
from stationd.services.pace import Pace
from stationd.services.post import Post
from stationd.services.pulse import Pulse
from stationd.services.reconcile import Reconciliation
from stationd.services.standing import Standing
from stationd.services.wishes import Wishes

_log = logging.getLogger(__name__)


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
        self.pace = pace
        self.standing = Standing(
            spec.profiles,
            profiles or {},
            pace,
            batch=batch,
            mark=mark or PrinterMark(is_paused=is_paused),
            now=clock.monotonic(),
        )
        self._store = store
        self._bell = bell
        self._clock = clock
        self._troubles = 0
        self._carries: dict[str, Carry] = {}
        self._tests: deque[TestCard] = deque()
        self._gate = gate or Gate()
        self._post = Post(printer, spec, self.standing, bell=bell, clock=clock)
        self._hand = Hand(self._post, store, renderer, self._gate, ahead)
        self._reconciliation = Reconciliation(self._post, store, self._turn)
        self._pulse = Pulse(self._post, self._reconciliation.now)
        self._wishes = Wishes(self._post, bell, self._gate, crew, self)
        self._gate.follow(self._post.changed)

    # ------------------------------------------------------------------------------------------ what others see

    @property
    def name(self) -> str:
        """The station's name for the printer."""
        return self.spec.name

    @property
    def printer(self) -> Printer:
        """Its driver."""
        return self._post.printer

    @property
    def spec(self) -> PrinterSpec:
        """What it was configured or matched as."""
        return self._post.spec

    @property
    def since_ms(self) -> int:
        """Since when it is in its state, for its reasons."""
        return self._post.since_ms

    @property
    def asked_at(self) -> float:
        """When its task last asked the device how it is, in monotonic seconds; whether it answered or not."""
        return self._post.asked_at

    @property
    def last_fault(self) -> str | None:
        """What went wrong here last."""
        return self._post.last_fault

    @property
    def printing(self) -> Mapping[str, str]:
        """Attempt id → job id of the cards in question now."""
        return self._post.printing

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
        return self._wishes.reasons

    @property
    def hindrances(self) -> frozenset[str]:
        """Why no card is begun here now, the station's own reasons included."""
        return self._wishes.hindrances

    @property
    def batch_profile(self) -> str | None:
        """The profile of the batch that it is at, while that goes on."""
        return self.standing.preferred

    @property
    def is_able(self) -> bool:
        """Whether the printer could start a card now, if the station may print."""
        return self._wishes.is_able

    @property
    def is_open(self) -> bool:
        """Whether a card may be started here now."""
        return self._wishes.is_open

    def server(self) -> Server | None:
        """How fast it is and when it is free; ``None`` while something else than a rest holds it back.

        ``None``, too, for one that has refused cards since its last: others must not leave theirs to it.
        """
        return None if self._troubles else self._wishes.server()

    def set_paused(self, *, is_paused: bool, is_drained: bool = False) -> None:
        """Pause or resume; the cards in the machine are finished in any case. Resuming mends the breaker."""
        stopped_by = self.standing.mark.stopped_by if is_paused else None
        self.standing.mark = PrinterMark(is_paused=is_paused, is_drained=is_drained, stopped_by=stopped_by)
        self._post.changed()

    async def cancel(self, job_id: str, actor: Actor) -> Job | Refused | None:
        """Take a job back that is here, and cancel it; ``None`` when it is not here (any more).

        Refused (``card-under-way``) when the device does not give it back: then its card comes.
        """
        carry = next((each for each in self._carries.values() if each.job_id == job_id), None)
        return None if carry is None else await asyncio.shield(carry.ask_back(actor))

    def print_test(self, attempt: Attempt, document: Document, store: PrinterStore) -> None:
        """Print a card that is nobody's, before anything else; ``store`` is told what became of it."""
        self._tests.append(TestCard(attempt, document, store))
        self._post.changed()

    def nudge(self) -> None:
        """Ask the printer how it is now: its cable was put in or pulled out."""
        self._pulse.nudge()

    def set_plugged(self, *, is_plugged: bool) -> None:
        """Its cable is in or out, whatever its driver says: CUPS answers for a printer that is gone."""
        self._pulse.set_plugged(is_plugged=is_plugged)

    async def aclose(self) -> None:
        """Let go of the printer, for good; :meth:`run` has returned."""
        self._gate.unfollow(self._post.changed)
        await self.printer.aclose()

    def replace_printer(self, printer: Printer, spec: PrinterSpec) -> Printer:
        """Attend the same printer at another place from the next :meth:`run` on; the former driver, to be closed."""
        former, self._post.printer, self._post.spec = self._post.printer, printer, spec
        self.standing.profiles = spec.profiles
        return former

    # --------------------------------------------------------------------------------------------- the long run

    async def run(self) -> None:
        """Attend the printer until :meth:`stop`. Raises what is a defect of ours; the supervisor starts it again."""
        self._post.is_ready = False
        self._reconciliation.resumed.clear()
        self._post.printing.clear()
        self.standing.in_hand.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                asking = tasks.create_task(self._pulse.ask_forever(), name=f"printer {self.name}: asking")
                await self._reconciliation.when_reachable(self._pulse.take_in)
                async with asyncio.TaskGroup() as lanes:
                    for number in range(max(1, self.printer.capabilities.window)):
                        lanes.create_task(self._lane(), name=f"printer {self.name}: lane {number + 1}")
                    self._post.is_ready = True
                    self._post.changed()
                asking.cancel()
        except asyncio.CancelledError:
            self._post.has_died = False
            raise
        except Exception:
            self._post.has_died = True
            raise
        finally:
            self._post.is_ready = False
            for carry in self._carries.values():
                carry.refuse()
            self._carries.clear()

    def stop(self) -> None:
        """Start no further card; :meth:`run` returns when the cards in question are settled."""
        self._post.is_stopping = True
        self._post.changed()

    async def _lane(self) -> None:
        settling: Settling | None = None
        while True:
            settling = await self._take_up_resumed(settling)
            if settling is None and self._tests and (self._post.is_stopping or not self.status.stopped_by):
                await self._hand.test(self._tests.popleft())
                continue
            claiming = self._wishes.next()
            if settling is None and claiming is None:
                if self._post.is_stopping:
                    return
                await self._wishes.wait()
                continue
            heard = self._bell.strokes
            turned = await self._turn(Turn(settling=settling, claiming=claiming))
            settling = None
            if turned.claimed:
                settling = await self._carry(turned.claimed[0])
            elif claiming is not None and self._is_idle and turned.stopped_by is None:
                if self._bell.strokes != heard:
                    continue  # an order may be committed together with a claim that finds nothing, and rings before
                await self._wishes.wait_unfulfilled(
                    claiming, None if turned.due_in_ms is None else turned.due_in_ms / 1000
                )

    @property
    def _is_idle(self) -> bool:
        return not self._reconciliation.resumed and not self._tests

    # ------------------------------------------------------------------------------------------------ one card

    async def _carry(self, claimed: Claimed) -> Settling:
        """Bring one claimed job to an outcome."""
        attempt, profile = claimed.attempt, claimed.job.profile
        started = self._clock.monotonic()
        carry = self._take_in_hand(attempt, profile)
        outcome: Outcome | None = None
        try:
            outcome = await self._hand.print(attempt, claimed.document, carry)
        finally:
            self._let_go(attempt, outcome)
        if isinstance(outcome, Printed):
            self._troubles = 0
            self.pace.printed(profile, started=started, finished=self._clock.monotonic())
        elif not (isinstance(outcome, NothingPrinted) and outcome.cause is Cause.WITHDRAWN):
            self._post.last_fault = outcome.reason
        settling = Settling(attempt=carry.attempt, outcome=outcome, cancelled_by=carry.cancelled_by)
        if isinstance(outcome, NothingPrinted) and outcome.cause is Cause.PRINTER:
            await self._rest(settling)
        return settling

    def _take_in_hand(self, attempt: Attempt, profile: str) -> Carry:
        self._post.printing[attempt.id] = attempt.job
        self._pulse.stir()
        self.standing.begun(attempt.id, profile, self._clock.monotonic())
        carry = self._carries[attempt.id] = Carry(attempt)
        return carry

    def _let_go(self, attempt: Attempt, outcome: Outcome | None) -> None:
        self._post.printing.pop(attempt.id, None)
        now = self._clock.monotonic()
        self.standing.ended(attempt.id, outcome, now)
        if self.standing.rest_left_s(now):
            self._post.changed()

    async def _rest(self, settling: Settling) -> None:
        """Give the job back at once, then leave the printer alone for a moment: others may take the job meanwhile."""
        await self._turn(Turn(settling=settling))
        self._troubles += 1
        rest_s = min(patience.FIRST_REST_S * 2 ** min(self._troubles - 1, 8), patience.LONGEST_REST_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(rest_s):
                while not self._post.is_stopping:
                    await self._post.wait_for_change()

    async def _take_up_resumed(self, settling: Settling | None) -> Settling | None:
        while settling is None and self._reconciliation.resumed:
            each = self._reconciliation.resumed.popleft()
            carry = self._take_in_hand(each.attempt, each.job.profile)
            outcome: Outcome | None = None
            try:
                outcome = await self._hand.watch(each.attempt, carry)
            finally:
                self._let_go(each.attempt, outcome)
            settling = Settling(attempt=each.attempt, outcome=outcome, cancelled_by=carry.cancelled_by)
        return settling

    # ---------------------------------------------------------------------------------------------------- writing

    async def _turn(self, turn: Turn) -> Turned:
        turned = await self._post.durably(lambda: self._store.turn(turn))
        if turned.stopped_by is not None and self.standing.mark.stopped_by is None:
            _log.error("printer %s is stopped: %s", self.name, turned.stopped_by)
            self.standing.mark = replace(self.standing.mark, stopped_by=turned.stopped_by)
            self._post.changed()
        carry = self._carries.pop(turn.settling.attempt.id, None) if turn.settling is not None else None
        if carry is not None and turned.settled is not None:
            carry.settled(turned.settled)
        return turned
