"""Signing in: number and PIN, one try at a time, each counted before it is looked at.

Whoever guesses learns nothing from a refusal: numbers that are nobody's cost the same work, the same writes and the
same waits as an officer's. A wait is kept by a clock that never goes back; after a restart it begins anew.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from stationd.domain.errors import Refused
from stationd.domain.officer import is_officer_number, may_print
from stationd.domain.session import delay_s, wait_s
from stationd.ports.clock import Clock
from stationd.ports.officers import OfficerStore, PinHasher
from stationd.services.calendar import Calendar
from stationd.services.duty import Duty, SignedIn
from stationd.services.officers import Officers, OfficerView

MOST_WAITING: Final = 8
"""Tries that may wait for their turn; more are turned away, for each takes memory and time."""

TELL_EVERY_S: Final = 60.0
"""How often wrong numbers that are nobody's make an event: guessing must not fill the disk."""

_REMEMBERED_AT_MOST: Final = 4096

T = TypeVar("T")


class SignIn:
    """The door for officers."""

    def __init__(
        self,
        store: OfficerStore,
        officers: Officers,
        duty: Duty,
        *,
        hasher: PinHasher,
        clock: Clock,
        calendar: Calendar,
        regions: frozenset[str],
    ) -> None:
        self._store = store
        self._officers = officers
        self._duty = duty
        self._hasher = hasher
        self._clock = clock
        self._calendar = calendar
        self._regions = regions
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._begun = clock.monotonic()
        self._last_tries: dict[str, float] = {}
        self._told_at = float("-inf")

    async def sign_in(self, number: str, pin: str) -> SignedIn:
        """A session for the officer with this number.

        Raises :class:`Refused`: ``sign-in-refused`` for a wrong number or PIN, ``sign-in-locked`` after too many with
        the seconds to wait, ``officer-not-appointed`` when all is right but the decree, ``sign-in-busy``.
        """
        return await self._in_turn(number, pin, self._duty.open)

    async def vouch(self, number: str, pin: str) -> OfficerView:
        """The officer with this number, known by the PIN, for one signature and without a session.

        It is the same lock, work and wait as signing in. Raises :class:`Refused` as :meth:`sign_in`.
        """
        return await self._in_turn(number, pin, self._vouched)

    async def _in_turn(self, number: str, pin: str, then: Callable[[OfficerView], Awaitable[T]]) -> T:
        if not is_officer_number(number):
            raise _refused()
        if self._waiting >= MOST_WAITING:
            raise Refused("sign-in-busy", wait_s=1)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._try(number, pin, then)
        finally:
            self._waiting -= 1

    async def _vouched(self, view: OfficerView) -> OfficerView:
        await self._store.pass_try(view.officer.number)
        return view

    async def _try(self, number: str, pin: str, then: Callable[[OfficerView], Awaitable[T]]) -> T:
        self._refuse_while_locked(number, await self._store.failures(number))
        credential = await self._store.begin_try(number)
        self._remember_try(number)
        if not await self._hasher.is_right(credential.pin_hash, pin):
            wait = delay_s(credential.failures + 1)
            await self._store.refuse_try(number, wait_s=wait, is_told=self._is_told())
            if wait:
                raise _locked(wait)
            raise _refused()
        await self._officers.load()
        view = self._officers.one(number)
        refused = _refused() if view is None else may_print(view.officer, self._calendar.day, self._regions)
        if refused is not None or view is None:
            raise refused or _refused()
        answer = await then(view)
        self._last_tries.pop(number, None)
        return answer

    def _refuse_while_locked(self, number: str, failures: int) -> None:
        since = self._last_tries.get(number, self._begun)
        wait = wait_s(failures, since, self._clock.monotonic())
        if wait > 0:
            raise _locked(int(wait) + 1)

    def _remember_try(self, number: str) -> None:
        self._last_tries.pop(number, None)
        self._last_tries[number] = self._clock.monotonic()
        if len(self._last_tries) > _REMEMBERED_AT_MOST:
            # They are in the order of time, so the forgotten one counts from the oldest moment that it may have had.
            self._begun = self._last_tries.pop(next(iter(self._last_tries)))

    def _is_told(self) -> bool:
        now = self._clock.monotonic()
        if now - self._told_at < TELL_EVERY_S:
            return False
        self._told_at = now
        return True


def _refused() -> Refused:
    return Refused("sign-in-refused")


def _locked(wait: int) -> Refused:
    return Refused("sign-in-locked", wait_s=wait, wait=wait)
