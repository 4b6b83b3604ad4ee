"""The auditor: compares the books with the world after every commit and every card, and all of it at the end.

It sees what no program could: which blank went where. What it holds the station to:

* no order has two cards; no card comes out of an attempt that the books do not know, or call off;
* what the books say of an attempt is what happened, as far as the machine could tell (its lies are its own);
* *uncertain* is said only where the machine could not tell;
* what a run was told before it ended politely is in the books;
* claims follow the order of service; no job waits while a fitting printer is idle;
* every blank is somewhere, and where the ledger says;
* no blank that is kept for people who never had a card goes to a replacement; replacements that were
  put off come back as far as blanks are there, the oldest first, and none is forgotten.
"""

import copy
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stationd.adapters.sqlite.verify import verify
from stationd.domain.ids import seq_of
from stationd.domain.job import Evidence
from stationd.domain.outcome import PERHAPS_CUT_OFF, RESTORED, Cause, Unknown
from stationd.ports.jobs import Settling
from tests.simulation.kept import Kept
from tests.simulation.loop import VirtualLoop
from tests.simulation.machine import Card, Machine
from tests.simulation.store import Disk, PlainSeal, VirtualClock

IDLE_BOUND_S = 60.0
"""A printer that has been idle for so long beside a waiting job is being wasted; its longest rest is 30 s."""

SHORTEST_DELAY_S = 0.99
"""Half the first step of the backoff, less a tick."""

SETTLED = ("job.card_printed", "job.nothing_printed", "job.card_spoiled")
LIE_COMPLETE = "called complete without a card"


@dataclass
class Totals:
    """What happened in a world, for the campaign."""

    jobs: int = 0
    cards: int = 0
    spoiled: int = 0
    kills: int = 0
    stops: int = 0
    restarts: int = 0
    uncertain: int = 0
    verdicts: int = 0
    duplicates: int = 0
    lost: int = 0
    deferred: int = 0
    swaps: int = 0
    restores: int = 0
    virtual_s: float = 0.0


@dataclass
class Attempt:
    """What the world knows of one attempt."""

    good: int = 0
    ruined: int = 0
    disturbances: list[str] = field(default_factory=list)
    sending_at: float | None = None


class Auditor:
    """Watches one world. ``broken`` is the first promise that was broken, or ``None``."""

    def __init__(
        self, loop: VirtualLoop, disk: Disk, clock: VirtualClock, say: Callable[[str], None], *, reserve: int
    ) -> None:
        """``reserve``: the blanks that are kept for first-timers."""
        self.broken: str | None = None
        self.totals = Totals()
        self.cards: list[Card] = []
        self.attempts: defaultdict[str, Attempt] = defaultdict(Attempt)
        self.good: Counter[str] = Counter()
        self.machines: Mapping[str, Machine] = {}
        self.ended_at: list[float] = []
        self.silent_at: dict[str, float] = {}
        self.was_restored = False
        """Whether the book is younger than the world: what was done in between is only in the world."""
        self.forgotten: set[str] = set()
        """Orders that a restored book has lost."""
        self.is_rough: set[str] = set()
        """Machines whose way loses questions or answers."""
        self._loop, self._disk, self._clock, self._say = loop, disk, clock, say
        self._seen_event = 0
        self._line: dict[int, tuple[str, str]] = {}
        """Rank → job and profile of what waits."""
        self._kept = Kept(reserve, self.fail)
        self._idle: dict[str, float] = {}
        self._failed: dict[str, tuple[float, int]] = {}
        """Job → when it failed in passing, and how many runs had ended then."""

    def fail(self, message: str) -> None:
        """A promise is broken."""
        self._say(f"BROKEN {message}")
        if self.broken is None:
            self.broken = f"at {self._loop.time():.3f} s: {message}"

    # -------------------------------------------------------------------------------------- the book goes back in time

    def remember(self) -> tuple[object, ...]:
        """What it has followed of the book so far."""
        return copy.deepcopy((self._seen_event, self._line, self._kept.__dict__ | {"_fail": None}, self._failed))

    def go_back(self, remembered: tuple[object, ...]) -> None:
        """The book is again as it was."""
        self._seen_event, self._line, kept, self._failed = copy.deepcopy(remembered)  # type: ignore[assignment]
        self._kept.__dict__ |= kept | {"_fail": self.fail}
        self.was_restored = True
        self.totals.restores += 1

    # ------------------------------------------------------------------------------------------------- the world

    def made(self, card: Card) -> None:
        """A blank went through a machine."""
        self._say(
            f"{card.printer}: {'card' if card.is_good else 'ruined blank'} of {card.order}, attempt {card.attempt}"
        )
        self.cards.append(card)
        attempt = self.attempts[card.attempt]
        if card.is_good:
            attempt.good += 1
            self.good[card.order] += 1
            self.totals.cards += 1
        else:
            attempt.ruined += 1
            self.totals.spoiled += 1
        if self.good[card.order] > 1 and card.is_good:
            self.totals.duplicates += 1
            self.fail(f"{card.order} has {self.good[card.order]} cards")
        row = self._disk.connection.execute(
            "SELECT a.outcome, j.order_ref FROM attempt AS a JOIN job AS j ON j.seq = a.job WHERE a.id = ?",
            (card.attempt,),
        ).fetchone()
        if row is None and not self.was_restored:
            self.fail(f"a card of {card.order} came out of an attempt that the books do not know")
        elif row is None:
            return  # of the history that was lost; a second card of the order would have shown above
        elif row[1] != card.order:
            self.fail(f"a card of {card.order} came out of an attempt of {row[1]}")
        elif row[0] in {"nothing_printed", "spoiled"}:
            self.fail(f"a blank went through for {card.order} after its attempt was settled as {row[0]}")

    def disturbed(self, name: str, what: str) -> None:
        """Something happened to a job at a machine that keeps the machine from telling, or makes it lie."""
        self._say(f"disturbed {name}: {what}")
        self.attempts[name.removeprefix("stationd-")].disturbances.append(what)

    def sending(self, name: str) -> None:
        """The document of a job is going to leave."""
        self.attempts[name.removeprefix("stationd-")].sending_at = self._loop.time()

    # ------------------------------------------------------------------------------------------------- the books

    def after_commit(self) -> None:
        """Look at what was committed."""
        rows = self._disk.connection.execute(
            "SELECT seq, type, subject, data FROM event WHERE seq > ? ORDER BY seq", (self._seen_event,)
        ).fetchall()
        for seq, kind, subject, text in rows:
            self._seen_event = seq
            data = json.loads(text)
            self._say(f"books: {kind} {subject} {text}")
            self._kept.follow(kind, data)
            if kind.startswith("job."):
                self._follow(kind, subject, data)
        if rows:
            self._check_balance()
            self.totals.deferred = self._kept.deferred

    def _check_balance(self) -> None:
        """Every blank is somewhere, and every attempt in question has one."""
        query = self._disk.connection.execute
        total, in_question = query(
            "SELECT sum(balance), sum(balance) FILTER (WHERE name = 'printer') FROM blank_account"
        ).fetchone()
        (attempts,) = query("SELECT count(*) FROM attempt WHERE outcome IS NULL").fetchone()
        (safe,) = query("SELECT balance FROM blank_account WHERE name = 'safe'").fetchone()
        self._kept.check(safe)
        if total or in_question != attempts:
            self.fail(f"the ledger is off by {total}, with {in_question} blanks for {attempts} attempts in question")

    def _follow(self, kind: str, job: str, data: dict[str, object]) -> None:
        rank = data["rank"]
        if not isinstance(rank, int):
            raise TypeError
        if data.get("from") == "queued":
            self._line.pop(rank, None)
        if kind == "job.claimed":
            self._check_turn(rank, str(data["profile"]))
            self._check_patience(job)
        elif kind == "job.nothing_printed" and data.get("cause") == Cause.TRANSIENT:
            self._failed[job] = (self._loop.time(), len(self.ended_at))
        elif kind == "job.retried":
            self._failed.pop(job, None)  # a person need not wait
        if data["state"] == "queued":
            self._line[rank] = (job, str(data["profile"]))
        if kind == "job.accepted":
            self.totals.jobs += 1
        elif kind == "job.outcome_unknown":
            self.totals.uncertain += 1
            self._check_unknown(job, data["attempt"])
        elif kind in SETTLED:
            self.totals.verdicts += "verdict" in data
            self._check_settled(kind, job, data["attempt"])

    def _check_turn(self, rank: int, profile: str) -> None:
        """Within a profile jobs are claimed in their order; across profiles a batch may go on."""
        tick_ms = int(self._clock.monotonic() * 1000)
        for other, (job, wanted) in self._line.items():
            if other < rank and wanted == profile and not self._kept.must_wait(other):
                state, not_before = self._disk.connection.execute(
                    "SELECT state, not_before FROM job WHERE seq = ?", (seq_of(job),)
                ).fetchone()
                if state == "queued" and not_before <= tick_ms:
                    self.fail(f"a job of rank {rank} was claimed before one of rank {other}")

    def _check_patience(self, job: str) -> None:
        """A job that failed in passing waits before its next try, whatever the wall clock says meanwhile."""
        failed_at, runs = self._failed.pop(job, (-1e9, -1))
        if runs == len(self.ended_at) and self._loop.time() - failed_at < SHORTEST_DELAY_S:
            self.fail(f"a job was tried again {self._loop.time() - failed_at:.2f} s after it failed")

    def _attempt_of(self, job: str, number: object) -> tuple[str, str, str | None, str | None, int | None, int | None]:
        row: tuple[str, str, str | None, str | None, int | None, int | None] = self._disk.connection.execute(
            "SELECT id, printer, reason, evidence, counter, sent_at FROM attempt WHERE job = ? AND number = ?",
            (seq_of(job), number),
        ).fetchone()
        return row

    def _check_settled(self, kind: str, job: str, number: object) -> None:
        identity, printer, reason, evidence, counter, _ = self._attempt_of(job, number)
        known = self.attempts[identity]
        if self.was_restored and evidence == Evidence.OFFICER:
            return  # a person looked for a card of the order, whichever attempt it is of
        facts = f"{known.good} cards and {known.ruined} ruined blanks, {known.disturbances or 'undisturbed'}"
        if kind == "job.card_printed":
            has_moved = counter is None or self.machines[printer].counter != counter
            is_lied_to = LIE_COMPLETE in known.disturbances and has_moved
            if not known.good and not is_lied_to:
                self.fail(f"attempt {identity} is settled as printed ({evidence}): {facts}")
            if evidence == "counter" and not known.good + known.ruined:
                self.fail(f"attempt {identity} is proved by a counter that did not move: {facts}")
        elif kind == "job.nothing_printed" and known.good + known.ruined:
            self.fail(f"attempt {identity} is settled as nothing printed ({reason}): {facts}")
        elif kind == "job.card_spoiled" and (known.good or not known.ruined):
            self.fail(f"attempt {identity} is settled as spoiled ({reason}): {facts}")

    def _check_unknown(self, job: str, number: object) -> None:
        identity, printer, reason, _, _, sent_at = self._attempt_of(job, number)
        if reason == RESTORED:
            return
        machine = self.machines[printer]
        name = f"stationd-{identity}"
        is_ambiguous = any(each.name == name and each.state in {7, 8} for each in machine.jobs.values())
        was_silent = self._loop.time() - self.silent_at.get(printer, -1e9) < 60 or printer in self.is_rough
        is_about_silence = "answer" in (reason or "")
        if reason == PERHAPS_CUT_OFF and sent_at is None and self._was_interrupted(identity):
            return
        if not self.attempts[identity].disturbances and not is_ambiguous and not (is_about_silence and was_silent):
            self.fail(f"attempt {identity} is called uncertain ({reason}) though {printer} could tell")

    def _was_interrupted(self, attempt: str) -> bool:
        """Whether a run ended that had begun to send the document: a later one cannot know how far it came."""
        began = self.attempts[attempt].sending_at
        return began is not None and any(ended >= began for ended in self.ended_at)

    def extra_ruined(self) -> int:
        """Ruined blanks that no job's settlement accounts for: an officer books them when counting."""
        extra = 0
        for identity, outcome in self._disk.connection.execute("SELECT id, outcome FROM attempt"):
            ruined = self.attempts[identity].ruined
            if outcome == "printed":
                extra += max(0, ruined - (1 if not self.attempts[identity].good and ruined else 0))
            elif outcome == "spoiled":
                extra += ruined - 1
        return extra

    # ------------------------------------------------------------------------------------------------ now and then

    def check_idle(self, profiles: Mapping[str, tuple[str, ...]]) -> None:
        """No job waits while a printer that could print it has nothing to do; ``profiles`` of the printers in use."""
        now = self._loop.time()
        self._kept.check_waiting(now, is_possible=bool(profiles) and not self._disk.is_full)
        tick_ms = int(self._clock.monotonic() * 1000)
        in_line = dict(
            self._disk.connection.execute(
                "SELECT profile, count(*) FROM job WHERE state = 'queued' AND not_before <= ? GROUP BY profile",
                (tick_ms,),
            ).fetchall()
        )
        (safe,) = self._disk.connection.execute("SELECT balance FROM blank_account WHERE name = 'safe'").fetchone()
        for name, machine in self.machines.items():
            waiting = sum(in_line.get(profile, 0) for profile in profiles.get(name, ()))
            if not (waiting and safe and machine.is_idle and not self._disk.is_full):
                self._idle.pop(name, None)
                continue
            since = self._idle.setdefault(name, now)
            if now - since > IDLE_BOUND_S:
                self.fail(f"{name} has been idle for {now - since:.0f} s while {waiting} jobs wait")

    def check_stopped(self, told: Mapping[str, Settling]) -> None:
        """What a run was told before it ended politely is in the books."""
        for identity, settling in told.items():
            (outcome,) = self._disk.connection.execute(
                "SELECT outcome FROM attempt WHERE id = ?", (identity,)
            ).fetchone() or (None,)
            if outcome is None and not isinstance(settling.outcome, Unknown):
                self.fail(f"the outcome of attempt {identity} was known and is not in the books: {settling.outcome}")

    # -------------------------------------------------------------------------------------------------- at the end

    def check_end(self, accepted: Mapping[str, str], received: int, in_stock: int) -> None:
        """Everything once more; ``accepted`` maps the ids that callers were given to their orders."""
        rows = self._disk.connection.execute("SELECT id, order_ref, state FROM job").fetchall()
        states = {job: (order, state) for job, order, state in rows}
        for job, order in accepted.items():
            if order in self.forgotten:
                continue
            if states.get(job, ("", ""))[0] != order:
                self.totals.lost += 1
                self.fail(f"job {job} of {order} was accepted and is lost")
        printed = {order for order, state in states.values() if state == "printed"}
        for order, cards in self.good.items():
            if cards and order not in printed and order not in self.forgotten:
                self.fail(f"{order} has a card, and the books do not know it")
        self._check_ledger(received, in_stock)
        for finding in verify(self._disk.connection, PlainSeal()):
            self.fail(f"the books do not hold: {finding}")

    def _check_ledger(self, received: int, in_stock: int) -> None:
        query = self._disk.connection.execute
        balance = dict(query("SELECT name, balance FROM blank_account").fetchall())
        moved: Counter[str] = Counter()
        for source, target, quantity in query("SELECT source, target, quantity FROM blank_entry"):
            moved[source] -= quantity
            moved[target] += quantity
        if sum(balance.values()) or any(moved[name] != number for name, number in balance.items()):
            self.fail(f"the ledger does not balance: {balance}, moved {dict(moved)}")
        outcomes = dict(query("SELECT outcome, count(*) FROM attempt GROUP BY outcome").fetchall())
        if balance["issued"] != outcomes.get("printed", 0) or balance["printer"] != 0:
            self.fail(f"the ledger does not follow the attempts: {balance}, {outcomes}")
        if self.was_restored:
            return  # how many blanks were used in between only a count can tell
        lies = sum(
            outcome == "printed" and not self.attempts[identity].good + self.attempts[identity].ruined
            for identity, outcome in query("SELECT id, outcome FROM attempt")
        )
        if -balance["centre"] != received or balance["safe"] + lies != in_stock:
            self.fail(f"the ledger has {balance['safe']} blanks, {in_stock} are there ({lies} kept back by lies)")
