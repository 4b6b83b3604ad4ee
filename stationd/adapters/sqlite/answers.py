"""Answers kept by idempotency key: fulfils :class:`stationd.ports.answers.AnswerStore`."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from stationd.adapters.seal import is_wrapped
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.ports.answers import KeptAnswer
from stationd.ports.seal import Seal

_Q = load("answers")
_AT_ONCE = 500

R = TypeVar("R")


class SqliteAnswers:
    """Claimed before the act, kept after it; sealed, for an answer may name a person or hold a session's token."""

    def __init__(self, writer: Writer, seal: Seal) -> None:
        self._writer = writer
        self._seal = seal

    async def claim(self, caller: str, key: str, digest: bytes) -> KeptAnswer | None:
        """See :meth:`stationd.ports.answers.AnswerStore.claim`."""

        def act(transaction: Transaction) -> KeptAnswer | None:
            if transaction.run(_Q["claim"], (caller, key, digest, transaction.now_ms)) == 1:
                return None
            known, status, body = transaction.rows(_Q["kept"], (caller, key))[0]
            return KeptAnswer(digest=known, status=status, body=self._opened(body or b"", caller, key))

        return await self._apply(act)

    def _opened(self, body: bytes, caller: str, key: str) -> bytes:
        return self._seal.open(body, place=answer_place(caller, key)) if is_wrapped(body) else body

    async def keep(self, caller: str, key: str, status: int, body: bytes) -> None:
        """See :meth:`stationd.ports.answers.AnswerStore.keep`."""
        sealed = self._seal.seal(body, place=answer_place(caller, key)) if body else body
        _ = await self._apply(lambda transaction: transaction.run(_Q["keep"], (status, sealed, caller, key)))

    async def release(self, caller: str, key: str) -> None:
        """See :meth:`stationd.ports.answers.AnswerStore.release`."""
        _ = await self._apply(lambda transaction: transaction.run(_Q["release"], (caller, key)))

    async def forget(self, before_ms: int) -> int:
        """See :meth:`stationd.ports.answers.AnswerStore.forget`."""
        return await self._apply(lambda transaction: transaction.run(_Q["forget"], (before_ms, _AT_ONCE)))

    async def _apply(self, act: Callable[[Transaction], R]) -> R:
        def operation(transaction: Transaction, arguments: Sequence[None]) -> list[R]:
            return [act(transaction) for _ in arguments]

        return await self._writer.apply(operation, None)


def answer_place(caller: str, key: str) -> str:
    """Where an answer is sealed to."""
    return f"answer:body:{caller}:{key}"
