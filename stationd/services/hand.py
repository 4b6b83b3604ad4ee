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
        """Open, send and watch a claimed card; the device's id is committed before the document leaves.

        That it left whole is committed while the device prints: nobody here waits for that note, it is for a later run.
        """
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
        sent = carry.attempt = replace(attempt, sent_at=self._post.clock.now_ms())
        self._post.note(lambda: self._store.sent(sent), is_wanted=lambda: sent.id in self._post.printing)
        preparing = self._prepare_next()
        try:
            return await self.watch(sent, carry)
        finally:
            if preparing is not None:
                await _ended(preparing)

    async def watch(self, attempt: Attempt, carry: Carry) -> Outcome:
        """Watch a card until it settles, or nobody can tell, or it could be taken back: stopped, cancelled, shut.

        Once the station may not print any more, a card that waits in the machine behind another is asked back; the one
        that the machine is at is finished.
        """
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
                is_in_vain = post.has_been(standing.stopped_since, patience.WITHDRAW_AFTER_S) or not self._gate.is_open
                if is_in_vain and not has_asked_back:
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
        attempt = replace(attempt, sent_at=self._post.clock.now_ms())
        return await self.watch(attempt, Carry(attempt))

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
        loop = asyncio.get_running_loop()
        timer: asyncio.TimerHandle

        def look() -> None:
            nonlocal timer
            if post.has_been(post.standing.offline_since, patience.CUT_AFTER_S):
                patient.reschedule(loop.time())
            else:
                timer = loop.call_later(patience.ASK_EVERY_S, look)

        timer = loop.call_later(patience.ASK_EVERY_S, look)
        patient = asyncio.timeout(None)
        try:
            async with patient:
                return await post.printer.send(attempt, document)
        except TimeoutError:
            if not patient.expired():
                raise
            return Unknown(CUT_BY_SILENCE)
        finally:
            timer.cancel()

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
    """Wait until one of them is done, but not for ever; ``asyncio.wait`` costs three times as much."""
    if one.done() or other.done():
        return
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def wake(_: object = None) -> None:
        if not waiter.done():
            waiter.set_result(None)

    timer = loop.call_later(timeout_s, wake)
    one.add_done_callback(wake)
    other.add_done_callback(wake)
    try:
        await waiter
    finally:
        timer.cancel()
        one.remove_done_callback(wake)
        other.remove_done_callback(wake)


async def _ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait until it is gone; what it raised is not lost: it was asked for its result before."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
