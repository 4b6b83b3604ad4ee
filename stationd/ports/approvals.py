"""Requests that need a second person, over restarts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.second_person import Approval, ApprovalState


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What one person asks for.

    ``second`` is the number of an officer who agrees in the same breath, already known to be that person by the PIN.
    """

    kind: str
    subject: str
    reason: str
    actor: Actor
    payload: Mapping[str, object] = field(default_factory=dict)
    second: str | None = None
    lifetime_ms: int = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreeing:
    """An officer agrees to a request; ``how`` says how the person was known: ``session`` or ``pin``."""

    id: str
    officer: str
    how: str = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The request as it stands now; ``result`` is what carrying it out gave, once it was carried out."""

    approval: Approval
    result: Any = None

    @property
    def is_done(self) -> bool:
        """Whether it was carried out."""
        return self.approval.state is ApprovalState.APPROVED


class ApprovalStore(Protocol):
    """Requests, and their carrying out in the transaction of the agreement."""

    async def ask(self, asking: Asking) -> Agreed | Refused:
        """Write the request down; carried out at once when a second officer has agreed with it.

        The same request of another officer that is pending is agreed to; one's own is answered again. Refused with
        nothing changed: ``approval-pending``, ``second-officer-same-person``, and as the carrying out refuses.
        """
        ...

    async def agree(self, agreeing: Agreeing) -> Agreed | Refused:
        """Agree, and carry it out when enough have.

        Refused with nothing changed: ``approval-unknown``, ``approval-settled``, ``second-officer-same-person``, and
        as the carrying out refuses.
        """
        ...

    async def decline(self, approval_id: str, actor: Actor) -> Approval | Refused:
        """Settle it for good without carrying it out: ``approval-unknown``, ``approval-settled``."""
        ...

    async def expire(self, ids: Sequence[str]) -> None:
        """Settle those of them that are still pending as expired."""
        ...

    async def refuse(self, about: str, officer: str, code: str) -> None:
        """Write down a try that smells of misuse."""
        ...

    async def read(self, approval_id: str) -> Approval | None:
        """The request, or ``None``."""
        ...

    async def pending(self) -> Sequence[Approval]:
        """All that wait, the oldest first."""
        ...

    async def page(self, state: ApprovalState | None, after: int, limit: int) -> Sequence[Approval]:
        """Up to ``limit`` requests asked after the ``after``-th, in their order."""
        ...
