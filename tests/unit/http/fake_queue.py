"""The line of jobs behind the door: what is submitted, shown, moved and judged."""

import asyncio
from dataclasses import dataclass, field, replace

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Job, JobKind, JobState, Verdict
from stationd.domain.order import Document, Order
from stationd.domain.why import Why
from stationd.domain.words import Words
from stationd.services.jobs import JobView, Known
from stationd.services.queue import QueueView
from stationd.services.submit import Submitted

JOB_ID = "01890000-0000-7000-8000-000000000001"

JOB = Job(
    seq=1,
    id=JOB_ID,
    receipt="2XK7-9QF4-M3TP",
    order="PRR-16711-000123",
    kind=JobKind.FIRST,
    profile="ktp-el",
    state=JobState.QUEUED,
    reasons=(),
    rank=1,
    tries=0,
    attempts=0,
    printer=None,
    evidence=None,
    not_before=0,
    created_at=1_700_000_000_123,
    updated_at=1_700_000_000_123,
)

WHY = Why("next", Words("It is next in line", "Giliran berikutnya"))

KNOWN = Known(
    attempt=2,
    printer="kartu-1",
    remote_job="17",
    counter_before=4,
    counter_now=5,
    opened_at=1_700_000_000_123,
    sent_at=None,
    said="the printer restarted during the card",
)


@dataclass
class FakeSubmitting:
    submission: "FakeSubmission"
    order: Order
    key: str
    digest: bytes
    actor: Actor

    async def done(self) -> Submitted:
        return await self.submission.submit(self.order, key=self.key, digest=self.digest, actor=self.actor)


@dataclass
class FakeSubmission:
    orders: list[tuple[Order, str, bytes, Actor]] = field(default_factory=list)
    fails_with: Exception | None = None
    holds: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, order: Order, *, key: str, digest: bytes, actor: Actor) -> FakeSubmitting:
        return FakeSubmitting(self, order, key, digest, actor)

    async def submit(self, order: Order, *, key: str, digest: bytes, actor: Actor) -> Submitted:
        if self.fails_with is not None:
            raise self.fails_with
        self.entered.set()
        if self.holds is not None:
            await self.holds.wait()
        is_replay = any(known == key for _, known, _, _ in self.orders)
        self.orders.append((order, key, digest, actor))
        return Submitted(
            view=JobView(job=replace(JOB, order=order.order), position=0, expected_s=12.5), is_replay=is_replay
        )


@dataclass
class FakeJobs:
    judged: list[tuple[str, Verdict, str, Actor]] = field(default_factory=list)
    asked: list[tuple[JobState | None, str | None, int]] = field(default_factory=list)

    async def read(self, job_id: str) -> JobView:
        if job_id != JOB_ID:
            raise Refused("job-unknown", "cannot find the job: there is none with this id")
        return JobView(job=JOB, position=0, expected_s=None, why=(WHY,), known=KNOWN)

    async def page(self, *, state: JobState | None, after: str | None, limit: int) -> tuple[list[JobView], str | None]:
        self.asked.append((state, after, limit))
        return [await self.read(JOB_ID)], "1"

    async def find(self, *, receipt: str | None, order: str | None) -> list[JobView]:
        self.asked.append((receipt, order))
        return [await self.read(JOB_ID)] if order != "PRR-NOBODY" else []

    async def cancel(self, job_id: str, *, actor: Actor) -> JobView:
        return await self.read(job_id)

    async def retry(self, job_id: str, *, actor: Actor) -> JobView:
        await self.read(job_id)
        raise Refused("job-state", "cannot retry the job: it is queued", see=JOB_ID)

    async def hold(self, job_id: str, reason: str, *, actor: Actor) -> JobView:
        return await self.read(job_id)

    async def preview(self, job_id: str) -> Document:
        await self.read(job_id)
        return Document("image/png", b"a picture")

    async def verdict(
        self, job_id: str, verdict: Verdict, note: str, *, actor: Actor, attempt: int | None = None
    ) -> JobView:
        self.judged.append((job_id, verdict, note, attempt, actor))
        return await self.read(job_id)


class FakeQueue:
    def __init__(self) -> None:
        self.pauses: set[JobKind | None] = set()

    def view(self) -> QueueView:
        kinds = tuple(kind for kind in self.pauses if kind is not None)
        return QueueView(waiting=3, is_paused=None in self.pauses, paused_kinds=kinds)

    async def pause(self, kind: JobKind | None, *, actor: Actor) -> QueueView:
        self.pauses.add(kind)
        return self.view()

    async def resume(self, kind: JobKind | None, *, actor: Actor) -> QueueView:
        self.pauses.discard(kind)
        return self.view()
