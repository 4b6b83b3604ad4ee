"""What was answered to requests with an idempotency key."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """A request that came before under the same key: ``digest`` of what it was, and its answer.

    ``status`` is ``None`` while it has none.
    """

    digest: bytes
    status: int | None
    body: bytes


class AnswerStore(Protocol):
    """Answers by caller and key."""

    async def claim(self, caller: str, key: str, digest: bytes) -> KeptAnswer | None:
        """Take the key for a request that begins now, durably; or what took it before."""
        ...

    async def keep(self, caller: str, key: str, status: int, body: bytes) -> None:
        """Keep the answer to a claimed key."""
        ...

    async def release(self, caller: str, key: str) -> None:
        """Give a claimed key back: nothing was done under it."""
        ...

    async def forget(self, before_ms: int) -> int:
        """Delete some that are older; how many."""
        ...
