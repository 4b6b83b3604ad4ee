"""Requests for a second person over SQLite: fulfils :class:`stationd.ports.approvals.ApprovalStore`."""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from stationd.adapters.sqlite.connection import UnitConnection
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.transaction import Transaction
from stationd.adapters.sqlite.writer import Writer
from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.ids import ID_RANDOM_BITS, job_id, seq_of
from stationd.domain.second_person import Approval, ApprovalState, agreement_refusal
from stationd.ports.approvals import Agreed, Agreeing, Asking
from stationd.ports.clock import Entropy

_Q = load("approvals")
_encode = msgspec.json.Encoder(order="deterministic").encode

CarryOut = Callable[[Transaction, Approval], object]
"""Does what two officers agreed to, inside their transaction; its answer reaches who agreed last.

A ``Refused`` that it answers rolls everything back, the agreement included.
"""


class SqliteApprovals:
    """The requests. Whoever owns a kind of them says with :meth:`carry_out` how it is done."""

    def __init__(self, writer: Writer, reader: UnitConnection, entropy: Entropy) -> None:
        self._writer = writer
        self._reader = reader
        self._entropy = entropy
        self._acts: dict[str, CarryOut] = {}

    def carry_out(self, kind: str, act: CarryOut) -> None:
        """Do this when a request of the kind was agreed to."""
        self._acts[kind] = act

    async def ask(self, asking: Asking) -> Agreed | Refused:
        """See :meth:`stationd.ports.approvals.ApprovalStore.ask`."""
        return await self._writer.once(lambda transaction: self._ask(transaction, asking))

    async def agree(self, agreeing: Agreeing) -> Agreed | Refused:
        """See :meth:`stationd.ports.approvals.ApprovalStore.agree`."""

        def act(transaction: Transaction) -> Agreed | Refused:
            approval = _found(transaction, agreeing.id)
            if isinstance(approval, Refused):
                return approval
            return self._agree(transaction, approval, agreeing.officer, agreeing.how)

        return await self._writer.once(act)

    async def decline(self, approval_id: str, actor: Actor) -> Approval | Refused:
        """See :meth:`stationd.ports.approvals.ApprovalStore.decline`."""

        def act(transaction: Transaction) -> Approval | Refused:
            approval = _found(transaction, approval_id)
            if isinstance(approval, Refused):
                return approval
            if approval.state is not ApprovalState.PENDING:
                return Refused("approval-settled/decline", see=approval.id, state=approval.state)
            return _settle(transaction, approval, ApprovalState.DECLINED, by=actor.name)

        return await self._writer.once(act)

    async def expire(self, ids: Sequence[str]) -> None:
        """See :meth:`stationd.ports.approvals.ApprovalStore.expire`."""

        def act(transaction: Transaction) -> None:
            for each in ids:
                approval = _found(transaction, each)
                if isinstance(approval, Approval) and approval.state is ApprovalState.PENDING:
                    _settle(transaction, approval, ApprovalState.EXPIRED, by=None)

        await self._writer.once(act)

    async def refuse(self, about: str, officer: str, code: str) -> None:
        """See :meth:`stationd.ports.approvals.ApprovalStore.refuse`."""
        await self._writer.once(lambda transaction: _refused(transaction, about, officer, code))

    async def read(self, approval_id: str) -> Approval | None:
        """See :meth:`stationd.ports.approvals.ApprovalStore.read`."""

        def unit(connection: sqlite3.Connection) -> Approval | None:
            row = connection.execute(_Q["by_id"], (seq_of(approval_id), approval_id)).fetchone()
            return None if row is None else _approval(row)

        return await self._reader.run(unit)

    async def pending(self) -> Sequence[Approval]:
        """See :meth:`stationd.ports.approvals.ApprovalStore.pending`."""
        return await self._reader.run(lambda connection: [_approval(row) for row in connection.execute(_Q["pending"])])

    async def page(self, state: ApprovalState | None, after: int, limit: int) -> Sequence[Approval]:
        """See :meth:`stationd.ports.approvals.ApprovalStore.page`."""

        def unit(connection: sqlite3.Connection) -> list[Approval]:
            return [_approval(row) for row in connection.execute(_Q["page"], (after, state, limit))]

        return await self._reader.run(unit)

    # ---------------------------------------------------------------------------------------------------- inside

    def _ask(self, transaction: Transaction, asking: Asking) -> Agreed | Refused:
        payload = _encode(dict(asking.payload)).decode()
        row = transaction.row(_Q["pending_of"], (asking.kind, asking.subject))
        if row is None:
            approval = self._write_down(transaction, asking, payload)
        else:
            approval = _approval(row)
            if approval.payload != payload:
                return Refused("approval-pending", see=approval.id)
            if asking.actor.officer is not None and asking.actor.officer != approval.first:
                return self._agree(transaction, approval, asking.actor.officer, "session")
        if asking.second is not None:
            return self._agree(transaction, approval, asking.second, "pin")
        return Agreed(approval=approval)

    def _write_down(self, transaction: Transaction, asking: Asking, payload: str) -> Approval:
        now = transaction.now_ms
        seq = transaction.row(_Q["last"])[0] + 1  # type: ignore[index]  # an aggregate always has its row
        approval = Approval(
            seq=seq,
            id=job_id(now, seq, self._entropy.bits(ID_RANDOM_BITS)),
            kind=asking.kind,
            subject=asking.subject,
            payload=payload,
            reason=asking.reason,
            state=ApprovalState.PENDING,
            asked_by=asking.actor.name,
            first=asking.actor.officer,
            second=None,
            asked_at=now,
            expires_at=now + asking.lifetime_ms,
            settled_at=None,
            settled_by=None,
        )
        transaction.run(
            _Q["insert"],
            (
                seq,
                approval.id,
                approval.kind,
                approval.subject,
                payload,
                approval.reason,
                approval.asked_by,
                approval.first,
                now,
                approval.expires_at,
            ),
        )
        facts = {"kind": approval.kind, "about": approval.subject, "actor": approval.asked_by}
        written = {"reason_sha256": written_hash(approval.id, approval.reason)}
        transaction.event(
            "approval.requested",
            approval.id,
            facts | written | {"payload_sha256": written_hash(approval.id, payload)},
        )
        return approval

    def _agree(self, transaction: Transaction, approval: Approval, officer: str, how: str) -> Agreed | Refused:
        refused = agreement_refusal(approval, officer)
        if refused is not None:
            if refused.code == "second-officer-same-person":
                _refused(transaction, approval.id, officer, refused.code)
            return refused
        if approval.first is None:
            transaction.run(_Q["set_first"], (officer, approval.seq))
            transaction.event("approval.seconded", approval.id, _names(approval, officer, how))
            return Agreed(approval=replace(approval, first=officer))
        settled = _settle(transaction, approval, ApprovalState.APPROVED, by=officer, how=how)
        result = self._acts[approval.kind](transaction, settled)
        if isinstance(result, Refused):
            raise result  # and so nothing of this transaction is kept
        return Agreed(approval=settled, result=result)


def written_hash(approval_id: str, text: str) -> str:
    """What the event chain holds of a free text, so that an edited one shows without the text standing there."""
    return hashlib.sha256(f"{approval_id}:{text}".encode()).hexdigest()


def _settle(
    transaction: Transaction, approval: Approval, state: ApprovalState, *, by: str | None, how: str | None = None
) -> Approval:
    second = by if state is ApprovalState.APPROVED else None
    transaction.run(_Q["settle"], (state, second, transaction.now_ms, by, approval.seq))
    facts = _names(approval, by, how)
    if second is not None:
        facts["first"], facts["second"] = approval.first, second
    transaction.event(f"approval.{state}", approval.id, facts)
    return replace(approval, state=state, second=second, settled_at=transaction.now_ms, settled_by=by)


def _names(approval: Approval, by: str | None, how: str | None) -> dict[str, object]:
    facts: dict[str, object] = {"kind": approval.kind, "about": approval.subject}
    if by is not None:
        facts["actor"] = by
    if how is not None:
        facts["how"] = how
    return facts


def _refused(transaction: Transaction, about: str, officer: str, code: str) -> None:
    transaction.event("approval.refused", about, {"code": code, "actor": officer})


def _found(transaction: Transaction, approval_id: str) -> Approval | Refused:
    row = transaction.row(_Q["by_id"], (seq_of(approval_id), approval_id))
    if row is None:
        return Refused("approval-unknown")
    return _approval(row)


def _approval(row: Sequence[Any]) -> Approval:
    names = [
        "seq",
        "id",
        "kind",
        "subject",
        "payload",
        "reason",
        "state",
        "asked_by",
        "first",
        "second",
        "asked_at",
        "expires_at",
        "settled_at",
        "settled_by",
    ]
    values: Mapping[str, Any] = dict(zip(names, row, strict=True))
    return Approval(**{**values, "state": ApprovalState(values["state"])})
