"""Who may be put before others: only by two officers, only while waiting, and once.

The known threat is a queue whose places are sold (Ombudsman 2016). So a place changes only by a reason and two persons,
both in the book, and whoever holds a receipt can see that the order was changed.
"""

from typing import Final

from stationd.domain.dispatch import ServiceClass, class_of
from stationd.domain.entitlement import SURRENDER
from stationd.domain.errors import Refused
from stationd.domain.job import Job, JobState
from stationd.domain.rationing import BLANKS_SHORT, SURRENDER_MISSING
from stationd.domain.why import HELD

JUMP: Final = "job.jump"
RELEASE: Final = "job.release"
"""The kinds of requests for a second officer."""


def is_rationed(job: Job) -> bool:
    """Whether the job is deferred for want of blanks, and for nothing else."""
    return job.state is JobState.DEFERRED and job.reasons == (BLANKS_SHORT,)


def release_refusal(job: Job) -> Refused | None:
    """Why two officers cannot release the job from rationing, or ``None``."""
    if is_rationed(job):
        return None
    return _surrender_first(job) or Refused("job-not-held/ration", state=job.state)


def move_refusal(job: Job) -> Refused | None:
    """Why the job cannot be moved to the head of the line, or ``None``."""
    if class_of(job.rank) is ServiceClass.AHEAD:
        return Refused("job-ahead-already")
    if job.state is JobState.QUEUED or is_rationed(job):
        return None
    if HELD in job.reasons:
        return Refused("job-state/held")
    return _surrender_first(job) or Refused("job-state/ahead", state=job.state)


def _surrender_first(job: Job) -> Refused | None:
    if SURRENDER_MISSING not in job.reasons:
        return None
    return Refused("surrender-missing", tell=SURRENDER)
