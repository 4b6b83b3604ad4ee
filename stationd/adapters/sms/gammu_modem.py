"""A GSM modem through gammu, which runs in a process of its own: fulfils :class:`stationd.ports.notifier.Notifier`.

Every request has a hard time limit; when it passes, the process is killed and begun afresh, and a message that was
being sent is lost in the word's sense here: nobody can tell. The codes of the network (3GPP TS 27.005, 3.2.5; TS
24.011, E.2) are sorted by what is certain: the number's fault, the way's fault, or unknown.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, Final

from stationd.domain.sms import Alphabet, measure, rupiah
from stationd.ports.notifier import (
    Accepted,
    Asked,
    Lost,
    Message,
    NotSent,
    Rejected,
    Report,
    Reports,
    SendOutcome,
    WayStatus,
)

_log = logging.getLogger(__name__)

WORKER: Final = (sys.executable, "-m", "stationd.adapters.sms.gammu_worker")

NUMBERS_FAULT: Final = frozenset({1, 27, 28, 30})
"""Unassigned number, destination out of order, unidentified and unknown subscriber."""

WAYS_FAULT: Final = frozenset({8, 10, 21, 22, 29, 38, 41, 42, 47, 50, 69, *range(300, 332)})
"""Barred, rejected, no resources, network out of order, congestion; the modem's own troubles up to "no network".

Not 332 (network timeout), 500 (unknown) and what vendors made up: there the message may be on its way.
"""

FEWEST_CREDIT: Final = 1000
"""Rupiah below which the next message would hardly go out."""

_FINAL_STATUS: Final = 0x40
"""TP-Status (TS 23.040, 9.2.3.15): 0x00-0x1f done, 0x20-0x3f still trying, from 0x40 given up."""
_STILL_TRYING: Final = 0x20
_NETWORKS: Final = frozenset({"HomeNetwork", "RoamingNetwork"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemOptions:
    """``send_s``, ``open_s`` and ``ask_s`` are the limits of a message, of opening and of everything else.

    ``ussd`` is the code that asks for the credit, at most every ``credit_every_s``; ``None`` asks for none.
    """

    send_s: float = 60.0
    open_s: float = 30.0
    ask_s: float = 20.0
    ussd: str | None = None
    credit_every_s: float = 6 * 3600.0


class GammuModem:
    """One modem, at the first of the given nodes that answers."""

    name: Final = "modem"
    reports: Final = Reports.GIVEN

    def __init__(
        self, nodes: Callable[[], Sequence[str]], options: ModemOptions | None = None, *, worker: Sequence[str] = WORKER
    ) -> None:
        """``nodes`` are asked for whenever the modem is to be opened: it may have come back elsewhere."""
        self._nodes = nodes
        self._options = options or ModemOptions()
        self._command = tuple(worker)
        self._worker: _Worker | None = None
        self._turn = asyncio.Lock()
        self._status = WayStatus(is_ready=False, reasons=("modem-missing",))
        self._reports: list[Report] = []
        self._credit: int | None = None
        self._credit_asked: float | None = None
        self.restarts = 0
        """How often the process had to be killed because it did not answer."""

    @property
    def status(self) -> WayStatus:
        """See :attr:`stationd.ports.notifier.Notifier.status`."""
        if self._worker is not None and not self._worker.is_alive:
            return replace(self._status, is_ready=False, reasons=("modem-gone",))
        return self._status

    async def look(self) -> None:
        """See :meth:`stationd.ports.notifier.Notifier.look`."""
        async with self._turn:
            await self._look()

    async def send(self, message: Message) -> SendOutcome:
        """See :meth:`stationd.ports.notifier.Notifier.send`."""
        async with self._turn:
            if self._worker is None or not self._worker.is_alive:
                await self._look()
            worker = self._worker
            if worker is None or not self._status.is_ready:
                return NotSent(self._status.reasons[0] if self._status.reasons else "modem-missing")
            request = {
                "do": "send",
                "number": message.number,
                "text": message.text,
                "is_ucs2": measure(message.text).alphabet is Alphabet.UCS2,
            }
            answer = await self._ask(worker, request, self._options.send_s)
            if answer is None:
                # Until it has been looked at again nothing more is given to a modem that kept an answer to itself.
                await self._drop("modem-silent")
                return Lost("no-answer")
            return await self._outcome(answer)

    async def collect(self, asked: Sequence[Asked]) -> Sequence[Report]:  # noqa: ARG002 - a modem tells by itself
        """See :meth:`stationd.ports.notifier.Notifier.collect`."""
        came, self._reports = self._reports, []
        return came

    async def aclose(self) -> None:
        """See :meth:`stationd.ports.notifier.Notifier.aclose`."""
        async with self._turn:
            await self._drop("modem-closed")

    # ------------------------------------------------------------------------------------------------------ asking

    async def _outcome(self, answer: Mapping[str, Any]) -> SendOutcome:
        if "error" not in answer:
            return Accepted(reference=str(answer["reference"]))
        code = answer.get("modem")
        if code in NUMBERS_FAULT:
            return Rejected(f"cms-{code}")
        if code in WAYS_FAULT:
            self._status = replace(self._status, is_ready=False, reasons=(f"cms-{code}",))
            return NotSent(f"cms-{code}")
        await self._drop("modem-fault")
        return Lost(f"cms-{code}" if code is not None else f"gammu-{answer['error']}")

    async def _look(self) -> None:
        worker = self._worker
        if worker is None or not worker.is_alive:
            worker = await self._open()
            if worker is None:
                return
        ussd = self._options.ussd if self._is_credit_due() else None
        seen = await self._ask(worker, {"do": "look", "ussd": ussd}, self._options.ask_s)
        if seen is None or "error" in seen:
            await self._drop("modem-silent" if seen is None else "modem-fault")
            return
        reasons = []
        if seen["sim"] not in {None, "ready"}:
            reasons.append("sim-locked")
        if seen["network"] is not None and seen["network"] not in _NETWORKS:
            reasons.append("no-network")
        if self._credit is not None and self._credit < FEWEST_CREDIT:
            reasons.append("no-credit")
        self._status = WayStatus(
            is_ready=not reasons, reasons=tuple(reasons), signal=seen["signal"], credit=self._credit
        )

    async def _open(self) -> "_Worker | None":
        await self._drop("modem-missing")
        if self._command == WORKER and await asyncio.to_thread(find_spec, "gammu") is None:
            self._status = WayStatus(is_ready=False, reasons=("gammu-missing",))
            return None
        for node in self._nodes():
            worker = await _Worker.start(self._command, self._came)
            answer = await self._ask(worker, {"do": "open", "device": node}, self._options.open_s)
            if answer is not None and "error" not in answer:
                _log.info("a modem answers at %s", node)
                self._worker = worker
                return worker
            await worker.kill()
            self._status = WayStatus(is_ready=False, reasons=("modem-silent" if answer is None else "modem-fault",))
        return None

    async def _ask(self, worker: "_Worker", request: Mapping[str, Any], limit_s: float) -> Mapping[str, Any] | None:
        answer = await worker.ask({**request, "limit_s": limit_s}, limit_s)
        if answer is None:
            self.restarts += 1
            _log.warning("the modem did not answer to %r; its process is killed", request["do"])
            await worker.kill()
        return answer

    async def _drop(self, reason: str) -> None:
        if self._worker is not None:
            await self._worker.kill()
            self._worker = None
        self._status = WayStatus(is_ready=False, reasons=(reason,), credit=self._credit)

    def _is_credit_due(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._credit_asked is not None and now - self._credit_asked < self._options.credit_every_s:
            return False
        self._credit_asked = now
        return True

    def _came(self, said: Mapping[str, Any]) -> None:
        """What the modem tells by itself."""
        if "ussd" in said:
            self._credit = rupiah(said["ussd"])
            self._status = replace(self._status, credit=self._credit)
            return
        told = said["report"]
        status = int(told["status"])
        if _STILL_TRYING <= status < _FINAL_STATUS:
            return
        is_delivered = status < _STILL_TRYING
        self._reports.append(
            Report(
                is_delivered=is_delivered,
                reason="delivered" if is_delivered else f"status-{status}",
                reference=str(told["reference"]),
                number=told["number"],
            )
        )


class _Worker:
    """The process: requests go in, answers and what comes by itself go out."""

    def __init__(self, process: asyncio.subprocess.Process, came: Callable[[Mapping[str, Any]], None]) -> None:
        self._process = process
        self._came = came
        self._answer: asyncio.Future[Mapping[str, Any] | None] | None = None
        self._reading = asyncio.create_task(self._read(), name="modem process")
        self.is_alive = True

    @classmethod
    async def start(cls, command: Sequence[str], came: Callable[[Mapping[str, Any]], None]) -> "_Worker":
        """Begin one; what it writes to standard error may hold numbers, and goes nowhere."""
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        return cls(process, came)

    async def ask(self, request: Mapping[str, Any], limit_s: float) -> Mapping[str, Any] | None:
        """The answer, or ``None`` when none came within the limit or the process died."""
        stdin = self._process.stdin
        if stdin is None or not self.is_alive:
            return None
        self._answer = asyncio.get_running_loop().create_future()
        stdin.write(json.dumps(request).encode() + b"\n")
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(limit_s):
                await stdin.drain()
                return await self._answer
        return None

    async def kill(self) -> None:
        """End it, however it hangs."""
        self.is_alive = False
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            raise AssertionError("started with a pipe")
        while line := await stdout.readline():
            said = json.loads(line)
            if "re" not in said:
                self._came(said)
            elif self._answer is not None and not self._answer.done():
                self._answer.set_result(said)
        self.is_alive = False
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(None)
