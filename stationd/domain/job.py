"""The print job: one order for one card, and its attempts."""

from dataclasses import dataclass
from enum import StrEnum

from stationd.domain.words import Spoken


class JobKind(Spoken):
    """Why the card is wanted. ``data_change`` exists only to be refused with a referral."""

    FIRST = "first", "first", "pertama"
    LOST = "lost", "lost", "hilang"
    DAMAGED = "damaged", "damaged", "rusak"
    DATA_CHANGE = "data_change", "data change", "perubahan data"


class JobState(Spoken):
    """Where a job stands; the transitions are the table of :mod:`stationd.domain.job_machine`."""

    QUEUED = "queued", "queued", "menunggu"
    DEFERRED = "deferred", "deferred", "ditangguhkan"
    PRINTING = "printing", "printing", "sedang dicetak"
    UNCERTAIN = "uncertain", "uncertain", "diragukan"
    PRINTED = "printed", "printed", "tercetak"
    FAILED = "failed", "failed", "gagal"
    CANCELLED = "cancelled", "cancelled", "dibatalkan"


class Evidence(StrEnum):
    """How we know that a card was printed, weakest first."""

    SPOOLER = "spooler"
    PRINTER = "printer"
    COUNTER = "counter"
    READER = "reader"
    OFFICER = "officer"

    @property
    def strength(self) -> int:
        """0 for the weakest; only comparisons mean anything."""
        return list(Evidence).index(self)


class Verdict(StrEnum):
    """What a person says who went and looked at an uncertain card."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    SPOILED = "spoiled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as stored. Times are Unix milliseconds (UTC); ``rank`` orders the queue, lowest first."""

    seq: int
    id: str
    receipt: str
    order: str
    kind: JobKind
    profile: str
    state: JobState
    reasons: tuple[str, ...]
    rank: int
    tries: int
    attempts: int
    printer: str | None
    evidence: Evidence | None
    not_before: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at printing a job on one printer, written before the first byte leaves.

    ``remote_id`` is what the device calls it, known once the device has opened the job; while it is ``None`` no
    document can have left. ``incarnation`` names the run of the device that gave the id: an id means nothing to a
    device that has restarted since. ``counter`` is the device's card counter before the document was sent, where it
    has one. ``sent_at`` is when the document had left whole; while it is ``None`` a card of this attempt may have been
    made of a piece.
    """

    id: str
    job: str
    number: int
    printer: str
    remote_id: str | None
    incarnation: str | None
    counter: int | None
    opened_at: int
    sent_at: int | None = None
