r"""The bodies of the book of blanks; texts as in :mod:`stationd.http.schemas`."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from stationd.domain.blank_entry import Category, Entry, Item, NewEntry, NewPack, Pack, Witness
from stationd.domain.blanks import MAX_QUANTITY, Account, Balances, EntryKind
from stationd.http.approval_schemas import SecondBody
from stationd.http.schemas import LINE, Name, Note, moment
from stationd.ports.blanks import Booked, CountState, CountView

_MOST_LISTED = 1000

Quantity = Annotated[int, Meta(ge=0, le=MAX_QUANTITY)]
Serial = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$(?!\n)", examples=["0426AF9A2B5C80"])]
PackNumber = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$(?!\n)", examples=["DUS-0001"])]
_Person = Annotated[str, Meta(max_length=200, pattern=r"^(?=.*\S)[^\u0000-\u001f\u007f]*$(?!\n)")]

# ------------------------------------------------------------------------------------------------------- taken


class PackBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sealed pack of a delivery."""

    number: PackNumber
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    first_serial: Serial | None = None
    last_serial: Serial | None = None


class ItemBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of one category, for the minutes of a destruction."""

    category: Category
    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]


class WitnessBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who sees a destruction; named in the sealed minutes only."""

    name: _Person
    nip: Annotated[str, Meta(max_length=32, pattern=r"^[0-9A-Za-z ./-]*$(?!\n)")] = ""
    office: Annotated[str, Meta(max_length=200, pattern=LINE)] = ""


class BlankEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry in the book of blanks. Besides kind and quantity each kind has facts of its own.

    ``counted`` says how many lie in the safe, ``opened`` how many were in the pack, ``corrected`` how many the entry
    should have said.
    """

    kind: EntryKind
    quantity: Quantity
    note: Note = ""
    source: (
        Annotated[Account, Meta(description="Of spoiled, quarantined, returned, destroyed: taken from where.")] | None
    ) = None
    category: Annotated[Category, Meta(description="Of spoiled and quarantined: why.")] | None = None
    printer: Annotated[Name, Meta(description="Whose hopper: of loaded, unloaded, or source loaded.")] | None = None
    serials: (
        Annotated[tuple[Serial, ...], Meta(max_length=_MOST_LISTED, description="Those that a reader gave.")] | None
    ) = None
    delivery_note: (
        Annotated[str, Meta(max_length=100, pattern=LINE, description="Of received and returned: its number.")] | None
    ) = None
    packs: (
        Annotated[tuple[PackBody, ...], Meta(max_length=_MOST_LISTED, description="Of received: its packs.")] | None
    ) = None
    pack: Annotated[PackNumber, Meta(description="Of opened: which.")] | None = None
    corrects: (
        Annotated[int, Meta(ge=1, le=2**62, description="Of corrected: the number of the wrong entry.")] | None
    ) = None
    hoppers: (
        Annotated[
            dict[Name, Quantity], Meta(max_length=64, description="Of counted: what lies in hoppers, by printer.")
        ]
        | None
    ) = None
    items: Annotated[tuple[ItemBody, ...], Meta(max_length=64, description="Of destroyed: for the minutes.")] | None = (
        None
    )
    witnesses: (
        Annotated[tuple[WitnessBody, ...], Meta(max_length=8, description="Of destroyed: two or more.")] | None
    ) = None
    second: (
        Annotated[
            SecondBody, Meta(description="Of counted and destroyed by a signed-in officer: a colleague at this screen.")
        ]
        | None
    ) = None

    def asked(self) -> NewEntry:
        """The entry, for the ledger."""
        return NewEntry(
            kind=self.kind,
            quantity=self.quantity,
            note=self.note,
            source=self.source,
            category=self.category,
            printer=self.printer,
            serials=self.serials or (),
            delivery_note=self.delivery_note,
            packs=tuple(
                NewPack(
                    number=pack.number,
                    quantity=pack.quantity,
                    first_serial=pack.first_serial,
                    last_serial=pack.last_serial,
                )
                for pack in self.packs or ()
            ),
            pack=self.pack,
            corrects=self.corrects,
            hoppers=self.hoppers or {},
            items=tuple(Item(category=item.category, quantity=item.quantity) for item in self.items or ()),
            witnesses=tuple(
                Witness(name=each.name.strip(), nip=each.nip.strip(), office=each.office.strip())
                for each in self.witnesses or ()
            ),
        )


class BlanksQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Now, or at the end of a day."""

    at: Annotated[date, Meta(description="A day: the balances at its end.")] | msgspec.UnsetType = msgspec.UNSET


class EntriesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From where; the newest come first."""

    after: Annotated[int, Meta(ge=1, le=2**62, description="The cursor of the former page.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class PacksQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which packs, and from where."""

    sealed: bool | msgspec.UnsetType = msgspec.UNSET
    after: Annotated[str, Meta(max_length=64, description="The cursor of the former page.")] = ""
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


# ---------------------------------------------------------------------------------------------------- answered


class CountAnswer(msgspec.Struct, frozen=True):
    """A count. One that waits tells no figure: the second person counts blind."""

    state: CountState
    at: datetime
    people: Annotated[int, Meta(ge=1, le=2, description="How many have counted.")]
    difference: Annotated[int, Meta(description="Beside the book; below zero where blanks were missing.")] | None


class BlanksAnswer(msgspec.Struct, frozen=True):
    """Where every blank is; ``received`` is the sum of the eight accounts that follow it."""

    received: int
    safe: int
    printer: Annotated[int, Meta(description="In printers: in their hoppers, and with an outcome still to come.")]
    issued: int
    spoiled: int
    quarantined: int
    returned: int
    destroyed: int
    missing: int
    at_hand: Annotated[int, Meta(description="Can be printed now: in the safe and in hoppers.")]
    is_low: Annotated[bool, Meta(description="Time to order.")]
    hoppers: Annotated[dict[str, int], Meta(description="What the book has in the hopper of each printer.")]
    days_left: Annotated[float, Meta(description="How long those at hand last at the pace of 14 days.")] | None = None
    count: Annotated[CountAnswer, Meta(description="The count that waits or was booked.")] | None = None
    entry: Annotated[int, Meta(description="The number of the entry that was booked.")] | None = None
    minutes: Annotated[str, Meta(description="The id of the minutes that were drawn up.")] | None = None
    approval: Annotated[str, Meta(description="The request that waits for a second officer.")] | None = None


class EntryAnswer(msgspec.Struct, frozen=True):
    """An entry of the ledger. It is never edited; ``corrected_by`` is the entry that corrects it."""

    seq: int
    at: datetime
    kind: Annotated[str, Meta(description="A kind of entry, or the event of a job.", examples=["received"])]
    source: Account
    target: Account
    quantity: int
    actor: str
    note: str
    detail: Annotated[dict[str, Any], Meta(description="Its further facts: category, printer, serials, packs …")]
    corrected_by: int | None


class EntryPage(msgspec.Struct, frozen=True):
    """A page of entries, the newest first; ``next`` is the cursor for the following one."""

    items: tuple[EntryAnswer, ...]
    next: str | None


class PackAnswer(msgspec.Struct, frozen=True):
    """A pack; ``found`` is how many were in it when it was opened."""

    number: str
    quantity: int
    first_serial: str | None
    last_serial: str | None
    sealed: bool
    received: Annotated[int, Meta(description="The entry of its delivery.")]
    found: int | None


class PackPage(msgspec.Struct, frozen=True):
    """A page of packs; ``next`` is the cursor for the following one."""

    items: tuple[PackAnswer, ...]
    next: str | None


class SerialAnswer(msgspec.Struct, frozen=True):
    """Where a blank was when its serial was last named."""

    serial: str
    account: Account


def blanks_answer(balances: Balances, count: CountView | None = None, booked: Booked | None = None) -> BlanksAnswer:
    """Balances as answered, with what came of an entry."""
    minutes = None if booked is None else booked.minutes
    return BlanksAnswer(
        received=balances.received,
        safe=balances.safe,
        printer=balances.printer + balances.loaded,
        issued=balances.issued,
        spoiled=balances.spoiled,
        quarantined=balances.quarantined,
        returned=balances.returned,
        destroyed=balances.destroyed,
        missing=balances.missing,
        at_hand=balances.at_hand,
        is_low=balances.is_low,
        hoppers=dict(balances.hoppers),
        days_left=balances.days_left,
        count=None if count is None else count_answer(count),
        entry=None if booked is None else booked.entry,
        minutes=None if minutes is None else minutes.id,
        approval=None if booked is None else booked.approval,
    )


def count_answer(count: CountView) -> CountAnswer:
    """A count as answered."""
    return CountAnswer(state=count.state, at=moment(count.at), people=count.people, difference=count.difference)


def entry_answer(entry: Entry) -> EntryAnswer:
    """An entry as answered."""
    return EntryAnswer(
        seq=entry.seq,
        at=moment(entry.at),
        kind=entry.cause,
        source=entry.source,
        target=entry.target,
        quantity=entry.quantity,
        actor=entry.actor,
        note=entry.note,
        detail=dict(entry.detail),
        corrected_by=entry.corrected_by,
    )


def pack_answer(pack: Pack) -> PackAnswer:
    """A pack as answered."""
    return PackAnswer(
        number=pack.number,
        quantity=pack.quantity,
        first_serial=pack.first_serial,
        last_serial=pack.last_serial,
        sealed=pack.is_sealed,
        received=pack.received,
        found=pack.found,
    )
