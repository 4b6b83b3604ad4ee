"""What a printer would take next, why it would take nothing, and how its lanes wait until that changes."""

from stationd.domain.dispatch import RESTING
from stationd.domain.forecast import Server
from stationd.ports.jobs import Claiming
from stationd.services import patience
from stationd.services.bell import Bell
from stationd.services.crew import Crew, Member
from stationd.services.gate import Gate
from stationd.services.post import Post


class Wishes:
    """The wishes of one printer. ``me`` is how the crew knows it; without a crew it leaves nothing to others."""

    def __init__(self, post: Post, bell: Bell, gate: Gate, crew: Crew | None, me: Member) -> None:
        self._post = post
        self._bell = bell
        self._gate = gate
        self._crew = crew
        self._me = me
        self._told_at = post.clock.monotonic()

    @property
    def reasons(self) -> frozenset[str]:
        """Why no card is begun here now, as far as the printer is concerned."""
        return self._post.standing.reasons(self._post.clock.monotonic())

    @property
    def hindrances(self) -> frozenset[str]:
        """Why no card is begun here now, the station's own reasons included."""
        return self.reasons | frozenset(self._gate.reasons)

    @property
    def is_able(self) -> bool:
        """Whether the printer could start a card now, if the station may print."""
        return self._post.is_ready and not (self._post.is_stopping or self.reasons)

    @property
    def is_open(self) -> bool:
        """Whether a card may be started here now."""
        return self.is_able and self._gate.is_open

    def server(self) -> Server | None:
        """How fast it is and when it is free; ``None`` while something else than a rest holds it back."""
        if not self._post.is_ready or self._post.is_stopping or self.hindrances - {RESTING}:
            return None
        return self._server()

    def next(self) -> Claiming | None:
        """What a lane asks for now; ``None`` when it may not or should not begin a card."""
        if not self.is_open:
            return None
        standing = self._post.standing
        profiles = standing.fit(self._post.clock.monotonic())
        if profiles and self._crew is not None:
            profiles = self._crew.worthwhile(self._me, profiles)
        if not profiles:
            return None
        return Claiming(printer=self._post.name, profiles=profiles, preferred=standing.preferred)

    async def wait(self) -> None:
        """Wait until a lane that asks for nothing should look again."""
        now = self._post.clock.monotonic()
        standing = self._post.standing
        if not self.is_open or not standing.fit(now):
            await self._post.wait_for_change(timeout_s=standing.rest_left_s(now) or None)
            return
        self._bell.pass_on(self._ready_s())
        self._tell_others()
        await self._wait_for_work(patience.LOOK_AGAIN_S)

    async def wait_unfulfilled(self, wish: Claiming, due_s: float | None) -> None:
        """Wait for work after a wish found none; ``due_s``: when a job that waits for its next try may be claimed."""
        if not set(self._post.standing.fit(self._post.clock.monotonic())) <= set(wish.profiles):
            self._tell_others()  # it could make cards of a profile that it leaves to faster printers
            due_s = patience.LOOK_AGAIN_S if due_s is None else min(due_s, patience.LOOK_AGAIN_S)
        await self._wait_for_work(due_s)

    def _tell_others(self) -> None:
        """Wake who sleeps, now and then: a ring may have found this printer, and none that would take the job."""
        now = self._post.clock.monotonic()
        if now - self._told_at >= patience.LOOK_AGAIN_S:
            self._told_at = now
            self._bell.ring_all()

    async def _wait_for_work(self, due_s: float | None) -> None:
        await self._bell.wait(self._post.spec.profiles, due_s, self._ready_s)

    def _ready_s(self) -> float:
        return self._server().finish_s(self._post.spec.profiles[0])

    def _server(self) -> Server:
        return self._post.standing.server(self._post.name, self._post.clock.monotonic())
