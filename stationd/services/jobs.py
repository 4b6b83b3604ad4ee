"""What people and frontends see of jobs, and what they may do to them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from stationd.domain import cursor
from stationd.domain.authority import Actor
from stationd.domain.dispatch import LOWEST_RANK
from stationd.domain.errors import Refused
from stationd.domain.ids import read_receipt
from stationd.domain.job import Attempt, Job, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS, JobEvent
from stationd.domain.order import Document, TemplateDocument
from stationd.domain.second_person import Approval
from stationd.domain.why import HELD, Surroundings, Why, explain
from stationd.ports.jobs import Control, Decision, JobStore, OpenAttempt
from stationd.ports.rendering import Renderer
from stationd.services.crew import Crew
from stationd.services.line import Line
from stationd.services.rationing import Ration

_EPOCH = date(1970, 1, 1)
_PICTURES = frozenset({"image/png", "image/jpeg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a card whose outcome nobody knows, for the person who will look and judge.

    ``counter_before`` is the device's card counter when the attempt was opened, ``counter_now`` when last asked;
    ``sent_at`` is when the document had left whole, ``None`` when nobody knows that it did;
    ``said`` is what the device, or our own watching of it, said last.
    """

    attempt: int
    printer: str
    remote_job: str | None
    counter_before: int | None
    counter_now: int | None
    opened_at: int
    sent_at: int | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job with its place: ``position`` counts those served before it (0 is next), ``expected_s`` until its card.

    Both are ``None`` when the job does not wait. ``why`` says why it stands where it stands, ``known`` what is known
    of an uncertain card, ``is_overtaken`` that two officers moved others ahead of it, ``expected_on`` when blanks are
    expected for a rationed one, ``waits`` the request about it that a second officer must agree to; all of these only
    where one job is asked for.
    """

    job: Job
    position: int | None
    expected_s: float | None
    why: tuple[Why, ...] = ()
    known: Known | None = None
    is_overtaken: bool = False
    expected_on: date | None = None
    waits: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrounding:
    """The station around the jobs.

    ``around`` tells what bears on a job's place, ``counter`` the card counter of a printer when last asked;
    ``withdraw`` takes a job back from the printer that has it, ``None`` when none has; ``give_up`` sees to it that no
    card comes any more of an attempt that a person has judged. ``ration`` explains the place of a job before the
    blanks, ``waits`` gives the request about it that waits for a second officer.
    """

    around: Callable[[Job], Surroundings] = lambda _: Surroundings()
    counter: Callable[[str], int | None] = lambda _: None
    withdraw: Callable[[str, Actor], Awaitable[Job | Refused | None]] | None = None
    give_up: Callable[[Attempt], Awaitable[None]] | None = None
    ration: Callable[[Job], Awaitable[Ration]] | None = None
    waits: Callable[[str], Awaitable[Approval | None]] | None = None


class Jobs:
    """Reading, paging, cancelling, retrying, holding, judging, previewing."""

    def __init__(
        self,
        store: JobStore,
        line: Line,
        crew: Crew | None = None,
        *,
        renderer: Renderer | None = None,
        surrounding: Surrounding | None = None,
    ) -> None:
        self._store = store
        self._line = line
        self._crew = crew or Crew(line)
        self._renderer = renderer
        self._surrounding = surrounding or Surrounding()

    def view(self, job: Job) -> JobView:
        """The job with its place, without explanations."""
        position, expected_s = None, None
        if job.state is JobState.QUEUED:
            position = self._line.position(job.rank)
            expected_s = self._crew.expected_s(job)
        return JobView(job=job, position=position, expected_s=None if expected_s is None else round(expected_s, 1))

    async def read(self, job_id: str) -> JobView:
        """The job, with why it stands where it stands. Raises :class:`Refused` (``job-unknown``)."""
        job = await self._store.read(job_id)
        if job is None:
            raise Refused("job-unknown")
        return await self._explained(job)

    async def told(self, job: Job) -> tuple[JobView, Surroundings]:
        """The job with what explains its place, and what bears on it; what officers wrote is not read for it."""
        view = self.view(job)
        around = replace(self._surrounding.around(job), position=view.position)
        view, around = await self._rationed(job, view, around)
        return replace(view, why=explain(job, around)), around

    async def _explained(self, job: Job) -> JobView:
        view = self.view(job)
        around = replace(self._surrounding.around(job), position=view.position)
        known: Known | None = None
        if job.state is JobState.UNCERTAIN and (found := await self._store.in_question(job.id)) is not None:
            known = self._known(found)
            around = replace(around, known=known.said)
        elif HELD in job.reasons:
            around = replace(around, note=_held_note(await self._store.decisions(job.id)))
        view, around = await self._rationed(job, view, around)
        if self._surrounding.waits is not None:
            view = replace(view, waits=await self._surrounding.waits(job.id))
        return replace(view, why=explain(job, around), known=known)

    async def _rationed(self, job: Job, view: JobView, around: Surroundings) -> tuple[JobView, Surroundings]:
        """Both with what rationing and people did to the place of the job."""
        if self._surrounding.ration is None:
            return view, around
        ration = await self._surrounding.ration(job)
        day = None if ration.expected_day is None else _EPOCH + timedelta(days=ration.expected_day)
        around = replace(
            around,
            stock=ration.stock,
            before=ration.before or 0,
            expected_on=day,
            is_moved=ration.changes.change is not None,
            overtaken_by=ration.changes.overtaken_by,
        )
        return replace(view, expected_on=day, is_overtaken=ration.changes.overtaken_by > 0), around

    def _known(self, found: OpenAttempt) -> Known:
        attempt = found.attempt
        return Known(
            attempt=attempt.number,
            printer=attempt.printer,
            remote_job=attempt.remote_id,
            counter_before=attempt.counter,
            counter_now=self._surrounding.counter(attempt.printer),
            opened_at=attempt.opened_at,
            sent_at=attempt.sent_at,
            said=found.reason or "",
        )

    async def page(self, *, state: JobState | None, after: str | None, limit: int) -> tuple[list[JobView], str | None]:
        """Up to ``limit`` jobs in order of acceptance (queued ones in the order of service), and the next cursor.

        Raises :class:`Refused` (``cursor-malformed``).
        """
        start = cursor.start_of(after)
        if state is JobState.QUEUED:
            start += LOWEST_RANK
        jobs = await self._store.page(state, start, limit + 1)
        last = jobs[limit - 1] if len(jobs) > limit else None
        following = None if last is None else str(last.rank - LOWEST_RANK if state is JobState.QUEUED else last.seq)
        return [self.view(job) for job in jobs[:limit]], following

    async def find(self, *, receipt: str | None, order: str | None) -> list[JobView]:
        """The job of a receipt as somebody typed it, or of an order that is not cancelled; none or one."""
        if receipt is not None:
            receipt = read_receipt(receipt)
            if receipt is None:
                raise malformed()
        job = await self._store.find(receipt=receipt, order=order)
        return [] if job is None else [self.view(job)]

    async def preview(self, job_id: str) -> Document:
        """The picture that will be printed; it is kept nowhere.

        Raises :class:`Refused`: ``job-unknown``, ``document-forgotten`` (the card is long done), and
        ``preview-unavailable`` for a document that is no picture.
        """
        document = await self._store.document(job_id)
        if document is None:
            if await self._store.read(job_id) is None:
                raise Refused("job-unknown")
            raise Refused("document-forgotten")
        if isinstance(document, TemplateDocument) and self._renderer is not None:
            return await self._renderer.render(document.template, document.fields, document.photo)
        if isinstance(document, Document) and document.media_type in _PICTURES:
            return document
        raise Refused("preview-unavailable")

    # -------------------------------------------------------------------------------------------- what people do

    async def cancel(self, job_id: str, *, actor: Actor) -> JobView:
        """Cancel a job; one at a printer is taken back as far as the device allows.

        Raises :class:`Refused` (``job-unknown``, ``job-state``, ``card-under-way``).
        """
        answer = await self._store.control(Control(job_id=job_id, event=JobEvent.CANCELLED, actor=actor))
        if isinstance(answer, Refused) and answer.code == "job-state" and self._surrounding.withdraw is not None:
            withdrawn = await self._surrounding.withdraw(job_id, actor)
            answer = answer if withdrawn is None else withdrawn
        if isinstance(answer, Refused):
            raise answer
        return await self._explained(answer)

    async def retry(self, job_id: str, *, actor: Actor) -> JobView:
        """Queue a failed job again with fresh tries. Raises :class:`Refused` (``job-unknown``, ``job-state``)."""
        return await self._control(Control(job_id=job_id, event=JobEvent.RETRIED, actor=actor))

    async def hold(self, job_id: str, reason: str, *, actor: Actor) -> JobView:
        """Put a waiting job off until it is released. Raises :class:`Refused` (``job-unknown``, ``job-state``)."""
        return await self._control(Control(job_id=job_id, event=JobEvent.DEFERRED, actor=actor, note=reason))

    async def release(self, job_id: str, reason: str, *, actor: Actor) -> JobView:
        """Give a held job its place in the line back. Raises :class:`Refused` (``job-unknown``, ``job-not-held``)."""
        return await self._control(Control(job_id=job_id, event=JobEvent.ADMITTED, actor=actor, note=reason))

    async def verdict(
        self, job_id: str, verdict: Verdict, note: str, *, actor: Actor, attempt: int | None = None
    ) -> JobView:
        """Settle an uncertain card by what a person saw, or change such a verdict within the time for second thoughts.

        ``attempt``: the attempt that the person was told of, so that a page left open cannot judge a later card.
        Raises :class:`Refused` (``job-unknown``, ``job-not-uncertain``, ``verdict-stale``, ``verdict-final``,
        ``blanks-not-there``).
        """
        event = VERDICT_EVENTS[verdict]
        if self._surrounding.give_up is not None:
            found = await self._store.in_question(job_id)
            if found is not None and found.job.state is JobState.UNCERTAIN and attempt in {None, found.attempt.number}:
                await self._surrounding.give_up(found.attempt)
        return await self._control(
            Control(job_id=job_id, event=event, actor=actor, verdict=verdict, attempt=attempt, note=note)
        )

    async def _control(self, control: Control) -> JobView:
        job = await self._store.control(control)
        if isinstance(job, Refused):
            raise job
        return await self._explained(job)


def _held_note(decisions: Sequence[Decision]) -> str:
    return next((each.note for each in decisions if each.decision == JobEvent.DEFERRED), "")


def malformed() -> Refused:
    """The refusal for a receipt with a typing error, which its check symbol shows."""
    return Refused("receipt-malformed", field="receipt")
