"""At start: what a former run left open at printers that are not there any more.

The open attempts of known printers are asked for by their spoolers (:meth:`stationd.services.spool.Spooler.run`).
"""

from collections.abc import Set as AbstractSet

from stationd.domain.job import JobState
from stationd.domain.outcome import Cause, NothingPrinted, Outcome, Unknown
from stationd.ports.jobs import JobStore, Settling, Turn


async def show_orphans(
    store: JobStore,
    printers: AbstractSet[str],
    reason: str = "the printer that had the card is not configured any more",
) -> int:
    """Settle what can be known of attempts at other printers than these; how many there were.

    Without an id at the device no document can have left: the job goes back to the line. Otherwise a person must
    look: the job becomes uncertain.
    """
    count = 0
    for each in await store.open_attempts():
        if each.attempt.printer in printers or each.job.state is not JobState.PRINTING:
            continue
        outcome: Outcome
        if each.attempt.remote_id is None:
            outcome = NothingPrinted(Cause.WITHDRAWN, "the station stopped before the document was sent")
        else:
            outcome = Unknown(reason)
        await store.turn(Turn(settling=Settling(attempt=each.attempt, outcome=outcome)))
        count += 1
    return count
