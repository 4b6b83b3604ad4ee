"""Print jobs: submit, list, read, and what an officer decides about one."""

from hashlib import sha256

import msgspec
from aiohttp import web

from stationd.domain.dispatch import is_moved
from stationd.domain.order import Document, Holder, Order, Surrendered, TemplateDocument
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.examples import ORDER
from stationd.http.queue_schemas import ReasonBody
from stationd.http.routing import OFFICERS, SUBMITTERS, Table
from stationd.http.schemas import (
    DocumentBody,
    JobAnswer,
    JobPage,
    JobsQuery,
    KnownAnswer,
    NewJob,
    NoQuery,
    Nothing,
    SurrenderedBody,
    VerdictBody,
    WhyAnswer,
    fields_of,
    moment,
)
from stationd.http.tags import Edited
from stationd.services.jobs import JobView, Known

table = Table("jobs")


def _facts(job: JobAnswer) -> object:
    return job.id, job.state, job.reasons, job.attempts, job.printer, job.evidence, job.updated_at


_DISTRICT_LENGTH = len("16.71.09")


@table.route(
    "POST",
    "/v1/jobs",
    roles=SUBMITTERS,
    status=201,
    says="Accepted: the job survives a power cut from here on.",
    also={200: "The same request came before; this is the job that it made."},
    problems=(
        "idempotency-key-reused",
        "order-has-a-live-job",
        "order-recalled",
        "order-without-leave",
        "holder-has-a-live-card",
        "surrender-not-awaited",
        "surrender-invalid",
        "data-change-belongs-to-the-office",
        "police-report-missing",
        "nik-malformed",
        "document-invalid",
        "profile-unknown",
        "signature-missing",
        "signature-invalid",
        "signature-expired",
        "signature-for-another",
        "signature-used",
        "orders-stopped",
        "storage-full",
    ),
    is_keyed=True,
    example=ORDER,
)
async def submit_job(doors: Doors, ask: Ask[NewJob, NoQuery]) -> Reply[JobAnswer]:
    """Submit an order for one card.

    Send a fresh Idempotency-Key with every order and the same key when you repeat a request: the card is made once.
    """
    submitted = await doors.submission.submit(
        order_of(ask.body), key=ask.key, digest=sha256(ask.raw).digest(), actor=ask.actor
    )
    answer = answer_of(submitted.view)
    return Reply(answer, 200 if submitted.is_replay else None, {"Location": f"/v1/jobs/{answer.id}"})


@table.route(
    "GET", "/v1/jobs", roles=OFFICERS, says="A page of jobs.", problems=("cursor-malformed", "receipt-malformed")
)
async def list_jobs(doors: Doors, ask: Ask[Nothing, JobsQuery]) -> Reply[JobPage]:
    """Jobs, page by page; or the one of a receipt or an order, whatever its state."""
    query = ask.query
    if query.receipt is not msgspec.UNSET or query.order is not msgspec.UNSET:
        found = await doors.jobs.find(
            receipt=None if query.receipt is msgspec.UNSET else query.receipt,
            order=None if query.order is msgspec.UNSET else query.order,
        )
        return Reply(JobPage(items=tuple(answer_of(view) for view in found), next=None))
    views, cursor = await doors.jobs.page(
        state=None if query.state is msgspec.UNSET else query.state,
        after=None if query.after is msgspec.UNSET else query.after,
        limit=query.limit,
    )
    return Reply(JobPage(items=tuple(answer_of(view) for view in views), next=cursor))


@table.route("GET", "/v1/jobs/{job_id}", roles=OFFICERS, says="The job.", problems=("job-unknown",), tagged=_facts)
async def read_job(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[JobAnswer]:
    """One job and why it stands where it stands."""
    return Reply(answer_of(await doors.jobs.read(ask.path["job_id"])))


JOB = Edited(read_job, _facts, JobAnswer)


@table.route(
    "POST",
    "/v1/jobs/{job_id}/cancel",
    roles=OFFICERS,
    says="Cancelled.",
    problems=("job-unknown", "job-state", "card-under-way", "storage-full"),
    edits=JOB,
)
async def cancel_job(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[JobAnswer]:
    """Give a job up; one at a printer is taken back as far as the device allows."""
    return Reply(answer_of(await doors.jobs.cancel(ask.path["job_id"], actor=ask.actor)))


@table.route(
    "POST",
    "/v1/jobs/{job_id}/retry",
    roles=OFFICERS,
    says="Queued again.",
    problems=("job-unknown", "job-state", "storage-full"),
    edits=JOB,
)
async def retry_job(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[JobAnswer]:
    """Try a failed job again, with fresh tries."""
    return Reply(answer_of(await doors.jobs.retry(ask.path["job_id"], actor=ask.actor)))


@table.route(
    "POST",
    "/v1/jobs/{job_id}/hold",
    roles=OFFICERS,
    says="Held.",
    problems=("job-unknown", "job-state", "storage-full"),
    edits=JOB,
)
async def hold_job(doors: Doors, ask: Ask[ReasonBody, NoQuery]) -> Reply[JobAnswer]:
    """Put a waiting job off until somebody releases it."""
    return Reply(answer_of(await doors.jobs.hold(ask.path["job_id"], ask.body.reason, actor=ask.actor)))


@table.route(
    "GET",
    "/v1/jobs/{job_id}/preview.png",
    roles=OFFICERS,
    says="The picture; a document that came as JPEG is answered as image/jpeg.",
    problems=("job-unknown", "document-forgotten", "preview-unavailable", "document-invalid"),
    media_type="image/png",
)
async def preview_job(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """What will be printed; it is drawn for this answer and kept nowhere."""
    document = await doors.jobs.preview(ask.path["job_id"])
    return web.Response(body=document.data, content_type=document.media_type)


@table.route(
    "POST",
    "/v1/jobs/{job_id}/verdict",
    roles=OFFICERS,
    says="Settled by what a person saw.",
    problems=(
        "job-unknown",
        "job-not-uncertain",
        "verdict-stale",
        "verdict-final",
        "blanks-not-there",
        "storage-full",
    ),
    edits=JOB,
)
async def judge_job(doors: Doors, ask: Ask[VerdictBody, NoQuery]) -> Reply[JobAnswer]:
    """Say what became of a card whose outcome nobody could know.

    Another verdict within the time for second thoughts changes the first, unless the job has gone on meanwhile.
    Name the attempt that `known` told of: then a page that was left open cannot judge a later card.
    """
    body = ask.body
    view = await doors.jobs.verdict(ask.path["job_id"], body.outcome, body.note, actor=ask.actor, attempt=body.attempt)
    return Reply(answer_of(view))


def _known(known: Known) -> KnownAnswer:
    return KnownAnswer(
        attempt=known.attempt,
        printer=known.printer,
        remote_job=known.remote_job,
        counter_before=known.counter_before,
        counter_now=known.counter_now,
        opened_at=moment(known.opened_at),
        sent_at=None if known.sent_at is None else moment(known.sent_at),
        said=known.said,
    )


def order_of(body: NewJob) -> Order:
    """The order in a body."""
    holder = body.holder
    return Order(
        order=body.order,
        kind=body.kind,
        holder=Holder(
            nik=holder.nik,
            name=holder.name,
            address=holder.address,
            phone=holder.phone or None,
            district=holder.district if holder.village is None else holder.village[:_DISTRICT_LENGTH],
            village=holder.village,
        ),
        document=_document(body.document),
        police_report=body.police_report,
        surrendered=None if body.surrendered is None else surrendered_of(body.surrendered),
        profile=body.profile,
        signature=body.signature,
    )


def surrendered_of(body: SurrenderedBody) -> Surrendered:
    """The damaged card in a body."""
    return Surrendered(card=body.card, note=body.note)


def _document(body: DocumentBody) -> Document | TemplateDocument:
    if body.template is not None:
        return TemplateDocument(template=body.template, fields=fields_of(body), photo=body.photo)
    if body.media_type is None or body.data is None:
        raise AssertionError("the schema lets only whole documents pass")
    return Document(body.media_type, body.data)


def answer_of(view: JobView) -> JobAnswer:
    """The job as answered."""
    job = view.job
    return JobAnswer(
        id=job.id,
        receipt=job.receipt,
        order=job.order,
        kind=job.kind,
        profile=job.profile,
        state=job.state,
        reasons=job.reasons,
        why=tuple(WhyAnswer(code=each.code, en=each.words.en, id=each.words.id) for each in view.why),
        position=view.position,
        expected_s=view.expected_s,
        printer=job.printer,
        expected_on=view.expected_on,
        order_changed=is_moved(job.rank) or view.is_overtaken,
        approval=None if view.waits is None else view.waits.id,
        attempts=job.attempts,
        evidence=job.evidence,
        known=_known(view.known) if view.known is not None else None,
        created_at=moment(job.created_at),
        updated_at=moment(job.updated_at),
    )
