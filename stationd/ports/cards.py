"""Finished cards, and the records that cross their door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from stationd.domain.authority import Actor
from stationd.domain.custody import Card, Custody, CustodyEvent, Place
from stationd.domain.errors import Refused
from stationd.domain.handover import HandedOver, HandOver, IdentityDocument
from stationd.domain.job import Job

UNDO: Final = "hand-over.undo"
DESTROY: Final = "card.destroy"
"""The kinds of what two officers must agree to here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardMove:
    """A card changes its custody by the act of a person.

    ``place`` is given to shelve it; ``chip`` is the id that a reader saw when it was checked; ``note`` is for the book.
    """

    card_id: str
    event: CustodyEvent
    actor: Actor
    place: Place | None = None
    chip: bytes | None = field(default=None, repr=False)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardsPage:
    """Which cards, and from where: ``after`` is since when the last one of the former page is there, and its number."""

    custody: Custody | None
    village: str | None
    after: tuple[int, int]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCard:
    """A card found at hand, with its holder's name for the officer who chooses."""

    card: Card
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the books know of a receipt: its job, its card, or both; ``peer_name`` where the card went.

    A card that was printed elsewhere has no job here; a job that waits has no card yet.
    """

    job: Job | None
    card: Card | None
    peer_name: str | None = None


class CardStore(Protocol):
    """Finished cards. Every method that changes something returns after the change is on the disk."""

    async def read(self, card_id: str) -> Card | None:
        """The card, or ``None``."""
        ...

    async def page(self, page: CardsPage) -> Sequence[Card]:
        """Cards by how long they are where they are, the longest first; all custodies together by number."""
        ...

    async def counts(self) -> Mapping[Custody, int]:
        """How many cards are where (kept, not counted)."""
        ...

    async def move(self, move: CardMove) -> Card | Refused:
        """Change the custody: ``card-unknown``, ``card-state``, ``place-taken``."""
        ...

    async def hand_over(self, card_id: str, hand_over: HandOver, actor: Actor) -> Card | Refused:
        """Give it out: ``card-unknown``, ``card-state``, and the rules of :mod:`stationd.domain.handover`."""
        ...

    async def call(self, card_id: str, counter: str, actor: Actor) -> Card | Refused:
        """Call its holder to a counter: ``card-unknown``, ``card-state``."""
        ...

    async def hand_overs(self, card_id: str) -> Sequence[HandedOver]:
        """Every hand-over of a card, the last first."""
        ...

    async def find(self, words: Sequence[str], limit: int) -> Sequence[FoundCard]:
        """Cards at hand that have all these words (see :mod:`stationd.domain.finding`)."""
        ...

    async def name_of(self, card: Card) -> str:
        """The holder's name, for an officer."""
        ...

    async def by_receipt(self, receipt: str) -> Standing | None:
        """What is known of a canonical receipt, or ``None``."""
        ...


class IdentityPort(Protocol):
    """What compares a finger with the chip: outside of this project, behind this port."""

    async def result(self, card_id: str, document: IdentityDocument) -> bool | None:
        """Whether the last comparison for this card matched; ``None`` when there was none in the last minutes."""
        ...
