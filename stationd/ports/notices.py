"""Notices as stored, and the records that cross their door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from stationd.domain.authority import Actor
from stationd.domain.custody import Place
from stationd.domain.errors import Refused
from stationd.domain.notice_machine import NoticeEvent, NoticeState
from stationd.domain.notices import NoticeRules, Trouble
from stationd.ports.notifier import Asked, Report


class ToldBy(StrEnum):
    """How an officer told the holder."""

    IN_PERSON = "in-person"
    BY_PHONE = "by-phone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One notice; times are Unix milliseconds. It holds nothing of the person: neither the number nor the text."""

    seq: int
    id: str
    card: str
    receipt: str
    on: date
    way: str
    state: NoticeState
    reason: str
    actor: str
    begun_at: int
    settled_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardClock:
    """What comes next for a card on the shelf."""

    notice_on: date | None
    transfer_on: date | None
    trouble: Trouble | None
    told: int
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """A notice that is written down and may now be sent, once; ``told`` is how many came before it."""

    id: str
    receipt: str
    told: int
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """A card whose holder gets no message, for the officer who mends the number; ``number`` as the order gave it."""

    seq: int
    card: str
    receipt: str
    place: Place | None
    trouble: Trouble
    told: int
    name: str = field(repr=False)
    number: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A card on the shelf, as it stands on the list for the board."""

    receipt: str
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The figures: cards on the shelf, notices due now, cards by trouble."""

    shelved: int
    due: int
    troubles: Mapping[Trouble, int]


class NoticeStore(Protocol):
    """The clock and the outbox. Every method that changes something returns after the change is on the disk.

    ``today`` is always a trusted day.
    """

    async def plan_new(self, today: date, rules: NoticeRules, limit: int) -> int:
        """Begin the clocks of cards that came to the shelf; how many there were, up to ``limit``."""
        ...

    async def plan_again(self, after: int, rules: NoticeRules, limit: int) -> int | None:
        """Plan up to ``limit`` clocks anew, after a change of the rules.

        The number of the last card, to go on after; ``None`` at the end.
        """
        ...

    async def begin_next(self, today: date, rules: NoticeRules, way: str) -> Intended | None:
        """Write down the intent to send the notice that has been due longest; ``None`` when none is due.

        Cards without a usable number are put on the officer's list on the way.
        """
        ...

    async def begin(self, card_id: str, today: date, rules: NoticeRules, way: str, actor: Actor) -> Intended | Refused:
        """The same for one card, due or not.

        ``card-unknown``, ``card-state``, ``notice-too-soon``, ``number-unusable``.
        """
        ...

    async def settle(
        self, notice_id: str, event: NoticeEvent, rules: NoticeRules, *, reason: str = "", reference: str | None = None
    ) -> NoticeState | None:
        """What the way answered; the state after it, ``None`` when it said nothing new."""
        ...

    async def report(self, report: Report, way: str, rules: NoticeRules) -> NoticeState | None:
        """Take in a delivery report; ``None`` when no notice waits for it."""
        ...

    async def recover(self, rules: NoticeRules) -> int:
        """Every notice that was intended when a former run ended is unknown; how many there were."""
        ...

    async def awaited(self, way: str, since_ms: int, limit: int) -> Sequence[Asked]:
        """Notices of a way whose report has not come, begun since then, the last first."""
        ...

    async def record_told(
        self, card_id: str, how: ToldBy, today: date, rules: NoticeRules, actor: Actor
    ) -> Notice | Refused:
        """An officer told the holder: ``card-unknown``, ``card-state``."""
        ...

    async def mend_number(self, card_id: str, number: str, rules: NoticeRules, actor: Actor) -> CardClock | Refused:
        """Take another number and begin afresh with it: ``card-unknown``, ``card-state``, ``number-unusable``."""
        ...

    async def mark_due(self, today: date, limit: int) -> int:
        """Mark cards that have become due for transfer; how many there were, up to ``limit``."""
        ...

    async def begun_on(self, today: date) -> int:
        """How many messages were begun on a day and have not failed."""
        ...

    async def is_paused(self) -> bool:
        """Whether sending is paused."""
        ...

    async def set_paused(self, actor: Actor, *, is_paused: bool) -> None:
        """Pause or resume sending."""
        ...

    async def rules_changed(self, digest: str) -> bool:
        """Whether the rules are others than those by which the clocks were planned."""
        ...

    async def rules_planned(self, digest: str) -> None:
        """The clocks are planned by these rules."""
        ...


class NoticeLists(Protocol):
    """Notices as read."""

    async def outbox(self, today: date) -> Outbox:
        """The figures as of a day."""
        ...

    async def page(self, state: NoticeState | None, after: int, limit: int) -> Sequence[Notice]:
        """Notices in the order in which they were begun."""
        ...

    async def of_card(self, card_id: str) -> tuple[Sequence[Notice], CardClock | None] | Refused:
        """Every notice of a card, and its clock while it lies on the shelf: ``card-unknown``."""
        ...

    async def unreachable(self, today: date, after: int, limit: int) -> Sequence[Unreachable]:
        """Cards for the officer who mends numbers."""
        ...

    async def waiting(self, limit: int) -> Sequence[Waiting]:
        """Cards on the shelf, by number."""
        ...
