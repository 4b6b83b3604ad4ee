"""The book of blanks."""

from stationd.domain.blanks import Balances
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import KEEPERS, OFFICERS, Table
from stationd.http.schemas import BlankEntry, BlanksAnswer, NoQuery, Nothing

table = Table("blanks")


@table.route("GET", "/v1/blanks", roles=KEEPERS, says="Where every blank is.")
async def read_blanks(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[BlanksAnswer]:  # noqa: ARG001 - one shape for all
    """Where every blank is."""
    return Reply(_answer(await doors.blanks.balances()))


@table.route(
    "POST",
    "/v1/blanks/entries",
    roles=OFFICERS,
    status=201,
    says="Entered; the balances afterwards.",
    problems=("quantity-out-of-range", "blanks-not-there", "storage-full"),
)
async def enter_blanks(doors: Doors, ask: Ask[BlankEntry, NoQuery]) -> Reply[BlanksAnswer]:
    """Enter a delivery, a loss, a return, a destruction or a count."""
    entry = ask.body
    return Reply(_answer(await doors.blanks.enter(entry.kind, entry.quantity, entry.note, actor=ask.actor)))


def _answer(balances: Balances) -> BlanksAnswer:
    return BlanksAnswer(
        received=balances.received,
        safe=balances.safe,
        printer=balances.printer,
        issued=balances.issued,
        spoiled=balances.spoiled,
        quarantined=balances.quarantined,
        returned=balances.returned,
        destroyed=balances.destroyed,
        missing=balances.missing,
        at_hand=balances.at_hand,
        is_low=balances.is_low,
    )
