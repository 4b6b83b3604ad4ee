"""The day by which decrees are judged, and the moment by which signatures are: from a clock that is trusted or not."""

from datetime import date, datetime, tzinfo

from stationd.domain.city_order import SKEW_S, Moment
from stationd.domain.officer import reckoned
from stationd.ports.clock import Clock, TimeSource
from stationd.ports.officers import OfficerStore

_MINUTE_MS = 60_000
_DAYS_KEPT = 16

REMEMBER_EVERY_MS = 3_600_000
"""How often a trusted moment is written down."""


class Calendar:
    """Knows the day.

    Once the clock was trusted in this run, a clock that goes astray afterwards changes nothing: the day goes on by the
    monotonic clock from there. After a restart it is the remembered one that counts, see
    :func:`stationd.domain.officer.reckoned`.
    """

    def __init__(self, clock: Clock, source: TimeSource, store: OfficerStore, *, zone: tzinfo | None = None) -> None:
        """``zone`` is the time zone of the office; the machine's own by default."""
        self._clock = clock
        self._source = source
        self._store = store
        self._zone = zone
        self._known_ms: int | None = None
        self._anchor: tuple[int, float] | None = None
        self._written_ms = 0
        self._days: dict[int, date] = {}
        self._is_synchronised = False
        self.entered: date | None = None
        """The last day on which an administrator entered a decree."""

    @property
    def is_trusted(self) -> bool:
        """Whether the wall clock may be believed now: kept right when last asked, and not moved by hand since then."""
        known = self.known_ms
        return self._is_synchronised and known is not None and abs(self._clock.now_ms() - known) <= SKEW_S * 1000

    @property
    def was_trusted(self) -> bool:
        """Whether a trusted moment is known at all."""
        return self._known_ms is not None

    @property
    def clock_day(self) -> date:
        """The date as the wall clock has it, right or wrong."""
        return self.day_of(self._clock.now_ms())

    @property
    def day(self) -> date:
        """The day by which decrees are judged."""
        known = self.known_ms
        return reckoned(
            self.clock_day,
            is_trusted=self.is_trusted,
            last_trusted=None if known is None else self.day_of(known),
            entered=self.entered,
        )

    @property
    def minute(self) -> int:
        """The minute of the office's day as the wall clock has it, right or wrong."""
        moment = datetime.fromtimestamp(self._clock.now_ms() / 1000, self._zone).astimezone(self._zone)
        return moment.hour * 60 + moment.minute

    def day_in(self, seconds: float) -> date | None:
        """The date in so many seconds; ``None`` while the clock is not trusted."""
        return self.day_of(self._clock.now_ms() + int(seconds * 1000)) if self.is_trusted else None

    @property
    def known_ms(self) -> int | None:
        """The latest moment (Unix milliseconds) that has surely passed."""
        if self._anchor is None:
            return self._known_ms
        at_ms, at = self._anchor
        return at_ms + int((self._clock.monotonic() - at) * 1000)

    @property
    def moment(self) -> Moment:
        """The time by which signatures are judged."""
        now_s = self._clock.now_ms() // 1000
        return Moment(now_s=now_s, is_trusted=self.is_trusted, known_s=(self.known_ms or 0) // 1000)

    async def load(self) -> None:
        """Take up what a former run remembered, and look."""
        self._known_ms = await self._store.trusted_ms()
        await self.look()

    async def look(self) -> None:
        """Ask whether the clock is trusted, and remember its moment if it is."""
        self._is_synchronised = await self._source.is_synchronised()
        if not self._is_synchronised:
            return
        now_ms = self._clock.now_ms()
        self._known_ms = now_ms
        self._anchor = (now_ms, self._clock.monotonic())
        if abs(now_ms - self._written_ms) >= REMEMBER_EVERY_MS:
            await self._store.remember_trusted(now_ms)
            self._written_ms = now_ms

    def day_of(self, unix_ms: int) -> date:
        """The day of the office in which a moment (Unix milliseconds) lies."""
        minute = unix_ms // _MINUTE_MS  # no time zone changes its date within a minute
        day = self._days.get(minute)
        if day is None:
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            moment = datetime.fromtimestamp(minute * _MINUTE_MS / 1000, self._zone)
            day = self._days[minute] = moment.astimezone(self._zone).date()
        return day
