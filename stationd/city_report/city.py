"""What the report tells of a city, and where in Prometheus it comes from."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from stationd.city_report.prometheus import Firing, Prometheus, Sample

DAYS: Final = 28
DAY_S: Final = 86_400.0
_BY: Final = "by (station, kecamatan)"
_PER_STATION: Final = {
    "answers": f'max {_BY} (up{{job="stationd"}}) or max {_BY} (last_over_time(up{{job="stationd"}}[14d])) * 0',
    "cards": "station:cards_printed:increase1d",
    "blanks_days": "station:blanks_left:days",
    "queued": f'sum {_BY} (stationd_jobs{{state="queued"}})',
    "oldest_days": f'max {_BY} (stationd_oldest_job_age_seconds{{state="queued"}}) / 86400',
    "on_shelf": f'sum {_BY} (stationd_cards{{custody="on_shelf"}})',
    "in_time": "station:cards_in_time:ratio28d",
    "spoiled": "station:blanks_spoiled:ratio7d",
    "uncertain": f'sum {_BY} (stationd_jobs{{state="uncertain"}})',
    "changes": "station:order_changes:increase7d",
    "difference": f"max {_BY} (stationd_blank_count_difference)",
}
"""The query of each field of a row."""
_DAILY: Final = "city:cards_printed:increase1d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One station; ``None`` where Prometheus knows nothing now, as of a station that does not answer.

    Cards of one day, orders and cards waiting now; shares are of 1: printed in time in 28 days, spoiled in 7; changes
    of the order in 7 days; the difference is what the last count found beside the book.
    """

    station: str
    kecamatan: str
    answers: float | None = None
    cards: float | None = None
    blanks_days: float | None = None
    queued: float | None = None
    oldest_days: float | None = None
    on_shelf: float | None = None
    in_time: float | None = None
    spoiled: float | None = None
    uncertain: float | None = None
    changes: float | None = None
    difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """All that the report tells. ``daily``: cards by the end of each day (Unix s); ``at_s``: when it was asked."""

    at_s: float
    rows: Sequence[Row]
    daily: Sequence[tuple[float, float]] = ()
    alerts: Sequence[Firing] = field(default=())
    day_s: float = DAY_S


async def asked(prometheus: Prometheus, day_s: float = DAY_S) -> City:
    """The city as it is now. ``day_s`` is less than a day for a simulated city. Raises ``Faulted``."""
    now_s = time.time()
    daily = await prometheus.course(_DAILY, begin_s=now_s - (DAYS - 1) * day_s, end_s=now_s, step_s=day_s)
    columns = await asyncio.gather(*(prometheus.now(query) for query in _PER_STATION.values()))
    alerts = await prometheus.firing()
    return City(
        at_s=now_s,
        rows=rows(dict(zip(_PER_STATION, columns, strict=True))),
        daily=daily,
        alerts=sorted(alerts, key=_importance),
        day_s=day_s,
    )


def rows(columns: dict[str, Iterable[Sample]]) -> list[Row]:
    """One row a station, in the order of their ids, of what is known of each."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for name, samples in columns.items():
        for sample in samples:
            key = sample.labels.get("station", ""), sample.labels.get("kecamatan", "")
            found.setdefault(key, {})[name] = sample.value
    return [
        Row(station=station, kecamatan=kecamatan, **found[station, kecamatan]) for station, kecamatan in sorted(found)
    ]


_SEVERITIES: Final = ("page", "integrity", "office")


def _importance(alert: Firing) -> tuple[int, str, str]:
    severity = alert.labels.get("severity", "")
    rank = _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
    return rank, alert.labels.get("alertname", ""), alert.labels.get("kecamatan", "")
