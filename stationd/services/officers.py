"""Keeping the register of officers: entering decrees, revoking them, and seeing who is able."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.officer import Officer, Standing, able, days_left, entry_refusal, standing
from stationd.domain.session import pin_refusal
from stationd.ports.officers import OfficerStore, PinHasher
from stationd.services.calendar import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerView:
    """An officer as shown; ``days_left`` is given in the last 30 days of the decree."""

    officer: Officer
    standing: Standing
    days_left: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decree:
    """What an administrator enters: the officer's number and name, and the decree.

    ``region``: ``None`` takes the first kecamatan of the station; the dates are inclusive.
    """

    number: str
    name: str
    decree: str
    valid_from: date
    valid_until: date
    region: str | None = None


class Officers:
    """The register, kept in memory as it was last read."""

    def __init__(self, store: OfficerStore, hasher: PinHasher, calendar: Calendar, regions: Collection[str]) -> None:
        """``regions`` are the codes of the kecamatan that the station serves, its own first."""
        self._store = store
        self._hasher = hasher
        self._calendar = calendar
        self._regions = tuple(regions)
        self._served = frozenset(regions)
        self._known: dict[str, Officer] = {}
        self._followers: list[Callable[[], None]] = []

    def follow(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever the register was changed through here."""
        self._followers.append(changed)

    async def load(self) -> None:
        """Read the register again: another process may have changed it."""
        self._known = {officer.number: officer for officer in await self._store.all()}
        self._calendar.entered = max((officer.added_on for officer in self._known.values()), default=None)

    def view(self, officer: Officer) -> OfficerView:
        """The officer with the standing of today."""
        day = self._calendar.day
        where = standing(officer, day, self._served)
        return OfficerView(
            officer=officer,
            standing=where,
            days_left=days_left(officer, day) if where is Standing.APPOINTED else None,
        )

    def all(self) -> list[OfficerView]:
        """Every officer ever entered, by number."""
        return [self.view(officer) for officer in self._known.values()]

    def able(self) -> tuple[Officer, ...]:
        """Who may print here today."""
        return able(self._known.values(), self._calendar.day, self._served)

    def standing_of(self, number: str) -> Standing | None:
        """Where the officer with this number stands today, or ``None``; asked for every card, so it is cheap."""
        officer = self._known.get(number)
        return None if officer is None else standing(officer, self._calendar.day, self._served)

    def one(self, number: str) -> OfficerView | None:
        """The officer with this number, or ``None``."""
        officer = self._known.get(number)
        return None if officer is None else self.view(officer)

    async def add(self, decree: Decree, pin: str, *, actor: Actor) -> OfficerView:
        """Enter a decree and its officer's PIN.

        Raises :class:`Refused`: ``officer-invalid``, ``decree-dates-wrong``, ``pin-too-easy``, ``officer-known``.
        """
        officer = Officer(
            number=decree.number,
            name=decree.name.strip(),
            decree=decree.decree.strip(),
            region=decree.region or self._regions[0],
            valid_from=decree.valid_from,
            valid_until=decree.valid_until,
            added_on=self._calendar.clock_day,
        )
        refused = entry_refusal(officer, self._served) or pin_refusal(pin, officer.number)
        refused = refused or await self._store.add(officer, await self._hasher.hash(pin), actor)
        if refused is not None:
            raise refused
        await self._changed()
        return self.view(officer)

    async def revoke(self, number: str, *, actor: Actor) -> None:
        """End an appointment now, with its sessions and duty. Raises :class:`Refused` (``officer-unknown``)."""
        refused = await self._store.revoke(number, actor)
        if refused is not None:
            raise refused
        await self._changed()

    async def _changed(self) -> None:
        await self.load()
        for changed in self._followers:
            changed()


def must_be_officer(actor: Actor) -> tuple[str, bytes]:
    """The number and the session of an officer who signed in. Raises :class:`Refused` (``session-needed``)."""
    if actor.officer is None or actor.session is None:
        raise Refused("session-needed")
    return actor.officer, actor.session
