"""The bodies of requests that need a second officer; other areas embed them in theirs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from stationd.domain.second_person import Approval, ApprovalState
from stationd.http.schemas import Note, moment
from stationd.services.second_person import Second


class SecondBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second officer at the same screen: number and PIN, typed by that person."""

    number: Annotated[str, Meta(max_length=64, description="The officer's number (NIP, 18 digits).")]
    pin: Annotated[str, Meta(min_length=1, max_length=64, description="Told to nobody.")]


class StepInBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an officer steps in, and the second officer where both stand at one screen."""

    reason: Annotated[Note, Meta(min_length=1)]
    second: SecondBody | None = None


class AgreeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who agrees: the caller, or ``second`` at the caller's screen."""

    second: SecondBody | None = None


class ApprovalsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests, and from where."""

    state: Annotated[ApprovalState, Meta(description="Only requests in this state.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    after: Annotated[int, Meta(ge=0, le=2**62, description="The cursor of the former page.")] = 0
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class ApprovalAnswer(msgspec.Struct, frozen=True):
    """A request that needs a second officer, and what became of it."""

    id: str
    kind: Annotated[str, Meta(description="What is to be done.", examples=["job.jump"])]
    subject: Annotated[str, Meta(description="To what: such as the id of a job.")]
    payload: Annotated[Mapping[str, Any], Meta(description="The rest of what is to be done.")]
    reason: str
    state: ApprovalState
    needs: Annotated[int, Meta(ge=0, le=2, description="How many officers must still agree.")]
    asked_by: str
    first: Annotated[str, Meta(description="The number of the first officer.")] | None
    second: Annotated[str, Meta(description="The number of the second officer.")] | None
    asked_at: datetime
    expires_at: datetime
    settled_at: datetime | None


class ApprovalPage(msgspec.Struct, frozen=True):
    """A page of requests; ``next`` is the cursor for the following one."""

    items: tuple[ApprovalAnswer, ...]
    next: str | None


def second_of(body: SecondBody | None) -> Second | None:
    """The second officer in a body."""
    return None if body is None else Second(number=body.number, pin=body.pin)


def approval_answer(approval: Approval) -> ApprovalAnswer:
    """The request as answered."""
    return ApprovalAnswer(
        id=approval.id,
        kind=approval.kind,
        subject=approval.subject,
        payload=msgspec.json.decode(approval.payload),
        reason=approval.reason,
        state=approval.state,
        needs=approval.needs,
        asked_by=approval.asked_by,
        first=approval.first,
        second=approval.second,
        asked_at=moment(approval.asked_at),
        expires_at=moment(approval.expires_at),
        settled_at=None if approval.settled_at is None else moment(approval.settled_at),
    )
