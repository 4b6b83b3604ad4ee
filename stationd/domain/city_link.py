"""What a station and its city tell each other: facts go up, orders and words about their fences come down.

`docs/city-link.md` is the whole contract; :mod:`stationd.domain.fence` is its rule. The written form of these records
is the business of :mod:`stationd.adapters.city_messages`.
"""

from dataclasses import dataclass, field
from typing import Final

from stationd.domain.events import linked
from stationd.domain.fence import Act
from stationd.domain.position import Position

EVENTS: Final = "EVENTS"
"""The stream of facts, subjects ``events.>``."""
ORDERS: Final = "ORDERS"
"""The stream of orders, subjects ``orders.*``; each station has the durable consumer that bears its id."""

PARTICULARS_OF: Final = "job.accepted"
"""The type of fact that carries the order and its holder, sealed to the city."""
ORDER_RECEIVED: Final = "order.received"
"""Asks for leave. Subject: the offer's id; data: ``fence``."""
ORDER_TAKEN: Final = "order.taken"
"""It has become a job. Subject: the offer's id; data: ``fence``, ``job``."""
ORDER_REFUSED: Final = "order.refused"
"""No card was made of it here, and none will be. Subject: the offer's id; data: ``fence``, ``code``."""
ORDER_RETURNED: Final = "order.returned"
"""No card is made below ``fence`` any more. Subject: the recall's id, or the offer's when an officer cancelled it."""
ORDER_KEPT: Final = "order.kept"
"""A recall came too late. Subject: the recall's id; data: ``fence`` of the recall, ``state`` of the job, ``job``."""
LINK_REFUSED: Final = "link.refused"
"""What came over the link and proves nothing. Subject: ``city``; data: ``code`` and how many there were (``count``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What the city needs of an order and its holder; personal data, it travels sealed to the city's key."""

    order: str
    receipt: str
    nik: str = field(repr=False)
    district: str | None = None
    village: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file of a transfer, or its confirmation, for station ``to``: it goes with a fact as it would go on a stick."""

    to: str
    file: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row of a station's event table; ``data`` is its text as it was hashed, ``hash`` the row's in the chain."""

    station: str
    seq: int
    at: int
    type: str
    subject: str
    data: str
    hash: bytes = field(repr=False)
    particulars: Particulars | None = None
    enclosure: Enclosure | None = None

    @property
    def topic(self) -> str:
        """The subject that it is published on."""
        return f"events.{self.station}.{self.type}"

    @property
    def id(self) -> str:
        """Its ``Nats-Msg-Id``: the station, the number, and the beginning of the hash.

        A book that was restored from a backup counts on with other rows; they must not pass for repeats.
        """
        return f"{self.station}.{Position.of(self.seq, self.hash)}"

    def follows(self, previous: bytes) -> bool:
        """Whether it is the row after the one with that hash."""
        return linked(previous, (self.seq, self.at, self.type, self.subject, self.data)) == self.hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An order for a station. ``id`` is that of the city's signature on it; ``sealed`` holds what a counter would send.

    The sealed bytes are opened only when the order has leave.
    """

    id: str
    station: str
    order: str
    fence: int
    signature: str = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the city says about an order's fence; ``at`` is Unix seconds."""

    id: str
    station: str
    act: Act
    order: str
    fence: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A file from another station, as it would come on a stick: it is signed by that station and sealed to this one."""

    station: str
    file: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The city has lost what came after the rows before ``seq``, and wants it sent again from there on."""

    id: str
    station: str
    seq: int


Message = Offer | Word | Parcel | Again
"""What comes down."""


def orders_topic(station: str) -> str:
    """The subject of everything that comes down to a station."""
    return f"orders.{station}"
