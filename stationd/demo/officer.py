"""The demonstration's officer: entered, signed in and on duty, so that cards are printed."""

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


async def go_on_duty(app: "App") -> None:
    """Have somebody on duty: nothing to do when somebody is, as after a restart within twelve hours."""
    people = app.attending
    if people.duty.on_duty():
        return
    view = people.officers.one(NUMBER)
    if view is None or view.standing is not Standing.APPOINTED:
        if view is not None and view.standing is not Standing.REVOKED:
            await people.officers.revoke(NUMBER, actor=STATION)
        today = people.calendar.clock_day
        decree = Decree(
            number=NUMBER,
            name="PETUGAS CONTOH",
            decree="SK CONTOH 1/2026",
            valid_from=today,
            valid_until=date(today.year + 1, today.month, 1),
        )
        await people.officers.add(decree, PIN, actor=STATION)
    signed_in = await people.sign_in.sign_in(NUMBER, PIN)
    actor = people.duty.actor_of(hash_of(signed_in.token))
    if actor is None:
        raise AssertionError("a session that was just opened is one")
    await people.duty.begin(actor)
