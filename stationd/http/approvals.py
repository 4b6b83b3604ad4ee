"""Requests that need a second officer: shown, agreed to, declined."""

import msgspec

from stationd.http.approval_schemas import (
    AgreeBody,
    ApprovalAnswer,
    ApprovalPage,
    ApprovalsQuery,
    approval_answer,
    second_of,
)
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import OFFICERS, NoQuery, Nothing, Table
from stationd.http.tags import Edited

SECOND_PROBLEMS = (
    "approval-pending",
    "second-officer-same-person",
    "second-officer-refused",
    "sign-in-locked",
    "sign-in-busy",
    "officer-not-appointed",
)
"""What a call may answer that asks for a second officer."""

table = Table("approvals")


def _facts(approval: ApprovalAnswer) -> object:
    return approval.id, approval.state


@table.route("GET", "/v1/approvals", roles=OFFICERS, says="A page of requests.")
async def list_approvals(doors: Doors, ask: Ask[Nothing, ApprovalsQuery]) -> Reply[ApprovalPage]:
    """Requests that need, or needed, a second officer, in the order in which they were made."""
    query = ask.query
    state = None if query.state is msgspec.UNSET else query.state
    found, following = await doors.second_person.page(state=state, after=query.after, limit=query.limit)
    items = tuple(approval_answer(each) for each in found)
    return Reply(ApprovalPage(items=items, next=None if following is None else str(following)))


@table.route(
    "GET",
    "/v1/approvals/{approval_id}",
    roles=OFFICERS,
    says="The request.",
    problems=("approval-unknown",),
    tagged=_facts,
)
async def read_approval(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[ApprovalAnswer]:
    """One request and what became of it."""
    return Reply(approval_answer(await doors.second_person.read(ask.path["approval_id"])))


_APPROVAL = Edited(read_approval, _facts, ApprovalAnswer)


@table.route(
    "POST",
    "/v1/approvals/{approval_id}/approve",
    roles=OFFICERS,
    says="Agreed; carried out when no further officer is needed.",
    problems=(
        "approval-unknown",
        "approval-settled",
        "session-needed",
        *(code for code in SECOND_PROBLEMS if code != "approval-pending"),
        "storage-full",
    ),
    edits=_APPROVAL,
)
async def approve(doors: Doors, ask: Ask[AgreeBody, NoQuery]) -> Reply[ApprovalAnswer]:
    """Agree to what another officer asked for; it is carried out with both names in the book.

    A bare token can ask and not agree: sign in, or type number and PIN of the second officer.
    """
    agreed = await doors.second_person.approve(
        ask.path["approval_id"], actor=ask.actor, second=second_of(ask.body.second)
    )
    return Reply(approval_answer(agreed.approval))


@table.route(
    "POST",
    "/v1/approvals/{approval_id}/decline",
    roles=OFFICERS,
    says="Declined.",
    problems=("approval-unknown", "approval-settled", "session-needed", "storage-full"),
    edits=_APPROVAL,
)
async def decline(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[ApprovalAnswer]:
    """Settle a request for good without carrying it out; who asked may take it back."""
    return Reply(approval_answer(await doors.second_person.decline(ask.path["approval_id"], actor=ask.actor)))
