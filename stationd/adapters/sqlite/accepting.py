"""Taking orders: many at once by conflict clauses, and one by one only where something clashed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stationd.adapters.sqlite.city_fences import bar_of
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of, sealed_document, sealed_holder
from stationd.adapters.sqlite.transaction import DAY_MS, FIRSTS_BY_DAY, Transaction
from stationd.domain.dispatch import is_replacement, rank_of
from stationd.domain.entitlement import awaits_surrender, has_live_card
from stationd.domain.errors import Refused
from stationd.domain.ids import ID_RANDOM_BITS, RECEIPT_RANDOM_BITS, job_id, receipt
from stationd.domain.job import Job, JobKind, JobState
from stationd.domain.rationing import BLANKS_SHORT, SURRENDER_MISSING, Place, Stock, place_of
from stationd.ports.clock import Entropy
from stationd.ports.jobs import Acceptance, Accepted
from stationd.ports.seal import Seal

_Q = load("jobs")
_CITY = load("officers")
_HOUR_MS = 3_600_000
IDENTITY_BYTES = 16
"""How much of the keyed hash of a NIK names the person in the index: no two people ever share it."""


@dataclass(slots=True)
class _Taking:
    """An acceptance as it becomes a job."""

    acceptance: Acceptance
    job: Job
    nik: bytes

    @property
    def row(self) -> tuple[object, ...]:
        """The columns of ``insert_jobs``."""
        j = self.job
        identity = self.nik[:IDENTITY_BYTES]
        return (
            j.seq,
            j.id,
            j.receipt,
            j.order,
            j.kind,
            j.profile,
            j.state,
            " ".join(j.reasons),
            j.rank,
            identity,
            j.created_at,
        )


class Accepting:
    """The operation that turns acceptances into stored jobs."""

    def __init__(self, seal: Seal, entropy: Entropy, *, ageing: int, reserve: Callable[[], int]) -> None:
        """``reserve``: the blanks that are kept for first-timers now."""
        self._reserve = reserve
        self._seal = seal
        self._entropy = entropy
        self._ageing = ageing

    def __call__(self, transaction: Transaction, acceptances: Sequence[Acceptance]) -> list[Accepted | Refused]:
        """One answer for each: the new job, the job of the same request before, or why not."""
        if any(acceptance.barred is not None for acceptance in acceptances):
            return [self._accept_one(transaction, acceptance) for acceptance in acceptances]
        first = transaction.next_job_seq(len(acceptances))
        stock = transaction.stock(self._reserve())
        takings = []
        for place, acceptance in enumerate(acceptances):
            taking = self._taking(transaction, first + place, acceptance, stock)
            stock = _with(stock, taking.job)
            takings.append(taking)
        transaction.run("SAVEPOINT accepting")
        if self._insert(transaction, takings):
            transaction.run("RELEASE accepting")
            self._record(transaction, takings)
            return [Accepted(job=taking.job, is_replay=False) for taking in takings]
        transaction.run("ROLLBACK TO accepting")
        transaction.run("RELEASE accepting")
        transaction.give_back_job_seq(first)
        return [self._accept_one(transaction, acceptance) for acceptance in acceptances]

    def _accept_one(self, transaction: Transaction, acceptance: Acceptance) -> Accepted | Refused:
        known = transaction.row(_Q["by_key"], (acceptance.caller, acceptance.key))
        if known is not None:
            # The hash was once kept as it came; keys of that time are known for their week.
            if known[1] not in {self._request_hash(acceptance), acceptance.digest}:
                return Refused("idempotency-key-reused")
            return Accepted(job=job_of(transaction.rows(_Q["by_seq"], (known[0],))[0]), is_replay=True)
        if acceptance.barred is not None:
            return self._told(transaction, acceptance, acceptance.barred)
        if acceptance.signature is not None:
            used = transaction.row(_CITY["signature_used"], (acceptance.signature,))
            if used is not None:
                refused = Refused("signature-used", field="signature", see=used[0])
                return self._told(transaction, acceptance, refused)
        held = _order_refusal(transaction, acceptance.order.order)
        if held is not None:
            return held
        unentitled = self._holder_refusal(transaction, acceptance)
        if unentitled is not None:
            return unentitled
        seq = transaction.next_job_seq()
        stock = transaction.stock(self._reserve())
        taking = self._taking(transaction, seq, acceptance, stock)
        while transaction.row(_Q["receipt_exists"], (taking.job.receipt,)) is not None:
            taking = self._taking(transaction, seq, acceptance, stock)
        if not self._insert(transaction, [taking]):
            raise RuntimeError("an acceptance clashed after its conflicts were looked up")
        self._record(transaction, [taking])
        return Accepted(job=taking.job, is_replay=False)

    def _holder_refusal(self, transaction: Transaction, acceptance: Acceptance) -> Refused | None:
        """Why the person cannot have this card, or ``None``: one in the making, and one that holds."""
        identity = self._seal.fingerprint(acceptance.order.holder.nik)[:IDENTITY_BYTES]
        making = transaction.row(_Q["making_of"], (identity,))
        if making is not None:
            return has_live_card(making[0], is_made=False)
        if acceptance.order.kind is JobKind.FIRST:
            standing = transaction.row(_Q["standing_of"], (identity,))
            if standing is not None:
                return has_live_card(standing[0], is_made=True)
        return None

    def _told(self, transaction: Transaction, acceptance: Acceptance, refused: Refused) -> Refused:
        """The refusal, after a signature that should not have been brought was written down."""
        if acceptance.order.signature is not None and refused.code.startswith("signature-"):
            transaction.event("signature.refused", acceptance.caller, {"code": refused.code})
        return refused

    def _taking(self, transaction: Transaction, seq: int, acceptance: Acceptance, stock: Stock) -> _Taking:
        order, now = acceptance.order, transaction.now_ms
        rank = rank_of(seq, acceptance.service_class, ageing=self._ageing)
        reasons: tuple[str, ...] = ()
        if awaits_surrender(order):
            reasons = (SURRENDER_MISSING,)
        elif is_replacement(rank) and stock.defers_new:
            reasons = (BLANKS_SHORT,)
        job = Job(
            seq=seq,
            id=job_id(now, seq, self._entropy.bits(ID_RANDOM_BITS)),
            receipt=self._receipt(now),
            order=order.order,
            kind=order.kind,
            profile=order.profile,
            state=JobState.DEFERRED if reasons else JobState.QUEUED,
            reasons=reasons,
            rank=rank,
            tries=0,
            attempts=0,
            printer=None,
            evidence=None,
            not_before=0,
            created_at=now,
            updated_at=now,
        )
        return _Taking(acceptance, job, self._seal.fingerprint(order.holder.nik))

    def _request_hash(self, acceptance: Acceptance) -> bytes:
        """What is kept of a request. It holds a NIK, and a plain hash of little that is secret can be guessed back."""
        return self._seal.fingerprint(f"order {acceptance.digest.hex()}")

    def _receipt(self, now_ms: int) -> str:
        while True:
            drawn = receipt(now_ms // _HOUR_MS, self._entropy.bits(RECEIPT_RANDOM_BITS))
            if drawn is not None:
                return drawn

    def _insert(self, transaction: Transaction, takings: Sequence[_Taking]) -> bool:
        """Insert jobs and keys; ``False`` when any of them clashed with a row that is there."""
        if transaction.run_many(_Q, "insert_jobs", [taking.row for taking in takings]) != len(takings):
            return False
        keys = [
            (t.acceptance.caller, t.acceptance.key, t.job.seq, self._request_hash(t.acceptance), t.job.created_at)
            for t in takings
        ]
        if transaction.run_many(_Q, "insert_keys", keys) != len(takings):
            return False
        signed = [(t.acceptance.signature, t.job.seq) for t in takings if t.acceptance.signature is not None]
        return not signed or transaction.run_many(_CITY, "insert_signatures", signed) == len(signed)

    def _record(self, transaction: Transaction, takings: Sequence[_Taking]) -> None:
        seal = self._seal
        holders, documents, surrenders = [], [], []
        firsts = 0
        for taking in takings:
            job, order, caller = taking.job, taking.acceptance.order, taking.acceptance.caller
            holder = order.holder
            sealed = sealed_holder(seal, holder, order.police_report, job.id)
            holders.append((job.seq, taking.nik, sealed, holder.district, holder.village))
            documents.append((job.seq, *sealed_document(seal, order.document, job.id)))
            firsts += order.kind is JobKind.FIRST
            facts: dict[str, object] = {
                "state": job.state,
                "kind": job.kind,
                "rank": job.rank,
                "profile": job.profile,
                "actor": caller,
            }
            if job.reasons:
                facts["reasons"] = job.reasons
            transaction.event("job.accepted", job.id, facts)
            transaction.tally("job_state", job.state, 1)
            transaction.take_place(place_of(job.state, job.rank, job.reasons))
            if order.surrendered is not None:
                card = order.surrendered
                surrenders.append((job.seq, transaction.now_ms, caller, card.card, card.note))
                transaction.event("surrender.recorded", job.id, {"card": card.card, "actor": caller})
        transaction.run_many(_Q, "insert_holders", holders)
        transaction.run_many(_Q, "insert_documents", documents)
        if surrenders:
            transaction.run_many(_Q, "insert_surrenders", surrenders)
        if firsts:
            transaction.tally(FIRSTS_BY_DAY, str(transaction.now_ms // DAY_MS), firsts)


def _order_refusal(transaction: Transaction, order: str) -> Refused | None:
    """Why no job may be made of this order, or ``None``: the city gave it elsewhere, or it has a live job."""
    elsewhere = bar_of(transaction, order)
    if elsewhere is not None:
        return elsewhere
    holding = transaction.row(_Q["live_by_order"], (order,))
    return None if holding is None else Refused("order-has-a-live-job", field="order", see=holding[0])


def _with(stock: Stock, job: Job) -> Stock:
    """The stock once this job waits as well."""
    match place_of(job.state, job.rank, job.reasons):
        case Place.PROMISED:
            return replace(stock, promised=stock.promised + 1)
        case Place.REPLACEMENT:
            return replace(stock, replacements=stock.replacements + 1)
        case Place.RATIONED:
            return replace(stock, rationed=stock.rationed + 1)
        case None:
            return stock
