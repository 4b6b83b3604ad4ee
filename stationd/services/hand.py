"""One card in the hand of a lane: from the claim, or from where a former run left it, to its outcome."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any

from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import Attempt
from stationd.domain.order import Document, TemplateDocument
from stationd.domain.outcome import CUT_BY_SILENCE, Cause, NothingPrinted, Outcome, StillOpen, Unknown
from stationd.ports.jobs import JobStore
from stationd.ports.printers import GivesUp
from stationd.ports.rendering import Renderer
from stationd.services import patience
from stationd.services.ahead import Ahead
from stationd.services.carry import Carry, TestCard
from stationd.services.gate import Gate
from stationd.services.post import Post


class Hand:
    """What is done with one card at a printer, in the order of acts that makes it exactly one."""

    def __init__(self, post: Post, store: JobStore, renderer: Renderer, gate: Gate, ahead: Ahead | None) -> None:
        self._post = post
        self._store = store
        self._renderer = renderer
        self._gate = gate
        self._ahead = ahead

    async def print(self, attempt: Attempt, document: Document | TemplateDocument, carry: Carry) -> Outcome:
        """Open, send and watch a claimed card; the device's id, and that the document left whole, are committed."""
        if isinstance(document, TemplateDocument):
            try:
                document = await self._rendered(carry.job_id, document)
            except Refused as refused:
                return NothingPrinted(Cause.DOCUMENT, refused.code)
            except Faulted as fault:
                return NothingPrinted(Cause.TRANSIENT, fault.code)
        if carry.is_wanted_back():
            return NothingPrinted(Cause.WITHDRAWN, "cancelled before it was sent")
        if not self._gate.is_open:
            return NothingPrinted(Cause.WITHDRAWN, "the station may not print any more")
        opened = await self._post.printer.open(attempt)
        if isinstance(opened, NothingPrinted):
            return opened
        attempt = await self._post.durably(lambda: self._store.opened(attempt, opened))
        if carry.is_wanted_back():
            await self._withdrawn(attempt)
            return NothingPrinted(Cause.WITHDRAWN, "cancelled before it was sent")
        outcome = await self._send(attempt, document)
        if outcome is not None:
            return outcome
        preparing = self._prepare_next()
        try:
            return await self.watch(await self._post.durably(lambda: self._store.sent(attempt)), carry)
        finally:
            if preparing is not None:
                await _ended(preparing)

    async def watch(self, attempt: Attempt, carry: Carry) -> Outcome:
        """Watch a card until it settles, or nobody can tell, or it could be taken back: stopped, or cancelled."""
        post, standing = self._post, self._post.standing
        watching = asyncio.create_task(post.printer.watch(attempt), name=f"printer {post.name}: watching")
        has_asked_back = False
        try:
            while True:
                await _either(watching, carry.asked, patience.ASK_EVERY_S)
                if watching.done():
                    return watching.result()
                if carry.asked.done():
                    found = await self._withdrawn(attempt)
                    if found is not None:
                        return found
                    carry.refuse()
                if post.has_been(standing.offline_since, patience.LOST_AFTER_S):
                    await self._give_up(attempt)
                    return Unknown("the printer stopped answering while the card was in it")
                if post.has_been(standing.stopped_since, patience.WITHDRAW_AFTER_S) and not has_asked_back:
                    has_asked_back = True
                    found = await self._withdrawn(attempt)
                    if found is not None:
                        return found
        finally:
            await _ended(watching)

    async def test(self, test: TestCard) -> None:
        """Print a test card; its blank was booked before, and comes back when certainly nothing was printed."""
        outcome: Outcome = NothingPrinted(Cause.WITHDRAWN, "the station is stopping")
        if not self._post.is_stopping:
            outcome = await self._tested(test)
        await self._post.durably(lambda: test.store.end_test(test.attempt, outcome))

    async def _tested(self, test: TestCard) -> Outcome:
        opened = await self._post.printer.open(test.attempt)
        if isinstance(opened, NothingPrinted):
            return opened
        attempt = replace(
            test.attempt, remote_id=opened.remote_id, incarnation=opened.incarnation, counter=opened.counter
        )
        outcome = await self._send(attempt, test.document)
        if outcome is not None:
            return outcome
        return await self.watch(replace(attempt, sent_at=self._post.clock.now_ms()), Carry(attempt.job))

    async def _rendered(self, job_id: str, document: TemplateDocument) -> Document:
        if self._ahead is not None:
            return await self._ahead.take(job_id, document)
        return await self._renderer.render(document.template, document.fields, document.photo)

    def _prepare_next(self) -> "asyncio.Task[None] | None":
        """Where no second card can be opened at the device, render the next while this one prints."""
        post = self._post
        if self._ahead is None or post.printer.capabilities.window > 1:
            return None
        return asyncio.create_task(self._ahead.prepare(post.spec.profiles), name=f"printer {post.name}: rendering")

    async def _send(self, attempt: Attempt, document: Document) -> Outcome | None:
        """Send the document, unless the printer falls silent for good in the middle of it."""
        post = self._post
        sending = asyncio.create_task(post.printer.send(attempt, document), name=f"printer {post.name}: sending")
        try:
            while True:
                done, _ = await asyncio.wait({sending}, timeout=patience.ASK_EVERY_S)
                if done:
                    return sending.result()
                if post.has_been(post.standing.offline_since, patience.CUT_AFTER_S):
                    return Unknown(CUT_BY_SILENCE)
        finally:
            await _ended(sending)

    async def _give_up(self, attempt: Attempt) -> None:
        """Let no card come of it later: who keeps it for a printer that was pulled out would print it on its return."""
        printer = self._post.printer
        if not self._post.is_plugged and isinstance(printer, GivesUp):
            await printer.give_up(attempt)

    async def _withdrawn(self, attempt: Attempt) -> Outcome | None:
        try:
            found = await self._post.printer.withdraw(attempt)
        except Faulted:
            return None
        return None if isinstance(found, StillOpen | Unknown) else found


async def _either(one: "asyncio.Future[Any]", other: "asyncio.Future[Any]", timeout_s: float) -> None:
    """Wait until one of them is done, but not for ever."""
    await asyncio.wait({one, other}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


async def _ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait until it is gone; what it raised is not lost: it was asked for its result before."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
