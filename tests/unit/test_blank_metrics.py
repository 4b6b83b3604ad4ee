"""What Prometheus sees of the book of blanks."""

from prometheus_client import CollectorRegistry, generate_latest

from stationd.adapters.blank_metrics import BlankMetrics
from stationd.domain.events import Event
from stationd.ports.blanks import Counted, CountState, CountView


def text_of(metrics: BlankMetrics) -> str:
    registry = CollectorRegistry()
    registry.register(metrics)
    return generate_latest(registry).decode()


def event(what: str, **data: object) -> Event:
    return Event(1, 60_000, what, "blanks", data)


def test_the_last_count_and_what_it_did_not_find_are_told():
    metrics = BlankMetrics(lambda: 90_000, lambda: {"p1": 3})
    assert "stationd_blank_count_age_seconds" not in text_of(metrics)
    assert "stationd_blanks_left_seconds" not in text_of(metrics)
    metrics.load(Counted(waiting=None, last=None))
    last = CountView(state=CountState.BOOKED, at=30_000, people=2, difference=-1)
    metrics.load(Counted(waiting=None, last=last))
    assert metrics.missed == 1
    assert "stationd_blank_count_age_seconds 60.0" in text_of(metrics)
    metrics.follow(
        [
            event("blanks.counted", difference=2),
            event("job.accepted"),
        ]
    )
    metrics.days_left = 12.5
    text = text_of(metrics)
    for line in (
        "stationd_blank_count_difference 2.0",
        "stationd_blank_count_age_seconds 30.0",
        "stationd_blanks_left_seconds 1.08e+06",
        'stationd_blank_hopper{printer="p1"} 3.0',
    ):
        assert line in text
    assert metrics.missed == 0
