"""The order of service, where people change it: releases, jumps, and the damaged card that came back."""

from http import HTTPStatus

from stationd.http.approval_schemas import StepInBody, second_of
from stationd.http.approvals import SECOND_PROBLEMS
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.jobs import JOB, answer_of, surrendered_of
from stationd.http.routing import OFFICERS, NoQuery, Table
from stationd.http.schemas import JobAnswer, SurrenderedBody
from stationd.services.precedence import Moved

_WAITS = {202: "Asked for: a second officer must agree; `approval` names the request."}

table = Table("jobs")


@table.route(
    "POST",
    "/v1/jobs/{job_id}/release",
    roles=OFFICERS,
    says="In its place in the line again.",
    also=_WAITS,
    problems=("job-unknown", "job-not-held", "surrender-missing", *SECOND_PROBLEMS, "storage-full"),
    edits=JOB,
)
async def release_job(doors: Doors, ask: Ask[StepInBody, NoQuery]) -> Reply[JobAnswer]:
    """Let a job go on, in the place that it had.

    One that an officer holds is released at once. One that is deferred because blanks are short takes a blank that is
    kept for first-timers, so a second officer must agree: in a session of their own, by repeating this call or at
    /v1/approvals, or at once as `second` with number and PIN.
    """
    body = ask.body
    second = second_of(body.second)
    return _reply(await doors.precedence.release(ask.path["job_id"], body.reason, actor=ask.actor, second=second))


@table.route(
    "POST",
    "/v1/jobs/{job_id}/jump",
    roles=OFFICERS,
    says="At the head of the line.",
    also=_WAITS,
    problems=(
        "job-unknown",
        "job-state",
        "job-ahead-already",
        "surrender-missing",
        *SECOND_PROBLEMS,
        "storage-full",
    ),
    edits=JOB,
)
async def jump_job(doors: Doors, ask: Ask[StepInBody, NoQuery]) -> Reply[JobAnswer]:
    """Move a waiting job to the head of the line; a second officer must agree, as with a release.

    Everybody whom it overtakes can see that the order was changed, and not by whom.
    """
    body = ask.body
    second = second_of(body.second)
    return _reply(await doors.precedence.jump(ask.path["job_id"], body.reason, actor=ask.actor, second=second))


@table.route(
    "POST",
    "/v1/jobs/{job_id}/surrender",
    roles=OFFICERS,
    says="Recorded; the job goes on.",
    problems=("job-unknown", "surrender-not-awaited", "surrender-invalid", "storage-full"),
    edits=JOB,
)
async def surrender_card(doors: Doors, ask: Ask[SurrenderedBody, NoQuery]) -> Reply[JobAnswer]:
    """Record that the damaged card came back; its replacement joins the line as far as the blanks allow."""
    card = surrendered_of(ask.body)
    return Reply(answer_of(await doors.precedence.surrender(ask.path["job_id"], card, actor=ask.actor)))


def _reply(moved: Moved) -> Reply[JobAnswer]:
    return Reply(answer_of(moved.view), HTTPStatus.ACCEPTED if moved.waits is not None else None)
