"""Sessions and duty: who has signed in, who is on duty, and when either ends.

Everything is decided from memory at the moment it is asked, so that a decree that ends at midnight ends then, and
written down soon after. At start the sessions and the duty of the former run go on: a power cut is no reason to send
the officer away.
"""

import asyncio
import logging
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace

from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Faulted, Refused
from stationd.domain.officer import Standing
from stationd.domain.session import Session, SessionEnd, SessionRules, session_end
from stationd.domain.why import NOBODY_ON_DUTY
from stationd.ports.clock import Clock
from stationd.ports.officers import OfficerStore, StoredDuty, StoredSession
from stationd.services.access import SESSION_PREFIX, hash_of
from stationd.services.calendar import Calendar
from stationd.services.gate import Gate
from stationd.services.officers import Officers, OfficerView, must_be_officer

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""How soon what another process changed (``stationd officer revoke``) is obeyed."""

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session: its token is told once. ``expires_at`` is Unix milliseconds."""

    token: str
    expires_at: int
    officer: OfficerView


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """An officer on duty since a moment (Unix milliseconds)."""

    officer: OfficerView
    since: int


class Duty:
    """Sessions and duty of this station's officers."""

    def __init__(
        self,
        store: OfficerStore,
        officers: Officers,
        *,
        clock: Clock,
        calendar: Calendar,
        gate: Gate,
        rules: SessionRules,
        is_required: bool,
    ) -> None:
        """``is_required``: print only while an officer is on duty; the gate is kept shut otherwise."""
        self._store = store
        self._officers = officers
        self._clock = clock
        self._calendar = calendar
        self._gate = gate
        self._rules = rules
        self._sessions: dict[bytes, Session] = {}
        self._on_duty: dict[str, StoredDuty] = {}
        self._unwritten: dict[bytes, SessionEnd] = {}
        self.is_required = is_required
        gate.add(self._reasons)
        officers.follow(self._register_changed)

    async def load(self) -> None:
        """Take up the sessions and the duty of the former run, and end those that are over."""
        now = self._clock.monotonic()
        for each in await self._store.sessions():
            self._sessions[each.hash] = Session(officer=each.officer, begun=now, used=now, expires_at=each.expires_at)
        self._on_duty = {each.officer: each for each in await self._store.on_duty()}
        await self.look()

    # --------------------------------------------------------------------------------------------------- sessions

    async def open(self, view: OfficerView) -> SignedIn:
        """A session for an officer who has shown the PIN. Raises ``Faulted`` with no session when it is not stored."""
        number = view.officer.number
        token = SESSION_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        hash_ = hash_of(token)
        now = self._clock.monotonic()
        expires_at = self._clock.now_ms() + int(self._rules.lifetime_s * 1000)
        await self._store.open_session(StoredSession(hash=hash_, officer=number, expires_at=expires_at))
        self._sessions[hash_] = Session(officer=number, begun=now, used=now, expires_at=expires_at)
        return SignedIn(token=token, expires_at=expires_at, officer=view)

    def actor_of(self, hash_: bytes) -> Actor | None:
        """Who carries the session's token, or ``None`` when there is no such session or it is over. Counts as use."""
        session = self._sessions.get(hash_)
        if session is None or self._end_of(hash_, session) is not None:
            return None
        self._sessions[hash_] = replace(session, used=self._clock.monotonic())
        return Actor(name=f"officer-{session.officer}", role=Role.OFFICER, officer=session.officer, session=hash_)

    def is_open(self, hash_: bytes) -> bool:
        """Whether the session lasts. Does not count as use: a screen that only listens is not an officer at work."""
        session = self._sessions.get(hash_)
        return session is not None and self._end_of(hash_, session) is None

    async def sign_out(self, actor: Actor) -> None:
        """End this session and the duty that it began. Raises :class:`Refused` (``session-needed``)."""
        _, hash_ = must_be_officer(actor)
        await self._close(hash_, SessionEnd.SIGNED_OUT)

    # ------------------------------------------------------------------------------------------------------- duty

    async def begin(self, actor: Actor) -> None:
        """Go on duty; nothing happens to who is.

        Raises :class:`Refused`: ``session-needed``, ``officer-not-appointed``.
        """
        number, hash_ = must_be_officer(actor)
        await self.refresh()
        if hash_ not in self._sessions:
            raise Refused("officer-not-appointed/duty")
        if number not in self._on_duty:
            duty = StoredDuty(officer=number, session=hash_, since=self._clock.now_ms())
            await self._store.begin_duty(duty)
            self._on_duty[number] = duty
            self._gate.look()

    async def leave(self, actor: Actor) -> None:
        """Go off duty; nothing happens to who is not on. Raises :class:`Refused` (``session-needed``)."""
        number, _ = must_be_officer(actor)
        if number in self._on_duty:
            duty = self._on_duty.pop(number)
            self._gate.look()
            try:
                await self._store.end_duty(number, SessionEnd.LEFT)
            except Faulted:
                # The disk does not take it. The session ends with it, which is written as soon as it can be.
                await self._close(duty.session, SessionEnd.LEFT)
                raise

    def on_duty(self) -> list[OnDuty]:
        """Who is on duty now and may print."""
        return [
            OnDuty(officer=view, since=duty.since)
            for duty in self._on_duty.values()
            if self._holds(duty) and (view := self._officers.one(duty.officer)) is not None
        ]

    # ---------------------------------------------------------------------------------------------------- looking

    async def refresh(self) -> None:
        """See what other processes have changed, then :meth:`look`."""
        await self._officers.load()
        stored = {each.hash for each in await self._store.sessions()}
        for hash_ in self._sessions.keys() - stored:
            await self._close(hash_, SessionEnd.REVOKED)
        await self.look()

    async def look(self) -> None:
        """End what is over, and write it down."""
        for hash_, session in tuple(self._sessions.items()):
            reason = self._end_of(hash_, session)
            if reason is not None:
                await self._close(hash_, reason)
        await self._write()
        self._gate.look()

    async def run(self) -> None:
        """For ever: see what other processes and time have changed."""
        while True:
            if self._sessions or self._unwritten:
                try:
                    await self.refresh()
                except Faulted as fault:
                    _log.warning("cannot write down who left: %s", fault.detail)
            await asyncio.sleep(LOOK_EVERY_S)

    def _register_changed(self) -> None:
        """End at once what a revocation has ended, so that a decree entered right after it revives nothing."""
        for hash_, session in tuple(self._sessions.items()):
            reason = self._end_of(hash_, session)
            if reason is not None:
                self._drop(hash_, reason)
        self._gate.look()

    def _reasons(self) -> Collection[str]:
        if not self.is_required or any(self._holds(duty) for duty in self._on_duty.values()):
            return ()
        return (NOBODY_ON_DUTY,)

    def _holds(self, duty: StoredDuty) -> bool:
        session = self._sessions.get(duty.session)
        return session is not None and self._end_of(duty.session, session) is None

    def _end_of(self, hash_: bytes, session: Session) -> SessionEnd | None:
        where = self._officers.standing_of(session.officer)
        if where is None or where is Standing.REVOKED:
            return SessionEnd.REVOKED
        if where is not Standing.APPOINTED:
            return SessionEnd.DECREE_ENDED
        duty = self._on_duty.get(session.officer)
        return session_end(
            session,
            self._rules,
            now=self._clock.monotonic(),
            now_ms=self._clock.now_ms(),
            is_trusted=self._calendar.is_trusted,
            is_on_duty=duty is not None and duty.session == hash_,
        )

    async def _close(self, hash_: bytes, reason: SessionEnd) -> None:
        self._drop(hash_, reason)
        self._gate.look()
        await self._write()

    def _drop(self, hash_: bytes, reason: SessionEnd) -> None:
        session = self._sessions.pop(hash_, None)
        if session is not None:
            duty = self._on_duty.get(session.officer)
            if duty is not None and duty.session == hash_:
                del self._on_duty[session.officer]
        self._unwritten[hash_] = reason

    async def _write(self) -> None:
        for hash_, reason in tuple(self._unwritten.items()):
            await self._store.close_session(hash_, reason)
            self._unwritten.pop(hash_, None)
