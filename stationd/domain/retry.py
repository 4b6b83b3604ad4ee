"""What follows an attempt that brought no card: again after a while, hold for a person, or failed.

Taxonomy (who was to blame decides whether a try is used up):

====================  =========  ==========================================================================
what happened         uses a try  then
====================  =========  ==========================================================================
transient failure     yes        again after a growing, bounded, jittered delay
printer in trouble    no         again at once, on whichever printer can
withdrawn by us       no         again at once
the station died      no         again at once, the fifth time in a row failed: the document may be the reason
document refused      all        failed: no printer of this kind will take it
blank spoiled         yes        again at once, with another blank
unknown               no         uncertain: only evidence or a person decides
====================  =========  ==========================================================================
"""

from dataclasses import dataclass

from stationd.domain.job_machine import JobEvent
from stationd.domain.outcome import Cause, NothingPrinted, Outcome, Printed, Spoiled, Unknown

_FIRST_DELAY_MS = 2_000
_LONGEST_DELAY_MS = 300_000

MOST_STOPS = 5
"""So often in a row the station may die while it prepares a card; then the job is set aside for an officer.

Nothing had left for a device any of these times, so that no card can exist. A power cut meets a job in the moment of
its preparation now and then; five times running it does not.
"""
STOPS_STATION = "stops-the-station"
"""Why such a job is set aside."""

PREPARED_ALONE = "prepared-alone"
"""Said of a job in line that died with the station twice: the next time nothing else is prepared beside it.

Whatever was being prepared at a death is suspected. Alone, the one that is to blame is found, the others are printed.
"""
ALONE_FOR_MS = 10_000
"""So long at most do others wait for one that is prepared alone, and it for them: a printer may be slow to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What an outcome does to its job: the event, the tries used afterwards, and how long to wait before the next."""

    event: JobEvent
    tries: int
    is_used_up: bool = False
    delay_ms: int = 0
    reason: str | None = None


def settle(outcome: Outcome, *, tries: int, max_tries: int, jitter: float, stops: int = 0) -> Settlement:
    """The settlement of an outcome for a job that has used ``tries`` tries; ``jitter`` is drawn from [0, 1).

    ``stops``: how often in a row, this time included, the station died before its document had left.
    """
    match outcome:
        case Printed():
            return Settlement(event=JobEvent.CARD_PRINTED, tries=tries)
        case Unknown():
            return Settlement(event=JobEvent.OUTCOME_UNKNOWN, tries=tries)
        case Spoiled():
            return Settlement(event=JobEvent.CARD_SPOILED, tries=tries + 1, is_used_up=tries + 1 >= max_tries)
        case NothingPrinted(cause=Cause.DOCUMENT):
            return Settlement(event=JobEvent.NOTHING_PRINTED, tries=max_tries, is_used_up=True)
        case NothingPrinted(cause=Cause.TRANSIENT):
            used = tries + 1
            return Settlement(
                event=JobEvent.NOTHING_PRINTED,
                tries=used,
                is_used_up=used >= max_tries,
                delay_ms=backoff_ms(used, jitter=jitter),
            )
        case NothingPrinted(cause=Cause.STOPPED):
            return Settlement(
                event=JobEvent.NOTHING_PRINTED,
                tries=tries,
                is_used_up=stops >= MOST_STOPS,
                reason=STOPS_STATION if stops >= MOST_STOPS else PREPARED_ALONE if stops > 1 else None,
            )
        case NothingPrinted():  # pragma: no branch - the match is exhaustive, as mypy sees
            return Settlement(event=JobEvent.NOTHING_PRINTED, tries=tries)


def backoff_ms(tries: int, *, jitter: float) -> int:
    """Exponential, bounded, with "equal jitter": between half and the whole of the step."""
    whole = min(_FIRST_DELAY_MS * 2 ** min(tries - 1, 16), _LONGEST_DELAY_MS)
    return int(whole / 2 + whole / 2 * jitter)
