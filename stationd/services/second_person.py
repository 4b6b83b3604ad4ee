"""Four eyes: one person asks, a different officer agrees, and only then it is carried out."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from stationd.domain.authority import Actor
from stationd.domain.errors import Faulted, Refused
from stationd.domain.officer import Standing
from stationd.domain.second_person import Approval, ApprovalState, is_over, same_person
from stationd.ports.approvals import Agreed, Agreeing, ApprovalStore, Asking
from stationd.ports.clock import Clock
from stationd.services.calendar import Calendar
from stationd.services.officers import Officers, must_be_officer
from stationd.services.sign_in import SignIn

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 15.0
"""How soon a request that nobody agreed to is written down as expired; it cannot be agreed to from its time on."""

LIFETIME_S: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """An officer who agrees at a colleague's screen, by number and PIN."""

    number: str
    pin: str = field(repr=False)


class SecondPerson:
    """Requests that need two persons. A bare token may ask; only officers who are known as persons may agree."""

    def __init__(
        self,
        store: ApprovalStore,
        officers: Officers,
        sign_in: SignIn,
        *,
        clock: Clock,
        calendar: Calendar,
        lifetime_s: float = LIFETIME_S,
    ) -> None:
        """``lifetime_s``: how long a request waits; a restart begins it anew unless the wall clock is trusted."""
        self._store = store
        self._officers = officers
        self._sign_in = sign_in
        self._clock = clock
        self._calendar = calendar
        self._lifetime_s = lifetime_s
        self._begun = clock.monotonic()
        self._asked_at: dict[str, float] = {}

    async def ask(
        self,
        kind: str,
        subject: str,
        *,
        reason: str,
        actor: Actor,
        payload: Mapping[str, object] | None = None,
        second: Second | None = None,
    ) -> Agreed:
        """Ask for a second person, or be it: the same request of another officer that waits is agreed to.

        ``second`` agrees at once, at the same screen. The answer tells whether it was carried out
        (:attr:`stationd.ports.approvals.Agreed.is_done`). Raises :class:`Refused`: ``approval-pending``,
        ``second-officer-same-person``, ``second-officer-refused``, ``sign-in-locked``, ``sign-in-busy``,
        ``officer-not-appointed``, and whatever the carrying out refuses.
        """
        await self.sweep()
        number = None if second is None else await self.vouch(second, first=actor.officer, about=subject)
        waiting = await self._waiting(kind, subject)
        if waiting is not None:
            self._must_stand(waiting)
        answer = _raised(
            await self._store.ask(
                Asking(
                    kind=kind,
                    subject=subject,
                    reason=reason,
                    actor=actor,
                    payload=payload or {},
                    second=number,
                    lifetime_ms=int(self._lifetime_s * 1000),
                )
            )
        )
        return self._noted(answer)

    async def approve(self, approval_id: str, *, actor: Actor, second: Second | None = None) -> Agreed:
        """Agree to a request and, when enough have agreed, carry it out.

        The actor agrees, or ``second`` at the actor's screen. Raises :class:`Refused`: ``approval-unknown``,
        ``approval-settled``, ``session-needed``, and as :meth:`ask`.
        """
        await self.sweep()
        approval = await self.read(approval_id)
        if second is not None:
            officer, how = await self.vouch(second, first=approval.first, about=approval_id), "pin"
        else:
            (officer, _), how = must_be_officer(actor), "session"
        self._must_stand(approval)
        return self._noted(_raised(await self._store.agree(Agreeing(id=approval_id, officer=officer, how=how))))

    async def decline(self, approval_id: str, *, actor: Actor) -> Approval:
        """Settle a request for good without carrying it out; a bare token may only take its own back.

        Raises :class:`Refused`: ``approval-unknown``, ``approval-settled``, ``session-needed``.
        """
        approval = await self.read(approval_id)
        if approval.asked_by != actor.name:
            must_be_officer(actor)
        return _raised(await self._store.decline(approval_id, actor))

    async def read(self, approval_id: str) -> Approval:
        """The request. Raises :class:`Refused` (``approval-unknown``)."""
        approval = await self._store.read(approval_id)
        if approval is None:
            raise Refused("approval-unknown")
        return approval

    async def pending(self) -> Sequence[Approval]:
        """All that may still be agreed to, the oldest first."""
        return [approval for approval in await self._store.pending() if not self._is_over(approval)]

    async def about(self, subject: str) -> Approval | None:
        """What waits for a second person about this subject, or ``None``."""
        return next((each for each in await self.pending() if each.subject == subject), None)

    async def page(
        self, *, state: ApprovalState | None, after: int, limit: int
    ) -> tuple[Sequence[Approval], int | None]:
        """Up to ``limit`` requests in the order in which they were asked, and where the next page begins."""
        found = await self._store.page(state, after, limit + 1)
        return found[:limit], found[limit - 1].seq if len(found) > limit else None

    async def sweep(self) -> None:
        """Write down as expired what nobody agreed to in time."""
        over = [approval.id for approval in await self._store.pending() if self._is_over(approval)]
        if over:
            await self._store.expire(over)
            for each in over:
                self._asked_at.pop(each, None)

    async def run(self) -> None:
        """For ever: sweep."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.sweep()
            except Faulted as fault:
                _log.warning("cannot write down which requests have expired: %s", fault.detail)

    async def vouch(self, second: Second, *, first: str | None, about: str) -> str:
        """The number of the officer who typed number and PIN, another one than the ``first``.

        Raises :class:`Refused`: ``second-officer-same-person``, ``second-officer-refused``, ``sign-in-locked``,
        ``sign-in-busy``, ``officer-not-appointed``.
        """
        if second.number == first:
            await self._store.refuse(about, second.number, "second-officer-same-person")
            raise same_person()
        try:
            view = await self._sign_in.vouch(second.number, second.pin)
        except Refused as refused:
            if refused.code == "sign-in-refused":  # the caller's own token is good: nobody must think it is not
                raise Refused("second-officer-refused", field="second") from refused
            raise
        return view.officer.number

    # ---------------------------------------------------------------------------------------------------- inside

    async def _waiting(self, kind: str, subject: str) -> Approval | None:
        return next(
            (each for each in await self._store.pending() if (each.kind, each.subject) == (kind, subject)), None
        )

    def _must_stand(self, approval: Approval) -> None:
        """The first officer must still be one when the second agrees."""
        first = approval.first
        if first is not None and self._officers.standing_of(first) is not Standing.APPOINTED:
            raise Refused("officer-not-appointed/first", see=approval.id)

    def _noted(self, agreed: Agreed) -> Agreed:
        if agreed.approval.state is ApprovalState.PENDING:
            self._asked_at.setdefault(agreed.approval.id, self._clock.monotonic())
        else:
            self._asked_at.pop(agreed.approval.id, None)
        return agreed

    def _is_over(self, approval: Approval) -> bool:
        return is_over(
            approval,
            age_s=self._clock.monotonic() - self._asked_at.get(approval.id, self._begun),
            lifetime_s=self._lifetime_s,
            now_ms=self._clock.now_ms(),
            is_trusted=self._calendar.is_trusted,
        )


T = TypeVar("T")


def _raised(answer: T | Refused) -> T:
    if isinstance(answer, Refused):
        raise answer
    return answer
