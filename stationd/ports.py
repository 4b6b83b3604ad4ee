"""What the services need from outside, as Protocols; the adapters fulfil them and nothing here imports one."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stationd.domain.authority import Actor, Role
from stationd.domain.blanks import Balances, EntryKind
from stationd.domain.errors import Refused
from stationd.domain.events import Event
from stationd.domain.inventory import Changes, Inventory
from stationd.domain.job import Attempt, Job, JobKind, JobState, Verdict
from stationd.domain.job_machine import JobEvent
from stationd.domain.officer import Officer
from stationd.domain.order import Document, Order, TemplateDocument
from stationd.domain.outcome import Finding, NothingPrinted, Outcome
from stationd.domain.printer import Capabilities, PrinterStatus
from stationd.domain.scan import ReaderStatus, Scan

# ---------------------------------------------------------------------------------------------------------- time


class Clock(Protocol):
    """Wall time for records, monotonic time for durations."""

    def now_ms(self) -> int:
        """Unix time in milliseconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...


class Entropy(Protocol):
    """Random bits for identifiers and tokens; seeded in simulations, the kernel's in production."""

    def bits(self, count: int) -> int:
        """A non-negative integer of at most ``count`` random bits."""
        ...


# ------------------------------------------------------------------------------------------------------ printers


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterSpec:
    """One printer as configured or as matched by a device record; ``options`` are the driver's own keys."""

    name: str
    driver: str
    uri: str | None = None
    profiles: tuple[str, ...] = ("ktp-el",)
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A job opened at the device without its document: nothing can be printed yet.

    The three values are committed before the document leaves (see :class:`stationd.domain.job.Attempt`).
    """

    remote_id: str
    incarnation: str | None = None
    counter: int | None = None


class Printer(Protocol):
    """One card printer behind a driver.

    The order of calls for a card is ``open``, (commit), ``send``, ``watch``. ``name_of(attempt)`` at the device is
    derived from the attempt id, so that ``find`` can recognise it after a crash. No method raises for trouble of the
    device while a card is in question: it answers with an outcome. Cancelling any of them leaves the attempt open, to
    be found again; a transfer that is cut off is reset (RST), never ended politely (FIN), for a device may print a
    truncated body that ended politely.
    """

    @property
    def name(self) -> str:
        """The station's name for it."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Known after the first ``status``; the defaults before."""
        ...

    async def status(self) -> PrinterStatus:
        """Ask the device how it is. Raises ``Faulted`` (code ``printer-unreachable``) when it does not answer."""
        ...

    async def open(self, attempt: Attempt) -> Opened | NothingPrinted:
        """Open a job at the device under a name derived from ``attempt.id``, without the document."""
        ...

    async def send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Send the document of an opened job; ``None`` when the device has it and it must be watched."""
        ...

    async def watch(self, attempt: Attempt) -> Outcome:
        """Wait until the device has settled a job whose document it has. Unplug or a forgetful device: ``Unknown``."""
        ...

    async def find(self, attempt: Attempt) -> Finding:
        """What became of an attempt that a former run left open (RIGS table: by id and name, else by name).

        An attempt without ``remote_id`` never got its document: the answer is ``NothingPrinted``, after any empty job
        that the device may still hold under its name has been cancelled. Raises ``Faulted`` when the device does not
        answer: ask again later.
        """
        ...

    async def withdraw(self, attempt: Attempt) -> Finding:
        """Take a job back from the device as far as it allows; certain nothing → ``NothingPrinted(WITHDRAWN)``."""
        ...

    async def aclose(self) -> None:
        """Let go of the device; open jobs stay as they are."""
        ...


class PrinterDriver(Protocol):
    """The entry point of a driver (group ``stationd.printers``)."""

    def __call__(self, spec: PrinterSpec) -> Printer:
        """Build a printer without touching the device. Raises ``ValueError`` with one line for a wrong option."""
        ...


# ---------------------------------------------------------------------------------------------------- rendering


class Renderer(Protocol):
    """Turns a template and its fields into a document at a profile's size."""

    async def check(self, template: str, fields: Mapping[str, str], photo: bytes | None) -> None:
        """Raise for whatever ``render`` would refuse, without drawing."""
        ...

    async def render(self, template: str, fields: Mapping[str, str], photo: bytes | None) -> Document:
        """A PNG at the profile's size. Raises ``Refused`` (``document-invalid``) for what it cannot use."""
        ...


class Seal(Protocol):
    """Authenticated encryption of personal data, bound to the place where it is stored."""

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Ciphertext that opens only at ``place`` (table:column:row)."""
        ...

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The plain bytes. Raises ``Faulted`` (code ``seal-broken``) when altered, moved or under another key."""
        ...

    def fingerprint(self, value: str) -> bytes:
        """A keyed hash for looking up a value without storing it (16 bytes)."""
        ...


# ------------------------------------------------------------------------------------------------------- stores


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
    """

    job_id: str
    event: JobEvent
    actor: Actor
    verdict: Verdict | None = None
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

    async def accept(self, acceptance: Acceptance) -> Accepted | Refused:
        """Take an order, or say why not: ``idempotency-key-reused``, ``order-has-a-live-job``."""
        ...

    async def turn(self, turn: Turn) -> Turned:
        """Settle and claim in one transaction. Settling an attempt twice changes nothing."""
        ...

    async def opened(self, attempt: Attempt, opened: Opened) -> Attempt:
        """Commit what the device calls the job, before the document leaves."""
        ...

    async def control(self, control: Control) -> Job | Refused:
        """Carry out what a person decided.

        Refused with nothing changed: ``job-unknown``, ``job-state``, ``job-not-uncertain``, ``job-not-held``,
        ``verdict-final``, ``blanks-not-there``.
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

    async def ranks(self) -> Sequence[tuple[int, str]]:
        """Rank and profile of all queued jobs, lowest first."""
        ...

    async def counts(self) -> Mapping[JobState, int]:
        """How many jobs are in each state (kept, not counted)."""
        ...

    async def open_attempts(self) -> Sequence[OpenAttempt]:
        """All attempts whose outcome is not known: what a start has to reconcile."""
        ...


class BlankStore(Protocol):
    """The ledger of blanks."""

    async def balances(self) -> Balances:
        """How many blanks are where."""
        ...

    async def enter(self, kind: EntryKind, quantity: int, note: str, actor: Actor) -> Balances | Refused:
        """Book an entry; ``quantity-out-of-range`` or ``blanks-not-there`` when it cannot be."""
        ...


class TokenStore(Protocol):
    """Bearer tokens, of which only hashes are stored."""

    async def actor_of(self, hash_: bytes) -> Actor | None:
        """Who carries the token with this SHA-256, or ``None`` when it is unknown or revoked."""
        ...

    async def create(self, name: str, role: Role, hash_: bytes) -> Refused | None:
        """Store a new token; ``token-name-taken`` when a token of that name exists."""
        ...

    async def revoke(self, name: str) -> Refused | None:
        """Revoke it for good; ``token-name-unknown`` when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterMark:
    """What is remembered of a printer: paused by a person, for maintenance (``is_drained``), stopped by the breaker."""

    is_paused: bool = False
    is_drained: bool = False
    stopped_by: str | None = None


class PrinterStore(Protocol):
    """What must be remembered of printers over restarts."""

    async def marks(self) -> Mapping[str, PrinterMark]:
        """The marks of printers by name; a printer without one is at work."""
        ...

    async def set_paused(self, name: str, actor: Actor, *, is_paused: bool, is_drained: bool = False) -> None:
        """Remember that a person paused (for maintenance: drained) or resumed it; resuming mends the breaker."""
        ...

    async def begin_test(self, name: str, actor: Actor) -> Attempt | Refused:
        """Book a blank as spoiled by a test card, before anything leaves; ``blanks-not-there``."""
        ...

    async def end_test(self, attempt: Attempt, outcome: Outcome) -> None:
        """Write down what became of a test card; the blank comes back when certainly nothing was printed."""
        ...


class PauseStore(Protocol):
    """Which part of the queue is paused, over restarts; ``None`` stands for the whole."""

    async def pauses(self) -> frozenset[JobKind | None]:
        """What is paused."""
        ...

    async def set_pause(self, kind: JobKind | None, actor: Actor, *, is_paused: bool) -> None:
        """Pause or resume; nothing happens to what is so already."""
        ...


# ------------------------------------------------------------------------------------------------------ devices


class DeviceWatcher(Protocol):
    """What is plugged in, and what comes and goes; for one consumer.

    Changes that nobody has asked for yet are not queued: they are told together at the next asking, so that a slow
    consumer costs no memory and never acts on what is over.
    """

    @property
    def inventory(self) -> Inventory:
        """What is present, as last told."""
        ...

    async def start(self) -> Inventory:
        """Begin to listen, then look: what is present. Raises ``Faulted`` (``devices-unreadable``) if it cannot."""
        ...

    async def next_changes(self) -> Changes:
        """Wait for something to change and tell it; never empty. May be cancelled at any point without loss."""
        ...

    def look_again(self) -> None:
        """Look at the bus soon, without waiting for an event."""
        ...

    async def aclose(self) -> None:
        """Stop listening."""
        ...


# ------------------------------------------------------------------------------------------------------ readers


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSpec:
    """One reader as configured or as matched by a device record; ``options`` are the driver's own keys.

    ``port``: where it is, as its driver understands it: the path of a serial port, (part of) a PC/SC reader's name.
    """

    name: str
    driver: str
    port: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)


class Reader(Protocol):
    """One reader behind a driver. Trouble of the device is a status, never an exception."""

    @property
    def name(self) -> str:
        """The station's name for it."""
        ...

    @property
    def kind(self) -> str:
        """What it is: ``serial``, ``pcsc``, ``simulator`` or a vendor's word."""
        ...

    @property
    def status(self) -> ReaderStatus:
        """How it is, as far as known; asks nothing."""
        ...

    def follow(self, changed: Callable[[ReaderStatus], None]) -> None:
        """Call ``changed`` on the loop whenever state or reasons change."""
        ...

    def scans(self) -> AsyncGenerator[Scan, None]:
        """Every scan from now on, in order; for one consumer, which closes it. It connects, and again when lost.

        A consumer that is late loses the oldest scans, counted in the status.
        """
        ...

    def nudge(self) -> None:
        """Try to connect now, if it waits to: something was plugged in."""
        ...

    async def aclose(self) -> None:
        """Let go of the device, for good."""
        ...


class ReaderDriver(Protocol):
    """The entry point of a driver (group ``stationd.readers``)."""

    def __call__(self, spec: ReaderSpec) -> Reader:
        """Build a reader without touching the device. Raises ``ValueError`` with one line for a wrong option."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """A device as remembered: present, or gone with what was last known of it. Times are Unix milliseconds.

    ``label`` is what an officer called it, ``title`` what it calls itself; ``matcher`` names what takes it, ``None``
    when nothing does. ``plugs`` counts how often it came, ``resets`` how often it came back before it counted as gone.
    """

    identity: str
    label: str | None
    title: str
    vendor: str
    product: str
    serial: str
    port: str
    node: str | None
    matcher: str | None
    is_present: bool
    plugs: int
    resets: int
    first_seen_at: int
    last_seen_at: int


class DeviceStore(Protocol):
    """What was ever plugged in."""

    async def known(self) -> Sequence[KnownDevice]:
        """Every device remembered, those present first, then the last seen first."""
        ...

    async def shared_serials(self) -> frozenset[str]:
        """Serials that more than one device carries (:attr:`stationd.domain.inventory.Inventory.shared`)."""
        ...

    async def write(
        self,
        changes: Changes,
        *,
        matchers: Mapping[str, str],
        shared: frozenset[str],
        also_gone: Collection[str] = (),
    ) -> None:
        """Write down what came, went and changed; ``matchers`` names, by identity, what takes each device.

        A device that came and was present already (the station restarted) is refreshed without an event.
        ``also_gone`` are identities of devices that went while nobody looked.
        """
        ...

    async def history(self, subjects: Collection[str], before: int | None, limit: int) -> Sequence[Event]:
        """Up to ``limit`` events of devices and printers by identity or name, the last first, before a seq if given."""
        ...

    async def set_label(self, identity: str, label: str | None, actor: Actor) -> Refused | None:
        """Call a device something, or nothing again; ``device-unknown`` when it was never seen."""
        ...


# ----------------------------------------------------------------------------------------------------- officers


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a number opens: the hash of the PIN, ``None`` for nobody's number; how often in a row it failed before."""

    pin_hash: str | None = field(repr=False)
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session as stored: SHA-256 of its token, its officer, when it ends at the latest (Unix milliseconds)."""

    hash: bytes = field(repr=False)
    officer: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDuty:
    """An officer on duty since a moment (Unix milliseconds), in the session that began it."""

    officer: str
    session: bytes = field(repr=False)
    since: int


class OfficerStore(Protocol):
    """Officers, their sessions and their duty, and the wrong PINs of any number that was typed."""

    async def all(self) -> Sequence[Officer]:
        """Every officer ever entered, by number."""
        ...

    async def add(self, officer: Officer, pin_hash: str, actor: Actor) -> Refused | None:
        """Enter an officer, or again one that was revoked; ``officer-known`` when the number is in use."""
        ...

    async def revoke(self, number: str, actor: Actor) -> Refused | None:
        """End an appointment, with its sessions and duty; ``officer-unknown``."""
        ...

    async def begin_try(self, number: str) -> Credential:
        """Count a try as failed, before the PIN is looked at; the same work for every number."""
        ...

    async def refuse_try(self, number: str, *, wait_s: int, is_told: bool) -> None:
        """The PIN was wrong; ``is_told`` says whether an event is due for a number that is nobody's."""
        ...

    async def failures(self, number: str) -> int:
        """How often in a row this number failed."""
        ...

    async def open_session(self, session: StoredSession) -> None:
        """The PIN was right: a session begins, and the failures are forgotten."""
        ...

    async def close_session(self, hash_: bytes, reason: str) -> None:
        """A session ends, and with it the duty that it began."""
        ...

    async def sessions(self) -> Sequence[StoredSession]:
        """The sessions that were not closed."""
        ...

    async def begin_duty(self, duty: StoredDuty) -> None:
        """An officer goes on duty; nothing happens to one who is."""
        ...

    async def end_duty(self, number: str, reason: str) -> None:
        """An officer goes off duty; nothing happens to one who is not on."""
        ...

    async def on_duty(self) -> Sequence[StoredDuty]:
        """Who is on duty, the first first."""
        ...

    async def trusted_ms(self) -> int | None:
        """The last moment of a trusted clock that was remembered."""
        ...

    async def remember_trusted(self, unix_ms: int) -> None:
        """Remember a moment of a trusted clock."""
        ...

    async def unsigned_jobs(self) -> int:
        """How many jobs that may still become a card came without a signature of the city."""
        ...


class PinHasher(Protocol):
    """Slow hashes of PINs; never on the event loop."""

    async def hash(self, pin: str) -> str:
        """A new hash, with its own salt."""
        ...

    async def is_right(self, hash_: str | None, pin: str) -> bool:
        """Whether the PIN belongs to the hash; as slow, and ``False``, without one."""
        ...


class SignatureReader(Protocol):
    """The public keys of the city."""

    def claims(self, signature: str) -> Mapping[str, object] | None:
        """What a key of the city has signed; ``None`` when none has, or when it is no signature at all."""
        ...


# ---------------------------------------------------------------------------------------------------- readiness


class TimeSource(Protocol):
    """Whether the wall clock is kept right by something."""

    async def is_synchronised(self) -> bool:
        """Whether dates may be judged by it now."""
        ...


class CentreProbe(Protocol):
    """A way to see whether the centre can be reached."""

    async def is_answering(self) -> bool:
        """Whether it answers within the probe's own time limit. Never raises for trouble of the network."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReading:
    """The machine below: free bytes on the disk of the state directory, degrees Celsius; ``None`` where unknown."""

    free_bytes: int | None
    celsius: float | None


class Host(Protocol):
    """The machine below."""

    async def read(self) -> HostReading:
        """How it is now; trouble reads as unknown."""
        ...
