"""Pairing a kiosk: it asks and shows a code, an officer agrees, it collects its token."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from stationd.http.doors import Ask, Doors, Reply
from stationd.http.limits import Rate
from stationd.http.routing import OFFICERS, Table
from stationd.http.schemas import NoQuery, Nothing, moment

table = Table("pairings")


class NewPairing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the kiosk calls itself."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$(?!\n)", examples=["kiosk-lobby"])]


class AskedPairing(msgspec.Struct, frozen=True):
    """Show the code; keep the secret, with which only this kiosk collects the token."""

    code: Annotated[str, Meta(examples=["K7Q-4MX"])]
    secret: str
    expires_in_s: int


class PairingSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The secret that belongs to the code."""

    secret: Annotated[str, Meta(min_length=1, max_length=128)]


class CollectedPairing(msgspec.Struct, frozen=True):
    """The token, once an officer has agreed; it is told this one time."""

    state: Literal["waiting", "paired"]
    token: str | None


class PairingAnswer(msgspec.Struct, frozen=True):
    """A kiosk that waits."""

    code: str
    name: str
    asked_at: datetime
    is_approved: bool


class PairingList(msgspec.Struct, frozen=True):
    """Every kiosk that waits; the list is never cut, ``next`` is null."""

    items: tuple[PairingAnswer, ...]
    next: None = None


@table.route(
    "POST",
    "/v1/pairings",
    roles=None,
    status=201,
    says="The code to show and the secret to collect with.",
    problems=("pairings-full",),
    rate=Rate.KNOCK,
)
async def ask_pairing(doors: Doors, ask: Ask[NewPairing, NoQuery]) -> Reply[AskedPairing]:
    """Ask to be paired, as a kiosk without a token.

    Show the code, and collect every two seconds. It holds for ten minutes.
    """
    asked = doors.pairings.ask(ask.body.name)
    return Reply(AskedPairing(code=asked.code, secret=asked.secret, expires_in_s=asked.expires_in_s))


@table.route(
    "POST",
    "/v1/pairings/collect",
    roles=None,
    says="The token. It is told this one time.",
    also={202: "Nobody has agreed yet."},
    problems=("pairing-unknown", "storage-full"),
    rate=Rate.POLL,
)
async def collect_pairing(doors: Doors, ask: Ask[PairingSecret, NoQuery]) -> Reply[CollectedPairing]:
    """Collect the kiosk's token."""
    token = await doors.pairings.collect(ask.body.secret)
    if token is None:
        return Reply(CollectedPairing(state="waiting", token=None), status=202)
    return Reply(CollectedPairing(state="paired", token=token))


@table.route("GET", "/v1/pairings", roles=OFFICERS, says="The kiosks that wait.")
async def list_pairings(doors: Doors, ask: Ask[Nothing, NoQuery]) -> Reply[PairingList]:  # noqa: ARG001 - one shape for all
    """The kiosks that wait to be paired."""
    items = tuple(
        PairingAnswer(
            code=each.code, name=each.name, asked_at=moment(each.asked_at), is_approved=each.approved_by is not None
        )
        for each in doors.pairings.all()
    )
    return Reply(PairingList(items=items))


@table.route(
    "POST", "/v1/pairings/{code}/approve", roles=OFFICERS, status=204, says="Agreed.", problems=("pairing-unknown",)
)
async def approve_pairing(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """Agree that the kiosk which shows this code gets a token of the role kiosk. Compare the code first."""
    doors.pairings.approve(ask.path["code"], actor=ask.actor)
    return web.Response(status=204)


@table.route("DELETE", "/v1/pairings/{code}", roles=OFFICERS, status=204, says="Gone.", problems=("pairing-unknown",))
async def decline_pairing(doors: Doors, ask: Ask[Nothing, NoQuery]) -> web.Response:
    """Send the kiosk away that shows this code."""
    doors.pairings.decline(ask.path["code"])
    return web.Response(status=204)
