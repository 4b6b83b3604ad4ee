"""A kiosk gets a token by a code that an officer agreed to, once, and nobody else does."""

import pytest

from stationd.adapters.system import SystemClock
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.services.access import Access, hash_of
from stationd.services.pairing import LASTS_S, MOST, Pairings
from stationd.services.stream import Stream

OFFICER = Actor(name="officer-199901012026011001", role=Role.OFFICER)


class Tokens:
    def __init__(self):
        self.made = []

    async def create(self, token):
        self.made.append(token)


class Clock(SystemClock):
    now_s = 0.0

    def monotonic(self):
        return self.now_s


class Office:
    def __init__(self):
        self.tokens, self.clock = Tokens(), Clock()
        self.stream = Stream(None, self.clock)
        self.pairings = Pairings(Access(self.tokens, self.clock), self.stream, self.clock)


@pytest.fixture
def office():
    return Office()


async def test_a_kiosk_collects_its_token_once_when_an_officer_agreed(office):
    asked = office.pairings.ask("kiosk-lobby")
    assert await office.pairings.collect(asked.secret) is None
    assert [(each.code, each.approved_by) for each in office.pairings.all()] == [(asked.code, None)]
    office.pairings.approve(asked.code.lower(), actor=OFFICER)
    token = await office.pairings.collect(asked.secret)
    (made,) = office.tokens.made
    assert token.startswith("st_kiosk_")
    assert (made.role, made.hash, made.made_by) == (Role.KIOSK, hash_of(token), OFFICER.name)
    assert made.name == f"kiosk-lobby-{asked.code.replace('-', '').lower()}"
    with pytest.raises(Refused, match="cannot pair"):
        await office.pairings.collect(asked.secret)
    told, _ = office.stream.passing_after(0)
    assert [each.type for each in told] == ["pairing.asked", "pairing.approved"]
    assert asked.secret not in repr(told)


async def test_the_code_alone_collects_nothing(office):
    asked = office.pairings.ask("kiosk")
    office.pairings.approve(asked.code, actor=OFFICER)
    for guess in (asked.code, "", asked.secret[:-1], "\ud800"):
        with pytest.raises(Refused, match="cannot pair"):
            await office.pairings.collect(guess)
    assert asked.secret not in repr(office.pairings.all())


async def test_a_kiosk_that_was_sent_away_or_came_too_late_gets_nothing(office):
    one, two = office.pairings.ask("one"), office.pairings.ask("two")
    office.pairings.decline(one.code)
    office.pairings.approve(two.code, actor=OFFICER)
    office.clock.now_s = LASTS_S
    for asked in (one, two):
        with pytest.raises(Refused) as refusal:
            await office.pairings.collect(asked.secret)
        assert refusal.value.code == "pairing-unknown"
        with pytest.raises(Refused):
            office.pairings.approve(asked.code, actor=OFFICER)
    assert office.pairings.all() == ()


def test_no_more_wait_than_can_be_compared(office):
    codes = {office.pairings.ask("kiosk").code for _ in range(MOST)}
    assert len(codes) == MOST
    with pytest.raises(Refused) as refusal:
        office.pairings.ask("kiosk")
    assert (refusal.value.code, refusal.value.wait_s) == ("pairings-full", 30)
    office.clock.now_s = LASTS_S
    office.pairings.ask("kiosk")
