"""The demonstration's officers: entered, and one of them signed in and on duty, so that cards are printed."""

from datetime import date
from typing import TYPE_CHECKING

from stationd.domain.authority import STATION
from stationd.domain.officer import Standing
from stationd.services.access import hash_of
from stationd.services.officers import Decree

if TYPE_CHECKING:
    from stationd.app import App

NUMBER = "199901012026011001"
PIN = "demo-2468"
COLLEAGUE = "199902022026012002"
COLLEAGUE_PIN = "demo-9753"
"""Who agrees to what takes two."""


async def go_on_duty(app: "App") -> None:
    """Have two officers and one on duty: nothing to do when that is so, as after a restart within twelve hours."""
    people = app.attending
    await _appoint(app, NUMBER, PIN, name="PETUGAS CONTOH", decree="SK CONTOH 1/2026")
    await _appoint(app, COLLEAGUE, COLLEAGUE_PIN, name="REKAN CONTOH", decree="SK CONTOH 2/2026")
    if people.duty.on_duty():
        return
    signed_in = await people.sign_in.sign_in(NUMBER, PIN)
    actor = people.duty.actor_of(hash_of(signed_in.token))
    if actor is None:
        raise AssertionError("a session that was just opened is one")
    await people.duty.begin(actor)


async def _appoint(app: "App", number: str, pin: str, *, name: str, decree: str) -> None:
    """Enter an officer who is none yet, or whose time is over."""
    people = app.attending
    view = people.officers.one(number)
    if view is not None and view.standing is Standing.APPOINTED:
        return
    if view is not None and view.standing is not Standing.REVOKED:
        await people.officers.revoke(number, actor=STATION)
    today = people.calendar.clock_day
    until = date(today.year + 1, today.month, 1)
    held = Decree(number=number, name=name, decree=decree, valid_from=today, valid_until=until)
    await people.officers.add(held, pin, actor=STATION)
