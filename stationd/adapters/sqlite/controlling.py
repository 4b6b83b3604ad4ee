"""What a person does to a job: cancel, retry, hold, release, and the verdict on a card, second thoughts included."""

from collections.abc import Sequence

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.city_fences import let_go, void_of
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.blanks import job_movement
from stationd.domain.errors import Refused
from stationd.domain.ids import ID_RANDOM_BITS, attempt_id, seq_of
from stationd.domain.job import Evidence, Job, JobState, Verdict
from stationd.domain.job_machine import REVOCATIONS, BlankMove, JobEvent, step
from stationd.domain.why import FROM_BACKUP, HELD
from stationd.ports.clock import Entropy
from stationd.ports.jobs import Control

_Q = load("jobs")

UNKNOWN_PRINTER = "unknown"
"""Stands for the printer of an attempt of which a restored book does not know where it was."""

_OUTCOMES = {Verdict.PRINTED: "printed", Verdict.NOT_PRINTED: "nothing_printed", Verdict.SPOILED: "spoiled"}
_VERDICTS = {outcome: verdict for verdict, outcome in _OUTCOMES.items()}


class Controlling:
    """The operation of people."""

    def __init__(self, entropy: Entropy, *, max_tries: int, second_thoughts_s: int = 900) -> None:
        self._entropy = entropy
        self._max_tries = max_tries
        self._second_thoughts_ms = second_thoughts_s * 1000

    def __call__(self, transaction: Transaction, controls: Sequence[Control]) -> list[Job | Refused]:
        """One answer for each, in order; two for one job see each other."""
        return [self._one(transaction, control) for control in controls]

    def _one(self, transaction: Transaction, control: Control) -> Job | Refused:
        row = transaction.row(_Q["by_id"], (seq_of(control.job_id), control.job_id))
        if row is None:
            return Refused("job-unknown")
        job = job_of(row)
        if control.verdict is not None:
            return self._judge(transaction, job, control, control.verdict)
        if control.event is JobEvent.ADMITTED and HELD not in job.reasons:
            return Refused("job-not-held", state=job.state)
        door = Advance(transaction)
        after = door.change(
            job,
            control.event,
            actor=control.actor.name,
            tries=0 if control.event is JobEvent.RETRIED else None,
            reasons=(HELD,) if control.event is JobEvent.DEFERRED else (),
        )
        door.flush()
        if isinstance(after, Job) and control.event in {JobEvent.DEFERRED, JobEvent.ADMITTED}:
            _note(transaction, job, control.event, control)
        return _given_back(transaction, after, control)

    # ------------------------------------------------------------------------------------------------- verdicts

    def _judge(self, transaction: Transaction, job: Job, control: Control, verdict: Verdict) -> Job | Refused:
        if control.attempt not in {None, job.attempts}:
            asked = control.attempt or 0
            name = "verdict-stale" if asked < job.attempts else "verdict-stale/none"
            return Refused(name, attempt=asked, last=job.attempts)
        if job.state is JobState.FAILED and FROM_BACKUP in job.reasons:
            questioned = self._question(transaction, job, control)
            if isinstance(questioned, Refused):
                return questioned
            job = questioned
        elif job.state is not JobState.UNCERTAIN:
            former = self._former(transaction, job)
            if isinstance(former, Refused):
                return former
            if former is verdict:
                return job
            revoked = self._revoke(transaction, job, control, former)
            if isinstance(revoked, Refused):
                return revoked
            job = revoked
        number, printer, _ = transaction.rows(_Q["open_attempt_of"], (job.seq,))[0]
        tries = job.tries + (verdict is Verdict.SPOILED)
        door = Advance(transaction)
        after = door.change(
            job,
            control.event,
            actor=control.actor.name,
            is_used_up=verdict is Verdict.SPOILED and tries >= self._max_tries,
            tries=tries,
            printer=printer,
            evidence=Evidence.OFFICER if verdict is Verdict.PRINTED else None,
            reasons=() if verdict is Verdict.PRINTED else (f"judged-{verdict.replace('_', '-')}",),
            data={"verdict": verdict, "attempt": job.attempts},
        )
        evidence = Evidence.OFFICER
        closing = (job.seq, number, _OUTCOMES[verdict], control.note, evidence, transaction.now_ms, None)
        transaction.run_many(_Q, "settle_attempts", [closing])
        door.flush()
        _note(transaction, job, control.event, control)
        return _given_back(transaction, after, control)

    def _question(self, transaction: Transaction, job: Job, control: Control) -> Job | Refused:
        """The job with an attempt in question that a restored book does not know of, and its blank."""
        hopper = None if job.printer is None else transaction.hopper(job.printer)
        source = job_movement(BlankMove.RESERVE, hopper).source
        if transaction.balance(source) < 1:
            return Refused("blanks-not-there/verdict", account=source)
        door = Advance(transaction)
        questioned = door.change(job, JobEvent.QUESTIONED, actor=control.actor.name, reasons=("outcome-unknown",))
        if isinstance(questioned, Refused):
            return questioned
        door.flush()
        bits = self._entropy.bits(ID_RANDOM_BITS)
        attempt = attempt_id(transaction.now_ms, job.seq, questioned.attempts, bits)
        row = (job.seq, questioned.attempts, attempt, job.printer or UNKNOWN_PRINTER, transaction.now_ms)
        transaction.run(_Q["insert_attempts"], row)
        return questioned

    def _former(self, transaction: Transaction, job: Job) -> Verdict | Refused:
        """The verdict that fell on the last attempt, if it may still be taken back."""
        last = transaction.row(_Q["last_attempt"], (job.seq,))
        if last is None or last[3] != Evidence.OFFICER:
            return Refused("job-not-uncertain", state=job.state)
        if not 0 <= transaction.now_ms - last[4] <= self._second_thoughts_ms:
            minutes = self._second_thoughts_ms // 60_000
            return Refused("verdict-final/time", minutes=minutes)
        return _VERDICTS[last[2]]

    def _revoke(self, transaction: Transaction, job: Job, control: Control, former: Verdict) -> Job | Refused:
        """The job as it was before the former verdict, its blank in question again."""
        event = REVOCATIONS[former]
        follower = transaction.row(_Q["follower_of"], (job.seq,)) if former is Verdict.PRINTED else None
        if follower is not None:
            return Refused("verdict-final/replaced", see=follower[0])
        row = step(job.state, event)
        if row is None:
            return Refused("verdict-final/job", state=job.state)
        if row.blank is not None:
            hopper = None if job.printer is None else transaction.hopper(job.printer)
            source = job_movement(row.blank, hopper).source
            if transaction.balance(source) < 1:
                return Refused("blanks-not-there/verdict", account=source)
        door = Advance(transaction)
        revoked = door.change(
            job,
            event,
            actor=control.actor.name,
            tries=max(0, job.tries - (former is Verdict.SPOILED)),
            reasons=("verdict-revoked",),
            data={"verdict": former, "attempt": job.attempts},
        )
        if isinstance(revoked, Refused):
            return revoked
        door.flush()
        if former is Verdict.PRINTED:
            transaction.run(_Q["stand_again"], (job.seq,))
        transaction.run(_Q["reopen_attempt"], (job.seq, job.attempts))
        return revoked


def _given_back(transaction: Transaction, job: Job | Refused, control: Control) -> Job | Refused:
    """The job, cancelled instead of in line where the city's leave for its order is void: that goes back to the city.

    In the same step, for a printer takes what is in line at once.
    """
    if isinstance(job, Refused) or job.state not in {JobState.QUEUED, JobState.DEFERRED}:
        return job
    void = void_of(transaction, job)
    if void is None:
        return job
    let_go(transaction, *void)
    door = Advance(transaction)
    after = door.change(job, JobEvent.CANCELLED, actor=control.actor.name)
    door.flush()
    return after


def _note(transaction: Transaction, job: Job, event: JobEvent, control: Control) -> None:
    transaction.run(_Q["insert_decision"], (job.seq, transaction.now_ms, event, control.actor.name, control.note))
