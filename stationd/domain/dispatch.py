"""The order of service: where a job stands in the line, and what a printer takes from it next.

Classes in order, and within a class by acceptance. So that nobody starves, a job of a lower class is overtaken by at
most ``ageing`` later acceptances: its place in the line is that of a first-class job accepted ``ageing`` acceptances
later. Counting acceptances instead of hours keeps the order independent of every clock.

Within that order a printer takes *batches* of one print profile, so that ribbon, film and temperature need not change
over with every card. Two bounds hold a batch: it ends after so many cards, and it never reaches past a waiting job of
another profile for one that was accepted more than ``reach`` acceptances later. The second needs no memory, so it
holds for any number of printers together, and over restarts.

A card is begun only when the supplies finish it: running out of ribbon in the middle spoils a blank. An empty hopper
spoils nothing, so the machine is given one card to find out for itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from stationd.domain.printer import PrinterStatus, Supply, reason_keyword
from stationd.domain.profile import RestRule

_CLASSES = 4
"""Room for the classes of service within one acceptance, so that no two jobs share a rank."""

HOPPER = "hopper"
"""The supply of blanks in a machine: one a card, whatever the profile says."""

UNFIT_REASONS = frozenset({"fuser-under-temp", "warming-up"})
"""With these a printer finishes what it has, but no further card is begun: it is too cold to finish one."""

TOO_COLD = "temperature"
RESTING = "resting"
SHORT = "supplies-short"
"""Why a printer that is well takes no card now."""


HIGHEST_TURN = 1 << 40
"""More turns than jobs are ever moved ahead."""

LOWEST_RANK = -HIGHEST_TURN * _CLASSES
"""Below every rank."""


class ServiceClass(IntEnum):
    """The class of service, carried in a rank: who never had a card, who gets another, and whom two officers moved.

    Only to ``REPLACEMENT`` the reserve of blanks is closed (see :mod:`stationd.domain.rationing`).
    """

    FIRST = 0
    REPLACEMENT = 1
    RELEASED = 2
    AHEAD = 3


def class_of(rank: int) -> ServiceClass:
    """The class of service in a rank."""
    return ServiceClass(rank % _CLASSES)


def is_replacement(rank: int) -> bool:
    """Whether the reserve of blanks is closed to it."""
    return rank % _CLASSES == ServiceClass.REPLACEMENT


def released(rank: int) -> int:
    """The rank of the same place once two officers have released it from rationing."""
    return rank - class_of(rank) + ServiceClass.RELEASED


def ahead(turn: int) -> int:
    """The rank at the head of the line, behind those who were moved there in an earlier ``turn`` (from 1)."""
    return (turn - HIGHEST_TURN) * _CLASSES + ServiceClass.AHEAD


def is_moved(rank: int) -> bool:
    """Whether two officers have changed the place."""
    return class_of(rank) in {ServiceClass.RELEASED, ServiceClass.AHEAD}


def rank_of(seq: int, service_class: int, *, ageing: int) -> int:
    """The place of the ``seq``-th accepted job in the line; lower is served earlier, and no two are equal."""
    return (seq + (ageing if service_class else 0)) * _CLASSES + service_class


# ------------------------------------------------------------------------------------------------------- batches


@dataclass(frozen=True, slots=True)
class Batch:
    """The cards of one profile that a printer has taken in a row."""

    profile: str | None = None
    cards: int = 0

    def preferred(self, size: int) -> str | None:
        """The profile to go on with, or ``None`` when the batch is full (or none was begun)."""
        return self.profile if self.cards < size else None

    def after(self, profile: str, size: int) -> "Batch":
        """The batch after one more card, which may have begun a new one."""
        if profile == self.profile and self.cards < size:
            return Batch(profile, self.cards + 1)
        return Batch(profile, 1)


def pick(heads: Mapping[str, int], *, preferred: str | None, reach: int) -> str:
    """Which profile to serve, given the rank of the first waiting job of each (at least one).

    The preferred one as long as its first job was accepted no more than ``reach`` acceptances after the first of all;
    else the one whose job is first of all.
    """
    first = min(heads, key=heads.__getitem__)
    if preferred is not None and preferred in heads and heads[preferred] - heads[first] <= reach * _CLASSES:
        return preferred
    return first


# ------------------------------------------------------------------------------------------------------ supplies


def can_finish(supplies: Collection[Supply], uses: Mapping[str, float], *, under_way: int) -> bool:
    """Whether the supplies finish one more card besides ``under_way`` ones that may not be taken off them yet.

    ``uses`` says how many units of each supply a card takes, by a word of the supply's name. A supply whose device
    tells only percents is taken to last while there are any.
    """
    return all(_lasts(supply, _units(supply, uses), under_way) for supply in supplies)


def _units(supply: Supply, uses: Mapping[str, float]) -> float:
    name = supply.name.casefold()
    if name == HOPPER:
        return 1.0
    return next((units for word, units in uses.items() if word.casefold() in name), 0.0)


def _lasts(supply: Supply, units: float, under_way: int) -> bool:
    if units <= 0 or (supply.name.casefold() == HOPPER and not under_way):
        return True
    if supply.cards is not None:
        return supply.cards >= units * (under_way + 1)
    return supply.level != 0


def is_too_cold(status: PrinterStatus) -> bool:
    """Whether the printer still has to warm up before a card can be begun."""
    return any(reason_keyword(reason) in UNFIT_REASONS for reason in status.reasons)


# ---------------------------------------------------------------------------------------------------------- rest


@dataclass(frozen=True, slots=True)
class Stint:
    """The cards that a printer has made since it last stood still for long enough; times are monotonic seconds."""

    cards: int = 0
    last_at: float = 0.0
    rests_until: float = 0.0

    def room(self, rule: RestRule | None, *, in_hand: int, now: float) -> int | None:
        """How many more cards it may begin before it must rest, with ``in_hand`` under way; ``None``: any number."""
        if rule is None:
            return None
        if now < self.rests_until:
            return 0
        made = 0 if not in_hand and now - self.last_at >= rule.rest_s else self.cards
        return max(0, rule.cards - made - in_hand)

    def made(self, rule: RestRule | None, *, in_hand: int, now: float) -> "Stint":
        """After a card, with ``in_hand`` others still under way: the rest begins when the last of them is out."""
        was_long_ago = rule is not None and now - self.last_at >= rule.rest_s and self.cards > 0
        after = replace(self, cards=1 if was_long_ago else self.cards + 1, last_at=now)
        return after.still(rule, in_hand=in_hand, now=now)

    def still(self, rule: RestRule | None, *, in_hand: int, now: float) -> "Stint":
        """When nothing is under way any more and the stint is over: at rest."""
        if rule is None or in_hand or self.cards < rule.cards:
            return self
        return Stint(cards=0, last_at=now, rests_until=now + rule.rest_s)

    def rest_left_s(self, now: float) -> float:
        """Seconds until the rest is over; 0 when it does not rest."""
        return max(0.0, self.rests_until - now)
