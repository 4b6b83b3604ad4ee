"""What one reader reads, while it reads it: ``GET /v1/devices/{device_id}/scans``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from stationd.domain.scan import ReaderStatus, Scan, ScanKind
from stationd.http.doors import Ask, Doors
from stationd.http.flow import Flow
from stationd.http.routing import SUBMITTERS, Table
from stationd.http.schemas import NoQuery, Nothing, moment
from stationd.http.sse import MEDIA_TYPE
from stationd.services.live_scans import Seen

table = Table("devices")
_encode = msgspec.json.Encoder().encode


class ScanAnswer(msgspec.Struct, frozen=True):
    """The JSON in `data:` of `event: scan`."""

    at: datetime
    kind: Annotated[ScanKind, Meta(description="card: put onto the reader; card-removed: taken away.")]
    text: Annotated[str, Meta(description="What a code or a badge says, where it is printable.")] | None
    receipt: Annotated[str, Meta(description="The text as a receipt, in canonical form, where it is one.")] | None
    hex: Annotated[str, Meta(description="Other bytes, or the UID of a card.")] | None
    atr: Annotated[str, Meta(description="A card's answer to reset, in hexadecimal digits: its type.")] | None


class ReaderAnswer(msgspec.Struct, frozen=True):
    """The JSON in `data:` of `event: reader`: how the reader is, at first and whenever that changes."""

    state: Annotated[str, Meta(description="ready or absent")]
    reasons: tuple[str, ...]


@table.route(
    "GET",
    "/v1/devices/{device_id}/scans",
    roles=SUBMITTERS,
    says="A stream of server-sent events that does not end by itself.",
    problems=("device-unknown", "reader-of-another", "streams-full"),
    media_type=MEDIA_TYPE,
    streams=ScanAnswer,
)
async def stream_scans(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.StreamResponse:
    """What a reader reads, as it reads it, with its content: for the kiosk at the reader.

    `event: scan` is one scan; `event: reader` says `{"state", "reasons"}` of the reader, first of all and whenever it
    changes. Nothing is kept: what is read while nobody listens is gone, and there is no id to go on after.
    """
    request = ask.request
    with doors.readers.hear(ask.path["device_id"], ask.actor) as hearing:
        flow = await Flow.begin(request, MEDIA_TYPE, doors.access)
        if request.method == hdrs.METH_HEAD:
            return flow.response
        try:
            while (seen := await hearing.next(flow.heartbeat_s)) is not None and await flow.is_allowed():
                await flow.send(_frames(seen))
        except (ConnectionError, TimeoutError):
            flow.abort()  # it went away, or does not read
    return flow.response


def _frames(seen: Sequence[Seen]) -> bytes:
    return b"".join(map(_frame, seen)) or b": heartbeat\n\n"


def _frame(seen: Seen) -> bytes:
    if isinstance(seen, ReaderStatus):
        state = ReaderAnswer(state=seen.state.value, reasons=seen.reasons)
        return b"event: reader\ndata: %s\n\n" % _encode(state)
    return b"event: scan\ndata: %s\n\n" % _encode(_answer(seen))


def _answer(scan: Scan) -> ScanAnswer:
    is_text = scan.kind is ScanKind.TEXT
    return ScanAnswer(
        at=moment(scan.at_ms),
        kind=scan.kind,
        text=scan.text,
        receipt=scan.receipt,
        hex=scan.data.hex() if scan.data and not is_text else None,
        atr=scan.atr.hex() or None,
    )
