"""Telling holders that their cards are there: who is due is told, one by one, by the way that is ready.

Each notice is intended on the disk, sent once, and settled. What is intended when the station starts was perhaps sent,
and is unknown. While the clock is not trusted nothing falls due, and nothing is sent; delivery reports are taken in at
any time.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from stationd.domain import cursor
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.notice_machine import NoticeEvent, NoticeState
from stationd.domain.notices import NoticeRules, SendingHours
from stationd.domain.sms import Wording, filled
from stationd.ports.clock import Clock
from stationd.ports.notices import CardClock, Intended, Notice, NoticeLists, NoticeStore, Outbox, ToldBy, Unreachable
from stationd.ports.notifier import Accepted, Lost, Message, Notifier, NotSent, Rejected, Reports, WayStatus
from stationd.services.calendar import Calendar

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
COUNT_EVERY_S: Final = 60.0
WAY_LOOK_EVERY_S: Final = 60.0
FIRST_REST_S: Final = 30.0
LONGEST_REST_S: Final = 900.0
"""How long a way in trouble is left alone: doubled with each failure in a row."""
SETTLE_WITHIN_S: Final = 1.0
"""How long a stop waits for a message that is on its way."""
SENT_AT_ONCE: Final = 10
"""Messages in one round; officers who send a reminder wait for its end."""
PLANNED_AT_ONCE: Final = 100
"""Clocks set in one transaction: nobody who writes meanwhile waits longer than some milliseconds."""
ASKED_AT_ONCE: Final = 200
REPORTS_WITHIN_MS: Final = 7 * 86_400_000
"""Delivery reports are asked for as long as this; networks give up after three days."""
_DIGEST_OF: Final = "1"
"""Changed when the planning itself changes, so that every clock is planned anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePolicy:
    """How this station tells people. ``office`` and ``hours_text`` stand in the messages."""

    rules: NoticeRules
    hours: SendingHours
    wording: Wording
    office: str
    hours_text: str

    @property
    def digest(self) -> str:
        """Tells rules apart."""
        return hashlib.sha256(f"{_DIGEST_OF}{sorted(asdict(self.rules).items())}".encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesView:
    """Sending as it stands. ``why_not`` are keywords: why nothing is sent now."""

    is_paused: bool
    why_not: tuple[str, ...]
    outbox: Outbox
    begun_today: int
    per_day: int
    ways: Mapping[str, WayStatus]


class Notices:
    """Tells holders, and answers for what was told."""

    def __init__(
        self,
        store: NoticeStore,
        lists: NoticeLists,
        ways: Sequence[Notifier],
        policy: NoticePolicy,
        *,
        clock: Clock,
        calendar: Calendar,
    ) -> None:
        """``ways`` in the order of preference: the first that is ready sends."""
        self._store = store
        self._lists = lists
        self._ways = tuple(ways)
        self._policy = policy
        self._clock = clock
        self._calendar = calendar
        self._is_paused = False
        self._turning = asyncio.Lock()
        self._rests: dict[str, tuple[float, float]] = {}
        self._looked: dict[str, float] = {}
        self._counted_at: float | None = None
        self.outbox = Outbox(shelved=0, due=0, troubles={})
        """The figures as last counted."""
        self.begun_today = 0

    async def load(self) -> None:
        """Take up what a former run left: what it had intended is unknown now."""
        self._is_paused = await self._store.is_paused()
        lost = await self._store.recover(self._policy.rules)
        if lost:
            _log.warning("%d notices were being sent when the station stopped; whether they went out is unknown", lost)

    async def run(self) -> None:
        """For ever."""
        await self.load()
        while True:
            if await self.turn() < SENT_AT_ONCE:
                await asyncio.sleep(LOOK_EVERY_S)

    async def aclose(self) -> None:
        """Let go of the ways."""
        for way in self._ways:
            await way.aclose()

    # ------------------------------------------------------------------------------------------------------- sending

    async def turn(self) -> int:
        """One round: reports in, clocks set, what is due sent; how many messages were begun."""
        async with self._turning:
            await self._look_at_ways()
            await self._take_reports()
            if not self._calendar.is_trusted:
                return 0
            today = self._calendar.day
            await self._plan(today)
            await self._count(today)
            if self._is_paused:
                return 0
            return await self._send_due(today)

    async def _plan(self, today: date) -> None:
        rules, digest = self._policy.rules, self._policy.digest
        if await self._store.rules_changed(digest):
            at: int | None = 0
            while at is not None:
                at = await self._store.plan_again(at, rules, PLANNED_AT_ONCE)
            await self._store.rules_planned(digest)
        while await self._store.plan_new(today, rules, PLANNED_AT_ONCE) == PLANNED_AT_ONCE:
            pass
        while await self._store.mark_due(today, PLANNED_AT_ONCE) == PLANNED_AT_ONCE:
            pass

    async def _count(self, today: date) -> None:
        now = self._clock.monotonic()
        if self._counted_at is None or now - self._counted_at >= COUNT_EVERY_S:
            self._counted_at = now
            self.outbox = await self._lists.outbox(today)
        self.begun_today = await self._store.begun_on(today)

    async def _send_due(self, today: date) -> int:
        begun = 0
        while begun < SENT_AT_ONCE and self.begun_today < self._policy.hours.allowance(today, self._calendar.minute):
            way = self._ready_way()
            if way is None or self._is_paused or not self._calendar.is_trusted:
                break
            intended = await self._store.begin_next(today, self._policy.rules, way.name)
            if intended is None:
                break
            begun += 1
            state = await self._send(intended, way)
            if state not in {NoticeState.FAILED, NoticeState.WITHDRAWN}:
                self.begun_today += 1
        return begun

    async def _send(self, intended: Intended, way: Notifier) -> NoticeState | None:
        """Send what is intended, once, and settle it; a stop waits a moment for that."""
        sending = asyncio.create_task(self._sent(intended, way), name="notice")
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            _, pending = await asyncio.wait({sending}, timeout=SETTLE_WITHIN_S)
            for task in pending:
                task.cancel()  # it stays intended, and is unknown at the next start
            raise

    async def _sent(self, intended: Intended, way: Notifier) -> NoticeState | None:
        texts = self._policy.wording.choose(intended.told, self._policy.rules.count)
        fields = {"office": self._policy.office, "hours": self._policy.hours_text, "receipt": intended.receipt}
        message = Message(id=intended.id, number=intended.number, text=filled(texts, fields))
        outcome = await way.send(message)
        rules, settle = self._policy.rules, self._store.settle
        match outcome:
            case Accepted(reference=reference):
                self._rests.pop(way.name, None)
                return await settle(intended.id, NoticeEvent.ACCEPTED, rules, reference=reference)
            case Rejected(reason):
                return await settle(intended.id, NoticeEvent.REJECTED, rules, reason=reason)
            case NotSent(reason):
                self._rest(way, reason)
                return await settle(intended.id, NoticeEvent.NOT_SENT, rules, reason=reason)
            case Lost(reason):
                self._rest(way, reason)
                return await settle(intended.id, NoticeEvent.LOST, rules, reason=reason)

    # ---------------------------------------------------------------------------------------------------------- ways

    def _ready_way(self) -> Notifier | None:
        now = self._clock.monotonic()
        for way in self._ways:
            until, _ = self._rests.get(way.name, (now, 0.0))
            if until <= now and way.status.is_ready:
                return way
        return None

    def _rest(self, way: Notifier, reason: str) -> None:
        """Leave a way alone that did not take a message, or kept its answer to itself."""
        _, before_s = self._rests.get(way.name, (0.0, 0.0))
        rest_s = min(max(FIRST_REST_S, before_s * 2), LONGEST_REST_S)
        self._rests[way.name] = (self._clock.monotonic() + rest_s, rest_s)
        log = _log.debug if before_s else _log.warning
        log("the %s takes no messages (%s); it is tried again in %.0f s", way.name, reason, rest_s)

    async def _look_at_ways(self) -> None:
        now = self._clock.monotonic()
        for way in self._ways:
            until, _ = self._rests.get(way.name, (now, 0.0))
            looked = self._looked.get(way.name)
            if until <= now and (looked is None or not way.status.is_ready or now - looked >= WAY_LOOK_EVERY_S):
                self._looked[way.name] = now
                await way.look()
                if not way.status.is_ready:
                    self._rest(way, way.status.reasons[0] if way.status.reasons else "not-ready")

    async def _take_reports(self) -> None:
        for way in self._ways:
            if way.reports is Reports.NONE:
                continue
            asked = await self._store.awaited(way.name, self._clock.now_ms() - REPORTS_WITHIN_MS, ASKED_AT_ONCE)
            for report in await way.collect(asked):
                await self._store.report(report, way.name, self._policy.rules)

    def look_soon(self) -> None:
        """A device came: no way that waits for one is left alone any longer."""
        self._rests.clear()

    def ways(self) -> Mapping[str, WayStatus]:
        """How each way is."""
        return {way.name: way.status for way in self._ways}

    # ------------------------------------------------------------------------------------------------- what people ask

    async def view(self) -> NoticesView:
        """Sending as it stands."""
        today = self._calendar.day
        return NoticesView(
            is_paused=self._is_paused,
            why_not=self._why_not(today),
            outbox=await self._lists.outbox(today),
            begun_today=await self._store.begun_on(today),
            per_day=self._policy.hours.per_day,
            ways=self.ways(),
        )

    def _why_not(self, today: date) -> tuple[str, ...]:
        reasons = []
        if self._is_paused:
            reasons.append("paused")
        if not self._calendar.is_trusted:
            reasons.append("clock-untrusted")
        elif not self._policy.hours.is_open(today, self._calendar.minute):
            reasons.append("quiet-hours")
        if not self._ways:
            reasons.append("no-way")
        elif self._ready_way() is None:
            reasons.append("no-way-ready")
        return tuple(reasons)

    async def page(
        self, *, state: NoticeState | None, after: str | None, limit: int
    ) -> tuple[Sequence[Notice], str | None]:
        """Up to ``limit`` notices in order, and the next cursor. Raises :class:`Refused` (``cursor-malformed``)."""
        notices = await self._lists.page(state, cursor.start_of(after), limit + 1)
        return notices[:limit], str(notices[limit - 1].seq) if len(notices) > limit else None

    async def of_card(self, card_id: str) -> tuple[Sequence[Notice], CardClock | None]:
        """Every notice of a card, and what comes next. Raises :class:`Refused` (``card-unknown``)."""
        found = await self._lists.of_card(card_id)
        if isinstance(found, Refused):
            raise found
        return found

    async def unreachable(self, *, after: str | None, limit: int) -> tuple[Sequence[Unreachable], str | None]:
        """Cards whose numbers an officer must mend, and the next cursor. Raises as :meth:`page`."""
        found = await self._lists.unreachable(self._calendar.day, cursor.start_of(after), limit + 1)
        return found[:limit], str(found[limit - 1].seq) if len(found) > limit else None

    async def remind(self, card_id: str, *, actor: Actor) -> None:
        """Send a notice for one card now, out of turn and within the limits.

        Raises :class:`Refused`: ``card-unknown``, ``card-state``, ``notice-too-soon``, ``number-unusable``,
        ``notices-stopped``.
        """
        async with self._turning:
            await self._look_at_ways()
            today = self._calendar.day
            way, reasons = self._ready_way(), self._why_not(today)
            if reasons or way is None:
                raise Refused("notices-stopped", reasons=tuple(reasons) or "no-way-ready")
            await self._store.plan_new(today, self._policy.rules, PLANNED_AT_ONCE)
            intended = await self._store.begin(card_id, today, self._policy.rules, way.name, actor)
            if isinstance(intended, Refused):
                raise intended
            await self._send(intended, way)

    async def record_told(self, card_id: str, how: ToldBy, *, actor: Actor) -> None:
        """Write down that an officer told the holder.

        Raises :class:`Refused`: ``card-unknown``, ``card-state``, ``clock-untrusted``.
        """
        if not self._calendar.is_trusted:
            raise Refused("clock-untrusted")
        told = await self._store.record_told(card_id, how, self._calendar.day, self._policy.rules, actor)
        if isinstance(told, Refused):
            raise told

    async def mend_number(self, card_id: str, number: str, *, actor: Actor) -> None:
        """Take another number for a card.

        Raises :class:`Refused`: ``card-unknown``, ``card-state``, ``number-unusable``.
        """
        mended = await self._store.mend_number(card_id, number, self._policy.rules, actor)
        if isinstance(mended, Refused):
            raise mended

    async def pause(self, *, actor: Actor) -> None:
        """Send nothing until resumed; what is being sent is finished."""
        self._is_paused = True
        await self._store.set_paused(actor, is_paused=True)

    async def resume(self, *, actor: Actor) -> None:
        """Send again."""
        await self._store.set_paused(actor, is_paused=False)
        self._is_paused = False
