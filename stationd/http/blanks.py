"""The book of blanks."""

import msgspec

from stationd.domain.blanks import Account
from stationd.http.approval_schemas import second_of
from stationd.http.approvals import SECOND_PROBLEMS
from stationd.http.blank_schemas import (
    BlankEntry,
    BlanksAnswer,
    BlanksQuery,
    EntriesQuery,
    EntryPage,
    PackPage,
    PacksQuery,
    SerialAnswer,
    blanks_answer,
    entry_answer,
    pack_answer,
)
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import KEEPERS, OFFICERS, Table
from stationd.http.schemas import NoQuery, Nothing
from stationd.http.tags import Edited

table = Table("blanks")


def _facts(blanks: BlanksAnswer) -> object:
    accounts = blanks.safe, blanks.printer, blanks.issued, blanks.spoiled, blanks.quarantined, blanks.missing
    return blanks.received, accounts, blanks.returned, blanks.destroyed, sorted(blanks.hoppers.items())


@table.route("GET", "/v1/blanks", roles=KEEPERS, says="Where every blank is.", tagged=_facts)
async def read_blanks(doors: Doors, ask: Ask[Nothing, BlanksQuery]) -> Reply[BlanksAnswer]:
    """Where every blank is, now or at the end of a day.

    Now, ``count`` is the count that waits for a second person, else the last that was booked.
    """
    if ask.query.at is not msgspec.UNSET:
        return Reply(blanks_answer(await doors.blanks.balances(ask.query.at)))
    counts = await doors.blanks.counts()
    return Reply(blanks_answer(await doors.blanks.balances(), counts.waiting or counts.last))


_BOOK = Edited(read_blanks, _facts, BlanksAnswer, BlanksQuery)


@table.route("GET", "/v1/blanks/entries", roles=KEEPERS, says="A page of entries.")
async def list_entries(doors: Doors, ask: Ask[Nothing, EntriesQuery]) -> Reply[EntryPage]:
    """The ledger, the newest entry first."""
    after = None if ask.query.after is msgspec.UNSET else ask.query.after
    found, following = await doors.blanks.ledger(before=after, limit=ask.query.limit)
    items = tuple(entry_answer(each) for each in found)
    return Reply(EntryPage(items=items, next=None if following is None else str(following)))


@table.route(
    "POST",
    "/v1/blanks/entries",
    roles=OFFICERS,
    status=201,
    says="Entered, or waiting for a second person; the balances afterwards.",
    problems=(
        "quantity-out-of-range",
        "entry-inconsistent",
        "blanks-not-there",
        "device-unknown",
        "pack-known",
        "pack-unknown",
        "pack-opened",
        "serial-elsewhere",
        "entry-unknown",
        "entry-corrected",
        "entry-not-correctable",
        "witnesses-needed",
        "counts-differ",
        "session-needed",
        *SECOND_PROBLEMS,
        "approval-settled",
        "storage-full",
    ),
    is_repeatable=True,
    edits=_BOOK,
)
async def enter_blanks(doors: Doors, ask: Ask[BlankEntry, NoQuery]) -> Reply[BlanksAnswer]:
    """Enter a delivery, a loading, a loss, a return, a destruction, a count or a correction.

    A count of a signed-in officer waits until a different one has counted the same, without seeing the first figure; a
    destruction until a different one agrees. ``second`` does both at one screen. A token that is nobody's books at
    once, and a count of it is marked as made by one.
    """
    booked = await doors.blanks.book(ask.body.asked(), actor=ask.actor, second=second_of(ask.body.second))
    return Reply(blanks_answer(booked.balances, booked.count, booked))


@table.route("GET", "/v1/blanks/packs", roles=KEEPERS, says="A page of packs.")
async def list_packs(doors: Doors, ask: Ask[Nothing, PacksQuery]) -> Reply[PackPage]:
    """Sealed and opened packs, by number."""
    query = ask.query
    sealed = None if query.sealed is msgspec.UNSET else query.sealed
    found, following = await doors.blanks.packs(after=query.after, limit=query.limit, is_sealed=sealed)
    return Reply(PackPage(items=tuple(pack_answer(each) for each in found), next=following))


@table.route("GET", "/v1/blanks/serials/{serial}", roles=KEEPERS, says="Where it is.", problems=("serial-unknown",))
async def read_serial(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[SerialAnswer]:
    """The account in which the blank with this serial was last named."""
    serial = ask.path["serial"]
    return Reply(SerialAnswer(serial=serial, account=Account(await doors.blanks.serial(serial))))
