"""Cards rendered before a printer is free for them: one a printer at most, in memory only."""

import asyncio
import logging
from collections.abc import Sequence

from stationd.domain.errors import StationError
from stationd.domain.order import Document, TemplateDocument
from stationd.ports.clock import Clock
from stationd.ports.jobs import JobStore
from stationd.ports.rendering import Renderer

_log = logging.getLogger(__name__)


class Ahead:
    """Renders the next cards in line without claiming them.

    Documents of jobs never change, so a rendered card is good until its job is claimed; what is no longer among the
    next in line is dropped.
    """

    def __init__(self, store: JobStore, renderer: Renderer, clock: Clock) -> None:
        self._store = store
        self._renderer = renderer
        self._clock = clock
        self._room = 0
        self._cards: dict[str, asyncio.Future[Document | None]] = {}

    def make_room(self) -> None:
        """One more printer has cards rendered ahead."""
        self._room += 1

    @property
    def jobs(self) -> tuple[str, ...]:
        """The jobs whose cards are rendered or being rendered."""
        return tuple(self._cards)

    async def prepare(self, profiles: Sequence[str]) -> None:
        """Render the first of the next cards in line that nobody has rendered yet."""
        try:
            tick_ms = int(self._clock.monotonic() * 1000)
            upcoming = await self._store.upcoming(profiles, tick_ms, self._room)
            self._drop(upcoming)
            job_id = next((each for each in upcoming if each not in self._cards), None)
            if job_id is not None and len(self._cards) < self._room:
                await self._render(job_id)
        except StationError as error:
            _log.debug("nothing is rendered ahead: %s", error.code)

    async def take(self, job_id: str, document: TemplateDocument) -> Document:
        """The card of a claimed job, rendered now or before. Raises as ``Renderer.render`` does."""
        rendering = self._cards.pop(job_id, None)
        if rendering is not None:
            card = await asyncio.shield(rendering)
            if card is not None:
                return card
        return await self._renderer.render(document.template, document.fields, document.photo)

    async def _render(self, job_id: str) -> None:
        rendering: asyncio.Future[Document | None] = asyncio.get_running_loop().create_future()
        self._cards[job_id] = rendering
        card: Document | None = None
        try:
            document = await self._store.document(job_id)
            if isinstance(document, TemplateDocument):
                card = await self._renderer.render(document.template, document.fields, document.photo)
        finally:
            rendering.set_result(card)

    def _drop(self, upcoming: Sequence[str]) -> None:
        for job_id in [each for each, card in self._cards.items() if card.done() and each not in upcoming]:
            del self._cards[job_id]
