"""The durable queue, and the records that cross its door."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Attempt, Job, JobKind, JobState, Verdict
from stationd.domain.job_machine import JobEvent
from stationd.domain.order import Document, Order, TemplateDocument
from stationd.domain.outcome import Outcome
from stationd.ports.printers import Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """An order to be taken, with the caller's key; ``digest`` is the hash of the body it came in.

    ``signature`` is the id of the city's signature that it uses up. ``barred`` is the answer unless the very same
    request was taken before.
    """

    order: Order
    service_class: int
    caller: str
    key: str
    digest: bytes
    signature: str | None = None
    barred: Refused | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The job that an order became, now or (``is_replay``) when the same request came before."""

    job: Job
    is_replay: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """The outcome of an attempt, to be written down.

    ``cancelled_by`` names who wanted the job cancelled while it was at the printer: when nothing was printed, it is
    cancelled in the same transaction, so that no other printer can take it in between.
    """

    attempt: Attempt
    outcome: Outcome
    cancelled_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """A printer's wish for up to ``count`` jobs of profiles of which it can make a card now.

    ``preferred`` is the profile of its batch, while that goes on (see :func:`stationd.domain.dispatch.pick`).
    """

    printer: str
    profiles: tuple[str, ...]
    count: int = 1
    preferred: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A job claimed for a printer: its attempt is written, its blank reserved, its document unsealed."""

    job: Job
    attempt: Attempt
    document: Document | TemplateDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a printer's lane writes between two cards, in one transaction: the last outcome and the next claim."""

    settling: Settling | None = None
    claiming: Claiming | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """The job as settled, and the jobs claimed; where there are none, ``lacks`` says what was missing.

    ``due_in_ms``: how long until a job that waits for its next try may be claimed; ``None`` when none waits.
    ``stopped_by``: why the printer may take no card until a person resumes it (see :mod:`stationd.domain.breaker`).
    """

    settled: Job | None = None
    claimed: tuple[Claimed, ...] = ()
    lacks: str | None = None
    due_in_ms: int | None = None
    stopped_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What a person does to a job: ``cancelled``, ``retried``, ``deferred`` (held), ``admitted`` (released), a verdict.

    A verdict on a card that was judged before, within the time for second thoughts, takes the former one back.
    ``attempt`` is the number of the attempt that the verdict is about, where the person was told.
    """

    job_id: str
    event: JobEvent
    actor: Actor
    verdict: Verdict | None = None
    attempt: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """An attempt whose outcome is not known, with its job; ``reason`` is what is known of an uncertain one."""

    job: Job
    attempt: Attempt
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about a job, and wrote about it: ``deferred``, ``admitted``, or a verdict's event."""

    at: int
    decision: str
    actor: str
    note: str


class JobStore(Protocol):
    """The durable queue. Every method that changes something returns after the change is on the disk."""

    def accept(self, acceptance: Acceptance) -> Awaitable[Accepted | Refused]:
        """Take an order, or say why not: ``idempotency-key-reused``, ``order-has-a-live-job``."""
        ...

    def turn(self, turn: Turn) -> Awaitable[Turned]:
        """Settle and claim in one transaction. Settling an attempt twice changes nothing."""
        ...

    def opened(self, attempt: Attempt, opened: Opened) -> Awaitable[Attempt]:
        """Commit what the device calls the job, before the document leaves."""
        ...

    def sent(self, attempt: Attempt) -> Awaitable[None]:
        """Commit that the document has left whole. What a later run is told of an attempt without it proves no card.

        A settlement of the same attempt that says so writes it as well: then this may be answered without a commit.
        """
        ...

    async def control(self, control: Control) -> Job | Refused:
        """Carry out what a person decided.

        Refused with nothing changed: ``job-unknown``, ``job-state``, ``job-not-uncertain``, ``job-not-held``,
        ``verdict-stale``, ``verdict-final``, ``blanks-not-there``.
        """
        ...

    async def read(self, job_id: str) -> Job | None:
        """The job, or ``None``."""
        ...

    async def in_question(self, job_id: str) -> OpenAttempt | None:
        """A job's open attempt with what is known of it, for the person who will judge it."""
        ...

    async def decisions(self, job_id: str) -> Sequence[Decision]:
        """What people decided about a job, the last first."""
        ...

    async def document(self, job_id: str) -> Document | TemplateDocument | None:
        """The document of a job; ``None`` when there is no such job or its document was shredded."""
        ...

    async def upcoming(self, profiles: Sequence[str], at_ms: int, limit: int) -> Sequence[str]:
        """The ids of the first waiting jobs of these profiles at ``at_ms`` of the monotonic clock, without claiming."""
        ...

    async def page(self, state: JobState | None, after: int, limit: int) -> Sequence[Job]:
        """Up to ``limit`` jobs accepted after the ``after``-th, in order of acceptance; queued ones by rank."""
        ...

    async def find(self, *, receipt: str | None = None, order: str | None = None) -> Job | None:
        """The job of a canonical receipt, or the one of an order that is not cancelled; ``None`` when there is none."""
        ...

    async def ranks(self) -> Sequence[tuple[int, str]]:
        """Rank and profile of all queued jobs, lowest first."""
        ...

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs are in each state (kept, not counted)."""
        ...

    async def open_attempts(self) -> Sequence[OpenAttempt]:
        """All attempts whose outcome is not known: what a start has to reconcile."""
        ...

    async def strays(self, printer: str, held: Sequence[str]) -> Sequence[Attempt]:
        """Those of the attempts (by id) that a printer still holds of which no card may come any more.

        They are settled here: by a person while it was away, or under its former name. A book that was once restored
        from a backup also has those called off that it does not know: they are of what it lost. A test card is none.
        """
        ...


class PauseStore(Protocol):
    """Which part of the queue is paused, over restarts; ``None`` stands for the whole."""

    async def pauses(self) -> frozenset[JobKind | None]:
        """What is paused."""
        ...

    async def set_pause(self, kind: JobKind | None, actor: Actor, *, is_paused: bool) -> None:
        """Pause or resume; nothing happens to what is so already."""
        ...
