"""The register of minutes: what was drawn up, under which number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stationd.domain.minutes import Minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A line of the register: minutes without their content. ``day`` is an ISO date, ``at`` Unix milliseconds."""

    seq: int
    id: str
    at: int
    kind: str
    number: str
    day: str
    subject: str


class MinutesStore(Protocol):
    """Minutes over restarts. They are numbered once and never changed."""

    async def page(self, kind: str | None, before: int | None, limit: int) -> Sequence[Drawn]:
        """Up to ``limit`` lines of the register, the newest first, ``before`` a sequence number."""
        ...

    async def read(self, minutes_id: str) -> Minutes | None:
        """The minutes of this id, or ``None``."""
        ...

    async def by_number(self, number: str) -> Drawn | None:
        """The line with this number, or ``None``."""
        ...

    async def draw_up(self, draft: Minutes, subject: str) -> Drawn:
        """Number the draft and keep it; minutes of the same content about the same subject are not drawn up twice."""
        ...
