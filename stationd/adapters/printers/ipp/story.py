"""What we know of a job apart from what the device says now: how its document was sent, and what was seen before."""

from dataclasses import dataclass

from stationd.adapters.printers.ipp.records import JobRecord
from stationd.domain.outcome import CUT_OFF, Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What we know of a job's document apart from what the device says.

    ``is_whole``: the device may have all of it; otherwise a card made of it is in doubt, and ``doubt`` says why to the
    person who will look. ``is_refused``: it said that it took nothing. ``cause`` and ``reason``
    stand for certain nothing.
    """

    is_whole: bool = True
    doubt: str = CUT_OFF
    is_refused: bool = False
    cause: Cause = Cause.TRANSIENT
    reason: str | None = None

    @property
    def is_cut(self) -> bool:
        """Whether the document certainly is not on its way any more, so that an empty job stays empty."""
        return self.reason is not None


@dataclass(slots=True)
class Sight:
    """What was seen of a job while it was followed."""

    begun_at: int | None = None
    empty_since: float | None = None

    def has_begun_again(self, job: JobRecord) -> bool:
        """Whether processing began at another time than before: a spooler killed and restarted sends it once more."""
        is_again = self.begun_at is not None and job.begun_at not in {None, self.begun_at}
        self.begun_at = job.begun_at if job.begun_at is not None else self.begun_at
        return is_again
