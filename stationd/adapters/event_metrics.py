"""What Prometheus is told of the events: one table of counters and histograms, made of nothing but the record.

So they can be made anew from it, and a restart takes nothing from them: :mod:`stationd.services.retelling` does that.
The sets of labels are closed, but for printers and ways; those of printers that did nothing for long are left out.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import msgspec
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.adapters.buckets import Buckets, histogram
from stationd.domain.blank_entry import Category
from stationd.domain.events import Event
from stationd.domain.job import JobKind, JobState, Verdict

Labels = tuple[str, ...]

_KINDS: Final = tuple(kind.value for kind in JobKind if kind is not JobKind.DATA_CHANGE)
_DAY_S: Final = 86_400.0
MOST_PRINTERS: Final = 8
"""Printers that are told of: those that did something last. Names come and go with printers in the course of years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One family of counters, or gauges (``is_gauge``); ``always`` are values of labels that are told at 0, too."""

    says: str
    labels: Labels = ()
    always: tuple[Labels, ...] = ()
    is_gauge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One family of histograms."""

    says: str
    edges: tuple[float, ...]
    labels: Labels = ()


def _each(*values: str) -> tuple[Labels, ...]:
    return tuple((value,) for value in values)


COUNTS: Final[Mapping[str, Count]] = {
    "stationd_approvals": Count(
        says="What happened to requests for a second officer, by what they are for.", labels=("kind", "event")
    ),
    "stationd_attempts": Count(
        says="Cards that printers were given, by what became of them there.", labels=("printer", "outcome")
    ),
    "stationd_blank_counts": Count(
        says="Counts of blanks, by what became of them.",
        labels=("outcome",),
        always=_each("begun", "booked", "differed"),
    ),
    "stationd_blanks_missed": Count(says="Blanks that counts did not find.", always=((),)),
    "stationd_blanks_spoiled": Count(
        says="Blanks that were spoiled, by cause: told by a printer, judged by an officer, a test card, or as entered.",
        labels=("cause",),
        always=_each("printer", "verdict", "test-card", *(category.value for category in Category)),
    ),
    "stationd_cards_printed": Count(
        says="Cards printed, by printer, by how we know, and by kind.", labels=("printer", "evidence", "kind")
    ),
    "stationd_device_events": Count(
        says="Devices plugged in, pulled out, changed, reset and labelled.",
        labels=("event",),
        always=_each("plugged", "unplugged", "changed", "reset", "labelled"),
    ),
    "stationd_events": Count(says="Events by type.", labels=("type",)),
    "stationd_hand_overs": Count(
        says="Cards handed over, by who came.", labels=("to",), always=_each("holder", "proxy")
    ),
    "stationd_jobs": Count(
        says="Jobs by state and kind.",
        labels=("state", "kind"),
        always=tuple(product((state.value for state in JobState), _KINDS)),
        is_gauge=True,
    ),
    "stationd_notices": Count(
        says="What became of notices, by way; one may be counted as sent, and later as delivered.",
        labels=("way", "outcome"),
    ),
    "stationd_order_changes": Count(
        says="Changes of the order of service by two officers.",
        labels=("change",),
        always=_each("moved_ahead", "released"),
    ),
    "stationd_orders_taken": Count(says="Orders taken, by kind.", labels=("kind",), always=_each(*_KINDS)),
    "stationd_papers": Count(says="Minutes and books drawn up.", labels=("kind",)),
    "stationd_verdicts": Count(
        says="Verdicts of officers on cards of which nobody knew, and verdicts that were taken back.",
        labels=("verdict",),
        always=_each(*(verdict.value for verdict in Verdict), "revoked"),
    ),
}

SPREADS: Final[Mapping[str, Spread]] = {
    "stationd_card_tries": Spread(says="How many attempts the printed cards took.", edges=(1.0, 2.0, 3.0, 5.0)),
    "stationd_card_wait_seconds": Spread(
        says="From taking the order to the printed card, of the cards printed.",
        edges=(3600.0, *(days * _DAY_S for days in (1, 3, 5, 7, 14, 30, 90, 180))),
    ),
    "stationd_pickup_age_seconds": Spread(
        says="How long cards had been in their last place when they were handed over.",
        edges=tuple(days * _DAY_S for days in (1, 3, 7, 14, 30, 60, 90, 180, 365)),
    ),
    "stationd_print_seconds": Spread(
        says="From claiming a card for a printer to knowing that it is printed.",
        edges=(5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0),
        labels=("printer",),
    ),
}

_DEVICE_OUTCOMES: Final = {
    "card_printed": "printed",
    "nothing_printed": "nothing_printed",
    "card_spoiled": "spoiled",
    "outcome_unknown": "unknown",
}
_COUNT_OUTCOMES: Final = {"count.begun": "begun", "count.differed": "differed", "blanks.counted": "booked"}
_NOTICE_OUTCOMES: Final = frozenset({"sent", "unknown", "delivered", "failed"})
_CHANGES: Final = frozenset({"moved_ahead", "released"})


class EventMetrics(Collector):
    """Counted while events pass, and from the record after a restart."""

    def __init__(self) -> None:
        self.is_whole = False
        """Whether the whole record is counted; nothing is told before, for a smaller figure would look like a reset."""
        self._counts: dict[str, Counter[Labels]] = {name: Counter() for name in COUNTS}
        self._spreads: dict[str, dict[Labels, Buckets]] = {name: {} for name in SPREADS}
        for name, spread in SPREADS.items():
            if not spread.labels:
                self._spreads[name][()] = Buckets(spread.edges)
        self._printers: OrderedDict[str, None] = OrderedDict()
        self._nouns = {
            "approval": self._approval,
            "blanks": self._blanks,
            "card": self._card,
            "count": self._blanks,
            "device": self._device,
            "job": self._job,
            "minutes": self._minutes,
            "notice": self._notice,
            "printer": self._printer,
        }

    # ------------------------------------------------------------------------------------------------- counting

    def follow(self, events: Iterable[Event]) -> None:
        """Take in what was committed, each event once and in its order."""
        types = self._counts["stationd_events"]
        for event in events:
            types[event.type,] += 1
            noun, _, what = event.type.partition(".")
            count = self._nouns.get(noun)
            if count is not None:
                count(what, event)

    def _one(self, name: str, *labels: str, by: int = 1) -> None:
        self._counts[name][labels] += by

    def _saw(self, name: str, value: float, *labels: str) -> None:
        buckets = self._spreads[name].get(labels)
        if buckets is None:
            buckets = self._spreads[name][labels] = Buckets(SPREADS[name].edges)
        buckets.add(value)

    def _job(self, what: str, event: Event) -> None:
        data = event.data
        kind = str(data["kind"])
        jobs = self._counts["stationd_jobs"]
        jobs[str(data["state"]), kind] += 1
        if "from" in data:
            jobs[str(data["from"]), kind] -= 1
        if what == "accepted":
            self._one("stationd_orders_taken", kind)
        elif what in _CHANGES:
            self._one("stationd_order_changes", what)
        elif what.endswith("_revoked"):
            self._one("stationd_verdicts", "revoked")
        elif what in _DEVICE_OUTCOMES:
            self._outcome(what, event, kind)

    def _outcome(self, what: str, event: Event, kind: str) -> None:
        data = event.data
        printer = self._of_printer(data.get("printer"))
        if "verdict" in data:
            self._one("stationd_verdicts", str(data["verdict"]))
        else:
            self._one("stationd_attempts", printer, _DEVICE_OUTCOMES[what])
        if what == "card_spoiled":
            self._one("stationd_blanks_spoiled", "verdict" if "verdict" in data else "printer")
        if what != "card_printed":
            return
        self._one("stationd_cards_printed", printer, str(data.get("evidence")), kind)
        taken_ms = int(event.subject.replace("-", "")[:12], 16)  # a job's id (UUIDv7) says when its order was taken
        self._saw("stationd_card_wait_seconds", max(0, event.at - taken_ms) / 1000)
        if isinstance(number := data.get("attempt"), int):
            self._saw("stationd_card_tries", number)
        if isinstance(took_ms := data.get("took_ms"), int):
            self._saw("stationd_print_seconds", took_ms / 1000, printer)

    def _of_printer(self, name: object) -> str:
        printer = str(name)
        self._printers[printer] = None
        self._printers.move_to_end(printer)
        return printer

    def _printer(self, what: str, event: Event) -> None:
        if what == "test_ended" and event.data["outcome"] != "nothing_printed":
            self._one("stationd_blanks_spoiled", "test-card")

    def _blanks(self, what: str, event: Event) -> None:
        outcome = _COUNT_OUTCOMES.get(event.type)
        if outcome is not None:
            self._one("stationd_blank_counts", outcome)
        elif what == "missed":
            self._one("stationd_blanks_missed", by=int(str(event.data["quantity"])))
        elif what == "spoiled" and event.type == "blanks.spoiled":
            self._one("stationd_blanks_spoiled", str(event.data.get("category")), by=int(str(event.data["quantity"])))

    def _card(self, what: str, event: Event) -> None:
        if what == "handed_over":
            self._saw("stationd_pickup_age_seconds", float(str(event.data["held_ms"])) / 1000)
            self._one("stationd_hand_overs", "proxy" if event.data["by_proxy"] else "holder")

    def _approval(self, what: str, event: Event) -> None:
        self._one("stationd_approvals", str(event.data.get("kind", "any")), what)

    def _device(self, what: str, event: Event) -> None:
        self._one("stationd_device_events", "reset" if event.data.get("is_reset") else what)

    def _minutes(self, what: str, event: Event) -> None:
        if what == "drawn_up":
            self._one("stationd_papers", str(event.data["kind"]))

    def _notice(self, what: str, event: Event) -> None:
        if what in _NOTICE_OUTCOMES:
            self._one("stationd_notices", str(event.data["way"]), what)

    # ------------------------------------------------------------------------------------------------- telling

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        if not self.is_whole:
            return
        told = set(list(self._printers)[-MOST_PRINTERS:])
        for name, count in COUNTS.items():
            kept = self._counts[name]
            make = GaugeMetricFamily if count.is_gauge else CounterMetricFamily
            family = make(name, count.says, labels=count.labels)
            values = dict.fromkeys(count.always, 0) | {key: kept[key] for key in sorted(kept)}
            for labels, value in values.items():
                if _is_told(count.labels, labels, told):
                    family.add_metric(labels, value)
            yield family
        for name, spread in SPREADS.items():
            each = {
                labels: buckets
                for labels, buckets in sorted(self._spreads[name].items())
                if _is_told(spread.labels, labels, told)
            }
            yield histogram(name, spread.says, spread.labels, each)

    # ------------------------------------------------------------------------------------------------- keeping

    def kept(self) -> bytes:
        """All that was counted, for :meth:`restore`."""
        return msgspec.json.encode(
            _Kept(
                counts={name: sorted(counts.items()) for name, counts in self._counts.items()},
                spreads={
                    name: [(labels, each.counts, each.sum) for labels, each in sorted(spread.items())]
                    for name, spread in self._spreads.items()
                },
                printers=list(self._printers),
                shape=_SHAPE,
            )
        )

    def restore(self, kept: bytes) -> bool:
        """Go on from what was kept; whether that is possible: not when it is of other families than these."""
        try:
            found = msgspec.json.decode(kept, type=_Kept)
        except msgspec.DecodeError:
            return False
        if found.shape != _SHAPE:
            return False
        for name, counts in found.counts.items():
            self._counts[name] = Counter(dict(counts))
        for name, spread in found.spreads.items():
            for labels, counted, total in spread:
                buckets = self._spreads[name][labels] = Buckets(SPREADS[name].edges)
                buckets.counts, buckets.sum = counted, total
        self._printers = OrderedDict.fromkeys(found.printers)
        return True


class _Kept(msgspec.Struct, frozen=True):
    counts: dict[str, list[tuple[Labels, int]]]
    spreads: dict[str, list[tuple[Labels, list[int], float]]]
    printers: list[str]
    shape: str


_RULES: Final = 1
"""To be raised when what is counted under a name changes: then all is counted anew from the record."""
_SHAPE: Final = repr(
    (
        _RULES,
        [(name, each.labels) for name, each in COUNTS.items()],
        [(name, each.labels, each.edges) for name, each in SPREADS.items()],
    )
)


def _is_told(names: Sequence[str], values: Labels, told: set[str]) -> bool:
    return "printer" not in names or values[names.index("printer")] in told
