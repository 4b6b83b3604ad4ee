"""The books of the simulated city: what they tell Prometheus, by the genuine collector, while things go wrong.

No server and no database are part of it; ``make city-demo`` shows alerts, and these are those of the link.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from stationd.adapters.books_metrics import BooksMetrics, Figures, ServersHealth, StreamHealth
from stationd.demo.city.palembang import STATIONS

ROUND_DAYS: Final = 60.0
_DAY_S: Final = 86_400.0
_SERVERS: Final = ("city-1", "city-2", "city-3")
_SHOWN: Final = "1671-05"
"""The station at which things go wrong."""
_LIMIT: Final = 4 << 30
_USUAL: Final = {"free": 0, "offered": 240, "granted": 900, "recalled": 0, "settled": 52_000}
_CODES: Final = ("card-twice", "holder-twice", "blanks-differ", "order-free", "transfer-open")


class BooksFault(StrEnum):
    """Something that goes wrong at the city's side of the link."""

    DOWN = "down"
    UNCONNECTED = "unconnected"
    UNSENT = "unsent"
    MISSING = "missing"
    FORKED = "forked"
    CARD_TWICE = "card-twice"
    HOLDER_TWICE = "holder-twice"
    BLANKS = "blanks"
    TROUBLE = "trouble"
    FREE = "free"
    NOT_RECEIVED = "not-received"
    NOT_RETURNED = "not-returned"
    LEADERLESS = "leaderless"
    SERVER = "server"
    FULL = "full"
    CERTIFICATE = "certificate"
    NO_BACKUP = "no-backup"


SCRIPT: Final = (
    (BooksFault.SERVER, 1, 5),
    (BooksFault.BLANKS, 2, 10),
    (BooksFault.MISSING, 6, 9),
    (BooksFault.FORKED, 10, 13),
    (BooksFault.TROUBLE, 14, 17),
    (BooksFault.FREE, 17, 20),
    (BooksFault.NOT_RECEIVED, 20, 23),
    (BooksFault.NOT_RETURNED, 23, 26),
    (BooksFault.CERTIFICATE, 26, 29),
    (BooksFault.FULL, 29, 32),
    (BooksFault.UNSENT, 30, 33),
    (BooksFault.LEADERLESS, 34, 37),
    (BooksFault.UNCONNECTED, 38, 41),
    (BooksFault.NO_BACKUP, 40, 46),
    (BooksFault.DOWN, 47, 50),
    (BooksFault.CARD_TWICE, 51, 54),
    (BooksFault.HOLDER_TWICE, 53, 56),
)
"""What goes wrong from which day of a round to which."""


def at(day: float) -> frozenset[BooksFault]:
    """What is wrong on a day since the beginning."""
    return frozenset(fault for fault, begin, end in SCRIPT if begin <= day % ROUND_DAYS < end)


class SimulatedBooks:
    """The city's books as they would be after so many invented days; times are told as Prometheus' clock has them."""

    def __init__(self, script: Callable[[float], frozenset[BooksFault]] = at) -> None:
        self._script = script
        self._metrics = BooksMetrics()
        self._begun: dict[BooksFault, float] = {}
        self._ended: dict[BooksFault, float] = {}
        self._day = 0.0

    def render(self, day: float, real_s: float) -> bytes | None:
        """What Prometheus would scrape on a day; ``None`` when nobody answers. ``real_s``: its Unix time."""
        faults = self._script(day)
        for fault in BooksFault:
            if fault in faults:
                self._begun.setdefault(fault, day)
            elif self._begun.pop(fault, None) is not None:
                self._ended[fault] = day
        if BooksFault.DOWN in faults:
            return None
        metrics = self._metrics
        taken = round((day - self._day) * 2_000)
        metrics.facts.labels("new").inc(max(0, taken))
        metrics.sent.inc(max(0, taken // 10))
        self._day = max(self._day, day)
        metrics.is_connected = BooksFault.UNCONNECTED not in faults
        metrics.servers = self._servers(faults, real_s) if metrics.is_connected else ServersHealth()
        metrics.differences = {
            **dict.fromkeys(_CODES, 0),
            "card-twice": int(BooksFault.CARD_TWICE in faults),
            "holder-twice": int(BooksFault.HOLDER_TWICE in faults),
            "blanks-differ": int(BooksFault.BLANKS in faults),
        }
        metrics.backed_up_at = real_s - self._days(BooksFault.NO_BACKUP, day) * _DAY_S
        metrics.figures = self._figures(faults, day, real_s)
        return metrics.text()

    def _days(self, fault: BooksFault, day: float) -> float:
        """How long a fault has lasted, in invented days."""
        return day - self._begun.get(fault, day)

    def _servers(self, faults: frozenset[BooksFault], real_s: float) -> ServersHealth:
        is_led = BooksFault.LEADERLESS not in faults
        held = {"EVENTS": 900 << 20, "ORDERS": (3900 if BooksFault.FULL in faults else 60) << 20}
        streams = [
            StreamHealth(
                name=name,
                is_led=is_led,
                held_bytes=size,
                limit_bytes=_LIMIT,
                messages=size >> 10,
                servers={
                    server: server != _SERVERS[1] or BooksFault.SERVER not in faults
                    for server in (_SERVERS if is_led else ())
                },
            )
            for name, size in held.items()
        ]
        days = 9 if BooksFault.CERTIFICATE in faults else 300
        return ServersHealth(streams=streams, waiting_facts=3 if is_led else None, expires_at=real_s + days * _DAY_S)

    def _figures(self, faults: frozenset[BooksFault], day: float, real_s: float) -> Figures:
        now_ms = round(real_s * 1000)

        def since(days: float) -> int:
            return now_ms - round(days * _DAY_S * 1000)

        late = {
            "free": (BooksFault.FREE, 1.0),
            "offered": (BooksFault.NOT_RECEIVED, 6.0),
            "recalled": (BooksFault.NOT_RETURNED, 2.0),
        }
        orders = {hold: (count, since(0.1)) for hold, count in _USUAL.items() if count}
        orders |= {hold: (240, since(days)) for hold, (fault, days) in late.items() if fault in faults}
        stations = [
            (
                station,
                f"Kecamatan {name}",
                None,
                10_000,
                now_ms,
                now_ms if BooksFault.FORKED in faults and station == _SHOWN else None,
                10_003 if BooksFault.MISSING in faults and station == _SHOWN else 10_000,
            )
            for station, name in STATIONS.items()
        ]
        ended = self._ended.get(BooksFault.TROUBLE)
        is_troubled = BooksFault.TROUBLE in faults or ended is not None
        last = 0.0 if BooksFault.TROUBLE in faults or ended is None else day - ended
        waits = BooksFault.UNSENT in faults
        return Figures(
            now_ms=now_ms,
            stations=stations,
            orders=orders,
            unsent=40 if waits else 0,
            oldest_unsent_ms=since(self._days(BooksFault.UNSENT, day)) if waits else None,
            troubles=[(_SHOWN, "fact-signature-invalid", 4, since(last))] if is_troubled else [],
        )
