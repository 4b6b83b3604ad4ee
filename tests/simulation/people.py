"""The people around the station: they submit, refill, clear jams, look for cards, judge, retry and cancel.

They reach the station as a browser does: a request may find nobody, an answer may be lost, and what was asked may have
been done all the same. They repeat with the same key, and they look into the book before they book again.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from stationd.domain.authority import Actor, Role
from stationd.domain.blanks import EntryKind
from stationd.domain.errors import Faulted, Refused
from stationd.domain.job import JobKind, Verdict
from stationd.domain.order import Document, Holder, Order, Surrendered
from stationd.domain.why import FROM_BACKUP, HELD
from tests.simulation.machine import Machine
from tests.simulation.picture import picture_for
from tests.simulation.station import Station

if TYPE_CHECKING:
    from tests.simulation.world import World

KIOSK = Actor(name="kiosk", role=Role.KIOSK)
OFFICER = Actor(name="officer", role=Role.OFFICER)
_REQUEST_TIMEOUT_S = 20.0


class NoAnswer(Exception):
    """The station did not answer; what was asked may have been done."""


class Office:
    """Everybody at one station, and the blanks in its safe."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._rng = world.rng("people")
        self.stock = 0
        self.received = 0
        self.accepted: dict[str, str] = {}
        self.submitting = 0
        self.delivering = 0
        self.booked_extra = 0

    # --------------------------------------------------------------------------------------------------- asking

    async def ask(self, request: Callable[[Station], Coroutine[Any, Any, Any]]) -> Any:
        """The station's answer. Raises what it refuses, and :class:`NoAnswer`."""
        world, loop, rng = self._world, self._world.loop, self._rng
        station = world.station
        if station is None or not station.is_serving:
            raise NoAnswer
        answered = loop.create_future()
        task = loop.spawn(station.process, request(station), "request")
        is_lost = rng.random() < world.plan.lost_requests

        def deliver(done: "asyncio.Task[Any]") -> None:
            if is_lost or done.cancelled() or answered.done():
                done.cancelled() or done.exception()
            elif (error := done.exception()) is not None:
                answered.set_exception(error)
            else:
                answered.set_result(done.result())

        task.add_done_callback(deliver, context=loop.world.context)
        try:
            async with asyncio.timeout(_REQUEST_TIMEOUT_S):
                return await answered
        except TimeoutError:
            raise NoAnswer from None
        except Faulted as fault:
            raise NoAnswer from fault

    # ----------------------------------------------------------------------------------------------- submitters

    async def submit(self, number: int, at_s: float) -> None:
        """One applicant: repeats the request until it is answered."""
        self.submitting += 1
        await asyncio.sleep(at_s)
        rng = self._rng
        kind = rng.choice([JobKind.FIRST, JobKind.FIRST, JobKind.DAMAGED, JobKind.LOST])
        order = Order(
            order=f"PRR-{number:04d}",
            kind=kind,
            holder=Holder(nik=f"9999{number:08d}0001", name="Contoh"),
            document=Document("image/png", picture_for(f"PRR-{number:04d}")),
            police_report="LP/1" if kind is JobKind.LOST else None,
            surrendered=Surrendered(card=f"AMPLOP-{number}") if kind is JobKind.DAMAGED else None,
            profile=rng.choice(self._world.profiles_in_use),
        )
        key = f"key-{number}"
        times = 1 + (rng.random() < 0.15)
        while times:
            if order.order in self._world.auditor.forgotten:
                break  # whoever comes again with an order that a restored book has lost is asked about the card
            try:
                answer = await self.ask(self._submission(order, key))
            except NoAnswer:
                await asyncio.sleep(1 + 4 * rng.random())
                continue
            except Refused as refused:
                self._world.auditor.fail(f"{order.order} was refused: {refused.code}")
                break
            job = answer.view.job
            if self.accepted.setdefault(job.id, order.order) != order.order or job.order != order.order:
                self._world.auditor.fail(f"{order.order} was answered with the job of another order")
            if sum(held == order.order for held in self.accepted.values()) > 1:
                self._world.auditor.fail(f"{order.order} became two jobs for one key")
            times -= 1
        if rng.random() < 0.1 and order.order not in self._world.auditor.forgotten:
            await self._submit_again(order, f"{key}-again")
        self.submitting -= 1

    async def _submit_again(self, order: Order, key: str) -> None:
        """Somebody else hands in the same order: it must be refused while its job lives."""
        try:
            answer = await self.ask(self._submission(order, key))
        except (Refused, NoAnswer):
            return
        self.accepted[answer.view.job.id] = order.order

    @staticmethod
    def _submission(order: Order, key: str) -> Callable[[Station], Coroutine[Any, Any, Any]]:
        digest = sha256(order.order.encode()).digest()
        return lambda station: station.submission.submit(order, key=key, digest=digest, actor=KIOSK)

    # ------------------------------------------------------------------------------------------------- the blanks

    async def deliver(self, quantity: int, at_s: float) -> None:
        """A box of blanks comes and is booked, once."""
        self.delivering += 1
        await asyncio.sleep(at_s)
        self.stock += quantity
        self.received += quantity
        await self._book(EntryKind.RECEIVED, quantity, f"delivery {self.received}")
        self.delivering -= 1

    async def _book(self, kind: EntryKind, quantity: int, note: str) -> None:
        book = self._world.disk.connection
        while book.execute("SELECT 1 FROM blank_entry WHERE note = ?", (note,)).fetchone() is None:
            try:
                await self.ask(lambda station: station.blanks.enter(kind, quantity, note, actor=OFFICER))
            except (NoAnswer, Refused):
                await asyncio.sleep(2)

    async def count_ruined(self) -> None:
        """Ruined blanks that no job accounts for are booked as spoiled."""
        while True:
            await asyncio.sleep(15)
            extra = self._world.auditor.extra_ruined() - self.booked_extra
            if extra > 0:
                await self._book(EntryKind.SPOILED, extra, f"ruined {self.booked_extra + extra}")
                self.booked_extra += extra

    # ----------------------------------------------------------------------------------------------- the machines

    async def attend(self, machine: Machine) -> None:
        """Refill and clear, after a while."""
        rng = self._rng
        while True:
            await asyncio.sleep(1 + 4 * rng.random())
            if "media-jam" in machine.reasons and machine.is_powered:
                await asyncio.sleep(8 * rng.random())
                machine.clear()
            if "media-empty" in machine.reasons and machine.is_powered and self.stock:
                await asyncio.sleep(10 * rng.random())
                self.load(machine, 4 + rng.randrange(12))

    def load(self, machine: Machine, quantity: int) -> None:
        """Blanks go from the safe into the hopper."""
        quantity = min(quantity, self.stock)
        self.stock -= quantity
        machine.fill(quantity)

    # ------------------------------------------------------------------------------------------------ the officer

    async def judge(self) -> None:
        """Look at what waits for a person: uncertain cards, and failed jobs."""
        rng, book = self._rng, self._world.disk.connection
        while True:
            await asyncio.sleep(3 + 5 * rng.random())
            waiting = book.execute(
                "SELECT seq, id, state, reasons FROM job WHERE state IN ('uncertain', 'failed')"
            ).fetchall()
            for seq, job, state, reasons in waiting:
                try:
                    if state == "uncertain":
                        await self._look(seq, job)
                    elif reasons == FROM_BACKUP:
                        await self._look_for_lost(seq, job)
                    elif rng.random() < 0.8:
                        await self.ask(lambda station, job=job: station.jobs.retry(job, actor=OFFICER))
                    else:
                        await self.ask(lambda station, job=job: station.jobs.cancel(job, actor=OFFICER))
                except (NoAnswer, Refused):
                    continue

    async def _look(self, seq: int, job: str) -> None:
        """Go to the machine, delete what it still holds, look for the card, and say what is there."""
        row = self._world.disk.connection.execute(
            "SELECT id, number FROM attempt WHERE job = ? AND outcome IS NULL", (seq,)
        ).fetchone()
        if row is None:
            return
        attempt, number = row
        for machine in self._world.machines.values():  # where it is called so today, or wherever it was moved to
            while not machine.purge(f"stationd-{attempt}"):
                await asyncio.sleep(1)
        found = self._world.auditor.attempts[attempt]
        has_card = found.good or (self._world.was_restored and await self._has_card(seq))
        verdict = Verdict.PRINTED if has_card else Verdict.SPOILED if found.ruined else Verdict.NOT_PRINTED
        await self.ask(lambda station: station.jobs.verdict(job, verdict, "looked", actor=OFFICER, attempt=number))

    async def _look_for_lost(self, seq: int, job: str) -> None:
        """A restored book had it in line: is there a card? Then the book is told, else it may be made."""
        if await self._has_card(seq):
            await self.ask(lambda station: station.jobs.verdict(job, Verdict.PRINTED, "found", actor=OFFICER))
        elif self._rng.random() < 0.5:
            await self.ask(lambda station: station.jobs.verdict(job, Verdict.NOT_PRINTED, "not there", actor=OFFICER))
        else:
            await self.ask(lambda station: station.jobs.retry(job, actor=OFFICER))

    async def _has_card(self, seq: int) -> bool:
        """Whether a card of its order lies anywhere, once every machine was at rest and talked to for a while."""
        (order,) = self._world.disk.connection.execute("SELECT order_ref FROM job WHERE seq = ?", (seq,)).fetchone()
        await self._world.quiet()
        return bool(self._world.auditor.good[order])

    async def meddle(self, at_s: float) -> None:
        """Cancel some job, whatever becomes of it."""
        await asyncio.sleep(at_s)
        if self.accepted and not self._world.was_restored:  # then nobody cancels what they have not looked for
            job = self._rng.choice(list(self.accepted))
            with suppress(NoAnswer, Refused):
                await self.ask(lambda station: station.jobs.cancel(job, actor=OFFICER))

    async def hold(self, at_s: float, for_s: float) -> None:
        """Hold some job back for a while, wherever it is by then; what is held is released in the end."""
        await asyncio.sleep(at_s)
        if not self.accepted:
            return
        job = self._rng.choice(list(self.accepted))
        with suppress(NoAnswer, Refused):
            await self.ask(lambda station: station.jobs.hold(job, "wait", actor=OFFICER))
        await asyncio.sleep(for_s)
        book = self._world.disk.connection
        while book.execute("SELECT 1 FROM job WHERE id = ? AND reasons = ?", (job, HELD)).fetchone() is not None:
            with suppress(NoAnswer, Refused):
                await self.ask(lambda station: station.jobs.release(job, "go on", actor=OFFICER))
            await asyncio.sleep(1)
