"""The way between the IPP driver and a machine, at the seam of :class:`stationd.adapters.printers.ipp.device.Device`.

The real driver runs above it. A question travels, is carried out in the world whether or not the daemon is still
alive, and its answer travels back; either may be lost, and a body may be cut. A failure says what the genuine client
would know: whether a byte left, and whether the whole body did.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from stationd.adapters.printers.ipp.client import ExchangeError
from stationd.adapters.printers.ipp.device import Refusal
from stationd.adapters.printers.ipp.records import DeviceRecord, JobRecord
from stationd.domain.order import Document
from tests.simulation.audit import Auditor
from tests.simulation.loop import Process, VirtualLoop
from tests.simulation.machine import Machine

T = TypeVar("T")

TIMEOUT_S = 10.0
_TRIP_S = 0.02
_BODY_S = 0.4
"""How long a document is under way, at most."""


@dataclass(kw_only=True)
class Weather:
    """How often an exchange goes wrong now."""

    lost_question: float = 0.0
    lost_answer: float = 0.0
    foreign_answer: float = 0.0
    """The answer to another question comes, after ours was carried out."""
    repeated: float = 0.0
    """A question arrives twice: two jobs are created, a document is refused the second time."""
    cut_body: float = 0.0


class Wire:
    """Stands for ``Device``: the same six operations, for one run of the daemon."""

    def __init__(
        self,
        machine: Machine,
        weather: Weather,
        loop: VirtualLoop,
        process: Process,
        rng: Random,
        seen: Callable[[str], None],
        auditor: Auditor,
    ) -> None:
        self._machine, self._weather, self._loop, self._process, self._rng = machine, weather, loop, process, rng
        self._seen, self._auditor = seen, auditor

    async def printer(self) -> DeviceRecord:
        return await self._ask(self._machine.printer)

    async def job(self, job: int) -> JobRecord | None:
        return await self._ask(lambda: self._machine.job(job))

    async def jobs_named(self, name: str) -> list[JobRecord]:
        return await self._ask(lambda: self._machine.jobs_named(name))

    async def unfinished(self) -> list[JobRecord]:
        return await self._ask(self._machine.unfinished)

    async def create(self, name: str) -> int | Refusal:
        return await self._act("create", lambda: self._machine.create(name))

    async def cancel(self, job: int) -> Refusal | None:
        return await self._act("cancel", lambda: self._machine.cancel(job))

    async def send(self, job: int, document: Document) -> Refusal | None:
        held = self._machine.jobs.get(job)
        if held is not None:
            self._auditor.sending(held.name)
        if self._rng.random() < self._weather.cut_body:
            await self._cut(job, document)

        def cut() -> None:
            self._arrive_cut(job, document)

        return await self._act(
            "send",
            lambda: self._machine.send(job, document.data),
            when_dead=self._rng.choice([None, cut, cut]),
        )

    # ------------------------------------------------------------------------------------------------------ exchanges

    async def _ask(self, question: Callable[[], T]) -> T:
        """A question that changes nothing: one trip, lost or not."""
        rng, weather = self._rng, self._weather
        await self._connect()
        await asyncio.sleep(rng.random() * _TRIP_S)
        if not self._is_there or rng.random() < weather.lost_answer + weather.lost_question:
            await self._silence(whole_body=True)
        if rng.random() < weather.foreign_answer:
            raise ExchangeError("answer-to-another-request", whole_body=True)
        return question()

    async def _act(self, verb: str, act: Callable[[], T], *, when_dead: Callable[[], None] | None = None) -> T:
        """A question that changes something: it is carried out in the world, wherever the daemon is then.

        ``when_dead`` happens instead when the daemon died before it was all sent.
        """
        rng, weather = self._rng, self._weather
        await self._connect()
        if rng.random() < weather.lost_question:
            await self._silence(whole_body=True)
        answered: asyncio.Future[Any] = self._loop.create_future()
        is_repeated = verb != "send" and rng.random() < weather.repeated
        is_lost = rng.random() < weather.lost_answer
        is_foreign = rng.random() < weather.foreign_answer

        def arrive() -> None:
            if not self._is_there:
                return
            if self._process.is_dead and when_dead is not None:
                when_dead()
                return
            answer = act()
            if is_repeated:
                act()
            self._seen(verb)
            if not is_lost:
                self._later(rng.random() * _TRIP_S, lambda: _give(answered, answer))

        self._seen(f"before {verb}")
        self._later(rng.random() * (_BODY_S if verb == "send" else _TRIP_S), arrive)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer: T = await answered
        except TimeoutError:
            raise ExchangeError("no-answer-in-time", whole_body=True) from None
        if is_foreign:
            raise ExchangeError("answer-to-another-request", whole_body=True)
        return answer

    async def _cut(self, job: int, document: Document) -> None:
        """The way breaks in the middle of the body; a bad machine prints the piece."""
        await self._connect()
        await asyncio.sleep(self._rng.random() * _TRIP_S)
        if self._is_there:
            self._arrive_cut(job, document)
        self._seen("cut")
        raise ExchangeError("connection-reset", begun=True, whole_body=False)

    def _arrive_cut(self, job: int, document: Document) -> None:
        """A piece of a body arrives, and then a reset: a good machine throws it away."""
        held = self._machine.jobs.get(job)
        if held is None or not self._machine.traits.accepts_cut:
            return
        if self._machine.send(job, document.data, is_cut=True) is None:
            self._auditor.disturbed(held.name, "cut")

    async def _connect(self) -> None:
        if not self._machine.is_powered:
            await asyncio.sleep(0.001)
            raise ExchangeError("connection-refused", begun=False)
        if not self._machine.is_reachable:
            await asyncio.sleep(TIMEOUT_S)
            raise ExchangeError("no-answer-in-time", begun=False)

    async def _silence(self, *, whole_body: bool) -> None:
        await asyncio.sleep(TIMEOUT_S)
        raise ExchangeError("no-answer-in-time", whole_body=whole_body)

    @property
    def _is_there(self) -> bool:
        return self._machine.is_powered and self._machine.is_reachable

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        self._loop.call_later(delay_s, act, context=self._loop.world.context)


def _give(answered: "asyncio.Future[Any]", answer: object) -> None:
    if not answered.done():
        answered.set_result(answer)
