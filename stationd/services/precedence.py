"""Putting one before others: asked for by an officer with a reason, agreed to by another."""

from dataclasses import dataclass

from stationd.domain.authority import Actor
from stationd.domain.entitlement import nik_as_card
from stationd.domain.errors import Refused
from stationd.domain.job import Job
from stationd.domain.order import Surrendered, is_nik_form
from stationd.domain.precedence import JUMP, RELEASE, is_rationed, move_refusal, release_refusal
from stationd.domain.rationing import SURRENDER_MISSING
from stationd.domain.second_person import Approval
from stationd.ports.jobs import JobStore
from stationd.ports.rationing import RationStore
from stationd.services.jobs import Jobs, JobView
from stationd.services.second_person import Second, SecondPerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The job, and the request that waits for a second officer; ``None`` once it is carried out."""

    view: JobView
    waits: Approval | None = None


class Precedence:
    """Jumps and releases."""

    def __init__(self, store: JobStore, rations: RationStore, jobs: Jobs, second_person: SecondPerson) -> None:
        self._store = store
        self._rations = rations
        self._jobs = jobs
        self._second_person = second_person

    async def jump(self, job_id: str, reason: str, *, actor: Actor, second: Second | None = None) -> Moved:
        """Move a waiting job to the head of the line, once two officers want it.

        Raises :class:`Refused`: ``job-unknown``, ``job-state``, ``job-ahead-already``, ``surrender-missing``, and as
        :meth:`SecondPerson.ask`.
        """
        refused = move_refusal(await self._read(job_id))
        if refused is not None:
            raise refused
        return await self._ask(JUMP, job_id, reason, actor, second)

    async def release(self, job_id: str, reason: str, *, actor: Actor, second: Second | None = None) -> Moved:
        """Let a job go on: one that an officer holds at once, a rationed one once two officers want it.

        Raises :class:`Refused`: ``job-unknown``, ``job-not-held``, ``surrender-missing``, and for a rationed one as
        :meth:`SecondPerson.ask`.
        """
        job = await self._read(job_id)
        if is_rationed(job):
            return await self._ask(RELEASE, job_id, reason, actor, second)
        refused = release_refusal(job) if SURRENDER_MISSING in job.reasons else None
        if refused is not None:
            raise refused
        return Moved(view=await self._jobs.release(job_id, reason, actor=actor))

    async def surrender(self, job_id: str, card: Surrendered, *, actor: Actor) -> JobView:
        """Record the damaged card that came back, and let its replacement into the line as far as blanks allow.

        Raises :class:`Refused`: ``job-unknown``, ``surrender-not-awaited``, ``surrender-invalid``.
        """
        if is_nik_form(card.card):
            raise nik_as_card("card")
        answer = await self._rations.surrender(job_id, card, actor)
        if isinstance(answer, Refused):
            raise answer
        return await self._jobs.read(job_id)

    async def _read(self, job_id: str) -> Job:
        job = await self._store.read(job_id)
        if job is None:
            raise Refused("job-unknown")
        return job

    async def _ask(self, kind: str, job_id: str, reason: str, actor: Actor, second: Second | None) -> Moved:
        agreed = await self._second_person.ask(kind, job_id, reason=reason, actor=actor, second=second)
        view = await self._jobs.read(job_id)
        return Moved(view=view, waits=None if agreed.is_done else agreed.approval)
