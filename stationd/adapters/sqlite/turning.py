"""What printers write: outcomes and claims, fused into one transaction, and what a device calls a job."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from stationd.adapters.sqlite.advance import Advance
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.rationing import rationed_line
from stationd.adapters.sqlite.rows import job_of, opened_document
from stationd.adapters.sqlite.transaction import Transaction
from stationd.domain.authority import STATION
from stationd.domain.blanks import Account
from stationd.domain.breaker import TOO_MANY_SPOILED, is_tripped, spoils_after
from stationd.domain.dispatch import is_replacement, pick
from stationd.domain.ids import ID_RANDOM_BITS, attempt_id, seq_of
from stationd.domain.job import Attempt, Evidence, Job, JobState
from stationd.domain.job_machine import JobEvent
from stationd.domain.outcome import Cause, NothingPrinted, Outcome, Printed, Spoiled, Unknown
from stationd.domain.rationing import NO_RESERVE
from stationd.domain.retry import ALONE_FOR_MS, PREPARED_ALONE, Settlement, settle
from stationd.ports.clock import Entropy
from stationd.ports.jobs import Claimed, Claiming, Settling, Turn, Turned
from stationd.ports.printers import Opened
from stationd.ports.seal import Seal

_Q = load("jobs")
_PRINTERS = load("people")
_JITTER_BITS = 16
_LOOK_AGAIN_MS = 1_000
QUEUE = "queue"
KIND = "kind:"
_PRINTER = "printer:"


@dataclass(slots=True)
class _Halts:
    """What holds printers back inside a transaction: paused scopes, stopped printers, and blanks spoiled in a row."""

    scopes: set[str]
    spoils: dict[str, int]

    @classmethod
    def of(cls, transaction: Transaction) -> "_Halts":
        """As the books have them now."""
        halts = cls(set(), {})
        for scope, spoils, stopped_by in transaction.rows(_Q["pauses_and_printers"]):
            if spoils is not None:
                halts.spoils[scope] = spoils
            if spoils is None or stopped_by is not None:
                halts.scopes.add(scope)
        return halts


class Turning:
    """The operation of the printers' lanes: settle what is known, then claim what comes next."""

    def __init__(
        self,
        seal: Seal,
        entropy: Entropy,
        *,
        max_tries: int,
        reach: int = 100,
        stop_after_spoils: int = 0,
        reserve: Callable[[], int] = lambda: NO_RESERVE,
    ) -> None:
        """``reach``: see :func:`stationd.domain.dispatch.pick`; ``stop_after_spoils``: 0 stops no printer.

        ``reserve``: the blanks that no replacement may take, see :mod:`stationd.domain.rationing`.
        """
        self._reserve = reserve
        self._seal = seal
        self._entropy = entropy
        self._max_tries = max_tries
        self._reach = reach
        self._stop_after_spoils = stop_after_spoils

    def __call__(self, transaction: Transaction, turns: Sequence[Turn]) -> list[Turned]:
        """Outcomes first, so that a blank given back can be claimed again in the same transaction."""
        halts = _Halts.of(transaction)
        settled = self._settle(transaction, [turn.settling for turn in turns], halts)
        claimed = self._claim(transaction, [turn.claiming for turn in turns], halts.scopes)
        answers = []
        for turn, job, claims in zip(turns, settled, claimed, strict=True):
            lacks, due_in_ms = None, None
            if turn.claiming is not None and not claims:
                lacks = "blanks" if _there(transaction, turn.claiming.printer) < 1 else "jobs"
                due_in_ms = self._due_in_ms(transaction, turn.claiming)
                if transaction.is_anything_prepared(ALONE_FOR_MS):  # one of them may have to be alone
                    due_in_ms = min(due_in_ms or _LOOK_AGAIN_MS, _LOOK_AGAIN_MS)
            stopped_by = TOO_MANY_SPOILED if f"{_PRINTER}{_printer_of(turn)}" in halts.scopes else None
            answers.append(
                Turned(settled=job, claimed=tuple(claims), lacks=lacks, due_in_ms=due_in_ms, stopped_by=stopped_by)
            )
        return answers

    def _settle(
        self, transaction: Transaction, settlings: Sequence[Settling | None], halts: _Halts
    ) -> list[Job | None]:
        door = Advance(transaction)
        closed: list[tuple[object, ...]] = []
        told: set[str] = set()

        def write() -> None:
            if closed:
                transaction.run_many(_Q, "settle_attempts", closed)
                closed.clear()
            door.flush()

        results: list[Job | None] = []
        for settling in settlings:
            if settling is not None and settling.attempt.id in told:
                write()  # a lane and the reconciliation may both tell of a card: the second must see what the first did
            if settling is not None:
                told.add(settling.attempt.id)
            results.append(None if settling is None else self._settle_one(transaction, door, settling, closed, halts))
        write()
        return results

    def _settle_one(
        self,
        transaction: Transaction,
        door: Advance,
        settling: Settling,
        closed: list[tuple[object, ...]],
        halts: _Halts,
    ) -> Job:
        attempt, outcome = settling.attempt, settling.outcome
        job, is_open = _in_question(transaction, attempt)
        if not is_open:
            return job  # settled before: by an officer, or by this very outcome
        jitter = self._entropy.bits(_JITTER_BITS) / (1 << _JITTER_BITS)
        stops = _stops(transaction, job, attempt, outcome)
        settlement = settle(outcome, tries=job.tries, max_tries=self._max_tries, jitter=jitter, stops=stops)
        if settlement.event is JobEvent.OUTCOME_UNKNOWN and job.state is JobState.UNCERTAIN:
            return job  # still nobody knows
        evidence: Evidence | None = outcome.evidence if isinstance(outcome, Printed) else None
        after = door.change(
            job,
            settlement.event,
            actor=STATION.name,
            is_used_up=settlement.is_used_up,
            tries=settlement.tries,
            printer=attempt.printer,
            evidence=evidence,
            not_before=transaction.tick_ms + settlement.delay_ms if settlement.delay_ms else 0,
            reasons=_reasons(outcome, settlement),
            data=_facts(outcome, attempt, transaction.now_ms),
        )
        if not isinstance(after, Job):
            raise after
        closed.append((job.seq, attempt.number, *_ending(outcome, transaction.now_ms), attempt.sent_at))
        self._count_spoils(transaction, attempt.printer, outcome, halts)
        if settling.cancelled_by is not None and isinstance(outcome, NothingPrinted):
            door.flush()  # one statement must not update a row twice
            cancelled = door.change(after, JobEvent.CANCELLED, actor=settling.cancelled_by)
            if not isinstance(cancelled, Job):
                raise cancelled
            return cancelled
        return after

    def _count_spoils(self, transaction: Transaction, printer: str, outcome: Outcome, halts: _Halts) -> None:
        """Keep the printer's count of blanks spoiled in a row, and stop it when the breaker trips."""
        scope = f"{_PRINTER}{printer}"
        before = halts.spoils.get(scope, 0)
        spoils = spoils_after(outcome, before)
        if spoils == before:
            return
        transaction.run(_PRINTERS["set_spoils"], (printer, spoils))
        halts.spoils[scope] = spoils
        if scope not in halts.scopes and is_tripped(spoils, limit=self._stop_after_spoils):
            transaction.run(_PRINTERS["stop_printer"], (TOO_MANY_SPOILED, printer))
            halts.scopes.add(scope)
            facts: dict[str, object] = {"reason": TOO_MANY_SPOILED, "spoils": spoils, "actor": STATION.name}
            transaction.event("printer.stopped", printer, facts)

    def _claim(
        self, transaction: Transaction, claimings: Sequence[Claiming | None], halts: Collection[str]
    ) -> list[list[Claimed]]:
        results: list[list[Claimed]] = [[] for _ in claimings]
        if QUEUE in halts or transaction.is_one_prepared_alone(ALONE_FOR_MS):
            return results
        query = "next_in_line_unpaused" if any(scope.startswith(KIND) for scope in halts) else "next_in_line"
        door = Advance(transaction)
        attempts: list[tuple[object, ...]] = []
        alike: dict[tuple[tuple[str, ...], str | None], list[int]] = {}
        for index, claiming in enumerate(claimings):
            if claiming is not None and f"{_PRINTER}{claiming.printer}" not in halts:
                alike.setdefault((claiming.profiles, claiming.preferred), []).append(index)
        for (profiles, preferred), indexes in alike.items():
            wishes = _granted(
                transaction,
                [
                    (index, claiming.printer)
                    for index in indexes
                    if (claiming := claimings[index]) is not None
                    for _ in range(claiming.count)
                ],
            )
            jobs = self._next_in_line(transaction, query, profiles, preferred, len(wishes)) if wishes else []
            documents = _documents(transaction, jobs)
            for (index, printer), job in zip(wishes, jobs, strict=False):
                if PREPARED_ALONE in job.reasons and transaction.is_anything_prepared(ALONE_FOR_MS):
                    break
                claimed, attempt = self._claim_one(transaction, door, job, printer, attempts)
                document = opened_document(self._seal, *documents[job.seq], job.id)
                results[index].append(Claimed(job=claimed, attempt=attempt, document=document))
                if PREPARED_ALONE in job.reasons:
                    transaction.prepare_alone(job.seq)
                    break
            door.flush()
            if transaction.is_one_prepared_alone(ALONE_FOR_MS):
                break
        if attempts:
            transaction.run_many(_Q, "insert_attempts", attempts)
        return results

    def _next_in_line(
        self, transaction: Transaction, query: str, profiles: tuple[str, ...], preferred: str | None, count: int
    ) -> list[Job]:
        room = transaction.stock(self._reserve()).room
        if room >= count:
            lines = {
                profile: [job_of(row) for row in transaction.rows(_Q[query], (profile, transaction.tick_ms, count))]
                for profile in profiles
            }
        else:
            lines = {profile: rationed_line(transaction, profile, count, room) for profile in profiles}
        if len(lines) == 1:
            return lines[profiles[0]]
        found: list[Job] = []
        while len(found) < count and (heads := {profile: line[0].rank for profile, line in lines.items() if line}):
            job = lines[pick(heads, preferred=preferred, reach=self._reach)].pop(0)
            if is_replacement(job.rank):
                if not room:
                    continue
                room -= 1
            found.append(job)
        return found

    def _claim_one(
        self, transaction: Transaction, door: Advance, job: Job, printer: str, attempts: list[tuple[object, ...]]
    ) -> tuple[Job, Attempt]:
        claimed = door.change(job, JobEvent.CLAIMED, actor=STATION.name, printer=printer)
        if not isinstance(claimed, Job):
            raise claimed
        attempt = Attempt(
            id=attempt_id(transaction.now_ms, job.seq, claimed.attempts, self._entropy.bits(ID_RANDOM_BITS)),
            job=job.id,
            number=claimed.attempts,
            printer=printer,
            remote_id=None,
            incarnation=None,
            counter=None,
            opened_at=transaction.now_ms,
        )
        attempts.append((job.seq, attempt.number, attempt.id, printer, attempt.opened_at))
        return claimed, attempt

    def _due_in_ms(self, transaction: Transaction, claiming: Claiming) -> int | None:
        dues = [
            due[0]
            for profile in claiming.profiles
            if (due := transaction.row(_Q["next_due"], (profile, transaction.tick_ms))) is not None
            and due[0] is not None
        ]
        return max(1, min(dues) - transaction.tick_ms) if dues else None


def _in_question(transaction: Transaction, attempt: Attempt) -> tuple[Job, bool]:
    """The job of an attempt, and whether the attempt is still open."""
    seq = seq_of(attempt.job)
    job = transaction.in_hand(seq)
    if job is not None and (job.id, job.attempts) == (attempt.job, attempt.number):
        return job, True
    job = job_of(transaction.rows(_Q["by_id"], (seq, attempt.job))[0])
    return job, transaction.row(_Q["is_open"], (job.seq, attempt.number)) is not None


def _documents(transaction: Transaction, jobs: Sequence[Job]) -> Mapping[int, tuple[str, bytes]]:
    """Media type and sealed bytes of the documents of jobs, by their numbers."""
    if not jobs:
        return {}
    rows = transaction.rows(_Q["documents"], (str([job.seq for job in jobs]),))
    return {seq: (media_type, sealed) for seq, media_type, sealed in rows}


def _there(transaction: Transaction, printer: str) -> int:
    """How many blanks a printer can take: what its hopper has in the book, and what lies in the safe."""
    return transaction.balance(Account.SAFE) + (transaction.hopper(printer) or 0)


def _granted(transaction: Transaction, wishes: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """Those of the wishes for a blank (index, printer) that can be met, out of each printer's hopper first."""
    safe, hoppers = transaction.balance(Account.SAFE), dict(transaction.hoppers())
    granted = []
    for index, printer in wishes:
        if hoppers.get(printer, 0) > 0:
            hoppers[printer] -= 1
        elif safe > 0:
            safe -= 1
        else:
            continue
        granted.append((index, printer))
    return granted


def _printer_of(turn: Turn) -> str:
    if turn.claiming is not None:
        return turn.claiming.printer
    return turn.settling.attempt.printer if turn.settling is not None else ""


def open_at_device(transaction: Transaction, openings: Sequence[tuple[Attempt, Opened]]) -> list[Attempt]:
    """Write down what devices call the jobs they opened. A settled attempt among them is a defect, and raises."""
    rows = [
        (seq_of(attempt.job), attempt.number, opened.remote_id, opened.incarnation, opened.counter)
        for attempt, opened in openings
    ]
    if transaction.run_many(_Q, "open_attempts", rows) != len(rows):
        raise RuntimeError("an attempt was settled while its document was still here")
    return [
        replace(attempt, remote_id=opened.remote_id, incarnation=opened.incarnation, counter=opened.counter)
        for attempt, opened in openings
    ]


def mark_sent(transaction: Transaction, attempts: Sequence[Attempt]) -> list[None]:
    """Write down that the documents of these attempts have left whole; one that is settled is left as it is."""
    rows = [(seq_of(each.job), each.number, each.sent_at) for each in attempts]
    transaction.run_many(_Q, "sent_attempts", rows)
    for seq, _, _ in rows:
        transaction.is_prepared(seq)
    return [None for _ in attempts]


def _ending(outcome: Outcome, now: int) -> tuple[object, ...]:
    match outcome:
        case Printed(evidence=evidence):
            return ("printed", None, evidence, now)
        case NothingPrinted(cause=cause, reason=reason):
            return ("nothing_printed", f"{cause}: {reason}", None, now)
        case Spoiled(reason=reason):
            return ("spoiled", reason, None, now)
        case Unknown(reason=reason):
            return (None, reason, None, None)


def _stops(transaction: Transaction, job: Job, attempt: Attempt, outcome: Outcome) -> int:
    """How often in a row, this time included, the station died before the document of the job had left."""
    if not isinstance(outcome, NothingPrinted) or outcome.cause is not Cause.STOPPED:
        return 0
    (before,) = transaction.rows(_Q["stops_in_a_row"], (job.seq, attempt.number))[0]
    return int(before) + 1


def _reasons(outcome: Outcome, settlement: Settlement) -> tuple[str, ...]:
    if settlement.reason is not None:
        return (settlement.reason,)
    match outcome:
        case Printed():
            return ()
        case NothingPrinted(cause=cause):
            return (f"{cause}-trouble",)
        case Spoiled():
            return ("blank-spoiled",)
        case Unknown():
            return ("outcome-unknown",)


def _facts(outcome: Outcome, attempt: Attempt, now: int) -> dict[str, object]:
    facts: dict[str, object] = {"attempt": attempt.number, "took_ms": max(0, now - attempt.opened_at)}
    match outcome:
        case Printed(counter=counter) if counter is not None:
            facts["counter"] = counter
        case NothingPrinted(cause=cause):
            facts["cause"] = cause
        case _:
            pass
    return facts
