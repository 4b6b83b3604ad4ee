"""What a person does to a job: cancel, retry, and the verdict on a card whose outcome nobody knew."""

from collections.abc import Sequence

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rows import job_of
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.errors import Refused
from stationd.domain.ids import seq_of
from stationd.domain.job import Evidence, Job, JobState, Verdict
from stationd.domain.job_machine import JobEvent
from stationd.ports import Control

_Q = load("jobs")

_OUTCOMES = {Verdict.PRINTED: "printed", Verdict.NOT_PRINTED: "nothing_printed", Verdict.SPOILED: "spoiled"}


class Controlling:
    """The operation of people."""

    def __init__(self, *, max_tries: int) -> None:
        self._max_tries = max_tries

    def __call__(self, transaction: Transaction, controls: Sequence[Control]) -> list[Job | Refused]:
        """One answer for each, in order; two for one job see each other."""
        return [self._one(transaction, control) for control in controls]

    def _one(self, transaction: Transaction, control: Control) -> Job | Refused:
        row = transaction.row(_Q["by_id"], (seq_of(control.job_id), control.job_id))
        if row is None:
            return Refused("job-unknown", "cannot find the job: there is none with this id")
        job = job_of(row)
        if control.verdict is not None:
            return self._judge(transaction, job, control, control.verdict)
        door = Advance(transaction)
        tries = 0 if control.event is JobEvent.RETRIED else None
        after = door.change(job, control.event, actor=control.actor.name, tries=tries)
        door.flush()
        return after

    def _judge(self, transaction: Transaction, job: Job, control: Control, verdict: Verdict) -> Job | Refused:
        if job.state is not JobState.UNCERTAIN:
            return Refused(
                "job-not-uncertain",
                f"cannot judge the card: the job is {job.state}, a verdict is for a job whose outcome nobody knows",
            )
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
        closing = (job.seq, number, _OUTCOMES[verdict], control.note, evidence, transaction.now_ms)
        transaction.run_many(_Q, "settle_attempts", [closing])
        door.flush()
        return after
