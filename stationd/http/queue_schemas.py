"""The bodies of steering the queue."""

from typing import Annotated

import msgspec
from msgspec import Meta

from stationd.domain.job import JobKind
from stationd.http.schemas import Note

PausableKind = Annotated[JobKind, Meta(description="Only jobs of this kind; data_change never waits here.")]


class ReasonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an officer steps in; kept with the job."""

    reason: Annotated[Note, Meta(min_length=1)]


class PauseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to pause or resume: a kind of job, or all of the queue."""

    kind: PausableKind | None = None


class QueueAnswer(msgspec.Struct, frozen=True):
    """The queue as a whole."""

    waiting: Annotated[int, Meta(ge=0, description="Jobs in line.")]
    is_paused: bool
    paused_kinds: tuple[JobKind, ...]
