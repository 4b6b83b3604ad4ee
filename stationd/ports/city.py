"""The city: its public keys, the engine that carries messages, and what the station keeps of both directions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from stationd.domain.city_link import Fact, Offer, Word
from stationd.domain.fence import Arrival


class SignatureReader(Protocol):
    """The public keys of the city."""

    def claims(self, signature: str) -> Mapping[str, object] | None:
        """What a key of the city has signed; ``None`` when none has, or when it is no signature at all."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to be sent. ``topic`` and the values of ``headers`` hold nothing of a person."""

    topic: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Fate(StrEnum):
    """What became of a letter."""

    TAKEN = "taken"
    """It is on the disks of the city."""
    REPEATED = "repeated"
    """It is there already."""
    REFUSED = "refused"
    """The city's servers do not take it: they are full, or the station may not send it."""
    UNKNOWN = "unknown"
    """No answer came: the link is bad, or the servers are busy among themselves."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The fate of a letter; ``why`` for a log, where it was refused."""

    fate: Fate
    why: str = ""

    @property
    def is_there(self) -> bool:
        """Whether the city has it."""
        return self.fate in {Fate.TAKEN, Fate.REPEATED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that came; ``token`` is the engine's own, ``is_again``: it was delivered before, unacknowledged."""

    body: bytes = field(repr=False)
    token: object = field(repr=False)
    is_again: bool


class CitySession(Protocol):
    """One connection, good until it is lost."""

    @property
    def is_open(self) -> bool:
        """Whether it still stands, as far as is known here."""
        ...

    async def post(self, letter: Letter) -> Posted:
        """Send a letter and wait for the word of the city's disks. Many may be under way at once."""
        ...

    async def fetch(self, most: int) -> Sequence[Delivery]:
        """Up to ``most`` messages; none when none came for a while. Raises ``Faulted`` (``city-lost``)."""
        ...

    async def acknowledge(self, delivery: Delivery) -> None:
        """What the message says has been taken care of. Raises ``Faulted`` (``city-lost``)."""
        ...

    async def aclose(self) -> None:
        """Hang up."""
        ...


class City(Protocol):
    """The engine."""

    async def connect(self) -> CitySession:
        """A connection to any of the city's servers. Raises ``Faulted`` (``city-unreachable``, ``city-denied``)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What the city has not got yet: how many rows, and when (Unix milliseconds) the oldest was written."""

    rows: int
    oldest_at: int | None


class Outbox(Protocol):
    """The event table as seen by who sends it."""

    async def sent(self) -> int:
        """The number of the last row that the city is known to have, with all before it."""
        ...

    async def remember(self, seq: int) -> None:
        """Write that down. Raises ``Faulted``."""
        ...

    async def after(self, seq: int, limit: int) -> Sequence[Fact]:
        """The next rows, with what goes with them."""
        ...

    async def backlog(self, seq: int) -> Backlog:
        """What comes after a row."""
        ...


@dataclass(frozen=True, slots=True)
class DueOrder:
    """An order that has leave and is no job yet: its ``offer``'s id, and the offer's ``message`` as it came."""

    order: str
    fence: int
    offer: str
    message: bytes = field(repr=False)


class Inbox(Protocol):
    """Orders from the city. Every method that changes something returns after the change is on the disk."""

    async def offer(self, offer: Offer, message: bytes) -> Arrival:
        """An order came: kept sealed, and the city asked for leave, unless it is known or void."""
        ...

    async def word(self, word: Word) -> Arrival:
        """Leave or a recall came; what is recalled and was not begun is cancelled in the same step."""
        ...

    async def due(self, limit: int) -> Sequence[DueOrder]:
        """Orders that have leave and are no jobs yet, the oldest first."""
        ...

    async def taken(self, due: DueOrder, job_id: str) -> None:
        """It is a job now."""
        ...

    async def refuse(self, due: DueOrder, code: str) -> None:
        """It cannot be printed here, and never will be under this fence."""
        ...

    async def let_go(self) -> bool:
        """Give back what was recalled with its card under way and came to nothing; whether some is still under way."""
        ...

    async def audit(self, code: str, count: int) -> None:
        """Write down that something came which proves nothing, and how often."""
        ...
