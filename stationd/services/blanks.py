"""Keeping the book of blanks."""

from collections.abc import Callable, Collection, Sequence
from datetime import date

from stationd.domain.authority import Actor
from stationd.domain.blank_entry import DESTRUCTION, Entry, NewEntry, Pack, entry_refusal, witness_refusal
from stationd.domain.blanks import Account, Balances, EntryKind, movement_for
from stationd.domain.errors import Refused
from stationd.ports.blanks import BlankStore, Booked, Counted
from stationd.services.second_person import Second, SecondPerson

_SUBJECT = "blanks"


class Blanks:
    """Balances, entries, packs and serials."""

    def __init__(
        self,
        store: BlankStore,
        second_person: SecondPerson | None = None,
        printers: Callable[[], Collection[str]] | None = None,
    ) -> None:
        """``printers`` names those that have hoppers; ``None`` takes any name."""
        self._store = store
        self._second_person = second_person
        self._printers = printers

    async def balances(self, day: date | None = None) -> Balances:
        """How many blanks are where: now, or at the end of a day."""
        return await self._store.balances(day)

    async def enter(self, kind: EntryKind, quantity: int, note: str, *, actor: Actor) -> Balances:
        """Book an entry of nothing but a kind and a quantity; the balances after it. Raises as :meth:`book`."""
        return (await self.book(NewEntry(kind=kind, quantity=quantity, note=note), actor=actor)).balances

    async def book(self, entry: NewEntry, *, actor: Actor, second: Second | None = None) -> Booked:
        """Book an entry, or begin what needs a second person.

        A token that is nobody's books at once. A count of an officer waits for another's, a destruction for another's
        agreement; ``second`` is that officer at the same screen. Raises :class:`Refused` with nothing booked:
        ``quantity-out-of-range``, ``entry-inconsistent``, ``blanks-not-there``, ``device-unknown``,
        ``serial-elsewhere``, ``pack-known``, ``pack-unknown``, ``pack-opened``, ``entry-unknown``, ``entry-corrected``,
        ``entry-not-correctable``, ``witnesses-needed``, ``counts-differ``, ``session-needed``, and as
        :meth:`stationd.services.second_person.SecondPerson.ask`.
        """
        refused = entry_refusal(entry) or self._printer_refusal(entry)
        if refused is not None:
            raise refused
        if entry.kind is EntryKind.DESTROYED and actor.officer is not None:
            return await self._destroy(entry, actor, second)
        number = None
        if second is not None:
            number = await self._vouched(entry, actor, second)
        answer = await self._store.enter(entry, actor, second=number)
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def forget_drafts(self) -> None:
        """Forget what waited for a second person for a day: it names people."""
        await self._store.forget_drafts()

    async def counts(self) -> Counted:
        """What was counted last, and what waits for a second person."""
        return await self._store.counts()

    async def ledger(self, *, before: int | None, limit: int) -> tuple[Sequence[Entry], int | None]:
        """Up to ``limit`` entries, the newest first, and where the next page begins."""
        found = await self._store.entries(before, limit + 1)
        return found[:limit], found[limit - 1].seq if len(found) > limit else None

    async def packs(
        self, *, after: str, limit: int, is_sealed: bool | None = None
    ) -> tuple[Sequence[Pack], str | None]:
        """Up to ``limit`` packs by their number, and where the next page begins."""
        found = await self._store.packs(after, limit + 1, is_sealed=is_sealed)
        return found[:limit], found[limit - 1].number if len(found) > limit else None

    async def serial(self, serial: str) -> str:
        """The account in which this blank was last named. Raises :class:`Refused` (``serial-unknown``)."""
        account = await self._store.serial(serial)
        if account is None:
            raise Refused("serial-unknown")
        return account

    # ---------------------------------------------------------------------------------------------------- inside

    async def _destroy(self, entry: NewEntry, actor: Actor, second: Second | None) -> Booked:
        balances = await self._store.balances()
        there = {Account.SPOILED: balances.spoiled, Account.QUARANTINED: balances.quarantined}
        refused = witness_refusal(entry) or movement_for(entry.kind, entry.quantity, there, source=entry.source)
        if isinstance(refused, Refused):
            raise refused
        if self._second_person is None:
            raise AssertionError("a station with officers has a second person")
        agreed = await self._second_person.ask(
            DESTRUCTION,
            _SUBJECT,
            reason=entry.note or "pemusnahan",
            actor=actor,
            payload={"quantity": entry.quantity, "draft": await self._store.keep_draft(entry)},
            second=second,
        )
        if agreed.is_done and isinstance(agreed.result, Booked):
            return agreed.result
        return Booked(balances=balances, approval=agreed.approval.id)

    async def _vouched(self, entry: NewEntry, actor: Actor, second: Second) -> str:
        """The number of the officer who counted with the actor."""
        if entry.kind is not EntryKind.COUNTED:
            raise Refused("entry-inconsistent/second", field="second", kind=entry.kind)
        if actor.officer is None or self._second_person is None:
            raise Refused("session-needed/count")
        return await self._second_person.vouch(second, first=actor.officer, about=_SUBJECT)

    def _printer_refusal(self, entry: NewEntry) -> Refused | None:
        named = {entry.printer} if entry.printer is not None else set(entry.hoppers)
        if self._printers is None or named <= set(self._printers()):
            return None
        where = "printer" if entry.printer is not None else "hoppers"
        return Refused("device-unknown/printer", field=where)
