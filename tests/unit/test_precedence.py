"""Who gets a card, and in which order, over the real books: rationing, one live card a person, jumps and releases."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from officer_desk import ADMIN, NUMBER, OTHER, PIN, Desk, open_desk

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.precedence import move_ahead, release
from stationd.adapters.sqlite.printers import SqlitePrinters
from stationd.adapters.sqlite.rations import SqliteRations
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemEntropy
from stationd.domain.authority import STATION, Actor, Role
from stationd.domain.blank_entry import NewEntry
from stationd.domain.blanks import EntryKind
from stationd.domain.entitlement import KIND_CLASS
from stationd.domain.errors import Refused
from stationd.domain.forecast import Server
from stationd.domain.job import Evidence, Job, JobKind, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS, JobEvent
from stationd.domain.order import Document, Holder, Order, Surrendered
from stationd.domain.outcome import Cause, NothingPrinted, Outcome, Printed, Unknown
from stationd.domain.precedence import JUMP, RELEASE
from stationd.domain.rationing import BLANKS_SHORT, SURRENDER_MISSING, RationRule
from stationd.ports.jobs import Acceptance, Accepted, Claimed, Claiming, Control, Settling, Turn
from stationd.services.crew import Crew
from stationd.services.jobs import Jobs, Surrounding
from stationd.services.line import Line
from stationd.services.precedence import Precedence
from stationd.services.rationing import Rationer, Reserve
from stationd.services.second_person import Second

TOKEN = Actor(name="loket-1", role=Role.OFFICER)
PRINTED = Printed(Evidence.PRINTER)
RESERVE = 3
CHANGES = {"job.moved_ahead", "job.released"}


class Counter:
    """A station's books with rationing, without printers: the test claims and settles."""

    def __init__(self, desk: Desk, reserve: int = RESERVE) -> None:
        self.desk = desk
        writer, reader = desk.database.writer, desk.database.reader
        self.reserve = Reserve(reserve)
        self.store = SqliteJobs(
            writer, reader, StationSeal(bytes(32)), SystemEntropy(), max_tries=3, ageing=10, reserve=self.reserve
        )
        self.blanks = SqliteBlanks(writer, reader, low=5)
        self.rations = SqliteRations(writer, reader, desk.clock, self.reserve)
        self.rationer = Rationer(self.rations, RationRule(reserve_for_first=reserve), self.reserve)
        self.line = Line()
        self.jobs = Jobs(
            self.store,
            self.line,
            surrounding=Surrounding(ration=self.rationer.of, waits=desk.second_person.about),
        )
        desk.approvals.carry_out(JUMP, move_ahead)
        desk.approvals.carry_out(RELEASE, release)
        self.precedence = Precedence(self.store, self.rations, self.jobs, desk.second_person)
        desk.database.writer._publish = self.follow
        self._numbers = count(1)

    def follow(self, events) -> None:
        self.line.follow(events)
        self.rationer.look()

    def acceptance(self, kind: JobKind = JobKind.FIRST, *, person: int | None = None, **changes) -> Acceptance:
        number = next(self._numbers)
        order = Order(
            order=f"PRR-{number:06d}",
            kind=kind,
            holder=Holder(nik=f"9999{person or number:08d}0001", name="Contoh"),
            document=Document("image/png", b"picture"),
            police_report="LP/1" if kind is JobKind.LOST else None,
            surrendered=Surrendered(card=f"AMPLOP-{number}") if kind is JobKind.DAMAGED else None,
        )
        order = replace(order, **changes)
        return Acceptance(order=order, service_class=KIND_CLASS[kind], caller="loket", key=f"k{number}", digest=b"d")

    async def submit(self, kind: JobKind = JobKind.FIRST, **more) -> Job:
        answer = await self.store.accept(self.acceptance(kind, **more))
        assert isinstance(answer, Accepted), answer
        return answer.job

    async def refused(self, kind: JobKind = JobKind.FIRST, **more) -> Refused:
        answer = await self.store.accept(self.acceptance(kind, **more))
        assert isinstance(answer, Refused), answer
        return answer

    async def receive(self, quantity: int) -> None:
        assert not isinstance(
            await self.blanks.enter(NewEntry(kind=EntryKind.RECEIVED, quantity=quantity), STATION), Refused
        )

    async def claim(self, wishes: int = 1) -> tuple[Claimed, ...]:
        claiming = Claiming(printer="p1", profiles=("ktp-el",), count=wishes)
        return (await self.store.turn(Turn(claiming=claiming))).claimed

    async def settle(self, claimed: Claimed, outcome: Outcome = PRINTED) -> Job:
        turned = await self.store.turn(Turn(settling=Settling(attempt=claimed.attempt, outcome=outcome)))
        assert turned.settled is not None
        return turned.settled

    async def print_all(self) -> list[str]:
        """Everything that the blanks allow, the order it came in."""
        orders = []
        await self.rationer.settle()
        while claimed := await self.claim():
            orders.append((await self.settle(claimed[0])).order)
            await self.rationer.settle()
        return orders

    async def state(self, job: Job) -> tuple[JobState, tuple[str, ...]]:
        now = await self.store.read(job.id)
        assert now is not None
        return now.state, now.reasons

    async def control(self, job: Job, event: JobEvent, verdict: Verdict | None = None) -> Job | Refused:
        return await self.store.control(Control(job_id=job.id, event=event, actor=STATION, verdict=verdict))

    async def officer(self, number: str = NUMBER) -> Actor:
        actor = self.desk.actor(await self.desk.sign_in(number))
        assert actor is not None
        return actor

    async def must_verify(self) -> None:
        assert await self.desk.database.reader.run(lambda connection: verify(connection, None)) == []


@pytest.fixture
async def counter(tmp_path) -> AsyncIterator[Counter]:
    async with open_desk(tmp_path) as desk:
        await desk.appoint(NUMBER)
        await desk.appoint(OTHER)
        counter = Counter(desk)
        yield counter
        await counter.must_verify()


WAITS = (JobState.DEFERRED, (BLANKS_SHORT,))
IN_LINE = (JobState.QUEUED, ())


# ------------------------------------------------------------------------------------------------------ rationing


async def test_replacements_wait_while_blanks_are_short_and_come_back_by_themselves(counter: Counter):
    await counter.receive(3)
    lost, first = await counter.submit(JobKind.LOST), await counter.submit()
    assert await counter.state(lost) == WAITS
    assert await counter.print_all() == [first.order]
    await counter.receive(2)
    assert await counter.print_all() == [lost.order]


async def test_those_in_line_are_deferred_as_the_stock_falls(counter: Counter):
    await counter.receive(6)
    jobs = [await counter.submit(JobKind.LOST) for _ in range(5)]
    assert {(await counter.state(job))[0] for job in jobs} == {JobState.QUEUED}
    assert await counter.print_all() == [job.order for job in jobs[:3]]
    assert [await counter.state(job) for job in jobs[3:]] == [WAITS, WAITS]
    assert len(counter.line) == 0


async def test_no_claim_takes_a_reserved_blank_even_between_two_looks(counter: Counter):
    await counter.receive(6)
    lost = [await counter.submit(JobKind.LOST) for _ in range(3)]
    firsts = [await counter.submit() for _ in range(2)]
    # Four are free, three reserved: one replacement may go, and nobody has looked since.
    claimed = [each.job.order for each in await counter.claim(5)]
    assert claimed == [*(first.order for first in firsts), lost[0].order]


async def test_a_paused_kind_is_not_served_in_a_shortage_either(counter: Counter):
    marks = SqlitePrinters(counter.desk.database.writer, counter.desk.database.reader, SystemEntropy())
    await counter.receive(4)
    await counter.submit(JobKind.LOST)
    damaged = await counter.submit(JobKind.DAMAGED)
    await marks.set_pause(JobKind.LOST, STATION, is_paused=True)
    assert [each.job.order for each in await counter.claim(3)] == [damaged.order]


async def test_a_new_replacement_does_not_pass_those_deferred_before_it(counter: Counter):
    await counter.receive(3)
    old = [await counter.submit(JobKind.LOST) for _ in range(3)]
    await counter.receive(2)
    new = await counter.submit(JobKind.LOST)  # before anybody looked at the delivery
    assert await counter.state(new) == WAITS
    assert await counter.print_all() == [old[0].order, old[1].order]
    await counter.receive(5)
    assert await counter.print_all() == [old[2].order, new.order]


async def test_many_deferred_ones_move_in_small_steps_and_only_as_far_as_blanks_have_come(counter: Counter):
    for _ in range(450):
        await counter.submit(JobKind.LOST)
    assert (counter.rationer.stock.rationed, await counter.rationer.settle()) == (450, 0)
    await counter.receive(303)
    step = await counter.rations.ration()
    assert (step.admitted, step.deferred) == (200, 0)
    assert await counter.rationer.settle() == 100
    stock = counter.rationer.stock
    assert (stock.replacements, stock.rationed, len(counter.line)) == (300, 150, 300)


async def test_a_held_first_timer_keeps_the_blank_that_is_promised(counter: Counter):
    await counter.receive(5)
    first = await counter.submit()
    await counter.control(first, JobEvent.DEFERRED)
    await counter.submit(JobKind.LOST)
    second = await counter.submit(JobKind.LOST)
    await counter.print_all()
    assert await counter.state(second) == WAITS


async def test_what_explains_a_rationed_job_is_told_with_a_day_where_there_is_one(counter: Counter):
    for _ in range(3):
        await counter.receive(10)
        await counter.blanks.enter(NewEntry(kind=EntryKind.RETURNED, quantity=9), STATION)
        counter.desk.clock.pass_s(10 * 86_400)
    before, lost = await counter.submit(JobKind.LOST), await counter.submit(JobKind.LOST)
    assert await counter.state(before) == WAITS
    view = await counter.jobs.read(lost.id)
    assert [each.code for each in view.why] == ["blanks-short", "comes-back", "blanks-expected"]
    assert view.expected_on is not None
    assert view.expected_on.isoformat() in view.why[2].words.id


async def test_no_time_is_expected_for_a_card_that_only_the_reserve_could_make(counter: Counter):
    class Machine:
        name, profiles, hindrances, batch_profile = "p1", ("ktp-el",), frozenset[str](), None

        def server(self) -> Server:
            return Server(name="p1", seconds={"ktp-el": 10.0})

    crew = Crew(counter.line, lambda: counter.rationer.stock.at_hand, reserve=counter.reserve)
    crew.add(Machine())
    await counter.receive(5)
    jobs = [await counter.submit(JobKind.LOST) for _ in range(3)]
    times = [crew.expected_s(job) for job in jobs]
    assert [None if each is None else round(each) for each in times] == [10, 20, None]
    first = await counter.submit()
    assert crew.expected_s(first) is not None


async def test_the_reserve_grows_with_the_first_timers_to_be_expected(counter: Counter):
    for _ in range(5):
        await counter.submit()
    rationer = Rationer(counter.rations, RationRule(reserve_for_first=3, reserve_days=2), counter.reserve)
    await rationer.forecast()
    assert rationer.reserve == 10


# ---------------------------------------------------------------------------------------------------- entitlement


@pytest.mark.parametrize("kind", [JobKind.FIRST, JobKind.LOST, JobKind.DAMAGED])
async def test_a_person_has_one_card_in_the_making(counter: Counter, kind):
    job = await counter.submit(person=7)
    refused = await counter.refused(kind, person=7)
    assert (refused.code, refused.see) == ("holder-has-a-live-card", job.id)
    assert "9999" not in refused.detail
    await counter.control(job, JobEvent.CANCELLED)
    await counter.submit(person=7)


async def test_a_second_first_is_refused_and_a_replacement_is_not_once_the_card_is_made(counter: Counter):
    await counter.receive(50)
    first = await counter.submit(person=7)
    await counter.print_all()
    refused = await counter.refused(person=7)
    assert (refused.code, refused.see, refused.field) == ("holder-has-a-live-card", first.id, "kind")
    lost = await counter.submit(JobKind.LOST, person=7)
    assert (await counter.refused(JobKind.DAMAGED, person=7)).see == lost.id
    await counter.print_all()
    assert (await counter.refused(person=7)).see == lost.id  # the card that holds is the replacement
    damaged = await counter.submit(JobKind.DAMAGED, person=7)
    await counter.print_all()
    assert (await counter.refused(person=7)).see == damaged.id


async def test_many_orders_of_one_person_at_once_make_one_job(counter: Counter):
    answers = await asyncio.gather(*(counter.store.accept(counter.acceptance(person=7)) for _ in range(20)))
    jobs = [each.job.id for each in answers if isinstance(each, Accepted)]
    assert len(jobs) == 1
    assert {each.see for each in answers if isinstance(each, Refused)} == set(jobs)


async def test_an_uncertain_card_and_a_failed_one_are_still_under_way(counter: Counter):
    await counter.receive(50)
    job = await counter.submit(person=7)
    (claimed,) = await counter.claim()
    await counter.settle(claimed, Unknown("no answer"))
    assert (await counter.refused(JobKind.LOST, person=7)).see == job.id
    other = await counter.submit(person=8)
    while claims := await counter.claim():
        await counter.settle(claims[0], NothingPrinted(Cause.DOCUMENT, "cannot draw"))
        counter.desk.clock.pass_s(3600)
    assert (await counter.state(other))[0] is JobState.FAILED
    assert (await counter.refused(person=8)).see == other.id


async def test_a_verdict_stands_once_the_replacement_was_ordered(counter: Counter):
    await counter.receive(50)
    first = await counter.submit(person=7)
    (claimed,) = await counter.claim()
    await counter.settle(claimed, Unknown("no answer"))
    await counter.control(first, VERDICT_EVENTS[Verdict.PRINTED], Verdict.PRINTED)
    lost = await counter.submit(JobKind.LOST, person=7)
    for _ in range(2):
        final = await counter.control(first, VERDICT_EVENTS[Verdict.NOT_PRINTED], Verdict.NOT_PRINTED)
        assert isinstance(final, Refused)
        assert (final.code, final.see) == ("verdict-final", lost.id)
        (claimed,) = await counter.claim() or (claimed,)
        await counter.settle(claimed, Unknown("no answer"))
        await counter.control(lost, VERDICT_EVENTS[Verdict.PRINTED], Verdict.PRINTED)


async def test_a_replacement_that_was_none_after_all_gives_the_first_card_its_standing_back(counter: Counter):
    await counter.receive(50)
    first = await counter.submit(person=7)
    await counter.print_all()
    lost = await counter.submit(JobKind.LOST, person=7)
    (claimed,) = await counter.claim()
    await counter.settle(claimed, Unknown("no answer"))
    await counter.control(lost, VERDICT_EVENTS[Verdict.PRINTED], Verdict.PRINTED)
    await counter.control(lost, VERDICT_EVENTS[Verdict.SPOILED], Verdict.SPOILED)
    await counter.control(lost, JobEvent.CANCELLED)
    assert (await counter.refused(person=7)).see == first.id


async def test_a_damaged_card_is_replaced_once_the_old_one_has_come_back(counter: Counter):
    await counter.receive(50)
    job = await counter.submit(JobKind.DAMAGED, surrendered=None)
    assert await counter.state(job) == (JobState.DEFERRED, (SURRENDER_MISSING,))
    assert [each.code for each in (await counter.jobs.read(job.id)).why] == ["surrender-missing"]
    officer = await counter.officer()
    for attempt in (
        counter.precedence.jump(job.id, "because", actor=officer),
        counter.precedence.release(job.id, "because", actor=officer),
    ):
        with pytest.raises(Refused) as caught:
            await attempt
        assert caught.value.code == "surrender-missing"
    with pytest.raises(Refused) as caught:
        await counter.precedence.surrender(job.id, Surrendered(card="9999000000070001"), actor=officer)
    assert caught.value.code == "surrender-invalid"
    view = await counter.precedence.surrender(job.id, Surrendered(card="AMPLOP-9"), actor=officer)
    assert (view.job.state, view.job.reasons) == IN_LINE
    with pytest.raises(Refused) as caught:
        await counter.precedence.surrender(job.id, Surrendered(card="AMPLOP-9"), actor=officer)
    assert caught.value.code == "surrender-not-awaited"
    assert await counter.print_all() == [job.order]


async def test_a_card_that_came_back_in_a_shortage_waits_for_blanks_then(counter: Counter):
    job = await counter.submit(JobKind.DAMAGED, surrendered=None)
    view = await counter.precedence.surrender(job.id, Surrendered(card="AMPLOP-9"), actor=await counter.officer())
    assert (view.job.state, view.job.reasons) == WAITS


# ------------------------------------------------------------------------------------------------ jumps, releases


async def test_a_jump_takes_two_officers_and_those_overtaken_can_see_it(counter: Counter):
    await counter.receive(50)
    first, second = await counter.submit(), await counter.submit()
    officer, colleague = await counter.officer(), await counter.officer(OTHER)
    asked = await counter.precedence.jump(second.id, "she travels", actor=officer)
    assert asked.waits is not None
    assert (await counter.jobs.read(second.id)).waits == asked.waits
    assert counter.line.position(second.rank) == 1
    done = await counter.precedence.jump(second.id, "she travels tomorrow", actor=colleague)
    assert (done.waits, done.view.position, done.view.job.state) == (None, 0, JobState.QUEUED)
    overtaken = await counter.jobs.read(first.id)
    assert (overtaken.is_overtaken, [each.code for each in overtaken.why][-1]) == (True, "overtaken")
    assert [each.code for each in done.view.why][-1] == "order-changed"
    assert NUMBER not in str(overtaken.why) + str(done.view.why)
    with pytest.raises(Refused) as caught:
        await counter.precedence.jump(second.id, "again", actor=officer)
    assert caught.value.code == "job-ahead-already"
    later = await counter.submit()
    assert not (await counter.jobs.read(later.id)).is_overtaken
    assert await counter.print_all() == [second.order, first.order, later.order]
    assert (await counter.jobs.read(first.id)).is_overtaken
    moved = [
        (subject, json.loads(data)) for kind, subject, data in await counter.desk.events() if kind == "job.moved_ahead"
    ]
    assert [(subject, data["first"], data["second"]) for subject, data in moved] == [(second.id, NUMBER, OTHER)]
    (decision,) = await counter.store.decisions(second.id)
    assert (decision.decision, decision.note) == ("moved_ahead", "she travels")
    assert [kind for kind, _, _ in await counter.desk.events() if kind in CHANGES] == ["job.moved_ahead"]


async def test_jumps_stand_in_the_order_in_which_they_were_agreed_to(counter: Counter):
    await counter.receive(50)
    jobs = [await counter.submit() for _ in range(4)]
    officer, second = await counter.officer(), Second(number=OTHER, pin=PIN)
    for job in (jobs[2], jobs[3]):
        await counter.precedence.jump(job.id, "because", actor=officer, second=second)
    page, cursor = await counter.jobs.page(state=JobState.QUEUED, after=None, limit=3)
    more, _ = await counter.jobs.page(state=JobState.QUEUED, after=cursor, limit=3)
    assert [view.job.order for view in (*page, *more)] == [jobs[place].order for place in (2, 3, 0, 1)]


async def test_a_rationed_job_is_released_by_two_and_takes_a_reserved_blank(counter: Counter):
    await counter.receive(3)
    lost, other = await counter.submit(JobKind.LOST), await counter.submit(JobKind.LOST)
    officer = await counter.officer()
    asked = await counter.precedence.release(lost.id, "surgery abroad", actor=officer)
    assert asked.waits is not None
    assert await counter.state(lost) == WAITS
    await counter.desk.second_person.approve(asked.waits.id, actor=await counter.officer(OTHER))
    assert await counter.state(lost) == IN_LINE
    assert await counter.print_all() == [lost.order]
    assert await counter.state(other) == WAITS
    with pytest.raises(Refused) as caught:
        await counter.precedence.release(lost.id, "again", actor=officer)
    assert caught.value.code == "job-not-held"


async def test_a_held_job_is_released_by_one(counter: Counter):
    await counter.receive(50)
    job = await counter.submit()
    await counter.control(job, JobEvent.DEFERRED)
    with pytest.raises(Refused) as caught:
        await counter.precedence.jump(job.id, "because", actor=TOKEN)
    assert caught.value.code == "job-state"
    assert (
        await counter.precedence.release(job.id, "the photo is good", actor=TOKEN)
    ).view.job.state is JobState.QUEUED


async def test_what_was_cancelled_meanwhile_is_not_moved(counter: Counter):
    await counter.receive(50)
    job = await counter.submit()
    asked = await counter.precedence.jump(job.id, "because", actor=await counter.officer())
    assert asked.waits is not None
    await counter.control(job, JobEvent.CANCELLED)
    with pytest.raises(Refused) as caught:
        await counter.desk.second_person.approve(asked.waits.id, actor=await counter.officer(OTHER))
    assert caught.value.code == "job-state"
    assert not [kind for kind, _, _ in await counter.desk.events() if kind in CHANGES]
    for unknown in (counter.precedence.jump, counter.precedence.release):
        with pytest.raises(Refused) as caught:
            await unknown("nothing", "because", actor=ADMIN)
        assert caught.value.code == "job-unknown"


# --------------------------------------------------------------------------------------------------- any sequence


ACTS = st.lists(
    st.sampled_from(["first", "lost", "blanks", "step", "print", "spoil", "cancel", "uncertain"]), max_size=40
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ACTS)
async def test_any_order_of_orders_deliveries_and_mishaps_keeps_the_reserve_and_forgets_nobody(tmp_path_factory, acts):
    async with open_desk(tmp_path_factory.mktemp("books")) as desk:
        counter = Counter(desk)
        jobs: list[Job] = []
        cancelled: set[str] = set()
        for act in acts:
            if act in {"first", "lost"}:
                jobs.append(await counter.submit(JobKind(act)))
            elif act == "blanks":
                await counter.receive(4)
            elif act == "step":
                await counter.rations.ration()
            elif act == "cancel" and jobs:
                if isinstance(await counter.control(jobs[0], JobEvent.CANCELLED), Job):
                    cancelled.add(jobs[0].order)
            else:
                for claimed in await counter.claim():
                    stock = counter.rationer.stock
                    if claimed.job.kind is not JobKind.FIRST:
                        assert stock.at_hand >= stock.promised + RESERVE
                    await counter.settle(
                        claimed,
                        {"print": PRINTED, "uncertain": Unknown("?")}.get(act, NothingPrinted(Cause.PRINTER, "-")),
                    )
        await counter.receive(len(jobs) + RESERVE)
        await counter.print_all()
        for job in jobs:
            state, _ = await counter.state(job)
            assert state in {JobState.PRINTED, JobState.UNCERTAIN} or job.order in cancelled
        await counter.must_verify()


# ----------------------------------------------------------------------------------------------------- the books


@pytest.mark.parametrize(
    ("forgery", "where"),
    [
        ("UPDATE approval SET reason = 'another' WHERE seq = 1", "approval row 1"),
        ("UPDATE approval SET payload = '{\"n\":1}' WHERE seq = 1", "approval row 1"),
        ("UPDATE approval SET second = '199903032026033003' WHERE seq = 1", "approval row 1"),
        ("UPDATE job SET rank = -5 WHERE seq = 2", "job row 2"),
        ("UPDATE tally SET value = 9 WHERE name = 'line' AND label = 'promised'", "tally line promised"),
    ],
)
async def test_an_order_of_service_that_was_changed_in_the_dark_shows(tmp_path, forgery, where):
    async with open_desk(tmp_path) as desk:
        for number in (NUMBER, OTHER, "199903032026033003"):
            await desk.appoint(number)
        counter = Counter(desk)
        job = await counter.submit()
        await counter.submit()
        await counter.precedence.jump(
            job.id, "because", actor=await counter.officer(), second=Second(number=OTHER, pin=PIN)
        )
        await counter.must_verify()
        with sqlite3.connect(tmp_path / "station.db") as connection:
            connection.execute(forgery)
        connection.close()
        found = await desk.database.reader.run(lambda reader: verify(reader, None))
        assert where in [finding.where for finding in found]
