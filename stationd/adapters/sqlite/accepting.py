"""Taking orders: many at once by conflict clauses, and one by one only where something clashed."""

from collections.abc import Sequence

from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of, sealed_document, sealed_holder
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.dispatch import rank_of
from stationd.domain.errors import Refused
from stationd.domain.ids import ID_RANDOM_BITS, RECEIPT_RANDOM_BITS, job_id, receipt
from stationd.domain.job import Job, JobState
from stationd.ports.clock import Entropy
from stationd.ports.jobs import Acceptance, Accepted
from stationd.ports.seal import Seal

_Q = load("jobs")
_CITY = load("officers")
_HOUR_MS = 3_600_000


class Accepting:
    """The operation that turns acceptances into stored jobs."""

    def __init__(self, seal: Seal, entropy: Entropy, *, ageing: int) -> None:
        self._seal = seal
        self._entropy = entropy
        self._ageing = ageing

    def __call__(self, transaction: Transaction, acceptances: Sequence[Acceptance]) -> list[Accepted | Refused]:
        """One answer for each: the new job, the job of the same request before, or why not."""
        if any(acceptance.barred is not None for acceptance in acceptances):
            return [self._accept_one(transaction, acceptance) for acceptance in acceptances]
        first = transaction.next_job_seq(len(acceptances))
        jobs = [self._job(transaction, first + i, acceptance) for i, acceptance in enumerate(acceptances)]
        transaction.run("SAVEPOINT accepting")
        if self._insert(transaction, jobs, acceptances):
            transaction.run("RELEASE accepting")
            self._record(transaction, jobs, acceptances)
            return [Accepted(job=job, is_replay=False) for job in jobs]
        transaction.run("ROLLBACK TO accepting")
        transaction.run("RELEASE accepting")
        transaction.give_back_job_seq(first)
        return [self._accept_one(transaction, acceptance) for acceptance in acceptances]

    def _accept_one(self, transaction: Transaction, acceptance: Acceptance) -> Accepted | Refused:
        known = transaction.row(_Q["by_key"], (acceptance.caller, acceptance.key))
        if known is not None:
            if known[1] != acceptance.digest:
                return Refused(
                    "idempotency-key-reused",
                    "cannot take the request: its Idempotency-Key came before with another body",
                    fix="use a new key for a new request; repeat a request with the very same body",
                )
            return Accepted(job=job_of(transaction.rows(_Q["by_seq"], (known[0],))[0]), is_replay=True)
        if acceptance.barred is not None:
            return self._told(transaction, acceptance, acceptance.barred)
        if acceptance.signature is not None:
            used = transaction.row(_CITY["signature_used"], (acceptance.signature,))
            if used is not None:
                refused = Refused(
                    "signature-used",
                    "cannot take the order: the city's signature was used before",
                    field="signature",
                    see=used[0],
                )
                return self._told(transaction, acceptance, refused)
        holding = transaction.row(_Q["live_by_order"], (acceptance.order.order,))
        if holding is not None:
            return Refused(
                "order-has-a-live-job",
                "cannot take the order: it already has a live job",
                field="order",
                see=holding[0],
                fix="look at the job that holds the order; cancel it first if a new one is really meant",
            )
        seq = transaction.next_job_seq()
        job = self._job(transaction, seq, acceptance)
        while transaction.row(_Q["receipt_exists"], (job.receipt,)) is not None:
            job = self._job(transaction, seq, acceptance)
        if not self._insert(transaction, [job], [acceptance]):
            raise RuntimeError("an acceptance clashed after its conflicts were looked up")
        self._record(transaction, [job], [acceptance])
        return Accepted(job=job, is_replay=False)

    def _told(self, transaction: Transaction, acceptance: Acceptance, refused: Refused) -> Refused:
        """The refusal, after a signature that should not have been brought was written down."""
        if acceptance.order.signature is not None and refused.code.startswith("signature-"):
            transaction.event("signature.refused", acceptance.caller, {"code": refused.code})
        return refused

    def _job(self, transaction: Transaction, seq: int, acceptance: Acceptance) -> Job:
        order, now = acceptance.order, transaction.now_ms
        return Job(
            seq=seq,
            id=job_id(now, seq, self._entropy.bits(ID_RANDOM_BITS)),
            receipt=self._receipt(now),
            order=order.order,
            kind=order.kind,
            profile=order.profile,
            state=JobState.QUEUED,
            reasons=(),
            rank=rank_of(seq, acceptance.service_class, ageing=self._ageing),
            tries=0,
            attempts=0,
            printer=None,
            evidence=None,
            not_before=0,
            created_at=now,
            updated_at=now,
        )

    def _receipt(self, now_ms: int) -> str:
        while True:
            drawn = receipt(now_ms // _HOUR_MS, self._entropy.bits(RECEIPT_RANDOM_BITS))
            if drawn is not None:
                return drawn

    def _insert(self, transaction: Transaction, jobs: Sequence[Job], acceptances: Sequence[Acceptance]) -> bool:
        """Insert jobs and keys; ``False`` when any of them clashed with a row that is there."""
        rows = [
            (j.seq, j.id, j.receipt, j.order, j.kind, j.profile, j.state, j.rank, j.created_at, j.updated_at)
            for j in jobs
        ]
        if transaction.run_many(_Q, "insert_jobs", rows) != len(jobs):
            return False
        keys = [(a.caller, a.key, j.seq, a.digest, j.created_at) for j, a in zip(jobs, acceptances, strict=True)]
        if transaction.run_many(_Q, "insert_keys", keys) != len(jobs):
            return False
        signed = [(a.signature, j.seq) for j, a in zip(jobs, acceptances, strict=True) if a.signature is not None]
        return not signed or transaction.run_many(_CITY, "insert_signatures", signed) == len(signed)

    def _record(self, transaction: Transaction, jobs: Sequence[Job], acceptances: Sequence[Acceptance]) -> None:
        seal = self._seal
        holders, documents = [], []
        for job, acceptance in zip(jobs, acceptances, strict=True):
            order = acceptance.order
            holder = order.holder
            sealed = sealed_holder(seal, holder, order.police_report, job.id)
            holders.append((job.seq, seal.fingerprint(holder.nik), sealed, holder.district, holder.village))
            documents.append((job.seq, *sealed_document(seal, order.document, job.id)))
            transaction.event(
                "job.accepted",
                job.id,
                {
                    "state": job.state,
                    "kind": job.kind,
                    "rank": job.rank,
                    "profile": job.profile,
                    "actor": acceptance.caller,
                },
            )
        transaction.run_many(_Q, "insert_holders", holders)
        transaction.run_many(_Q, "insert_documents", documents)
        transaction.tally("job_state", JobState.QUEUED, len(jobs))
