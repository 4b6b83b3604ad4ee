"""Every family of metrics with a sample of each label, made by the station's own collectors over stand-ins."""

import asyncio
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from prometheus_client import Metric
from prometheus_client.registry import Collector

from stationd.adapters.approval_metrics import ApprovalMetrics
from stationd.adapters.blank_metrics import BlankMetrics
from stationd.adapters.card_metrics import CardMetrics
from stationd.adapters.device_metrics import DeviceMetrics
from stationd.adapters.event_metrics import EventMetrics
from stationd.adapters.link_metrics import LinkMetrics
from stationd.adapters.loop_metrics import LoopMetrics
from stationd.adapters.metric_guide import GUIDE, LABELS
from stationd.adapters.metrics import Metrics
from stationd.adapters.notice_metrics import NoticeMetrics
from stationd.adapters.order_metrics import OrderMetrics
from stationd.adapters.printer_metrics import PrinterMetrics
from stationd.adapters.readiness_metrics import ReadinessMetrics
from stationd.adapters.standing_metrics import StandingMetrics
from stationd.adapters.stream_metrics import StreamMetrics
from stationd.adapters.udev import Counters
from stationd.domain.events import Event
from stationd.domain.ids import uuid7
from stationd.domain.printer import Supply
from stationd.domain.rationing import Stock
from stationd.domain.readiness import CheckName, Level
from stationd.domain.scan import ReaderState, ReaderStatus
from stationd.ports.blanks import Counted, CountState, CountView
from stationd.ports.figures import Oldest
from stationd.ports.notices import Outbox
from stationd.ports.notifier import WayStatus
from stationd.ports.readiness import HostReading
from stationd.services.city_desk import DeskFigures
from stationd.services.city_link import LinkFigures
from stationd.services.facts import FactFigures


class _Listeners:
    cut_off = 0
    readings = 0

    def __len__(self) -> int:
        return 0


def collectors() -> tuple[Collector, ...]:
    """Every collector of a station, with a sample of each family. Needs a running event loop."""
    ribbon = Supply(name="ribbon", level=50, cards=100)
    devices: Any = [
        SimpleNamespace(kind="printer", name="kartu-1", state="idle", reasons=("media-low",), supplies=(ribbon,))
    ]
    writer: Any = SimpleNamespace(balances=dict, groups=0, requests=0)
    readers = {"loket-1": ReaderStatus(state=next(iter(ReaderState)), reasons=(), since_ms=0)}
    metrics = Metrics("0", writer, lambda: readers)
    blanks = BlankMetrics(lambda: 0, lambda: {"kartu-1": 0})
    blanks.load(Counted(waiting=None, last=CountView(state=CountState.BOOKED, at=0, people=2, difference=0)))
    blanks.days_left = 1.0
    notices = NoticeMetrics(
        lambda: Outbox(shelved=0, due=0, troubles={}),
        lambda: {"modem": WayStatus(is_ready=True, signal=50, credit=1)},
    )
    check = SimpleNamespace(name=CheckName.CLOCK, finding=SimpleNamespace(level=Level.OK))
    reading = HostReading(free_bytes=1, celsius=1.0, wal_bytes=1, backed_up_at=1.0)
    readiness: Any = SimpleNamespace(checks=lambda: (check,), can_finish=0, reading=reading)
    officers: Any = SimpleNamespace(able=tuple)
    duty: Any = SimpleNamespace(on_duty=tuple)
    listeners: Any = _Listeners()
    standing = StandingMetrics(lambda: 0, is_ready=lambda: True, is_trusted=lambda: True)
    standing.oldest = Oldest()
    stock = Stock(at_hand=0, promised=0, replacements=0, rationed=0, reserve=0)
    return (
        metrics,
        ApprovalMetrics(),
        blanks,
        CardMetrics(),
        DeviceMetrics(lambda: devices, Counters),
        _events(),
        LinkMetrics(LinkFigures(), FactFigures(), _desk(), lambda: 0),
        LoopMetrics(),
        notices,
        OrderMetrics(lambda: stock),
        PrinterMetrics(lambda: devices, tuple),
        ReadinessMetrics(readiness, officers, duty),
        standing,
        StreamMetrics(listeners, listeners),
    )


def _desk() -> DeskFigures:
    figures = DeskFigures()
    figures.refused["link-malformed"] += 1
    return figures


def _events() -> EventMetrics:
    printed = {"state": "printed", "from": "printing", "kind": "first", "printer": "kartu-1", "evidence": "reader"}
    found = EventMetrics()
    found.follow(
        [
            _event("job.card_printed", printed | {"attempt": 1, "took_ms": 20_000}),
            _event("approval.requested", {"kind": "release"}),
            _event("minutes.drawn_up", {"kind": "blank-book"}),
            _event("notice.sent", {"way": "modem"}),
        ]
    )
    found.is_whole = True
    return found


def _event(kind: str, data: Mapping[str, object]) -> Event:
    return Event(1, 0, kind, uuid7(0, 0), data)


def families() -> list[Metric]:
    """All families, by name."""

    async def collected() -> list[Metric]:
        return [family for each in collectors() for family in each.collect()]

    return sorted(asyncio.run(collected()), key=lambda family: family.name)


def labels_of(family: Metric) -> list[str]:
    """The names of its labels."""
    return sorted({name for sample in family.samples for name in sample.labels} - {"le"})


def table() -> str:
    """The metrics as a table. Raises ``ValueError`` for one of which the guide says nothing, or one it invents."""
    found = families()
    names = {family.name for family in found}
    if names != set(GUIDE):
        raise ValueError(f"metric_guide.py and the collectors differ: {sorted(names ^ set(GUIDE))}")
    rows = [
        f"| `{family.name}{'_total' if family.type == 'counter' else ''}` | {family.type} "
        f"| {', '.join(f'`{name}`' for name in labels_of(family))} | {family.documentation} | {GUIDE[family.name]} |"
        for family in found
    ]
    bounds = _used(found)
    return "\n".join(
        [
            "| metric | type | labels | meaning | when it looks bad |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "",
            "| label | values |",
            "| --- | --- |",
            *(f"| `{name}` | {LABELS[name]} |" for name in bounds),
        ]
    )


def _used(found: Iterable[Metric]) -> list[str]:
    used = {name for family in found for name in labels_of(family)}
    if used != set(LABELS):
        raise ValueError(f"metric_guide.py and the labels differ: {sorted(used ^ set(LABELS))}")
    return sorted(used)
