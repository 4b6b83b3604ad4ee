"""A real door on loopback, with invented services behind it."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import aiohttp
from fake_cards import FakeAnswers, FakeCards, FakeSlips, FakeTransfers
from fake_notices import FakeBoard, FakeNotices, FakeRush

from stationd.adapters.system import SystemClock
from stationd.domain.authority import Actor, Role
from stationd.domain.blank_entry import Entry, NewEntry, Pack
from stationd.domain.blanks import Account, Balances, EntryKind
from stationd.domain.errors import Refused
from stationd.domain.events import GENESIS, Event
from stationd.domain.job import Evidence, Job, JobKind, JobState, Verdict
from stationd.domain.officer import Officer, Standing
from stationd.domain.order import Document, Order, Surrendered
from stationd.domain.position import Position
from stationd.domain.printer import Supply
from stationd.domain.readiness import Check, CheckName, Finding, FixBy, Level
from stationd.domain.scan import ReaderState, ReaderStatus
from stationd.domain.second_person import Approval, ApprovalState
from stationd.domain.why import Why
from stationd.domain.words import Words
from stationd.http.app import build
from stationd.http.doors import Doors
from stationd.http.listeners import hosts_of, open_sockets
from stationd.http.policy import HttpPolicy
from stationd.http.serve import HttpServer
from stationd.ports.answers import KeptAnswer
from stationd.ports.approvals import Agreed
from stationd.ports.blanks import Booked, Counted, CountState, CountView
from stationd.ports.devices import KnownDevice
from stationd.ports.minutes import Drawn
from stationd.services.duty import OnDuty, SignedIn
from stationd.services.figures import Figures
from stationd.services.jobs import JobView, Known
from stationd.services.live_scans import Hearing, LiveScans
from stationd.services.officers import Decree, OfficerView, must_be_officer
from stationd.services.pairing import Asked, Pairing
from stationd.services.precedence import Moved
from stationd.services.printers import DeviceView
from stationd.services.queue import QueueView
from stationd.services.repeats import Repeats
from stationd.services.second_person import Second
from stationd.services.station import StationView
from stationd.services.stream import Stream
from stationd.services.submit import Submitted

NIK = "9999990101900001"
JOB_ID = "01890000-0000-7000-8000-000000000001"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
TOKENS = {f"token-of-{role}": Actor(name=f"the-{role}", role=role) for role in Role}

JOB = Job(
    seq=1,
    id=JOB_ID,
    receipt="2XK7-9QF4-M3TP",
    order="PRR-16711-000123",
    kind=JobKind.FIRST,
    profile="ktp-el",
    state=JobState.QUEUED,
    reasons=(),
    rank=1,
    tries=0,
    attempts=0,
    printer=None,
    evidence=None,
    not_before=0,
    created_at=1_700_000_000_123,
    updated_at=1_700_000_000_123,
)
WHY = Why("next", Words("It is next in line", "Giliran berikutnya"))
KNOWN = Known(
    attempt=2,
    printer="kartu-1",
    remote_job="17",
    counter_before=4,
    counter_now=5,
    opened_at=1_700_000_000_123,
    sent_at=None,
    said="the printer restarted during the card",
)
DEVICE = DeviceView(
    id="kartu-1",
    kind="printer",
    name="kartu-1",
    driver="simulator",
    state="stopped",
    reasons=("media-empty",),
    is_paused=False,
    since_ms=1_700_000_000_000,
    supplies=(Supply(name="ribbon", level=40, cards=120),),
    counter=7,
    evidence=Evidence.COUNTER,
    profiles=("ktp-el",),
    model="Specimen 1",
    last_fault=None,
    printing=(JOB_ID,),
)


READER = replace(
    DEVICE,
    id="pemindai-1",
    kind="reader",
    name="pemindai-1",
    driver="serial",
    state="absent",
    reasons=("port-missing",),
    supplies=(),
    counter=None,
    evidence=None,
    profiles=(),
    last_fault="no such file",
    printing=(),
)


UNUSED = replace(
    DEVICE,
    id="usb-1234-0001-x7",
    kind="unknown",
    name="usb-1234-0001-x7",
    driver=None,
    state="unused",
    reasons=("no-matcher",),
    supplies=(),
    counter=None,
    evidence=None,
    profiles=(),
    printing=(),
    usb=KnownDevice(
        identity="usb:1234:0001:x7:00",
        label=None,
        title="Acme X1",
        vendor="1234",
        product="0001",
        serial="x7",
        port="0000.00.14.0-usb2-1",
        node=None,
        matcher=None,
        is_present=True,
        plugs=1,
        resets=0,
        first_seen_at=1_700_000_000_000,
        last_seen_at=1_700_000_000_000,
    ),
)


class FakeAccess:
    async def actor_of(self, token: str) -> Actor | None:
        return TOKENS.get(token)

    async def is_valid(self, token: str) -> bool:
        return token in TOKENS


@dataclass
class FakeSubmitting:
    submission: "FakeSubmission"
    order: Order
    key: str
    digest: bytes
    actor: Actor

    async def done(self) -> Submitted:
        return await self.submission.submit(self.order, key=self.key, digest=self.digest, actor=self.actor)


@dataclass
class FakeSubmission:
    orders: list[tuple[Order, str, bytes, Actor]] = field(default_factory=list)
    fails_with: Exception | None = None
    holds: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, order: Order, *, key: str, digest: bytes, actor: Actor) -> FakeSubmitting:
        return FakeSubmitting(self, order, key, digest, actor)

    async def submit(self, order: Order, *, key: str, digest: bytes, actor: Actor) -> Submitted:
        if self.fails_with is not None:
            raise self.fails_with
        self.entered.set()
        if self.holds is not None:
            await self.holds.wait()
        is_replay = any(known == key for _, known, _, _ in self.orders)
        self.orders.append((order, key, digest, actor))
        return Submitted(
            view=JobView(job=replace(JOB, order=order.order), position=0, expected_s=12.5), is_replay=is_replay
        )


@dataclass
class FakeJobs:
    judged: list[tuple[str, Verdict, str, Actor]] = field(default_factory=list)
    asked: list[tuple[JobState | None, str | None, int]] = field(default_factory=list)

    async def read(self, job_id: str) -> JobView:
        if job_id != JOB_ID:
            raise Refused("job-unknown", "cannot find the job: there is none with this id")
        return JobView(job=JOB, position=0, expected_s=None, why=(WHY,), known=KNOWN)

    async def page(self, *, state: JobState | None, after: str | None, limit: int) -> tuple[list[JobView], str | None]:
        self.asked.append((state, after, limit))
        return [await self.read(JOB_ID)], "1"

    async def find(self, *, receipt: str | None, order: str | None) -> list[JobView]:
        self.asked.append((receipt, order))
        return [await self.read(JOB_ID)] if order != "PRR-NOBODY" else []

    async def cancel(self, job_id: str, *, actor: Actor) -> JobView:
        return await self.read(job_id)

    async def retry(self, job_id: str, *, actor: Actor) -> JobView:
        await self.read(job_id)
        raise Refused("job-state", "cannot retry the job: it is queued", see=JOB_ID)

    async def hold(self, job_id: str, reason: str, *, actor: Actor) -> JobView:
        return await self.read(job_id)

    async def preview(self, job_id: str) -> Document:
        await self.read(job_id)
        return Document("image/png", b"a picture")

    async def verdict(
        self, job_id: str, verdict: Verdict, note: str, *, actor: Actor, attempt: int | None = None
    ) -> JobView:
        self.judged.append((job_id, verdict, note, attempt, actor))
        return await self.read(job_id)


class FakeQueue:
    def __init__(self) -> None:
        self.pauses: set[JobKind | None] = set()

    def view(self) -> QueueView:
        kinds = tuple(kind for kind in self.pauses if kind is not None)
        return QueueView(waiting=3, is_paused=None in self.pauses, paused_kinds=kinds)

    async def pause(self, kind: JobKind | None, *, actor: Actor) -> QueueView:
        self.pauses.add(kind)
        return self.view()

    async def resume(self, kind: JobKind | None, *, actor: Actor) -> QueueView:
        self.pauses.discard(kind)
        return self.view()


class FakePrinters:
    def all(self) -> list[DeviceView]:
        return [DEVICE]

    def one(self, device_id: str) -> DeviceView:
        if device_id != DEVICE.id:
            raise Refused("device-unknown", "cannot find the device: there is none with this id")
        return DEVICE

    async def pause(self, device_id: str, *, actor: Actor) -> DeviceView:
        return replace(self.one(device_id), is_paused=True)

    async def resume(self, device_id: str, *, actor: Actor) -> DeviceView:
        return self.one(device_id)

    async def drain(self, device_id: str, *, actor: Actor) -> DeviceView:
        return replace(self.one(device_id), is_paused=True, reasons=("draining", "maintenance"))

    async def test_card(self, device_id: str, *, actor: Actor) -> DeviceView:
        return self.one(device_id)


class FakeReaders:
    def __init__(self) -> None:
        self.live = LiveScans()

    def hear(self, device_id: str, actor: Actor) -> Hearing:
        if device_id != READER.id:
            raise Refused("device-unknown", "cannot find the device: there is none with this id")
        if actor.role is Role.KIOSK:
            raise Refused("reader-of-another", "cannot listen to the reader: it is another kiosk's")
        return self.live.hear(device_id, ReaderStatus(state=ReaderState.READY, reasons=(), since_ms=0))

    def all(self) -> list[DeviceView]:
        return [READER]


class FakeDevices:
    def all(self) -> list[DeviceView]:
        return [DEVICE, READER, UNUSED]

    def one(self, device_id: str) -> DeviceView:
        for view in self.all():
            if view.id == device_id:
                return view
        raise Refused("device-unknown", "cannot find the device: there is none with this id")

    async def label(
        self, device_id: str, label: str | None, *, actor: Actor, before: Callable[[DeviceView], None]
    ) -> DeviceView:
        view = self.one(device_id)
        before(view)
        if view.usb is None:
            raise Refused("device-not-on-the-bus", "cannot label the device: it is known by its configuration")
        return replace(view, usb=replace(view.usb, label=label))

    async def history(self, device_id: str, *, after: str | None, limit: int) -> tuple[list[Event], str | None]:
        self.one(device_id)
        if after is not None and not after.isdigit():
            raise Refused("cursor-malformed", "cannot page: 'after' is not a cursor of ours", field="after")
        data = {"port": "0000.00.14.0-usb2-1", "is_new": True, "matcher": None}
        return [Event(7, 1_700_000_000_000, "device.plugged", device_id, data)][:limit], "7"


@dataclass
class FakeBlanks:
    entries: list[tuple[EntryKind, int, str, Actor]] = field(default_factory=list)

    async def balances(self) -> Balances:
        return Balances(
            received=10, safe=5, printer=1, issued=2, spoiled=1, quarantined=0, returned=0, destroyed=0, missing=1
        )

    async def counts(self) -> Counted:
        return Counted(waiting=CountView(state=CountState.WAITING, at=1_700_000_000_000, people=1), last=None)

    async def book(self, entry: NewEntry, *, actor: Actor, second: Second | None = None) -> Booked:
        self.entries.append((entry.kind, entry.quantity, entry.note, actor))
        return Booked(balances=await self.balances(), entry=3)

    async def ledger(self, *, before: int | None, limit: int) -> tuple[list[Entry], int | None]:
        entry = Entry(
            seq=7, at=1_700_000_000_000, source=Account.SAFE, target=Account.SPOILED, quantity=2, cause="spoiled",
            job=None, actor="counter", note="", detail={"category": "factory-bad"},
        )  # fmt: skip
        return [entry][:limit], 7

    async def packs(self, *, after: str, limit: int, is_sealed: bool | None) -> tuple[list[Pack], str | None]:
        pack = Pack(number="DUS-1", quantity=100, first_serial=None, last_serial=None, is_sealed=True, received=1)
        return [pack][:limit], None

    async def serial(self, serial: str) -> str:
        if serial != "A1":
            raise Refused("serial-unknown", "cannot find the blank: no entry has named this serial")
        return "safe"


class FakeMinutes:
    async def page(self, *, kind: str | None, before: int | None, limit: int) -> tuple[list[Drawn], int | None]:
        return [DRAWN][:limit], 1

    async def blank_book(self, day: date, *, actor: Actor) -> Drawn:
        return DRAWN

    async def pdf(self, minutes_id: str) -> bytes:
        self._must_be_known(minutes_id)
        return b"%PDF-1.7"

    async def csv(self, minutes_id: str) -> bytes:
        self._must_be_known(minutes_id)
        return b"Nomor,1"

    def _must_be_known(self, minutes_id: str) -> None:
        if minutes_id != JOB_ID:
            raise Refused("minutes-unknown", "cannot find the minutes: there are none with this id")


DRAWN = Drawn(
    seq=1,
    id=JOB_ID,
    at=1_700_000_000_000,
    kind="blank-book",
    number="470/001/BA/1671-07/XI/2023",
    day="2023-11-14",
    subject="blanks:2023-11-14",
)


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


OFFICER = OfficerView(
    officer=Officer(
        number="199901012026011001",
        name="Petugas Contoh",
        decree="SK Contoh 1/2026",
        region="16.71.07",
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        added_on=date(2026, 1, 1),
    ),
    standing=Standing.APPOINTED,
    days_left=None,
)


class FakeOfficers:
    def all(self) -> list[OfficerView]:
        return [OFFICER]

    def one(self, number: str) -> OfficerView | None:
        return OFFICER if number == OFFICER.officer.number else None

    async def add(self, decree: Decree, pin: str, *, actor: Actor) -> OfficerView:
        return OFFICER

    async def revoke(self, number: str, *, actor: Actor) -> None:
        if self.one(number) is None:
            raise Refused("officer-unknown", "cannot revoke the appointment: there is none with this number")


class FakeSignIn:
    async def sign_in(self, number: str, pin: str) -> SignedIn:
        if (number, pin) != (OFFICER.officer.number, "rahasia"):
            raise Refused("sign-in-locked", "cannot sign in: too many wrong PINs", wait_s=30)
        return SignedIn(token="st_session_x", expires_at=1_700_000_000_000, officer=OFFICER)


class FakeDuty:
    is_required = True

    def on_duty(self) -> list[OnDuty]:
        return [OnDuty(officer=OFFICER, since=1_700_000_000_000)]

    async def begin(self, actor: Actor) -> None:
        must_be_officer(actor)

    async def leave(self, actor: Actor) -> None:
        must_be_officer(actor)

    async def sign_out(self, actor: Actor) -> None:
        must_be_officer(actor)


APPROVAL = Approval(
    seq=1,
    id=JOB_ID,
    kind="job.jump",
    subject=JOB_ID,
    payload="{}",
    reason="the holder travels tomorrow",
    state=ApprovalState.PENDING,
    asked_by="officer-199901012026011001",
    first="199901012026011001",
    second=None,
    asked_at=1_700_000_000_000,
    expires_at=1_700_000_900_000,
    settled_at=None,
    settled_by=None,
)


class FakeSecondPerson:
    def __init__(self) -> None:
        self.seconds: list[Second | None] = []

    async def page(self, *, state: ApprovalState | None, after: int, limit: int) -> tuple[list[Approval], int | None]:
        return [APPROVAL], 1

    async def read(self, approval_id: str) -> Approval:
        if approval_id != JOB_ID:
            raise Refused("approval-unknown", "cannot find the request: there is none with this id")
        return APPROVAL

    async def approve(self, approval_id: str, *, actor: Actor, second: Second | None = None) -> Agreed:
        await self.read(approval_id)
        self.seconds.append(second)
        if second is None:
            must_be_officer(actor)
        settled = replace(
            APPROVAL, state=ApprovalState.APPROVED, second="199902022026022002", settled_at=1_700_000_001_000
        )
        return Agreed(approval=settled)

    async def decline(self, approval_id: str, *, actor: Actor) -> Approval:
        return replace(await self.read(approval_id), state=ApprovalState.DECLINED, settled_at=1_700_000_001_000)


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


class FakePrecedence:
    def __init__(self) -> None:
        self.surrendered: list[Surrendered] = []

    async def jump(self, job_id: str, reason: str, *, actor: Actor, second: Second | None = None) -> Moved:
        view = await FakeJobs().read(job_id)
        return Moved(view=replace(view, waits=APPROVAL), waits=None if second is not None else APPROVAL)

    async def release(self, job_id: str, reason: str, *, actor: Actor, second: Second | None = None) -> Moved:
        await FakeJobs().read(job_id)
        raise Refused("job-not-held", "cannot release the job: no officer holds it")

    async def surrender(self, job_id: str, card: Surrendered, *, actor: Actor) -> JobView:
        self.surrendered.append(card)
        return await FakeJobs().read(job_id)


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


class FakePairings:
    def ask(self, name: str) -> Asked:
        return Asked(code="K7Q-4MX", secret="s", expires_in_s=600)

    def all(self) -> list[Pairing]:
        return [Pairing(code="K7Q-4MX", name="kiosk-lobby", asked_at=0, until=0, secret="s")]

    def approve(self, code: str, *, actor: Actor) -> None:
        if code != "K7Q-4MX":
            raise Refused("pairing-unknown", "cannot pair: nobody waits under this code")

    def decline(self, code: str) -> None:
        self.approve(code, actor=TOKENS["token-of-admin"])

    async def collect(self, secret: str) -> str | None:
        return "st_kiosk_x" if secret == "s" else None


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
