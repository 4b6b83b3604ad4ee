"""What a simulated station tells Prometheus: a real station's collectors over books that are only played."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

from stationd import __version__
from stationd.adapters.approval_metrics import ApprovalMetrics
from stationd.adapters.blank_metrics import BlankMetrics
from stationd.adapters.card_metrics import CardMetrics
from stationd.adapters.device_metrics import DeviceMetrics
from stationd.adapters.event_metrics import EventMetrics
from stationd.adapters.link_metrics import LinkMetrics
from stationd.adapters.loop_metrics import LoopMetrics
from stationd.adapters.metrics import Metrics
from stationd.adapters.notice_metrics import NoticeMetrics
from stationd.adapters.order_metrics import OrderMetrics
from stationd.adapters.printer_metrics import PrinterMetrics
from stationd.adapters.readiness_metrics import ReadinessMetrics
from stationd.adapters.standing_metrics import StandingMetrics
from stationd.adapters.stream_metrics import StreamMetrics
from stationd.adapters.udev import Counters
from stationd.demo.city.faults import Fault
from stationd.domain.blanks import Account
from stationd.domain.events import Event
from stationd.domain.printer import PrinterState, Supply
from stationd.domain.rationing import Stock
from stationd.domain.readiness import CheckName, Level
from stationd.domain.scan import ReaderState, ReaderStatus
from stationd.ports.city import Backlog, Fate
from stationd.ports.figures import Oldest
from stationd.ports.notices import Outbox
from stationd.ports.notifier import WayStatus
from stationd.ports.readiness import HostReading
from stationd.services.city_desk import DeskFigures
from stationd.services.city_link import LinkFigures
from stationd.services.facts import FactFigures

PRINTER: Final = "kartu-1"
_RESERVE: Final = 50
_RIBBON: Final = 500
_CHECKS: Final = {
    Fault.NO_CENTRE: (CheckName.CENTRE, Level.FAILED),
    Fault.FEW_OFFICERS: (CheckName.OFFICERS, Level.DEGRADED),
    Fault.DISK: (CheckName.DISK, Level.FAILED),
    Fault.CLOCK: (CheckName.CLOCK, Level.DEGRADED),
    Fault.CITY_BEHIND: (CheckName.CITY, Level.DEGRADED),
}


@dataclass(slots=True, kw_only=True)
class Books:
    """What the station knows: its time (Unix ms), its blanks, how many wait, what waits longest, what is wrong."""

    now_ms: int
    blanks: dict[Account, int]
    waiting: int = 0
    shelved: int = 0
    faults: frozenset[Fault] = frozenset()
    oldest: Oldest = field(default_factory=Oldest)

    @property
    def at_hand(self) -> int:
        """Blanks that can be printed on."""
        return self.blanks[Account.SAFE] + self.blanks[Account.LOADED]

    @property
    def printed(self) -> int:
        """Cards printed so far."""
        return self.blanks[Account.ISSUED]


class Telling:
    """The collectors. Needs a running event loop."""

    def __init__(self, books: Books) -> None:
        self._books = books
        writer: Any = SimpleNamespace(balances=lambda: books.blanks, groups=0, requests=0)
        self._writer = writer
        readers = {"pemindai-1": ReaderStatus(state=next(iter(ReaderState)), reasons=(), since_ms=0)}
        self._metrics = Metrics(__version__, writer, lambda: readers)
        readiness: Any = SimpleNamespace(can_finish=0, reading=None, checks=self._checks)
        self._readiness = readiness
        officers: Any = SimpleNamespace(
            able=lambda: tuple(range(1 if Fault.FEW_OFFICERS in books.faults else 3)),
            view=lambda _number: SimpleNamespace(days_left=None),
        )
        duty: Any = SimpleNamespace(on_duty=lambda: (1,))
        nobody: Any = _Nobody()
        at_work: Any = SimpleNamespace(
            name=PRINTER, printing=True, status=SimpleNamespace(state=PrinterState.PROCESSING)
        )
        self._events = EventMetrics()
        self._events.is_whole = True
        self._book = BlankMetrics(lambda: books.now_ms, lambda: {PRINTER: books.blanks[Account.LOADED]})
        self._printers = PrinterMetrics(lambda: self._devices()[:1], lambda: (at_work,))
        self._loop = LoopMetrics()
        self._standing = StandingMetrics(
            lambda: books.now_ms,
            is_ready=lambda: books.at_hand > 0 and Fault.STOPPED not in books.faults,
            is_trusted=lambda: Fault.CLOCK not in books.faults,
        )
        self._link, self._facts, self._desk = LinkFigures(connections=1), FactFigures(), DeskFigures()
        cards, approvals = CardMetrics(), ApprovalMetrics()
        self._followers = (self._events, self._book, cards, approvals)
        for collector in (
            *self._followers,
            self._printers,
            self._loop,
            self._standing,
            DeviceMetrics(self._devices, Counters),
            LinkMetrics(self._link, self._facts, self._desk, lambda: books.now_ms),
            NoticeMetrics(
                lambda: Outbox(shelved=books.shelved, due=0, troubles={}),
                lambda: {"modem": WayStatus(is_ready=True, signal=60, credit=85_000)},
            ),
            OrderMetrics(self._stock),
            ReadinessMetrics(readiness, officers, duty),
            StreamMetrics(nobody, nobody),
        ):
            self._metrics.add(collector)

    def follow(self, events: Sequence[Event], *, busy_s: float, lag_s: float) -> None:
        """Take in what happened, how long the printer was at work, and how late the event loop was."""
        for follower in self._followers:
            follower.follow(events)
        self._printers.look(busy_s)
        self._loop.saw(lag_s)
        self._follow_link(len(events))
        requests = 1 + len(events) // 2
        self._writer.groups += 1
        self._writer.requests += requests
        self._metrics.committed(requests, 0.004 + lag_s)

    def _follow_link(self, rows: int) -> None:
        """What the link did with so many new rows."""
        faults = self._books.faults
        self._link.is_up = Fault.NO_CITY not in faults
        is_taken = self._link.is_up and Fault.CITY_REFUSES not in faults
        if is_taken:
            self._facts.fates[Fate.TAKEN] += rows
            self._desk.messages["offer"] += rows // 8
        elif self._link.is_up:
            self._facts.fates[Fate.REFUSED] += 1
        if Fault.FOREIGN in faults:
            self._desk.refused["link-signature-invalid"] += 1
        waiting = 0 if is_taken else self._facts.backlog.rows + rows
        oldest = (self._facts.backlog.oldest_at or self._books.now_ms) if waiting else None
        self._facts.backlog = Backlog(rows=waiting, oldest_at=oldest)

    def render(self, *, backed_up_at: float, pace: float) -> bytes:
        """What Prometheus would scrape now. ``pace`` is in cards a day, ``backed_up_at`` in Unix seconds."""
        books = self._books
        self._readiness.reading = HostReading(
            free_bytes=(40 << 20) if Fault.DISK in books.faults else (90 << 30) - books.printed * 20_000,
            celsius=48 + books.waiting % 7,
            wal_bytes=(1 + books.printed % 9) << 20,
            backed_up_at=backed_up_at,
        )
        self._readiness.can_finish = min(books.at_hand, self._ribbon)
        self._book.days_left = books.at_hand / pace
        self._standing.oldest = books.oldest
        return self._metrics.render()

    @property
    def _ribbon(self) -> int:
        return _RIBBON - self._books.printed % _RIBBON

    def _devices(self) -> Any:
        books = self._books
        is_stopped, is_empty = Fault.STOPPED in books.faults, books.at_hand == 0
        state = "stopped" if is_stopped or is_empty else "processing" if books.waiting else "idle"
        reasons = ("media-jam",) if is_stopped else ("media-empty",) if is_empty else ()
        ribbon = Supply(name="ribbon", level=100 * self._ribbon // _RIBBON, cards=self._ribbon)
        return [
            SimpleNamespace(kind="printer", name=PRINTER, state=state, reasons=reasons, supplies=(ribbon,)),
            SimpleNamespace(kind="reader", name="pemindai-1", state="ready", reasons=(), supplies=()),
        ]

    def _stock(self) -> Stock:
        at_hand = self._books.at_hand
        return Stock(
            at_hand=at_hand, promised=self._books.waiting, replacements=0, rationed=0, reserve=min(_RESERVE, at_hand)
        )

    def _checks(self) -> tuple[Any, ...]:
        levels = dict.fromkeys(CheckName, Level.OK)
        levels.update(_CHECKS[fault] for fault in self._books.faults if fault in _CHECKS)
        return tuple(SimpleNamespace(name=name, finding=SimpleNamespace(level=level)) for name, level in levels.items())


class _Nobody:
    """No listeners."""

    cut_off = 0
    readings = 0

    def __len__(self) -> int:
        return 0
