"""A station that prints nothing: invented days of an office, told by the collectors of a real station."""

import random
from collections import deque
from collections.abc import Mapping
from typing import Final

from stationd.demo.city.faults import Fault
from stationd.demo.city.telling import PRINTER, Books, Telling
from stationd.domain.blanks import Account
from stationd.domain.custody import Custody
from stationd.domain.events import Event
from stationd.domain.ids import uuid7
from stationd.domain.job import JobState
from stationd.domain.precedence import JUMP
from stationd.ports.figures import Oldest

DAY_MS: Final = 86_400_000
_USUAL_SPOIL: Final = 0.01
_BAD_SPOIL: Final = 0.25
_LATE_ANYWAY: Final = 0.005
_BY_PROXY: Final = 0.1
_DELIVERY: Final = 1500
_ORDER_AT_DAYS: Final = 8
_PACK: Final = 100
_PILE: Final = 650
_PRINTED_S: Final = (18.0, 45.0)
_KINDS: Final = ("first",) * 7 + ("lost", "lost", "damaged")


class SimulatedStation:
    """One station, whose days are made by its ``number``; ``now_ms`` is when it begins (Unix ms of its invented time).

    Needs a running event loop.
    """

    def __init__(self, number: int, *, now_ms: int) -> None:
        self._chance = random.Random(number)  # noqa: S311 - invented days, no secret
        self.pace = self._chance.uniform(25, 90)
        """Cards ordered a day."""
        blanks = dict.fromkeys((Account.SAFE, Account.LOADED, Account.ISSUED, Account.SPOILED, Account.MISSING), 0)
        blanks |= {Account.SAFE: self._chance.randint(600, 1400), Account.LOADED: _PACK}
        self._books = Books(now_ms=now_ms, blanks=blanks)
        self._telling = Telling(self._books)
        self._real_s = now_ms / 1000
        self._backup_ms, self._counted_ms = now_ms, now_ms - DAY_MS
        self._waiting: deque[tuple[int, str]] = deque()
        self._doubtful: list[tuple[int, str]] = []
        self._forgotten: list[tuple[int, str]] = []
        self._shelf: deque[int] = deque()
        self._drops = self._prints = self._fetches = self._busy_s = 0.0
        self._put_away = 0
        self._seq = 0
        self._events: list[Event] = []
        for _ in range(self._chance.randint(40, 160)):
            self._take_and_print(now_ms - self._chance.randint(1, 3) * DAY_MS)

    def render(self) -> bytes:
        """What Prometheus would scrape now."""
        age_s = (self._books.now_ms - self._backup_ms) / 1000
        return self._telling.render(backed_up_at=self._real_s - age_s, pace=self.pace)

    def live(self, days: float, *, faults: frozenset[Fault], real_s: float) -> None:
        """Let so many days pass under these faults. ``real_s``: the time of Prometheus, in which a backup is told."""
        books = self._books
        begun, ended = faults - books.faults, books.faults - faults
        books.faults, self._real_s = faults, real_s
        books.now_ms += round(days * DAY_MS)
        self._busy_s = 0.0
        self._doubt(begun, ended)
        self._count(begun, ended)
        self._forget(begun, ended)
        self._pile(begun, ended)
        self._keep_blanks(begun, ended)
        self._take(days)
        self._print(days)
        self._hand_out(days)
        if Fault.NO_BACKUP not in faults:
            self._backup_ms = books.now_ms
        books.waiting, books.shelved, books.oldest = len(self._waiting), len(self._shelf), self._oldest()
        events, self._events = self._events, []
        self._telling.follow(events, busy_s=self._busy_s, lag_s=self._chance.expovariate(400))

    def _oldest(self) -> Oldest:
        queued = [taken_ms for taken_ms, _kind in (*self._waiting, *self._forgotten)]
        jobs = {JobState.QUEUED: queued, JobState.UNCERTAIN: [taken_ms for taken_ms, _kind in self._doubtful]}
        return Oldest(
            jobs={state: min(times) for state, times in jobs.items() if times},
            cards={Custody.ON_SHELF: self._shelf[0]} if self._shelf else {},
            database_bytes=(4 << 20) + self._seq * 300,
        )

    # ---------------------------------------------------------------------------------------------------- the faults

    def _doubt(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        if Fault.UNCERTAIN in begun:
            for _ in range(2):
                taken_ms, kind = self._accepted(self._books.now_ms)
                self._job("claimed", taken_ms, kind, "printing", "queued")
                self._job("outcome_unknown", taken_ms, kind, "uncertain", "printing", printer=PRINTER)
                self._doubtful.append((taken_ms, kind))
        if Fault.UNCERTAIN in ended:
            for taken_ms, kind in self._doubtful:
                self._printed(taken_ms, kind, "uncertain", evidence="officer", verdict="printed")
            self._doubtful.clear()

    def _count(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        """Count the blanks every day; three are not found while the fault lasts."""
        now_ms = self._books.now_ms
        if Fault.COUNT_DIFFERS in begun:
            self._move(Account.SAFE, Account.MISSING, 3)
            self._tell("blanks.missed", {"quantity": 3})
        if Fault.COUNT_DIFFERS in begun | ended or now_ms - self._counted_ms >= DAY_MS:
            self._counted_ms = now_ms
            self._tell("blanks.counted", {"difference": -3 if Fault.COUNT_DIFFERS in self._books.faults else 0})

    def _forget(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        if Fault.FORGOTTEN in begun:
            self._forgotten.append(self._accepted(self._books.now_ms - 8 * DAY_MS))
        if Fault.FORGOTTEN in ended:
            self._waiting.extendleft(self._forgotten)
            self._forgotten.clear()

    def _pile(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        if Fault.PILE_UP in begun:
            for _ in range(_PILE):
                self._take_and_print(self._books.now_ms - DAY_MS)
        if Fault.PILE_UP in ended:
            while len(self._shelf) > _PILE // 4:
                self._hand_over()

    def _keep_blanks(self, begun: frozenset[Fault], ended: frozenset[Fault]) -> None:
        blanks, faults = self._books.blanks, self._books.faults
        short = {Fault.NO_BLANKS, Fault.FEW_BLANKS}
        if short & begun:
            self._put_away, blanks[Account.SAFE] = blanks[Account.SAFE], 0
        if short & ended:
            blanks[Account.SAFE] += self._put_away + _DELIVERY
        if Fault.NO_BLANKS in faults:
            blanks[Account.LOADED] = 0
        elif Fault.FEW_BLANKS in faults:
            blanks[Account.LOADED] = round(2.5 * self.pace)
        elif self._books.at_hand < _ORDER_AT_DAYS * self.pace:
            blanks[Account.SAFE] += _DELIVERY
        elif blanks[Account.LOADED] < _PACK <= blanks[Account.SAFE]:
            self._move(Account.SAFE, Account.LOADED, _PACK)

    # ---------------------------------------------------------------------------------------------------- the days

    def _take(self, days: float) -> None:
        self._drops += days * self.pace * self._chance.uniform(0.6, 1.4)
        while self._drops >= 1:
            self._drops -= 1
            self._waiting.append(self._accepted(self._books.now_ms - self._chance.randint(0, DAY_MS // 2)))
        if Fault.ORDER_CHANGED in self._books.faults and self._waiting and self._chance.random() < 2 * days:
            taken_ms, kind = self._waiting[-1]
            for event in ("requested", "approved"):
                self._tell(f"approval.{event}", {"kind": JUMP})
            self._job("moved_ahead", taken_ms, kind, "queued", "queued")

    def _print(self, days: float) -> None:
        faults = self._books.faults
        if Fault.STOPPED in faults:
            self._prints = 0.0
            return
        self._prints = min(self._prints + days * self.pace * 3, float(len(self._waiting)))
        spoil = _BAD_SPOIL if Fault.SPOILS in faults else _USUAL_SPOIL
        while self._prints >= 1 and self._waiting and self._books.at_hand:
            self._prints -= 1
            taken_ms, kind = self._waiting[0]
            self._job("claimed", taken_ms, kind, "printing", "queued")
            if self._chance.random() < spoil:
                self._job("card_spoiled", taken_ms, kind, "queued", "printing", printer=PRINTER)
                self._use_blank(Account.SPOILED)
                continue
            self._waiting.popleft()
            is_late = Fault.LATE in faults or self._chance.random() < _LATE_ANYWAY
            self._printed(taken_ms - 9 * DAY_MS * is_late, kind, "printing")

    def _hand_out(self, days: float) -> None:
        if Fault.PILE_UP in self._books.faults:
            return
        self._fetches += days * self.pace
        while self._fetches >= 1:
            self._fetches -= 1
            if len(self._shelf) > self.pace:
                self._hand_over()

    def _hand_over(self) -> None:
        held_ms = self._books.now_ms - self._shelf.popleft() + self._chance.randint(0, 20 * DAY_MS)
        data = {"custody": "handed_over", "from": "on_shelf", "held_ms": held_ms}
        self._tell("card.handed_over", data | {"by_proxy": self._chance.random() < _BY_PROXY})

    def _take_and_print(self, taken_ms: int) -> None:
        taken_ms, kind = self._accepted(taken_ms)
        self._job("claimed", taken_ms, kind, "printing", "queued")
        self._printed(taken_ms, kind, "printing")

    def _accepted(self, taken_ms: int) -> tuple[int, str]:
        kind = self._chance.choice(_KINDS)
        self._job("accepted", taken_ms, kind, "queued")
        return taken_ms, kind

    def _printed(self, taken_ms: int, kind: str, before: str, *, evidence: str = "counter", **more: object) -> None:
        took_s = self._chance.uniform(*_PRINTED_S)
        self._busy_s += took_s
        more |= {"printer": PRINTER, "evidence": evidence, "attempt": 1, "took_ms": round(took_s * 1000)}
        self._job("card_printed", taken_ms, kind, "printed", before, **more)
        self._use_blank(Account.ISSUED)
        self._tell("card.shelved", {"custody": "on_shelf", "from": "printed"})
        self._tell("notice.sent", {"way": "modem"})
        self._shelf.append(self._books.now_ms)

    # ---------------------------------------------------------------------------------------------------- the books

    def _use_blank(self, to: Account) -> None:
        source = Account.LOADED if self._books.blanks[Account.LOADED] else Account.SAFE
        self._move(source, to, 1)

    def _move(self, source: Account, to: Account, quantity: int) -> None:
        self._books.blanks[source] = max(0, self._books.blanks[source] - quantity)
        self._books.blanks[to] += quantity

    def _job(self, what: str, taken_ms: int, kind: str, state: str, before: str | None = None, **more: object) -> None:
        data: dict[str, object] = {"state": state, "kind": kind, **more}
        if before is not None:
            data["from"] = before
        self._tell(f"job.{what}", data, uuid7(taken_ms, self._seq))

    def _tell(self, kind: str, data: Mapping[str, object], subject: str = "") -> None:
        self._seq += 1
        self._events.append(Event(self._seq, self._books.now_ms, kind, subject, data))
