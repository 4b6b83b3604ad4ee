"""What stands and waits, for Prometheus: the oldest order by state, the oldest card by place, the database."""

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.custody import Custody
from stationd.domain.job import JobState
from stationd.ports.figures import Oldest

JOBS: Final = (JobState.QUEUED, JobState.DEFERRED, JobState.UNCERTAIN, JobState.FAILED)
CARDS: Final = (Custody.PRINTED, Custody.CHECKED, Custody.RECEIVED, Custody.ON_SHELF, Custody.IN_TRANSIT)
"""The states in which jobs wait for something, and the places in which cards do."""


class StandingMetrics(Collector):
    """As last looked for; ages go on between two looks, and are 0 where nothing waits."""

    def __init__(
        self, now_ms: Callable[[], int], *, is_ready: Callable[[], bool], is_trusted: Callable[[], bool]
    ) -> None:
        """``is_ready`` tells whether the station may begin a card, ``is_trusted`` whether its clock may be believed."""
        self._now_ms = now_ms
        self._is_ready = is_ready
        self._is_trusted = is_trusted
        self.oldest: Oldest | None = None
        """What was found last."""

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        yield GaugeMetricFamily("stationd_ready", "1 while the station may begin a card.", float(self._is_ready()))
        yield GaugeMetricFamily(
            "stationd_clock_trusted", "1 while the clock is kept right by something.", float(self._is_trusted())
        )
        if self.oldest is None:
            return
        yield GaugeMetricFamily("stationd_database_bytes", "Size of the database.", self.oldest.database_bytes)
        jobs = GaugeMetricFamily(
            "stationd_oldest_job_age_seconds",
            "How long ago the oldest order in a state was taken; 0: there is none.",
            labels=["state"],
        )
        for state in JOBS:
            jobs.add_metric([state.value], self._age_s(self.oldest.jobs.get(state)))
        yield jobs
        cards = GaugeMetricFamily(
            "stationd_oldest_card_age_seconds",
            "How long the card that is longest in a place has been there; 0: there is none.",
            labels=["custody"],
        )
        for custody in CARDS:
            cards.add_metric([custody.value], self._age_s(self.oldest.cards.get(custody)))
        yield cards

    def _age_s(self, since_ms: int | None) -> float:
        return 0.0 if since_ms is None else max(0, self._now_ms() - since_ms) / 1000
