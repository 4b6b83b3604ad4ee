"""What the door opens to: the services behind it, and one request as a handler sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiohttp import web

from stationd.domain.authority import STATION, Actor
from stationd.ports.clock import Clock
from stationd.services.access import Access
from stationd.services.answers import Answers
from stationd.services.blanks import Blanks
from stationd.services.board import Board
from stationd.services.cards import Cards
from stationd.services.devices import Devices
from stationd.services.duty import Duty
from stationd.services.figures import Figures
from stationd.services.jobs import Jobs
from stationd.services.minutes import Register
from stationd.services.notify import Notices
from stationd.services.officers import Officers
from stationd.services.pairing import Pairings
from stationd.services.precedence import Precedence
from stationd.services.printers import Printers
from stationd.services.queue import Queue
from stationd.services.read import Readers
from stationd.services.readiness import Readiness
from stationd.services.repeats import Repeats
from stationd.services.rush import Rush
from stationd.services.second_person import SecondPerson
from stationd.services.sign_in import SignIn
from stationd.services.slips import Slips
from stationd.services.station import Station
from stationd.services.stream import Stream
from stationd.services.submit import Submission
from stationd.services.transfers import Transfers

Body = TypeVar("Body")
Query = TypeVar("Query")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The services that the API calls, one method each.

    ``metrics`` renders the Prometheus text; ``observe``, where there is one, is told of every answer: method, path as
    in the route table, status, seconds.
    """

    access: Access
    submission: Submission
    jobs: Jobs
    printers: Printers
    queue: Queue
    readers: Readers
    devices: Devices
    blanks: Blanks
    cards: Cards
    notices: Notices
    board: Board
    rush: Rush
    answers: Answers
    transfers: Transfers
    slips: Slips
    minutes: Register
    station: Station
    officers: Officers
    sign_in: SignIn
    second_person: SecondPerson
    precedence: Precedence
    duty: Duty
    readiness: Readiness
    stream: Stream
    figures: Figures
    pairings: Pairings
    repeats: Repeats
    clock: Clock
    metrics: Callable[[], bytes]
    observe: Callable[[str, str, int, float], None] | None = None


@dataclass(slots=True)
class Ask(Generic[Body, Query]):
    """One request, let in and decoded. ``raw`` are the bytes of the body; ``key`` the idempotency key, else empty."""

    request: web.Request
    actor: Actor
    body: Body
    query: Query
    raw: bytes
    key: str

    @property
    def path(self) -> Mapping[str, str]:
        """The named parts of the path."""
        return self.request.match_info


@dataclass(slots=True)
class Reply(Generic[Answer]):
    """What a handler answers; ``status`` where it is not the route's own."""

    body: Answer
    status: int | None = None
    headers: Mapping[str, str] | None = None


NOBODY = STATION
"""The actor of public routes, which act for nobody."""
