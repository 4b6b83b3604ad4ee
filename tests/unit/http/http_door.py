"""A real door on loopback, with invented services behind it."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from fake_approvals import FakePrecedence, FakeSecondPerson
from fake_blanks import FakeBlanks, FakeMinutes
from fake_cards import FakeAnswers, FakeCards, FakeSlips, FakeTransfers
from fake_devices import FakeDevices, FakePrinters, FakeReaders
from fake_notices import FakeBoard, FakeNotices, FakeRush
from fake_people import FakeAccess, FakeDuty, FakeOfficers, FakePairings, FakeSignIn
from fake_queue import FakeJobs, FakeQueue, FakeSubmission

from stationd.adapters.system import SystemClock
from stationd.domain.events import GENESIS, Event
from stationd.domain.position import Position
from stationd.domain.readiness import Check, CheckName, Finding, FixBy, Level
from stationd.domain.words import Words
from stationd.http.app import build
from stationd.http.doors import Doors
from stationd.http.listeners import hosts_of, open_sockets
from stationd.http.policy import HttpPolicy
from stationd.http.serve import HttpServer
from stationd.ports.answers import KeptAnswer
from stationd.services.figures import Figures
from stationd.services.repeats import Repeats
from stationd.services.station import StationView
from stationd.services.stream import Stream

NIK = "9999990101900001"

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()


@dataclass
class FakeStation:
    is_ready: bool = True

    def describe(self) -> StationView:
        return StationView(
            id="1671-07",
            name="Kecamatan Sukarami",
            mode="attended",
            serves=("16.71.07",),
            time_zone="Asia/Jakarta",
            version="0",
            started_at_ms=0,
            is_ready=self.is_ready,
            reasons=() if self.is_ready else ("no-blanks",),
        )


class FakeLog:
    """A record that another process writes; ``events`` may lose its beginning."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def last(self) -> Position:
        return Position.of(self.events[-1].seq, self.events[-1].hash) if self.events else Position.of(0, GENESIS)

    async def hash_at(self, seq: int) -> bytes | None:
        return GENESIS if seq == 0 else next((event.hash for event in self.events if event.seq == seq), None)

    async def after(self, seq: int, limit: int) -> list[Event]:
        return [event for event in self.events if event.seq > seq][:limit]


class FakeAnswerStore:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], KeptAnswer] = {}

    async def claim(self, caller: str, key: str, digest: bytes) -> KeptAnswer | None:
        known = self.kept.get((caller, key))
        if known is None:
            self.kept[caller, key] = KeptAnswer(digest=digest, status=None, body=b"")
        return known

    async def keep(self, caller: str, key: str, status: int, body: bytes) -> None:
        self.kept[caller, key] = replace(self.kept[caller, key], status=status, body=body)

    async def release(self, caller: str, key: str) -> None:
        del self.kept[caller, key]

    async def forget(self, before_ms: int) -> int:
        return 0


class FakeReadiness:
    can_finish = 7

    def checks(self) -> tuple[Check, ...]:
        finding = Finding(Level.FAILED, Words("the centre does not answer", "pusat tidak menjawab"), FixBy.NETWORK)
        return (Check(name=CheckName.CENTRE, finding=finding, since=1_700_000_000_000),)


@dataclass
class Door:
    """The open door: its fakes, its address, and two ways to knock."""

    server: HttpServer
    port: int
    session: aiohttp.ClientSession
    submission: FakeSubmission
    jobs: FakeJobs
    blanks: FakeBlanks
    cards: FakeCards
    transfers: FakeTransfers
    station: FakeStation
    stream: Stream
    readers: FakeReaders
    observed: list[tuple[str, str, int, float]]
    services: Doors
    policy: HttpPolicy

    async def ask(
        self,
        method: str,
        path: str,
        *,
        role: str | None = "officer",
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> tuple[int, Any, Any]:
        """Status, decoded JSON (else text) and headers of an answer."""
        given = dict(headers or {})
        if role is not None:
            given.setdefault("Authorization", f"Bearer token-of-{role}")
        async with self.session.request(method, f"http://127.0.0.1:{self.port}{path}", headers=given, **more) as answer:
            raw = b"" if answer.content_type == "text/event-stream" else await answer.read()  # it never ends
            is_json = "json" in answer.headers.get("Content-Type", "") and raw
            return answer.status, json.loads(raw) if is_json else raw.decode(), answer.headers

    async def submit(
        self, order: Any, *, key: str | None = "key-1", role: str = "kiosk", **more: Any
    ) -> tuple[int, Any, Any]:
        """Submit an order: a value to encode, or the bytes of a body."""
        headers = {"Content-Type": "application/json"} | more.pop("headers", {})
        if key is not None:
            headers["Idempotency-Key"] = key
        data = order if isinstance(order, bytes) else json.dumps(order).encode()
        return await self.ask("POST", "/v1/jobs", role=role, headers=headers, data=data, **more)

    async def knock(self, raw: bytes, *, wait_s: float = 60.0) -> bytes:
        """Everything that a raw connection answers to these bytes until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(raw)
            async with asyncio.timeout(wait_s):
                return await reader.read()
        finally:
            writer.close()


OpenDoor = Callable[..., Any]


@contextlib.asynccontextmanager
async def doors() -> AsyncIterator[OpenDoor]:
    """Opens doors with a policy of one's own; all are closed at the end."""
    opened: list[Door] = []

    async def open_(**policy: Any) -> Door:
        sockets = open_sockets(["127.0.0.1:0"])
        port = sockets[0].getsockname()[1]
        limits = HttpPolicy(**({"hosts": hosts_of(sockets)} | policy))
        observed: list[tuple[str, str, int, float]] = []
        submission, jobs, blanks, station = FakeSubmission(), FakeJobs(), FakeBlanks(), FakeStation()
        stream = Stream(FakeLog(), SystemClock())
        readers = FakeReaders()
        await stream.load()
        cards, transfers = FakeCards(), FakeTransfers()
        services: Any = Doors(
            access=FakeAccess(),
            submission=submission,
            jobs=jobs,
            printers=FakePrinters(),
            queue=FakeQueue(),
            readers=readers,
            devices=FakeDevices(),
            blanks=blanks,
            minutes=FakeMinutes(),
            cards=cards,
            notices=FakeNotices(),
            board=FakeBoard(),
            rush=FakeRush(),
            answers=FakeAnswers(),
            transfers=transfers,
            slips=FakeSlips(),
            station=station,
            officers=FakeOfficers(),
            sign_in=FakeSignIn(),
            duty=FakeDuty(),
            second_person=FakeSecondPerson(),
            precedence=FakePrecedence(),
            readiness=FakeReadiness(),
            stream=stream,
            figures=Figures(FakeLog(), SystemClock()),
            pairings=FakePairings(),
            repeats=Repeats(FakeAnswerStore(), SystemClock(), str.encode),
            clock=SystemClock(),
            metrics=lambda: b"stationd_up 1\n",
            observe=lambda *seen: observed.append(seen),
        )
        server = HttpServer(build(services, limits), limits, own=sockets)
        await server.start()
        session = aiohttp.ClientSession()
        opened.append(
            Door(
                server,
                port,
                session,
                submission,
                jobs,
                blanks,
                cards,
                transfers,
                station,
                stream,
                readers,
                observed,
                services,
                limits,
            )
        )
        return opened[-1]

    try:
        yield open_
    finally:
        for door in opened:
            door.stream.close()
            door.readers.live.end()
            await door.session.close()
            await door.server.stop()
