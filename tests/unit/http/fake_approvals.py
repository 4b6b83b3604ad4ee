"""What a second person must agree to, and does."""

from dataclasses import replace

from fake_queue import JOB_ID, FakeJobs

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.order import Surrendered
from stationd.domain.second_person import Approval, ApprovalState
from stationd.ports.approvals import Agreed
from stationd.services.jobs import JobView
from stationd.services.officers import must_be_officer
from stationd.services.precedence import Moved
from stationd.services.second_person import Second

APPROVAL = Approval(
    seq=1,
    id=JOB_ID,
    kind="job.jump",
    subject=JOB_ID,
    payload="{}",
    reason="the holder travels tomorrow",
    state=ApprovalState.PENDING,
    asked_by="officer-199901012026011001",
    first="199901012026011001",
    second=None,
    asked_at=1_700_000_000_000,
    expires_at=1_700_000_900_000,
    settled_at=None,
    settled_by=None,
)


class FakeSecondPerson:
    def __init__(self) -> None:
        self.seconds: list[Second | None] = []

    async def page(self, *, state: ApprovalState | None, after: int, limit: int) -> tuple[list[Approval], int | None]:
        return [APPROVAL], 1

    async def read(self, approval_id: str) -> Approval:
        if approval_id != JOB_ID:
            raise Refused("approval-unknown", "cannot find the request: there is none with this id")
        return APPROVAL

    async def approve(self, approval_id: str, *, actor: Actor, second: Second | None = None) -> Agreed:
        await self.read(approval_id)
        self.seconds.append(second)
        if second is None:
            must_be_officer(actor)
        settled = replace(
            APPROVAL, state=ApprovalState.APPROVED, second="199902022026022002", settled_at=1_700_000_001_000
        )
        return Agreed(approval=settled)

    async def decline(self, approval_id: str, *, actor: Actor) -> Approval:
        return replace(await self.read(approval_id), state=ApprovalState.DECLINED, settled_at=1_700_000_001_000)


class FakePrecedence:
    def __init__(self) -> None:
        self.surrendered: list[Surrendered] = []

    async def jump(self, job_id: str, reason: str, *, actor: Actor, second: Second | None = None) -> Moved:
        view = await FakeJobs().read(job_id)
        return Moved(view=replace(view, waits=APPROVAL), waits=None if second is not None else APPROVAL)

    async def release(self, job_id: str, reason: str, *, actor: Actor, second: Second | None = None) -> Moved:
        await FakeJobs().read(job_id)
        raise Refused("job-not-held", "cannot release the job: no officer holds it")

    async def surrender(self, job_id: str, card: Surrendered, *, actor: Actor) -> JobView:
        self.surrendered.append(card)
        return await FakeJobs().read(job_id)
