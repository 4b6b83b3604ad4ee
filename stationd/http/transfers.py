"""Transfers: packets to other kecamatan and from them."""

import msgspec
from aiohttp import web

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.files import file
from stationd.http.routing import OFFICERS, NoQuery, Nothing, Table
from stationd.http.tags import Edited
from stationd.http.transfer_schemas import (
    DuePage,
    FileBody,
    NewTransfer,
    ScanBody,
    ScannedAnswer,
    SettleBody,
    TransferAnswer,
    TransferPage,
    TransfersQuery,
    due_answer,
    scanned_answer,
    seen_of,
    transfer_answer,
    transfer_view_answer,
    wanted_of,
)

table = Table("transfers")


def _facts(transfer: TransferAnswer) -> object:
    counts = transfer.arrived, transfer.missing, transfer.extra
    return transfer.id, transfer.state, transfer.revision, counts


_FILE_PROBLEMS = (
    "transfer-malformed",
    "transfer-altered",
    "transfer-sender-unknown",
    "transfer-for-another",
    "storage-full",
)


@table.route("GET", "/v1/transfers/due", roles=OFFICERS, says="What is due.")
async def list_due(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DuePage]:  # noqa: ARG001 - one shape for all
    """Cards on the shelf that are due for a transfer, by kecamatan of residence."""
    return Reply(DuePage(items=tuple(due_answer(group) for group in await doors.transfers.due())))


@table.route("GET", "/v1/transfers", roles=OFFICERS, says="A page of transfers.", problems=("cursor-malformed",))
async def list_transfers(doors: Doors, ask: Ask[Nothing, TransfersQuery]) -> Reply[TransferPage]:
    """Transfers out and in, the oldest first."""
    query = ask.query
    found, cursor = await doors.transfers.page(
        state=None if query.state is msgspec.UNSET else query.state,
        after=None if query.after is msgspec.UNSET else query.after,
        limit=query.limit,
    )
    return Reply(TransferPage(items=tuple(transfer_answer(each) for each in found), next=cursor))


@table.route(
    "POST",
    "/v1/transfers",
    roles=OFFICERS,
    status=201,
    says="Packed: the cards are in transit, minutes and file are made.",
    problems=(
        "partner-unknown",
        "nothing-to-transfer",
        "transfer-too-large",
        "card-unknown",
        "card-state",
        "storage-full",
    ),
)
async def pack_transfer(doors: Doors, ask: Ask[NewTransfer, NoQuery]) -> Reply[TransferAnswer]:
    """Put cards in a packet for another station.

    Print the minutes, put the file on a stick or send it, and let the packet go.
    """
    answer = transfer_view_answer(await doors.transfers.pack(wanted_of(ask.body), actor=ask.actor))
    return Reply(answer, headers={"Location": f"/v1/transfers/{answer.id}"})


@table.route(
    "POST",
    "/v1/transfers/incoming",
    roles=OFFICERS,
    status=201,
    says="Read in; its cards can be scanned.",
    problems=(*_FILE_PROBLEMS, "transfer-unreadable", "transfer-known", "transfer-invalid"),
)
async def announce_transfer(doors: Doors, ask: Ask[FileBody, NoQuery]) -> Reply[TransferAnswer]:
    """Read in the file of a packet that comes here, byte for byte as it is on the stick."""
    answer = transfer_view_answer(await doors.transfers.announce(ask.raw, actor=ask.actor))
    return Reply(answer, headers={"Location": f"/v1/transfers/{answer.id}"})


@table.route(
    "POST",
    "/v1/transfers/confirmations",
    roles=OFFICERS,
    says="Read in; the transfer says whether both ends agree.",
    problems=(*_FILE_PROBLEMS, "transfer-unknown", "transfer-state", "confirmation-outdated", "confirmation-invalid"),
)
async def take_confirmation(doors: Doors, ask: Ask[FileBody, NoQuery]) -> Reply[TransferAnswer]:
    """Read in what the receiver of a packet has confirmed, byte for byte as it is on the stick."""
    return Reply(transfer_view_answer(await doors.transfers.take_confirmation(ask.raw, actor=ask.actor)))


@table.route(
    "GET",
    "/v1/transfers/{transfer_id}",
    roles=OFFICERS,
    says="The transfer.",
    problems=("transfer-unknown",),
    tagged=_facts,
)
async def read_transfer(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[TransferAnswer]:
    """One transfer with its pack list, as far as this station knows it."""
    return Reply(transfer_view_answer(await doors.transfers.read(ask.path["transfer_id"])))


_TRANSFER = Edited(read_transfer, _facts, TransferAnswer)


@table.route(
    "POST",
    "/v1/transfers/{transfer_id}/cancel",
    roles=OFFICERS,
    says="Cancelled: its cards are in hand again.",
    problems=("transfer-unknown", "transfer-state", "storage-full"),
    edits=_TRANSFER,
)
async def cancel_transfer(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[TransferAnswer]:
    """The packet never left; only while nothing was confirmed."""
    return Reply(transfer_view_answer(await doors.transfers.cancel(ask.path["transfer_id"], actor=ask.actor)))


@table.route(
    "POST",
    "/v1/transfers/{transfer_id}/scan",
    roles=OFFICERS,
    says="What the card is; an arrived one is in this station's book.",
    example={"receipt": "2XK7-9QF4-M3TP"},
    problems=(
        "receipt-malformed",
        "transfer-unknown",
        "transfer-state",
        "card-not-listed",
        "card-forgotten",
        "card-state",
        "storage-full",
    ),
    edits=_TRANSFER,
)
async def scan_card(doors: Doors, ask: Ask[ScanBody, NoQuery]) -> Reply[ScannedAnswer]:
    """Take a card out of the packet: by its receipt, its holder's NIK, or its line in the pack list."""
    scanned = await doors.transfers.scan(ask.path["transfer_id"], seen_of(ask.body), actor=ask.actor)
    return Reply(scanned_answer(scanned))


@table.route(
    "POST",
    "/v1/transfers/{transfer_id}/confirm",
    roles=OFFICERS,
    says="Confirmed; the confirmation is ready for the sender.",
    problems=("transfer-unknown", "transfer-state", "transfer-incomplete", "storage-full"),
    edits=_TRANSFER,
)
async def confirm_transfer(doors: Doors, ask: Ask[SettleBody, NoQuery]) -> Reply[TransferAnswer]:
    """The packet is empty: what was scanned has arrived; with differences, the rest is missing.

    A card that is found later is scanned, and the transfer confirmed again.
    """
    view = await doors.transfers.settle(
        ask.path["transfer_id"], with_differences=ask.body.with_differences, actor=ask.actor
    )
    return Reply(transfer_view_answer(view))


@table.route(
    "GET",
    "/v1/transfers/{transfer_id}/file.json",
    roles=OFFICERS,
    says="The file for the receiver, signed; holders are sealed to it.",
    problems=("transfer-unknown",),
)
async def read_transfer_file(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """The file that goes with the packet."""
    id_ = ask.path["transfer_id"]
    return file(await doors.transfers.file(id_), "application/json", f"transfer-{id_}.json")


@table.route(
    "GET",
    "/v1/transfers/{transfer_id}/confirmation.json",
    roles=OFFICERS,
    says="The confirmation for the sender, signed.",
    problems=("transfer-unknown", "transfer-unconfirmed"),
)
async def read_confirmation_file(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """The file that goes back to the sender."""
    id_ = ask.path["transfer_id"]
    return file(await doors.transfers.confirmation(id_), "application/json", f"confirmation-{id_}.json")


@table.route(
    "GET",
    "/v1/transfers/{transfer_id}/minutes.pdf",
    roles=OFFICERS,
    says="Pages to sign.",
    problems=("transfer-unknown", "transfer-unconfirmed", "fonts-missing"),
    media_type="application/pdf",
)
async def read_transfer_pdf(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """Its minutes by name and address: of the hand-over at the sender, of what was found at the receiver."""
    id_ = ask.path["transfer_id"]
    return file(await doors.transfers.pdf(id_), "application/pdf", f"minutes-{id_}.pdf")


@table.route(
    "GET",
    "/v1/transfers/{transfer_id}/minutes.csv",
    roles=OFFICERS,
    says="The tables.",
    problems=("transfer-unknown", "transfer-unconfirmed"),
    media_type="text/csv",
)
async def read_transfer_csv(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """The tables of its minutes for a spreadsheet."""
    id_ = ask.path["transfer_id"]
    return file(await doors.transfers.csv(id_), "text/csv", f"minutes-{id_}.csv")
