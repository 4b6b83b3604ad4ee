"""A station that prints nothing: the station's own collectors, fed with the events of invented days.

The families, labels and texts are those of a real station, for they come from the same code. Only what stands behind
the collectors (ledger, readiness, outbox) is played here.
"""

import random
from collections import deque
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

from stationd import __version__
from stationd.adapters.approval_metrics import ApprovalMetrics
from stationd.adapters.blank_metrics import BlankMetrics
from stationd.adapters.card_metrics import CardMetrics
from stationd.adapters.device_metrics import DeviceMetrics
from stationd.adapters.loop_metrics import LoopMetrics
from stationd.adapters.metrics import Metrics
from stationd.adapters.notice_metrics import NoticeMetrics
from stationd.adapters.order_metrics import OrderMetrics
from stationd.adapters.readiness_metrics import ReadinessMetrics
from stationd.adapters.stream_metrics import StreamMetrics
from stationd.adapters.udev import Counters
from stationd.adapters.wait_metrics import WaitMetrics
from stationd.demo.city.faults import Fault
from stationd.domain.blanks import Account
from stationd.domain.events import Event
from stationd.domain.ids import uuid7
from stationd.domain.rationing import Stock
from stationd.domain.readiness import CheckName, Level
from stationd.domain.scan import ReaderState, ReaderStatus
from stationd.ports.notices import Outbox
from stationd.ports.notifier import WayStatus
from stationd.ports.readiness import HostReading

DAY_S: Final = 86_400.0
DAY_MS: Final = 86_400_000
_USUAL_SPOIL: Final = 0.01
_BAD_SPOIL: Final = 0.25
_RESERVE: Final = 50
_DELIVERY: Final = 1500
_ORDER_AT_DAYS: Final = 8
_PILE: Final = 650
_CHECKS: Final = {
    Fault.NO_CENTRE: (CheckName.CENTRE, Level.FAILED),
    Fault.FEW_OFFICERS: (CheckName.OFFICERS, Level.DEGRADED),
    Fault.DISK: (CheckName.DISK, Level.FAILED),
    Fault.CLOCK: (CheckName.CLOCK, Level.DEGRADED),
}


class SimulatedStation:
    """One station. ``seed`` makes its days its own; ``now_ms`` is when it begins (Unix ms of its invented time).

    Needs a running event loop. ``real_s`` answers the time of Prometheus, in which the last backup is told.
    """

    def __init__(self, number: int, *, now_ms: int) -> None:
        self.faults: frozenset[Fault] = frozenset()
        self._chance = random.Random(number)  # noqa: S311 - invented days, no secret
        self._now_ms = now_ms
        self._real_s = now_ms / 1000
        self._backup_ms = now_ms
        self._counted_ms = now_ms - DAY_MS
        self._seq = 0
        self.pace = self._chance.uniform(25, 90)
        """Cards ordered a day."""
        self._waiting: deque[int] = deque()
        self._doubtful: list[int] = []
        self._shelf: deque[int] = deque()
        self._drops = 0.0
        self._prints = 0.0
        self._fetches = 0.0
        self._blanks: dict[Account, int] = {
            Account.SAFE: self._chance.randint(600, 1400),
            Account.LOADED: 100,
            Account.ISSUED: 0,
            Account.SPOILED: 0,
            Account.MISSING: 0,
        }
        self._put_away = 0
        self._events: list[Event] = []
        self._build()
        for _ in range(self._chance.randint(40, 160)):
            self._print_one(now_ms - self._chance.randint(1, 3) * DAY_MS, now_ms)

    # ------------------------------------------------------------------------------------------------- the collectors

    def _build(self) -> None:
        writer: Any = SimpleNamespace(balances=lambda: self._blanks, groups=0, requests=0)
        self._writer = writer
        readers = {"pemindai-1": ReaderStatus(state=next(iter(ReaderState)), reasons=(), since_ms=0)}
        metrics = Metrics(__version__, writer, self._devices, lambda: readers)
        self._figures = metrics
        cards, waits, approvals = CardMetrics(), WaitMetrics(), ApprovalMetrics()
        self._book = BlankMetrics(lambda: self._now_ms, lambda: {"kartu-1": self._blanks[Account.LOADED]})
        devices = DeviceMetrics(self._devices, Counters)
        notices = NoticeMetrics(
            lambda: Outbox(shelved=len(self._shelf), due=0, troubles={}),
            lambda: {"modem": WayStatus(is_ready=True, signal=60, credit=85_000)},
        )
        order = OrderMetrics(self._stock)
        readiness: Any = SimpleNamespace(can_finish=0, reading=None, checks=self._checks)
        self._readiness = readiness
        officers: Any = SimpleNamespace(
            able=lambda: tuple(range(1 if Fault.FEW_OFFICERS in self.faults else 3)),
            view=lambda _number: SimpleNamespace(days_left=None),
        )
        duty: Any = SimpleNamespace(on_duty=lambda: (1,))
        nobody: Any = _Nobody()
        self._loop = LoopMetrics()
        for collector in (
            cards,
            waits,
            approvals,
            self._book,
            devices,
            notices,
            order,
            self._loop,
            ReadinessMetrics(readiness, officers, duty),
            StreamMetrics(nobody, nobody),
        ):
            metrics.add(collector)
        self._followers = (metrics, cards, waits, approvals, self._book, devices, notices, order)

    def _devices(self) -> Any:
        is_stopped = Fault.STOPPED in self.faults
        is_empty = self.at_hand == 0
        state = "stopped" if is_stopped or is_empty else "processing" if self._waiting else "idle"
        reasons = ("media-jam",) if is_stopped else ("media-empty",) if is_empty else ()
        return [
            SimpleNamespace(kind="printer", name="kartu-1", state=state, reasons=reasons),
            SimpleNamespace(kind="reader", name="pemindai-1", state="ready", reasons=()),
        ]

    def _stock(self) -> Stock:
        return Stock(
            at_hand=self.at_hand,
            promised=len(self._waiting),
            replacements=0,
            rationed=0,
            reserve=min(_RESERVE, self.at_hand),
        )

    def _checks(self) -> tuple[Any, ...]:
        levels = dict.fromkeys(CheckName, Level.OK)
        levels.update(_CHECKS[fault] for fault in self.faults if fault in _CHECKS)
        return tuple(SimpleNamespace(name=name, finding=SimpleNamespace(level=level)) for name, level in levels.items())

    def render(self) -> bytes:
        """What Prometheus would scrape now."""
        backup_s = (self._now_ms - self._backup_ms) / 1000
        low = Fault.DISK in self.faults
        self._readiness.reading = HostReading(
            free_bytes=(40 << 20) if low else (90 << 30) - self._seq * 1000,
            celsius=48 + 6 * self._chance.random(),
            wal_bytes=self._chance.randint(1, 12) << 20,
            backed_up_at=self._real_s - backup_s,
        )
        self._readiness.can_finish = self.at_hand
        self._book.days_left = self.at_hand / self.pace
        return self._figures.render()

    # ---------------------------------------------------------------------------------------------------- the days

    @property
    def at_hand(self) -> int:
        """Blanks that can be printed on."""
        return self._blanks[Account.SAFE] + self._blanks[Account.LOADED]

    def live(self, days: float, *, faults: frozenset[Fault], real_s: float) -> None:
        """Let so many days pass, under these faults, at this time of Prometheus (Unix seconds)."""
        begun, ended = faults - self.faults, self.faults - faults
        self.faults, self._real_s = faults, real_s
        self._now_ms += round(days * DAY_MS)
        self._change(begun, ended)
        self._keep_blanks()
        self._work(days)
        if Fault.NO_BACKUP not in faults:
            self._backup_ms = self._now_ms
        self._loop.saw(self._chance.expovariate(400))
        self._writer.groups += 1 + len(self._events)
        self._writer.requests += 3 + 2 * len(self._events)
        events, self._events = self._events, []
        for follower in self._followers:
            follower.follow(events)

    def _change(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        self._doubt(begun, ended)
        self._count(begun, ended)
        if {Fault.NO_BLANKS, Fault.FEW_BLANKS} & begun:
            self._put_away = self._blanks[Account.SAFE]
            self._blanks[Account.SAFE] = 0
        if {Fault.NO_BLANKS, Fault.FEW_BLANKS} & ended:
            self._blanks[Account.SAFE] += self._put_away + _DELIVERY
        if Fault.PILE_UP in begun:
            for _ in range(_PILE):
                self._print_one(self._now_ms - DAY_MS, self._now_ms)
        if Fault.PILE_UP in ended:
            while len(self._shelf) > _PILE // 4:
                self._hand_over()

    def _doubt(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        if Fault.UNCERTAIN in begun:
            for _ in range(2):
                self._job("accepted", self._now_ms, "queued")
                self._job("claimed", self._now_ms, "printing", "queued")
                self._job("outcome_unknown", self._now_ms, "uncertain", "printing")
                self._doubtful.append(self._now_ms)
        if Fault.UNCERTAIN in ended:
            for taken_ms in self._doubtful:
                self._printed(taken_ms, "uncertain", "officer")
            self._doubtful.clear()

    def _count(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        """Count the blanks every day; three are not found while the fault lasts."""
        if Fault.COUNT_DIFFERS in begun:
            self._move(Account.SAFE, Account.MISSING, 3)
            self._tell("blanks.missed", {"quantity": 3})
        if Fault.COUNT_DIFFERS in begun | ended or self._now_ms - self._counted_ms >= DAY_MS:
            self._counted_ms = self._now_ms
            self._tell("blanks.counted", {"difference": -3 if Fault.COUNT_DIFFERS in self.faults else 0})

    def _keep_blanks(self) -> None:
        if Fault.NO_BLANKS in self.faults:
            self._blanks[Account.LOADED] = 0
        elif Fault.FEW_BLANKS in self.faults:
            self._blanks[Account.LOADED] = round(2.5 * self.pace)
        elif self.at_hand < _ORDER_AT_DAYS * self.pace:
            self._blanks[Account.SAFE] += _DELIVERY
        elif self._blanks[Account.LOADED] < 100 <= self._blanks[Account.SAFE]:  # noqa: PLR2004 - a pack
            self._move(Account.SAFE, Account.LOADED, 100)

    def _work(self, days: float) -> None:
        self._drops += days * self.pace * self._chance.uniform(0.6, 1.4)
        while self._drops >= 1:
            self._drops -= 1
            self._job("accepted", self._now_ms, "queued")
            self._waiting.append(self._now_ms - self._chance.randint(0, DAY_MS // 2))
        if Fault.ORDER_CHANGED in self.faults and self._waiting and self._chance.random() < 2 * days:
            self._job("moved_ahead", self._now_ms, "queued", "queued")
        if Fault.STOPPED in self.faults:
            self._prints = 0.0
        else:
            self._prints = min(self._prints + days * self.pace * 3, float(len(self._waiting)))
        spoil = _BAD_SPOIL if Fault.SPOILS in self.faults else _USUAL_SPOIL
        while self._prints >= 1 and self._waiting and self.at_hand:
            self._prints -= 1
            if self._chance.random() < spoil:
                self._spoil_one()
                continue
            late_ms = 9 * DAY_MS if Fault.LATE in self.faults or self._chance.random() < 0.005 else 0  # noqa: PLR2004
            self._job("claimed", self._now_ms, "printing", "queued")
            self._printed(self._waiting.popleft() - late_ms, "printing", "counter")
        self._fetches += days * self.pace if Fault.PILE_UP not in self.faults else 0.0
        while self._fetches >= 1:
            self._fetches -= 1
            if len(self._shelf) > self.pace:
                self._hand_over()

    def _print_one(self, taken_ms: int, now_ms: int) -> None:
        self._job("accepted", now_ms, "queued")
        self._job("claimed", now_ms, "printing", "queued")
        self._printed(taken_ms, "printing", "counter")

    def _printed(self, taken_ms: int, before: str, evidence: str) -> None:
        data = {"state": "printed", "from": before, "printer": "kartu-1", "evidence": evidence}
        self._seq += 1
        self._events.append(Event(self._seq, self._now_ms, "job.card_printed", uuid7(taken_ms, self._seq), data))
        self._use_blank(Account.ISSUED)
        self._tell("card.shelved", {"custody": "on_shelf", "from": "printed"})
        self._tell("notice.sent", {"way": "modem"})
        self._shelf.append(self._now_ms)

    def _spoil_one(self) -> None:
        self._job("claimed", self._now_ms, "printing", "queued")
        self._job("card_spoiled", self._now_ms, "queued", "printing")
        self._use_blank(Account.SPOILED)

    def _hand_over(self) -> None:
        held_ms = self._now_ms - self._shelf.popleft() + self._chance.randint(0, 20 * DAY_MS)
        by_proxy = self._chance.random() < 0.1  # noqa: PLR2004 - one in ten
        data = {"custody": "handed_over", "from": "on_shelf", "held_ms": held_ms, "by_proxy": by_proxy}
        self._tell("card.handed_over", data)

    def _use_blank(self, to: Account) -> None:
        source = Account.LOADED if self._blanks[Account.LOADED] else Account.SAFE
        self._move(source, to, 1)

    def _move(self, source: Account, to: Account, quantity: int) -> None:
        self._blanks[source] = max(0, self._blanks[source] - quantity)
        self._blanks[to] += quantity

    def _job(self, what: str, taken_ms: int, state: str, before: str | None = None) -> None:
        data = {"state": state} if before is None else {"state": state, "from": before}
        self._seq += 1
        self._events.append(Event(self._seq, self._now_ms, f"job.{what}", uuid7(taken_ms, self._seq), data))

    def _tell(self, kind: str, data: Mapping[str, object]) -> None:
        self._seq += 1
        self._events.append(Event(self._seq, self._now_ms, kind, "", data))


class _Nobody:
    """No listeners."""

    cut_off = 0
    readings = 0

    def __len__(self) -> int:
        return 0
