"""Four eyes: what one person may only ask for and another must agree to.

Jumps in the queue, counts of blanks, destruction and the undoing of a hand-over were how queues were sold and blanks
lost (Ombudsman 2016; blanks stolen from an office, 2018). So one person asks, with a reason, and a *different* officer
who has signed in agrees; only then is it carried out, with both names in the book.

A bare token is nobody in particular, so whoever asks with one counts for no person: two officers must agree then.
"""

from dataclasses import dataclass

from stationd.domain.errors import Refused
from stationd.domain.words import Spoken


class ApprovalState(Spoken):
    """Where a request for a second person stands."""

    PENDING = "pending", "pending", "menunggu"
    APPROVED = "approved", "approved", "sudah disetujui"
    DECLINED = "declined", "declined", "sudah ditolak"
    EXPIRED = "expired", "expired", "sudah kedaluwarsa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request that needs a second person, and what became of it.

    ``kind`` names what is to be done and ``subject`` to what, such as ``job.jump`` and a job's id; ``payload`` is the
    rest of it as canonical JSON, without anything of a person. ``asked_by`` is the name of the actor; ``first`` and
    ``second`` are the numbers of the officers who stand for it. Times are Unix milliseconds.
    """

    seq: int
    id: str
    kind: str
    subject: str
    payload: str
    reason: str
    state: ApprovalState
    asked_by: str
    first: str | None
    second: str | None
    asked_at: int
    expires_at: int
    settled_at: int | None
    settled_by: str | None

    @property
    def needs(self) -> int:
        """How many officers must still agree; 0 when it is settled."""
        if self.state is not ApprovalState.PENDING:
            return 0
        return 1 if self.first is not None else 2


def agreement_refusal(approval: Approval, officer: str) -> Refused | None:
    """Why this officer cannot agree to the request, or ``None``."""
    if approval.state is not ApprovalState.PENDING:
        return Refused("approval-settled/agree", see=approval.id, state=approval.state)
    if approval.first == officer:
        return same_person(approval.id)
    return None


def same_person(see: str | None = None) -> Refused:
    """The refusal for who would be both persons."""
    return Refused("second-officer-same-person", see=see)


def is_over(approval: Approval, *, age_s: float, lifetime_s: float, now_ms: int, is_trusted: bool) -> bool:
    """Whether nobody may agree any more, ``age_s`` seconds of a clock that never goes back after it was asked.

    The wall clock ends a request only while it is trusted.
    """
    return age_s >= lifetime_s or (is_trusted and now_ms >= approval.expires_at)
