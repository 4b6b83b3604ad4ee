"""Finished cards at the counter: check, shelve, call, hand over, set aside, and find them again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stationd.domain.authority import Actor
from stationd.domain.custody import Card, Custody, CustodyEvent, Place
from stationd.domain.errors import Refused
from stationd.domain.finding import MOST_FOUND, searched, word_of_chip, word_of_nik
from stationd.domain.handover import CheckResult, HandedOver, HandOver, IdentityDocument
from stationd.domain.ids import read_receipt
from stationd.ports.approvals import Agreed
from stationd.ports.cards import DESTROY, UNDO, CardMove, CardsPage, CardStore, FoundCard, IdentityPort
from stationd.services.jobs import malformed
from stationd.services.second_person import Second, SecondPerson

_LONGEST_CURSOR = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A card, with its hand-overs where one card is asked for."""

    card: Card
    hand_overs: Sequence[HandedOver] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a card is looked for by; exactly one is given."""

    receipt: str | None = None
    name: str | None = None
    nik: str | None = None
    chip: bytes | None = None


class Cards:
    """What officers do with finished cards."""

    def __init__(
        self, store: CardStore, second_person: SecondPerson, *, fingerprints: IdentityPort | None = None
    ) -> None:
        """``fingerprints`` reports matches of a finger with a chip, where the station has such a thing."""
        self._store = store
        self._second_person = second_person
        self._fingerprints = fingerprints

    async def read(self, card_id: str) -> CardView:
        """The card. Raises :class:`Refused` (``card-unknown``)."""
        card = await self._store.read(card_id)
        if card is None:
            raise Refused("card-unknown")
        return CardView(card=card, hand_overs=await self._store.hand_overs(card_id))

    async def page(
        self, *, custody: Custody | None, village: str | None, after: str | None, limit: int
    ) -> tuple[Sequence[Card], str | None]:
        """Up to ``limit`` cards, the longest there first, and the next cursor.

        Raises :class:`Refused` (``cursor-malformed``).
        """
        if village is not None:
            custody = Custody.ON_SHELF
        page = CardsPage(custody=custody, village=village, after=_start(after), limit=limit + 1)
        cards = await self._store.page(page)
        last = cards[limit - 1] if len(cards) > limit else None
        return cards[:limit], None if last is None else f"{last.since}-{last.seq}"

    async def check(self, card_id: str, *, chip: bytes | None, actor: Actor) -> CardView:
        """An officer, or a reader that saw its chip, confirms the card. Raises as :meth:`shelve`."""
        return await self._move(CardMove(card_id=card_id, event=CustodyEvent.CHECKED, actor=actor, chip=chip))

    async def shelve(self, card_id: str, place: Place, *, actor: Actor) -> CardView:
        """Put it on the shelf, or to another place there.

        Raises :class:`Refused` (``card-unknown``, ``card-state``, ``place-taken``).
        """
        return await self._move(CardMove(card_id=card_id, event=CustodyEvent.SHELVED, actor=actor, place=place))

    async def quarantine(self, card_id: str, reason: str, *, actor: Actor) -> CardView:
        """Set it aside until somebody has decided about it. Raises as :meth:`shelve`."""
        return await self._move(CardMove(card_id=card_id, event=CustodyEvent.QUARANTINED, actor=actor, note=reason))

    async def release(self, card_id: str, reason: str, *, actor: Actor) -> CardView:
        """It is right after all. Raises as :meth:`shelve`."""
        return await self._move(CardMove(card_id=card_id, event=CustodyEvent.RELEASED, actor=actor, note=reason))

    async def found(self, card_id: str, reason: str, *, actor: Actor) -> CardView:
        """A card that was sent and missed has been found here. Raises as :meth:`shelve`."""
        return await self._move(CardMove(card_id=card_id, event=CustodyEvent.FOUND, actor=actor, note=reason))

    async def _move(self, move: CardMove) -> CardView:
        card = await self._store.move(move)
        if isinstance(card, Refused):
            raise card
        return CardView(card=card, hand_overs=await self._store.hand_overs(card.id))

    # ------------------------------------------------------------------------------------------------ at the counter

    async def call(self, card_id: str, counter: str, *, actor: Actor) -> CardView:
        """Call the holder to a counter; screens hear it as ``card.called``.

        Raises :class:`Refused` (``card-unknown``, ``card-state``).
        """
        card = await self._store.call(card_id, counter, actor)
        if isinstance(card, Refused):
            raise card
        return await self.read(card.id)

    async def hand_over(self, card_id: str, hand_over: HandOver, *, actor: Actor) -> CardView:
        """Give it to its holder or a proxy.

        Raises :class:`Refused`: ``card-unknown``, ``card-state``, ``card-handed-over``, ``card-not-here``,
        ``identity-not-shown``, ``identity-unavailable``, ``proxy-not-allowed``, ``old-card-missing``.
        """
        identity = hand_over.identity
        if identity.document is IdentityDocument.FINGERPRINT:
            matched = None
            if self._fingerprints is not None:
                matched = await self._fingerprints.result(card_id, identity.document)
            if matched is None:
                raise Refused("identity-unavailable", field="identity.document")
            result = CheckResult.MATCH if matched else CheckResult.NO_MATCH
            hand_over = replace(hand_over, identity=replace(identity, result=result))
        card = await self._store.hand_over(card_id, hand_over, actor)
        if isinstance(card, Refused):
            raise card
        return await self.read(card.id)

    async def undo(self, card_id: str, reason: str, *, actor: Actor, second: Second | None) -> Agreed:
        """Ask for a hand-over to be undone, which a second officer must agree to.

        Raises :class:`Refused`: ``card-unknown``, ``card-state``, ``hand-over-final``, and as
        :meth:`stationd.services.second_person.SecondPerson.ask`.
        """
        await self._in(card_id, Custody.HANDED_OVER, "card-state/undo")
        return await self._second_person.ask(UNDO, card_id, reason=reason, actor=actor, second=second)

    async def destroy(self, card_id: str, reason: str, *, actor: Actor, second: Second | None) -> Agreed:
        """Ask for a quarantined card to be destroyed, which a second officer must agree to. Raises as :meth:`undo`."""
        await self._in(card_id, Custody.QUARANTINED, "card-state/destroy")
        return await self._second_person.ask(DESTROY, card_id, reason=reason, actor=actor, second=second)

    async def _in(self, card_id: str, custody: Custody, refusal: str) -> None:
        card = (await self.read(card_id)).card
        if card.custody is not custody:
            raise Refused(refusal, see=card.id, custody=card.custody)

    # ------------------------------------------------------------------------------------------------------- finding

    async def find(self, search: Search) -> Sequence[FoundCard]:
        """The cards at hand that a receipt, a name, a NIK or a chip is of; at most :data:`MOST_FOUND`.

        Raises :class:`Refused` (``receipt-malformed``, ``search-too-wide``).
        """
        if search.receipt is not None:
            return await self._by_receipt(search.receipt)
        if search.name is not None:
            words = searched(search.name)
            if isinstance(words, Refused):
                raise words
            return await self._store.find(words, MOST_FOUND)
        word = word_of_nik(search.nik) if search.nik is not None else word_of_chip(search.chip or b"")
        return await self._store.find((word,), MOST_FOUND)

    async def _by_receipt(self, text: str) -> Sequence[FoundCard]:
        receipt = read_receipt(text)
        if receipt is None:
            raise malformed()
        standing = await self._store.by_receipt(receipt)
        if standing is None or standing.card is None:
            return ()
        return (FoundCard(card=standing.card, name=await self._store.name_of(standing.card)),)


def _start(after: str | None) -> tuple[int, int]:
    if after is None:
        return (0, 0)
    since, dash, seq = after.partition("-")
    is_ours = after.isascii() and len(after) <= _LONGEST_CURSOR and dash and since.isdigit() and seq.isdigit()
    if not is_ours or max(int(since), int(seq)) >= 1 << 63:
        raise Refused("cursor-malformed", field="after")
    return (int(since), int(seq))
