"""The queue as a whole: pausing it or a class of it, and what bears on the place of a job."""

from collections.abc import Callable
from dataclasses import dataclass

from stationd.domain.authority import Actor
from stationd.domain.job import Job, JobKind
from stationd.domain.why import Surroundings
from stationd.ports.clock import Clock
from stationd.ports.jobs import PauseStore
from stationd.services.bell import Bell
from stationd.services.crew import Crew
from stationd.services.line import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """The queue as shown: ``waiting`` jobs, whether all of it is paused, and which kinds are."""

    waiting: int
    is_paused: bool
    paused_kinds: tuple[JobKind, ...]


class Queue:
    """Pauses and resumes; remembered over restarts."""

    def __init__(
        self,
        store: PauseStore,
        *,
        line: Line,
        crew: Crew,
        bell: Bell,
        clock: Clock,
        at_hand: Callable[[], int],
        ageing: int,
    ) -> None:
        """``at_hand`` tells how many blanks can be printed now."""
        self._store = store
        self._line = line
        self._crew = crew
        self._bell = bell
        self._clock = clock
        self._at_hand = at_hand
        self._ageing = ageing

    async def load(self) -> None:
        """Remember what was paused before the start."""
        self._crew.pauses = await self._store.pauses()

    @property
    def _pauses(self) -> frozenset[JobKind | None]:
        return self._crew.pauses

    def view(self) -> QueueView:
        """The queue now."""
        return QueueView(
            waiting=len(self._line),
            is_paused=None in self._pauses,
            paused_kinds=tuple(kind for kind in JobKind if kind in self._pauses),
        )

    async def pause(self, kind: JobKind | None, *, actor: Actor) -> QueueView:
        """Begin no further card, or none of a kind; the cards in the machines are finished."""
        return await self._set(kind, actor, is_paused=True)

    async def resume(self, kind: JobKind | None, *, actor: Actor) -> QueueView:
        """Let the queue, or a kind, go on. Resuming the queue leaves paused kinds paused."""
        return await self._set(kind, actor, is_paused=False)

    async def _set(self, kind: JobKind | None, actor: Actor, *, is_paused: bool) -> QueueView:
        await self._store.set_pause(kind, actor, is_paused=is_paused)
        self._crew.pauses = self._pauses | {kind} if is_paused else self._pauses - {kind}
        self._bell.ring_all()
        return self.view()

    def around(self, job: Job) -> Surroundings:
        """What bears on the place of a job now, besides what the store knows of it."""
        left_s = job.not_before / 1000 - self._clock.monotonic()
        hindrances = self._crew.hindrances(job.profile)
        return Surroundings(
            printers=hindrances,
            pauses=frozenset(kind for kind in self._pauses if kind is not None),
            is_queue_paused=None in self._pauses,
            has_blanks=self._at_hand() > 0,
            next_try_s=left_s if job.not_before and left_s > 0 else None,
            is_batch_elsewhere=self._crew.is_at_another(job.profile),
            ageing=self._ageing,
        )
