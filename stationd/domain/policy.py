"""What the rationing policy says of one job: for the dry run, which changes nothing."""

from dataclasses import dataclass
from enum import StrEnum

from stationd.domain.dispatch import is_replacement
from stationd.domain.job import Job, JobState
from stationd.domain.precedence import is_rationed
from stationd.domain.rationing import Stock
from stationd.domain.words import Words


class Ruling(StrEnum):
    """What becomes of the job with this stock."""

    NOT_WAITING = "not-waiting"
    OTHERWISE_DEFERRED = "otherwise-deferred"
    PROMISED = "promised"
    SERVED = "served"
    DEFERRED = "deferred"
    COMES_BACK = "comes-back"
    STAYS_DEFERRED = "stays-deferred"


RULING_WORDS = {
    Ruling.NOT_WAITING: Words("it does not wait, rationing has nothing to say", "tidak menunggu, tidak dijatah"),
    Ruling.OTHERWISE_DEFERRED: Words(
        "it waits for something else than blanks", "menunggu hal lain, bukan karena blangko"
    ),
    Ruling.PROMISED: Words("it is promised a blank and served in its place", "blangko dijanjikan, dilayani urut"),
    Ruling.SERVED: Words("it is served in its place", "dilayani sesuai urutan"),
    Ruling.DEFERRED: Words("it is deferred until blanks arrive", "ditunda sampai blangko tiba"),
    Ruling.COMES_BACK: Words("it comes back into the line", "kembali ke antrean"),
    Ruling.STAYS_DEFERRED: Words("it stays deferred until blanks arrive", "tetap ditunda sampai blangko tiba"),
}
"""The same for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The ruling, and how many more blanks would let the job be served; 0 when none are wanting."""

    ruling: Ruling
    wanting: int


def ruling_of(job: Job, stock: Stock, before: int) -> Explained:
    """What the policy says of the job, with ``before`` rationed ones that come back before it."""
    if job.state not in {JobState.QUEUED, JobState.DEFERRED}:
        return Explained(ruling=Ruling.NOT_WAITING, wanting=0)
    if not is_replacement(job.rank):
        ruling = Ruling.PROMISED if job.state is JobState.QUEUED else Ruling.OTHERWISE_DEFERRED
        return Explained(ruling=ruling, wanting=0)
    if job.state is JobState.QUEUED:
        wanting = max(0, stock.reserve + 1 - stock.free)
        return Explained(ruling=Ruling.DEFERRED if stock.is_short else Ruling.SERVED, wanting=wanting)
    if not is_rationed(job):
        return Explained(ruling=Ruling.OTHERWISE_DEFERRED, wanting=0)
    wanting = max(0, stock.reserve + stock.replacements + before + 1 - stock.free)
    return Explained(ruling=Ruling.STAYS_DEFERRED if wanting else Ruling.COMES_BACK, wanting=wanting)
