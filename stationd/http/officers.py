"""Officers: the register, signing in and out, going on and off duty."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from stationd.domain.authority import Role
from stationd.domain.officer import Standing
from stationd.http.doors import Ask, Doors, Reply
from stationd.http.limits import Rate
from stationd.http.routing import OFFICERS, Table
from stationd.http.schemas import NoQuery, Nothing, moment
from stationd.http.tags import Edited
from stationd.services.officers import Decree, OfficerView, must_be_officer

ADMINS = frozenset({Role.ADMIN})

Number = Annotated[
    str,
    Meta(pattern=r"^[0-9]{18}$(?!\n)", description="The NIP: 18 digits.", examples=["199901012026011001"]),
]
Pin = Annotated[str, Meta(min_length=1, max_length=64, description="6 to 64 characters; told to nobody.")]
_Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\u0000-\u001f\u007f]*$(?!\n)")]

table = Table("officers")


class NewSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an officer types."""

    number: Annotated[str, Meta(max_length=64, description="The officer's number (NIP, 18 digits).")]
    pin: Pin


class SessionAnswer(msgspec.Struct, frozen=True):
    """A session; its token is told once and used like any other token."""

    token: str
    expires_at: datetime
    days_left: Annotated[int, Meta(description="Days that the decree still holds, in its last 30.")] | None


class NewOfficer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An appointment by decree. The dates are inclusive."""

    number: Number
    name: _Line
    decree: Annotated[_Line, Meta(examples=["SK Walikota 100/2026"])]
    valid_from: date
    valid_until: date
    pin: Pin
    region: (
        Annotated[str, Meta(pattern=r"^[0-9]{2}(\.[0-9]{2}){2}$(?!\n)", description="The kecamatan of the decree.")]
        | None
    ) = None


class OfficerNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which officer."""

    number: Number


class OfficerAnswer(msgspec.Struct, frozen=True):
    """An officer and where the appointment stands today."""

    number: str
    name: str
    decree: str
    region: str
    valid_from: date
    valid_until: date
    standing: Standing
    days_left: int | None


class OfficerList(msgspec.Struct, frozen=True):
    """Every officer ever entered; the list is never cut, ``next`` is null."""

    items: tuple[OfficerAnswer, ...]
    next: None = None


class DutyOfficer(msgspec.Struct, frozen=True):
    """An officer on duty."""

    number: str
    name: str
    since: datetime


class DutyAnswer(msgspec.Struct, frozen=True):
    """Whether an officer must be on duty here, and who is."""

    is_required: bool
    on_duty: tuple[DutyOfficer, ...]


@table.route(
    "POST",
    "/v1/sessions",
    roles=None,
    status=201,
    says="Signed in; the token is told once.",
    rate=Rate.KNOCK,
    problems=("sign-in-refused", "sign-in-locked", "sign-in-busy", "officer-not-appointed", "storage-full"),
)
async def sign_in(doors: Doors, ask: Ask[NewSession, NoQuery]) -> Reply[SessionAnswer]:
    """Sign in with number and PIN.

    After three wrong PINs each further one makes the officer wait, 30 seconds first, an hour at most.
    """
    signed_in = await doors.sign_in.sign_in(ask.body.number, ask.body.pin)
    return Reply(
        SessionAnswer(
            token=signed_in.token, expires_at=moment(signed_in.expires_at), days_left=signed_in.officer.days_left
        )
    )


@table.route(
    "GET", "/v1/sessions/current", roles=OFFICERS, says="The officer who signed in.", problems=("session-needed",)
)
async def read_session(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[OfficerAnswer]:
    """Whose session this token carries."""
    number, _ = must_be_officer(ask.actor)
    view = doors.officers.one(number)
    if view is None:
        raise AssertionError("a session is always an officer's")
    return Reply(_answer(view))


@table.route(
    "DELETE",
    "/v1/sessions/current",
    roles=OFFICERS,
    status=204,
    says="Signed out, and off duty if the duty was begun in this session.",
    problems=("session-needed", "storage-full"),
)
async def sign_out(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """Sign out."""
    await doors.duty.sign_out(ask.actor)
    return web.Response(status=204)


@table.route("GET", "/v1/duty", roles=OFFICERS, says="Who is on duty.")
async def read_duty(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[DutyAnswer]:  # noqa: ARG001 - one shape for all
    """Who is on duty."""
    on_duty = tuple(
        DutyOfficer(number=each.officer.officer.number, name=each.officer.officer.name, since=moment(each.since))
        for each in doors.duty.on_duty()
    )
    return Reply(DutyAnswer(is_required=doors.duty.is_required, on_duty=on_duty))


@table.route(
    "POST",
    "/v1/duty",
    roles=OFFICERS,
    status=204,
    says="On duty.",
    problems=("session-needed", "officer-not-appointed", "storage-full"),
)
async def begin_duty(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """Go on duty: an attended station prints from now on."""
    await doors.duty.begin(ask.actor)
    return web.Response(status=204)


@table.route(
    "DELETE",
    "/v1/duty",
    roles=OFFICERS,
    status=204,
    says="Off duty. When the last one leaves, no further card is begun.",
    problems=("session-needed", "storage-full"),
)
async def leave_duty(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """Go off duty."""
    await doors.duty.leave(ask.actor)
    return web.Response(status=204)


def _facts(officers: OfficerList) -> object:
    return officers.items


@table.route("GET", "/v1/officers", roles=ADMINS, says="Every officer ever entered.", tagged=_facts)
async def list_officers(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[OfficerList]:  # noqa: ARG001 - one shape for all
    """The register of officers."""
    return Reply(OfficerList(items=tuple(_answer(view) for view in doors.officers.all())))


_OFFICERS = Edited(list_officers, _facts, OfficerList)


@table.route(
    "POST",
    "/v1/officers",
    roles=ADMINS,
    status=201,
    says="Entered.",
    problems=("officer-invalid", "decree-dates-wrong", "pin-too-easy", "officer-known", "storage-full"),
    edits=_OFFICERS,
)
async def add_officer(doors: Doors, ask: Ask[NewOfficer, NoQuery]) -> Reply[OfficerAnswer]:
    """Enter an officer appointed by decree."""
    body = ask.body
    decree = Decree(
        number=body.number,
        name=body.name,
        decree=body.decree,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        region=body.region,
    )
    return Reply(_answer(await doors.officers.add(decree, body.pin, actor=ask.actor)))


@table.route(
    "POST",
    "/v1/officers/revoke",
    roles=ADMINS,
    status=204,
    says="Revoked; sessions and duty have ended.",
    problems=("officer-unknown", "storage-full"),
    edits=_OFFICERS,
)
async def revoke_officer(doors: Doors, ask: Ask[OfficerNumber, NoQuery]) -> web.Response:
    """End an appointment now."""
    await doors.officers.revoke(ask.body.number, actor=ask.actor)
    return web.Response(status=204)


def _answer(view: OfficerView) -> OfficerAnswer:
    officer = view.officer
    return OfficerAnswer(
        number=officer.number,
        name=officer.name,
        decree=officer.decree,
        region=officer.region,
        valid_from=officer.valid_from,
        valid_until=officer.valid_until,
        standing=view.standing,
        days_left=view.days_left,
    )
