"""Four eyes: two different persons, both in the book, or nothing at all."""

import json

import pytest
from officer_desk import ADMIN, NUMBER, OTHER, PIN, Desk, open_desk

from stationd.adapters.approval_metrics import ApprovalMetrics
from stationd.adapters.sqlite.forgetting import SqliteForgetting
from stationd.adapters.sqlite.verify_order import order_of_service
from stationd.domain.authority import Actor, Role
from stationd.domain.errors import Refused
from stationd.domain.events import Event
from stationd.domain.retention import Deadlines
from stationd.domain.second_person import ApprovalState
from stationd.services.second_person import Second

TOKEN = Actor(name="counter-1", role=Role.OFFICER)


@pytest.fixture
async def desk(tmp_path):
    async with open_desk(tmp_path) as desk:
        await desk.appoint(NUMBER)
        await desk.appoint(OTHER)
        desk.done = []
        allow(desk)
        yield desk


def allow(desk: Desk) -> None:
    def act(transaction, approval):
        if approval.subject == "gone":
            transaction.event("thing.changed", approval.subject, {})
            return Refused("job-unknown", "cannot do it: it is gone")
        desk.done.append((approval.subject, json.loads(approval.payload), approval.first, approval.second))
        transaction.event("thing.changed", approval.subject, {"first": approval.first, "second": approval.second})
        return len(desk.done)

    desk.approvals.carry_out("thing.change", act)


async def officer(desk: Desk, number: str = NUMBER) -> Actor:
    actor = desk.actor(await desk.sign_in(number))
    assert actor is not None
    return actor


async def ask(desk: Desk, actor: Actor, subject: str = "a", **more):
    return await desk.second_person.ask("thing.change", subject, reason="because", actor=actor, **more)


async def refusal(coroutine) -> Refused:
    with pytest.raises(Refused) as caught:
        await coroutine
    return caught.value


async def kinds(desk: Desk) -> list[str]:
    return [kind for kind, _, _ in await desk.events() if kind.startswith(("approval.", "thing."))]


async def test_nothing_happens_until_a_different_officer_agrees(desk):
    first, second = await officer(desk), await officer(desk, OTHER)
    asked = await ask(desk, first, payload={"n": 3})
    assert (asked.is_done, asked.approval.needs, desk.done) == (False, 1, [])
    agreed = await desk.second_person.approve(asked.approval.id, actor=second)
    assert (agreed.is_done, agreed.result, agreed.approval.needs) == (True, 1, 0)
    assert desk.done == [("a", {"n": 3}, NUMBER, OTHER)]
    events = [(kind, json.loads(data)) for kind, _, data in await desk.events() if kind.startswith("approval.")]
    assert [kind for kind, _ in events] == ["approval.requested", "approval.approved"]
    assert (events[1][1]["first"], events[1][1]["second"], events[1][1]["how"]) == (NUMBER, OTHER, "session")
    assert "because" not in json.dumps(events)


async def test_the_same_person_is_refused_and_it_is_written_down(desk):
    first = await officer(desk)
    asked = await ask(desk, first)
    again = await officer(desk)  # another session of the same person is no other person
    for attempt in (
        desk.second_person.approve(asked.approval.id, actor=again),
        desk.second_person.approve(asked.approval.id, actor=TOKEN, second=Second(number=NUMBER, pin=PIN)),
        ask(desk, first, "b", second=Second(number=NUMBER, pin=PIN)),
    ):
        assert (await refusal(attempt)).code == "second-officer-same-person"
    assert desk.done == []
    assert (await kinds(desk)).count("approval.refused") == 3


async def test_the_second_officer_may_repeat_the_very_same_call(desk):
    first, second = await officer(desk), await officer(desk, OTHER)
    asked = await ask(desk, first, payload={"n": 3})
    assert (await ask(desk, first, payload={"n": 3})).approval.id == asked.approval.id
    differs = await refusal(ask(desk, second, payload={"n": 4}))
    assert (differs.code, differs.see) == ("approval-pending", asked.approval.id)
    assert (await ask(desk, second, payload={"n": 3})).is_done
    assert desk.done == [("a", {"n": 3}, NUMBER, OTHER)]


async def test_both_may_stand_at_one_screen(desk):
    first = await officer(desk)
    assert (await ask(desk, first, second=Second(number=OTHER, pin=PIN))).is_done
    assert await kinds(desk) == ["approval.requested", "approval.approved", "thing.changed"]


async def test_a_wrong_pin_of_the_second_officer_costs_what_it_costs_at_the_door(desk):
    first = await officer(desk)
    wrong = Second(number=OTHER, pin="not it at all")
    assert "not it" not in repr(wrong)
    codes = [(await refusal(ask(desk, first, second=wrong))).code for _ in range(3)]
    assert codes == ["second-officer-refused", "second-officer-refused", "sign-in-locked"]
    assert (await refusal(ask(desk, first, second=Second(number=OTHER, pin=PIN)))).code == "sign-in-locked"
    assert (await refusal(desk.sign_in(OTHER))).code == "sign-in-locked"
    desk.clock.pass_s(31)
    assert (await ask(desk, first, second=Second(number=OTHER, pin=PIN))).is_done
    assert (await desk.sign_in(OTHER)).token  # the right PIN has cleared the count
    assert (await kinds(desk)).count("approval.requested") == 1


async def test_a_bare_token_is_no_person_so_two_officers_must_agree(desk):
    asked = await ask(desk, TOKEN)
    assert asked.approval.needs == 2
    assert (await refusal(desk.second_person.approve(asked.approval.id, actor=TOKEN))).code == "session-needed"
    assert (await refusal(desk.second_person.approve(asked.approval.id, actor=ADMIN))).code == "session-needed"
    first, second = await officer(desk), await officer(desk, OTHER)
    once = await desk.second_person.approve(asked.approval.id, actor=first)
    assert (once.is_done, once.approval.needs) == (False, 1)
    same = await refusal(desk.second_person.approve(asked.approval.id, actor=first))
    assert same.code == "second-officer-same-person"
    assert (await desk.second_person.approve(asked.approval.id, actor=second)).is_done
    assert desk.done == [("a", {}, NUMBER, OTHER)]


async def test_who_asked_must_still_be_appointed_when_the_second_agrees(desk):
    first, second = await officer(desk), await officer(desk, OTHER)
    asked = await ask(desk, first)
    await desk.officers.revoke(NUMBER, actor=ADMIN)
    assert (await refusal(desk.second_person.approve(asked.approval.id, actor=second))).code == "officer-not-appointed"
    assert (await refusal(ask(desk, second))).code == "officer-not-appointed"
    assert desk.done == []


async def test_a_second_officer_whose_decree_has_ended_is_refused(desk):
    await desk.officers.revoke(OTHER, actor=ADMIN)
    first = await officer(desk)
    assert (await refusal(ask(desk, first, second=Second(number=OTHER, pin=PIN)))).code == "second-officer-refused"
    assert desk.done == []


async def test_a_request_ends_with_its_time_and_not_before(desk):
    first, second = await officer(desk), await officer(desk, OTHER)
    asked = await ask(desk, first)
    desk.clock.pass_s(899)
    assert [each.id for each in await desk.second_person.pending()] == [asked.approval.id]
    desk.clock.pass_s(2)
    assert await desk.second_person.pending() == []
    late = await refusal(desk.second_person.approve(asked.approval.id, actor=second))
    assert (late.code, late.detail) == ("approval-settled", "cannot agree: the request is expired")
    assert (await ask(desk, first)).approval.id != asked.approval.id
    assert desk.done == []


async def test_a_clock_that_is_not_trusted_ends_no_request(desk):
    desk.source.is_trusted = False
    await desk.calendar.look()
    asked = await ask(desk, await officer(desk))
    desk.clock.wall_ms += 10 * 86_400_000
    assert (await desk.second_person.approve(asked.approval.id, actor=await officer(desk, OTHER))).is_done


async def test_a_request_outlives_a_restart(desk):
    asked = await ask(desk, await officer(desk))
    desk.restart()
    allow(desk)
    await desk.load()
    assert (await desk.second_person.about("a")).id == asked.approval.id
    assert (await desk.second_person.approve(asked.approval.id, actor=await officer(desk, OTHER))).is_done


async def test_what_cannot_be_carried_out_leaves_nothing_behind(desk):
    first, second = await officer(desk), await officer(desk, OTHER)
    asked = await ask(desk, first, "gone")
    assert (await refusal(desk.second_person.approve(asked.approval.id, actor=second))).code == "job-unknown"
    assert (await desk.second_person.read(asked.approval.id)).state is ApprovalState.PENDING
    assert await kinds(desk) == ["approval.requested"]
    assert (await refusal(ask(desk, first, "gone", second=Second(number=OTHER, pin=PIN)))).code == "job-unknown"


async def test_a_declined_request_is_settled_for_good(desk):
    first, second = await officer(desk), await officer(desk, OTHER)
    asked = await ask(desk, first)
    assert (await desk.second_person.decline(asked.approval.id, actor=second)).state is ApprovalState.DECLINED
    for attempt in (
        desk.second_person.approve(asked.approval.id, actor=second),
        desk.second_person.decline(asked.approval.id, actor=first),
    ):
        assert (await refusal(attempt)).code == "approval-settled"
    token_asked = await ask(desk, TOKEN, "b")
    assert (await desk.second_person.decline(token_asked.approval.id, actor=TOKEN)).settled_by == "counter-1"
    mine = await ask(desk, first, "c")
    assert (await refusal(desk.second_person.decline(mine.approval.id, actor=TOKEN))).code == "session-needed"
    assert (await refusal(desk.second_person.decline("nothing", actor=first))).code == "approval-unknown"


async def test_requests_are_paged_in_their_order(desk):
    first = await officer(desk)
    ids = [(await ask(desk, first, subject)).approval.id for subject in "abc"]
    await desk.second_person.decline(ids[1], actor=first)
    page, following = await desk.second_person.page(state=None, after=0, limit=2)
    assert ([each.id for each in page], following) == (ids[:2], 2)
    page, following = await desk.second_person.page(state=ApprovalState.PENDING, after=0, limit=2)
    assert ([each.id for each in page], following) == ([ids[0], ids[2]], None)


async def test_the_database_itself_holds_two_persons_apart(desk):
    asked = await ask(desk, await officer(desk))

    def forge(transaction, arguments):
        transaction.run("UPDATE approval SET state = 'approved', second = first WHERE seq = ?", (asked.approval.seq,))
        return [None for _ in arguments]

    with pytest.raises(Exception, match="CHECK"):
        await desk.database.writer.apply(forge, None)


def test_the_figures_follow_the_events():
    metrics = ApprovalMetrics()
    metrics.load(1)
    for kind in ("approval.requested", "approval.approved", "approval.refused", "job.claimed"):
        metrics.follow([Event(1, 0, kind, "x", {"kind": "job.jump"})])
    (waiting,) = metrics.collect()
    assert [sample.value for sample in waiting.samples] == [1]


async def test_a_reason_that_was_forgotten_is_told_from_one_that_was_wiped_out(desk: Desk):
    first, second = await officer(desk), await officer(desk, OTHER)
    old = await ask(desk, first, "old")
    await desk.second_person.approve(old.approval.id, actor=second)
    desk.clock.pass_s(60)
    before = desk.clock.now_ms()
    desk.clock.pass_s(60)
    new = await ask(desk, first, "new")
    await desk.second_person.approve(new.approval.id, actor=second)
    deadlines = Deadlines(keys=0, documents=0, holders=0, proxies=0, traces=0, remarks=before)
    assert await SqliteForgetting(desk.database).forget(deadlines) == 1

    async def reasons() -> list[str]:
        asked = "SELECT reason FROM approval ORDER BY seq"
        return [row[0] for row in await desk.database.reader.run(lambda it: it.execute(asked).fetchall())]

    async def found() -> list[str]:
        return [str(each) for each in await desk.database.reader.run(lambda it: list(order_of_service(it)))]

    assert await reasons() == ["", "because"]
    assert await found() == []
    await desk.database.writer.once(lambda it: it.run("UPDATE approval SET reason = '' WHERE subject = 'new'"))
    (wiped,) = await found()
    assert "its reason is not the one that was written" in wiped
