"""Minutes: the register, and paper made of it as often as somebody asks."""

from collections.abc import Callable, Sequence
from datetime import date

from stationd.domain.authority import Actor
from stationd.domain.blank_papers import blank_book
from stationd.domain.errors import Refused
from stationd.domain.minutes import Minutes
from stationd.domain.signers import Desk, Signer
from stationd.ports.blanks import BlankStore
from stationd.ports.minutes import Drawn, MinutesStore
from stationd.ports.paper import Paper


class Register:
    """What was drawn up, and drawing up what is about a day rather than an act."""

    def __init__(
        self,
        store: MinutesStore,
        paper: Paper,
        *,
        blanks: BlankStore,
        desk: Desk,
        signer: Callable[[str], Signer],
        today: Callable[[], date],
    ) -> None:
        """``signer`` knows an officer by the number; ``today`` is the day by the station's calendar."""
        self._store = store
        self._paper = paper
        self._blanks = blanks
        self._desk = desk
        self._signer = signer
        self._today = today

    @property
    def today(self) -> date:
        """The day by the station's calendar."""
        return self._today()

    async def blank_book(self, day: date, *, actor: Actor) -> Drawn:
        """Draw up the book of blanks of a day; the same minutes again while they would say the same.

        Raises :class:`Refused` (``day-to-come``).
        """
        if day > self._today():
            raise Refused("day-to-come", field="on")
        signers = [] if actor.officer is None else [self._signer(actor.officer)]
        draft = blank_book(self._desk, await self._blanks.day(day), signers)
        return await self._store.draw_up(draft, f"blanks:{day.isoformat()}")

    async def by_number(self, number: str) -> Drawn:
        """The line of the register. Raises :class:`Refused` (``minutes-unknown``)."""
        drawn = await self._store.by_number(number)
        if drawn is None:
            raise Refused("minutes-unknown/number")
        return drawn

    async def page(self, *, kind: str | None, before: int | None, limit: int) -> tuple[Sequence[Drawn], int | None]:
        """Up to ``limit`` lines, the newest first, and where the next page begins."""
        found = await self._store.page(kind, before, limit + 1)
        return found[:limit], found[limit - 1].seq if len(found) > limit else None

    async def read(self, minutes_id: str) -> Minutes:
        """The minutes. Raises :class:`Refused` (``minutes-unknown``)."""
        minutes = await self._store.read(minutes_id)
        if minutes is None:
            raise Refused("minutes-unknown")
        return minutes

    async def pdf(self, minutes_id: str) -> bytes:
        """Pages to sign. Raises :class:`Refused` (``minutes-unknown``), ``Faulted`` (``fonts-missing``)."""
        return await self._paper.pdf(await self.read(minutes_id))

    async def csv(self, minutes_id: str) -> bytes:
        """The tables for a spreadsheet. Raises :class:`Refused` (``minutes-unknown``)."""
        return await self._paper.csv(await self.read(minutes_id))
