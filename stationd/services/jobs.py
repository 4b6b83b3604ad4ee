"""What people and frontends see of jobs, and what they may do to them."""

from collections.abc import Callable
from dataclasses import dataclass

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Job, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS, JobEvent
from stationd.ports import Control, JobStore
from stationd.services.line import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job with its place: ``position`` counts those served before it (0 is next), ``expected_s`` until its card.

    Both are ``None`` when the job does not wait. ``why`` says in words why it stands where it stands.
    """

    job: Job
    position: int | None
    expected_s: float | None
    why: tuple[str, ...] = ()


class Jobs:
    """Reading, paging, cancelling, retrying, judging."""

    def __init__(self, store: JobStore, line: Line, pace_s: Callable[[], float | None]) -> None:
        """``pace_s`` tells the mean seconds between two cards of the whole station, or ``None`` if nothing prints."""
        self._store = store
        self._line = line
        self._pace_s = pace_s

    def view(self, job: Job, known: str | None = None) -> JobView:
        """The job as shown; ``known`` is what is known of an uncertain card."""
        position, expected_s = None, None
        if job.state is JobState.QUEUED:
            position = self._line.position(job.rank)
            pace_s = self._pace_s()
            expected_s = None if pace_s is None else round((position + 1) * pace_s, 1)
        why = (known,) if known is not None and job.state is JobState.UNCERTAIN else ()
        return JobView(job=job, position=position, expected_s=expected_s, why=why)

    async def read(self, job_id: str) -> JobView:
        """The job. Raises :class:`Refused` (``job-unknown``)."""
        job = await self._store.read(job_id)
        if job is None:
            raise Refused("job-unknown", "cannot find the job: there is none with this id")
        known = await self._store.known_of(job_id) if job.state is JobState.UNCERTAIN else None
        return self.view(job, known)

    async def page(self, *, state: JobState | None, after: str | None, limit: int) -> tuple[list[JobView], str | None]:
        """Up to ``limit`` jobs in order of acceptance (queued ones in the order of service), and the next cursor.

        Raises :class:`Refused` (``cursor-malformed``).
        """
        start = 0
        if after is not None:
            if not (after.isascii() and after.isdigit() and len(after) <= 18):  # noqa: PLR2004 - an int64 holds 18 digits
                raise Refused("cursor-malformed", "cannot page: 'after' is not a cursor of ours", field="after")
            start = int(after)
        jobs = await self._store.page(state, start, limit + 1)
        last = jobs[limit - 1] if len(jobs) > limit else None
        following = None if last is None else str(last.rank if state is JobState.QUEUED else last.seq)
        return [self.view(job) for job in jobs[:limit]], following

    async def cancel(self, job_id: str, *, actor: Actor) -> JobView:
        """Cancel a job that is not at a printer. Raises :class:`Refused` (``job-unknown``, ``job-state``)."""
        return await self._control(Control(job_id=job_id, event=JobEvent.CANCELLED, actor=actor))

    async def retry(self, job_id: str, *, actor: Actor) -> JobView:
        """Queue a failed job again with fresh tries. Raises :class:`Refused` (``job-unknown``, ``job-state``)."""
        return await self._control(Control(job_id=job_id, event=JobEvent.RETRIED, actor=actor))

    async def verdict(self, job_id: str, verdict: Verdict, note: str, *, actor: Actor) -> JobView:
        """Settle an uncertain card by what a person saw. Raises :class:`Refused` (``job-not-uncertain``, …)."""
        event = VERDICT_EVENTS[verdict]
        return await self._control(Control(job_id=job_id, event=event, actor=actor, verdict=verdict, note=note))

    async def _control(self, control: Control) -> JobView:
        job = await self._store.control(control)
        if isinstance(job, Refused):
            raise job
        return self.view(job)
