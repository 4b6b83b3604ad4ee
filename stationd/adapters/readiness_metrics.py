"""Readiness for Prometheus: the level of each check, what can be finished, how many officers are able, the machine."""

from collections.abc import Iterable
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stationd.domain.readiness import Level
from stationd.services.duty import Duty
from stationd.services.officers import Officers
from stationd.services.readiness import Readiness

LEVELS: Final = {Level.OK: 0, Level.DEGRADED: 1, Level.FAILED: 2}


class ReadinessMetrics(Collector):
    """Gauges, made when asked."""

    def __init__(self, readiness: Readiness, officers: Officers, duty: Duty) -> None:
        self._readiness = readiness
        self._officers = officers
        self._duty = duty

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        levels = GaugeMetricFamily(
            "stationd_check_level", "Level of each readiness check: 0 ok, 1 degraded, 2 failed.", labels=["check"]
        )
        for check in self._readiness.checks():
            levels.add_metric([check.name.value], LEVELS[check.finding.level])
        yield levels
        yield GaugeMetricFamily(
            "stationd_can_finish_cards", "Cards that can be finished with what is there.", self._readiness.can_finish
        )
        able = self._officers.able()
        yield GaugeMetricFamily("stationd_officers_able", "Officers whose decree is in force here.", len(able))
        yield GaugeMetricFamily("stationd_officers_on_duty", "Officers on duty.", len(self._duty.on_duty()))
        days = [left for each in able if (left := self._officers.view(each).days_left) is not None]
        yield GaugeMetricFamily(
            "stationd_officers_ending_soon", "Officers whose decree ends within 30 days.", len(days)
        )
        yield from self._of_the_host()

    def _of_the_host(self) -> Iterable[Metric]:
        reading = self._readiness.reading
        if reading is None:
            return
        for name, says, value in (
            ("stationd_disk_free_bytes", "Free bytes where the database is.", reading.free_bytes),
            ("stationd_wal_bytes", "Size of the write-ahead log of the database.", reading.wal_bytes),
            ("stationd_host_temperature_celsius", "The hottest sensor of the machine.", reading.celsius),
            ("stationd_backup_timestamp_seconds", "When the last backup was made (Unix time).", reading.backed_up_at),
        ):
            if value is not None:
                yield GaugeMetricFamily(name, says, value)
