"""One card on its way through a printer, as seen by those who want to stop it."""

import asyncio
from dataclasses import dataclass

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import Attempt, Job, JobState
from stationd.domain.order import Document
from stationd.ports.printers import PrinterStore

Answer = Job | Refused


class Carry:
    """The card of a job in a lane. ``asked`` is done when somebody wants it back; ``cancelled_by`` names who."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        """As far as it is known in the lane; its document has left whole once it says when."""
        self.job_id = attempt.job
        self.cancelled_by: str | None = None
        self.asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer: asyncio.Future[Answer] | None = None

    def ask_back(self, actor: Actor) -> "asyncio.Future[Answer]":
        """Want the card back; the answer is the cancelled job, or why not."""
        self.cancelled_by = self.cancelled_by or actor.name
        if not self.asked.done():
            self.asked.set_result(None)
        if self._answer is None:
            self._answer = asyncio.get_running_loop().create_future()
        return self._answer

    def is_wanted_back(self) -> bool:
        """Whether somebody wants it cancelled."""
        return self.cancelled_by is not None

    def refuse(self) -> None:
        """The card cannot be taken back; whoever asked is told, and may ask again later."""
        answer, self._answer, self.cancelled_by = self._answer, None, None
        if self.asked.done():
            self.asked = asyncio.get_running_loop().create_future()
        if answer is not None:
            answer.set_result(Refused("card-under-way", see=self.job_id))

    def settled(self, job: Job) -> None:
        """The outcome is written down: cancelled, or something else was faster."""
        if self._answer is not None and job.state is JobState.CANCELLED:
            self._answer.set_result(job)
        elif self._answer is not None:
            self.refuse()


@dataclass(eq=False, slots=True)
class TestCard:
    """A card that is nobody's, with the store that is told what became of it."""

    attempt: Attempt
    document: Document
    store: PrinterStore
