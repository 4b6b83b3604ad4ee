"""The slip that a citizen takes home."""

from typing import Annotated

import msgspec
from msgspec import Meta

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.routing import SUBMITTERS, NoQuery, Nothing, Table

table = Table("receipts")


class SlipAnswer(msgspec.Struct, frozen=True):
    """What is on the slip."""

    receipt: Annotated[str, Meta(examples=["2XK7-9QF4-M3TP"])]


@table.route(
    "POST",
    "/v1/jobs/{job_id}/slip",
    roles=SUBMITTERS,
    says="The receipt printer has taken the slip.",
    problems=("job-unknown", "slip-printer-none", "slip-printer-unreachable"),
)
async def print_slip(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[SlipAnswer]:
    """Print the slip of a job on the receipt printer, as often as it is asked for."""
    job = await doors.slips.print(ask.path["job_id"])
    return Reply(SlipAnswer(receipt=job.receipt))
