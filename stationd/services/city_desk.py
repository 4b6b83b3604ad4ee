"""Orders down: what comes from the city is judged, written down, acknowledged, and made a job once it has leave.

A message is acknowledged after the row that it made is committed, never before: what is lost in between comes again,
and what comes again changes nothing. What proves nothing is refused and written down, each kind at once and then once a
minute with its number, so that a broker that repeats itself fills no disk.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, Protocol

from stationd.domain.authority import CITY, Actor
from stationd.domain.city_link import Again, Message, Offer, Parcel, Word
from stationd.domain.errors import Faulted, Refused
from stationd.domain.events import Event
from stationd.domain.fence import Arrival
from stationd.domain.order import Order
from stationd.ports.city import CitySession, Delivery, DueOrder, Inbox
from stationd.ports.clock import Clock
from stationd.services.submit import Submission

_log = logging.getLogger(__name__)

FETCH_AT_ONCE: Final = 16
TAKE_AT_ONCE: Final = 16
TRY_EVERY_S: Final = 30.0
"""How soon an order is tried again that could not be taken for now: the disk is full, new orders are stopped."""
REST_S: Final = 1.0
"""How long nothing is fetched after the disk did not take something."""
AGAIN_EVERY_S: Final = 30.0
AUDIT_EVERY_S: Final = 60.0

_FOR_NOW: Final = frozenset({"orders-stopped"})
_MADE_BEFORE: Final = frozenset({"order-has-a-live-job", "signature-used"})
_SEEN_BEFORE: Final = frozenset({"transfer-known", "confirmation-outdated"})
_SETTLING: Final = frozenset(
    {"job.card_printed", "job.nothing_printed", "job.card_spoiled", "job.cancelled", "job.outcome_unknown"}
)


class Letters(Protocol):
    """What reads the city's messages."""

    def read(self, body: bytes) -> Message | Refused:
        """What came down, or why nothing of it may be believed."""
        ...

    def open(self, offer: Offer) -> bytes | Refused:
        """The body of an order as a counter would send it."""
        ...


class Parcels(Protocol):
    """What takes files from other stations, as from a stick. Both raise ``Refused`` and ``Faulted``."""

    async def announce(self, raw: bytes, *, actor: Actor) -> object:
        """Read in the file of a packet."""
        ...

    async def take_confirmation(self, raw: bytes, *, actor: Actor) -> object:
        """Read in what the receiver has confirmed."""
        ...


@dataclass(slots=True)
class DeskFigures:
    """What came since the start: by kind, what came again, and what was refused by code."""

    messages: Counter[str] = field(default_factory=Counter)
    again: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class CityDesk:
    """Takes the city's orders, words and parcels."""

    def __init__(
        self,
        inbox: Inbox,
        letters: Letters,
        submission: Submission,
        parcels: Parcels,
        *,
        decode: Callable[[bytes], Order | Refused],
        is_confirmation: Callable[[bytes], bool],
        clock: Clock,
        send_again: Callable[[int], None] = lambda _: None,
    ) -> None:
        """``decode`` makes an order of a counter's body; ``is_confirmation`` tells two kinds of files apart.

        ``send_again`` is told from which row on the city wants the facts once more.
        """
        self._send_again = send_again
        self._asked_again_at = float("-inf")
        self._inbox = inbox
        self._letters = letters
        self._submission = submission
        self._parcels = parcels
        self._decode = decode
        self._is_confirmation = is_confirmation
        self._clock = clock
        self._turn = asyncio.Lock()
        self._due = asyncio.Event()
        self._is_settling = True
        self._unaudited: Counter[str] = Counter()
        self._audited_at: dict[str, float] = {}
        self.figures = DeskFigures()

    def follow(self, events: Sequence[Event]) -> None:
        """A card that was recalled under way may have come to nothing."""
        if self._is_settling and any(event.type in _SETTLING for event in events):
            self._due.set()

    async def run(self, session: CitySession) -> None:
        """Take what comes over a connection until it is lost. Raises ``Faulted`` (``city-lost``)."""
        while True:
            for delivery in await session.fetch(FETCH_AT_ONCE):
                if not await self._kept(self._heard(delivery, session)):
                    await asyncio.sleep(REST_S)
                    break
            await self._kept(self._audit())

    async def work(self) -> None:
        """For ever, connected or not: make jobs of what has leave, give back what came to nothing."""
        self._due.set()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TRY_EVERY_S):
                    await self._due.wait()
            self._due.clear()
            await self._kept(self._settle())

    async def _kept(self, writing: Awaitable[None]) -> bool:
        """Whether what had to be written down was."""
        try:
            await writing
        except Faulted as fault:
            _log.warning("cannot take what the city says for now: %s", fault.detail)
            return False
        return True

    # ---------------------------------------------------------------------------------------------------- what comes

    async def _heard(self, delivery: Delivery, session: CitySession) -> None:
        """Hear a message and acknowledge it.

        One that this program dies of is left to come again, and refused when that does not help: it must not keep
        others from coming. Whatever was in it, no card is made of it, and the city is told.
        """
        try:
            await self._hear(delivery)
        except Faulted:
            raise
        except Exception:  # noqa: BLE001 - a defect in one message must not keep the next from coming
            _log.exception("a message of the city could not be taken")
            if not delivery.is_again:
                return
            await self._refuse("link-unusable")
        await session.acknowledge(delivery)

    async def _hear(self, delivery: Delivery) -> None:
        message = self._letters.read(delivery.body)
        if isinstance(message, Refused):
            await self._refuse(message.code)
            return
        self.figures.messages[type(message).__name__.lower()] += 1
        async with self._turn:
            arrival = await self._arrived(message, delivery.body)
        if arrival is None or arrival is Arrival.TAKEN:
            return
        if arrival is Arrival.REPEATED and (delivery.is_again or isinstance(message, Parcel | Again)):
            self.figures.again += 1
            return
        await self._refuse(arrival)

    async def _arrived(self, message: Message, body: bytes) -> Arrival | None:
        match message:
            case Offer():
                return await self._inbox.offer(message, body)
            case Word():
                arrival = await self._inbox.word(message)
                self._is_settling = True
                self._due.set()
                return arrival
            case Parcel():
                return await self._unpack(message)
            case Again():
                return self._tell_again(message)

    def _tell_again(self, again: Again) -> Arrival:
        """At most so often: a broker that repeats itself must not keep a station busy with its whole book."""
        now = self._clock.monotonic()
        if now < self._asked_again_at + AGAIN_EVERY_S:
            return Arrival.REPEATED
        self._asked_again_at = now
        self._send_again(again.seq)
        return Arrival.TAKEN

    async def _unpack(self, parcel: Parcel) -> Arrival | None:
        take = self._parcels.take_confirmation if self._is_confirmation(parcel.file) else self._parcels.announce
        try:
            await take(parcel.file, actor=CITY)
        except Refused as refused:
            if refused.code in _SEEN_BEFORE:
                return Arrival.REPEATED
            await self._refuse(refused.code)
        return None

    # ------------------------------------------------------------------------------------------------- what has leave

    async def _settle(self) -> None:
        stuck: set[str] = set()
        while due := [each for each in await self._inbox.due(TAKE_AT_ONCE + len(stuck)) if each.offer not in stuck]:
            done = 0
            for order in due:
                async with self._turn:
                    is_taken = await self._tried(order)
                if is_taken is None:
                    stuck.add(order.offer)
                done += is_taken is not False
            if not done:
                break
        async with self._turn:
            self._is_settling = await self._inbox.let_go()

    async def _tried(self, due: DueOrder) -> bool | None:
        """As :meth:`_take`; ``None`` for an order that this program dies of: it stays, and the others go on.

        It is not refused, for nobody knows whether it is a job by now; the city can ask it back.
        """
        try:
            return await self._take(due)
        except Faulted:
            raise
        except Exception:  # noqa: BLE001 - a defect in one order must not keep the others waiting
            self.figures.refused["link-unusable"] += 1
            _log.exception("an order of the city could not be taken")
            return None

    async def _take(self, due: DueOrder) -> bool:
        """Make a job of an order; ``False`` when it has to wait."""
        order = await self._read(due)
        if isinstance(order, Refused):
            return await self._unprintable(due, order)
        try:
            submitted = await self._submission.submit(
                order, key=due.offer, digest=sha256(due.message).digest(), actor=CITY, fence=due.fence
            )
        except Refused as refused:
            return await self._unprintable(due, refused)
        await self._inbox.taken(due, submitted.view.job.id)
        return True

    async def _unprintable(self, due: DueOrder, refused: Refused) -> bool:
        if refused.code in _FOR_NOW:
            return False
        if refused.code in _MADE_BEFORE and refused.see is not None:
            await self._inbox.taken(due, refused.see)  # by a run that was killed, or at the counter meanwhile
        else:
            _log.warning("an order of the city cannot be printed here: %s", refused.code)
            await self._inbox.refuse(due, refused.code)
        return True

    async def _read(self, due: DueOrder) -> Order | Refused:
        offer = self._letters.read(due.message)
        if isinstance(offer, Refused):
            return offer
        return await asyncio.to_thread(self._opened, offer)

    def _opened(self, offer: Message) -> Order | Refused:
        assert isinstance(offer, Offer), "only offers are kept"  # noqa: S101 - for the reader and the type checker
        body = self._letters.open(offer)
        order = body if isinstance(body, Refused) else self._decode(body)
        return order if isinstance(order, Refused) else replace(order, signature=offer.signature)

    # --------------------------------------------------------------------------------------------------------- audit

    async def _refuse(self, code: str) -> None:
        self.figures.refused[code] += 1
        self._unaudited[code] += 1
        await self._audit()

    async def _audit(self) -> None:
        now = self._clock.monotonic()
        for code, count in list(self._unaudited.items()):
            if count and now >= self._audited_at.get(code, float("-inf")) + AUDIT_EVERY_S:
                _log.warning("refused from the city's link: %s, %d times", code, count)
                await self._inbox.audit(code, count)
                self._unaudited[code] -= count
                self._audited_at[code] = now
