"""The readiness gate: each check, in words, and who can mend it."""

from datetime import datetime
from typing import Annotated

import msgspec
from aiohttp import hdrs
from msgspec import Meta

from stationd.domain.readiness import Check, CheckName, FixBy, Level
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.problems import wants_indonesian
from stationd.http.routing import EVERYBODY, Table
from stationd.http.schemas import NoQuery, Nothing, moment

table = Table("readiness")


class CheckAnswer(msgspec.Struct, frozen=True):
    """One check."""

    name: CheckName
    ok: bool
    level: Level
    detail: Annotated[str, Meta(description="In the language of Accept-Language (en, id).")]
    detail_en: str
    detail_id: str
    fix_by: Annotated[FixBy, Meta(description="Who can mend it; null when nothing is to be mended.")] | None
    since: Annotated[datetime, Meta(description="Since when it has this level.")]


class ReadinessAnswer(msgspec.Struct, frozen=True):
    """Whether the station can print now, what keeps it from it, and every check."""

    is_ready: bool
    reasons: tuple[str, ...]
    can_finish: Annotated[int, Meta(ge=0, description="Cards that can be finished with what is there.")]
    checks: tuple[CheckAnswer, ...]


@table.route("GET", "/v1/readiness", roles=EVERYBODY, says="Every check.")
async def read_readiness(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[ReadinessAnswer]:
    """Whether the station can print, why not, and who can mend it."""
    view = doors.station.describe()
    is_indonesian = wants_indonesian(ask.request.headers.get(hdrs.ACCEPT_LANGUAGE))
    checks = tuple(_answer(check, is_indonesian=is_indonesian) for check in doors.readiness.checks())
    return Reply(
        ReadinessAnswer(
            is_ready=view.is_ready, reasons=view.reasons, can_finish=doors.readiness.can_finish, checks=checks
        )
    )


def _answer(check: Check, *, is_indonesian: bool) -> CheckAnswer:
    words = check.finding.detail
    return CheckAnswer(
        name=check.name,
        ok=check.is_ok,
        level=check.finding.level,
        detail=words.id if is_indonesian else words.en,
        detail_en=words.en,
        detail_id=words.id,
        fix_by=check.finding.fix_by,
        since=moment(check.since),
    )
