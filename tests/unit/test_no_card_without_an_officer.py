"""No sequence of acts lets an unappointed, expired, locked or off-duty officer cause a card, or be a second person.

The acts go through the services that the API calls. What must hold is reckoned beside them by a model of a few lines
that knows nothing of how they work.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from officer_desk import ADMIN, NUMBER, OTHER, PIN, START, Desk, open_desk
from test_precedence import Counter

from stationd.domain.authority import Actor
from stationd.domain.errors import Refused
from stationd.domain.job import JobKind
from stationd.services.access import hash_of
from stationd.services.second_person import Second

NUMBERS: Final = (NUMBER, OTHER)
HOUR: Final = 3600.0
SESSION_S: Final = 12 * HOUR


@dataclass
class Person:
    """An officer as the model has it; times are seconds since the start of the test."""

    is_appointed: bool = False
    until: date = date.min
    failures: int = 0
    last_try: float = -1e9
    tokens: list[str] = field(default_factory=list)
    begun: dict[str, float] = field(default_factory=dict)
    duty: str | None = None

    def may_act(self, day: date) -> bool:
        return self.is_appointed and day <= self.until


class World:
    """The acts, each with what the model makes of it."""

    def __init__(self, desk: Desk, counter: Counter) -> None:
        self.desk, self.counter = desk, counter
        self.people = {number: Person() for number in NUMBERS}
        self.origin = desk.clock.monotonic()

    @property
    def now(self) -> float:
        return self.desk.clock.monotonic() - self.origin

    @property
    def day(self) -> date:
        return (START + timedelta(seconds=self.now)).date()

    def live(self, person: Person, token: str | None) -> bool:
        """Whether the model thinks that a token may still be good: an upper bound."""
        return token in person.begun and self.now - person.begun[token] < SESSION_S and person.may_act(self.day)

    async def appoint(self, person: Person, number: str, days: int) -> None:
        until = self.day + timedelta(days=days)
        try:
            await self.desk.appoint(number, until=until)
        except Refused:
            return
        person.is_appointed, person.until, person.failures = True, until, 0

    async def revoke(self, person: Person, number: str, _: int) -> None:
        try:
            await self.desk.officers.revoke(number, actor=ADMIN)
        except Refused:
            return
        person.is_appointed, person.duty = False, None
        person.begun.clear()

    async def enter_pin(self, person: Person, number: str, which: int) -> None:
        is_right = which % 2 == 0
        wait = 0 if person.failures < 3 else min(30 << (person.failures - 3), 3600)
        is_locked = self.now < person.last_try + wait
        try:
            signed_in = await self.desk.sign_in(number, PIN if is_right else "not the PIN")
        except Refused as refused:
            if refused.code != "sign-in-locked" or not is_locked:
                person.last_try = self.now
                person.failures += 1
            return
        assert is_right
        assert not is_locked
        assert person.may_act(self.day)
        person.failures = 0
        person.tokens.append(signed_in.token)
        person.begun[signed_in.token] = self.now

    def actor(self, person: Person, which: int) -> Actor | None:
        """Whoever carries one of the tokens that this person ever had, as the door finds it."""
        if not person.tokens:
            return None
        token = person.tokens[which % len(person.tokens)]
        actor = self.desk.duty.actor_of(hash_of(token))
        assert actor is None or self.live(person, token)
        return actor

    async def go_on_duty(self, person: Person, _: str, which: int) -> None:
        actor = self.actor(person, which)
        if actor is not None:
            await self.desk.duty.begin(actor)
            if person.duty is None or not self.live(person, person.duty):
                person.duty = person.tokens[which % len(person.tokens)]

    async def leave(self, person: Person, _: str, which: int) -> None:
        actor = self.actor(person, which)
        if actor is not None:
            await self.desk.duty.leave(actor)
            person.duty = None

    async def sign_out(self, person: Person, _: str, which: int) -> None:
        actor = self.actor(person, which)
        if actor is not None:
            await self.desk.duty.sign_out(actor)
            token = person.tokens[which % len(person.tokens)]
            person.begun.pop(token)
            person.duty = None if person.duty == token else person.duty

    async def wait(self, _: Person, __: str, hours: int) -> None:
        self.desk.clock.pass_s((hours + 1) * HOUR)
        await self.desk.duty.look()

    async def wait_a_little(self, _: Person, __: str, ___: int) -> None:
        self.desk.clock.pass_s(31)

    async def restart(self, _: Person, __: str, ___: int) -> None:
        self.desk.restart()
        await self.desk.load()
        self.counter = Counter(self.desk)
        for person in self.people.values():
            person.last_try = self.now  # every wait begins anew
            person.begun = dict.fromkeys(person.begun, self.now)  # and so does every session

    async def jump(self, person: Person, number: str, which: int) -> None:
        """Ask for a jump; the other officer agrees at the same screen, or the same call is repeated."""
        actor = self.actor(person, which)
        if actor is None:
            return
        job = await self.counter.submit(JobKind.FIRST)
        other = NUMBERS[1 - NUMBERS.index(number)]
        second = Second(number=other if which % 3 else number, pin=PIN) if which % 2 else None
        colleague = self.people[other]
        try:
            moved = await self.counter.precedence.jump(job.id, "because", actor=actor, second=second)
        except Refused as refused:
            if refused.code in {"second-officer-refused", "sign-in-locked", "officer-not-appointed"}:
                colleague.failures += refused.code != "sign-in-locked" or colleague.failures == 2
                colleague.last_try = self.now if refused.code != "sign-in-locked" else colleague.last_try
            return
        if moved.waits is None:
            assert person.may_act(self.day)
            assert colleague.may_act(self.day)
            assert second is not None
            assert second.number == other
            colleague.failures = 0

    def check(self) -> None:
        """A card can be begun only while somebody is on duty who may be."""
        on_duty = [person for person in self.people.values() if person.duty and self.live(person, person.duty)]
        if self.desk.gate.is_open:
            assert on_duty


ACTS = ["appoint", "revoke", "enter_pin", "go_on_duty", "leave", "sign_out", "wait", "wait_a_little", "restart", "jump"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(NUMBERS), st.integers(0, 11)), max_size=40))
async def test_no_sequence_of_acts_opens_the_gate_for_who_may_not_print(tmp_path_factory, acts):
    async with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        world = World(desk, Counter(desk))
        for act, number, which in acts:
            await getattr(world, act)(world.people[number], number, which)
            world.check()


async def test_the_model_can_open_the_gate_at_all(tmp_path):
    async with open_desk(tmp_path) as desk:
        world = World(desk, Counter(desk))
        person = world.people[NUMBER]
        for act, which in (("appoint", 5), ("enter_pin", 0), ("go_on_duty", 0)):
            await getattr(world, act)(person, NUMBER, which)
        assert desk.gate.is_open
        world.check()
        await world.wait(person, NUMBER, 11)
        assert not desk.gate.is_open
