"""What officers are shown of an uncertain card, what they judge, and what they think over."""

import asyncio
from pathlib import Path

import pytest

from stationd.domain.errors import Refused
from stationd.domain.job import Attempt, Evidence, Job, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS
from stationd.domain.outcome import Printed, Unknown
from stationd.services import patience
from stationd.services.spool import Spooler
from tests.unit.printing_house import OFFICER, House


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    async with House(tmp_path) as opened:
        yield opened


async def uncertain(house: House, blanks: int = 5) -> Job:
    await house.store.receive(blanks)
    await house.accept()
    (claimed,) = await house.store.claim()
    return await house.store.settle(claimed, Unknown("the printer restarted during the card"))


async def test_the_officer_is_shown_all_that_is_known_of_an_uncertain_card(house: House):
    await house.store.receive(5)
    spooler = await house.printer(faults={"unknown": 1}, seed=1, window=1)
    job = await house.accept()
    await house.until(JobState.UNCERTAIN, 1)
    async with asyncio.timeout(60):
        while spooler.status.counter is None:
            await asyncio.sleep(0.01)
    known = (await house.jobs.read(job.id)).known
    assert known is not None
    assert (known.attempt, known.printer, known.remote_job, known.counter_before) == (1, "kartu-1", "1", 0)
    assert known.counter_now in {0, 1}
    assert known.said == "the printer does not know how the card ended"
    assert abs(known.opened_at - house.clock.now_ms()) < 60_000


async def uncertain_at_a_printer(house: House) -> tuple[Job, Spooler]:
    await house.store.receive(5)
    spooler = await house.printer(faults={"unknown": 1}, seed=1, window=1)
    job = await house.accept()
    await house.until(JobState.UNCERTAIN, 1)
    return job, spooler


@pytest.mark.parametrize("verdict", Verdict)
async def test_what_a_person_has_judged_is_given_up_at_the_device_before_the_job_may_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch, verdict: Verdict
):
    """A spooler that holds the card of a printer that was pulled out would print it when that is plugged in again."""
    job, spooler = await uncertain_at_a_printer(house)
    states: list[JobState] = []

    async def give_up(attempt: Attempt) -> None:
        assert attempt.job == job.id
        states.append((await house.jobs.read(job.id)).job.state)

    monkeypatch.setattr(spooler.printer, "give_up", give_up, raising=False)
    with pytest.raises(Refused):
        await house.jobs.verdict(job.id, verdict, "", actor=OFFICER, attempt=7)
    assert states == []
    await house.jobs.verdict(job.id, verdict, "", actor=OFFICER)
    assert states == [JobState.UNCERTAIN]
    if verdict is not Verdict.PRINTED:
        return
    await house.jobs.verdict(job.id, Verdict.SPOILED, "", actor=OFFICER)
    assert states == [JobState.UNCERTAIN], "a second thought is about a card that is out of the machine"


async def test_a_spooler_that_does_not_answer_holds_up_no_verdict(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("stationd.services.printers.GIVE_UP_WITHIN_S", 0.05)
    job, spooler = await uncertain_at_a_printer(house)

    async def give_up(_: Attempt) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(spooler.printer, "give_up", give_up, raising=False)
    view = await house.jobs.verdict(job.id, Verdict.PRINTED, "", actor=OFFICER)
    assert view.job.state is JobState.PRINTED


VERDICTS = {
    Verdict.PRINTED: (JobState.PRINTED, (1, 4, 0)),
    Verdict.NOT_PRINTED: (JobState.QUEUED, (0, 5, 0)),
    Verdict.SPOILED: (JobState.QUEUED, (0, 4, 1)),
}


@pytest.mark.parametrize("second", Verdict)
@pytest.mark.parametrize("first", Verdict)
async def test_a_verdict_may_be_changed_and_the_books_follow_by_counter_movements(house, first, second):
    job = await uncertain(house)
    await house.jobs.verdict(job.id, first, "seen in haste", actor=OFFICER)
    view = await house.jobs.verdict(job.id, second, "seen with glasses", actor=OFFICER)
    state, accounts = VERDICTS[second]
    balances = await house.store.blanks.balances()
    assert (view.job.state, (balances.issued, balances.safe, balances.spoiled)) == (state, accounts)
    assert (balances.printer, balances.is_balanced) == (0, True)
    assert (view.job.evidence is Evidence.OFFICER) == (second is Verdict.PRINTED)
    assert view.job.tries == (1 if second is Verdict.SPOILED else 0)
    decisions = await house.store.jobs.decisions(job.id)
    assert [each.note for each in decisions] == (
        ["seen in haste"] if first is second else ["seen with glasses", "seen in haste"]
    )
    revoked = await house.events(f"job.{VERDICT_EVENTS[first]}_revoked")
    assert len(revoked) == (0 if first is second else 1)
    assert (house.line.position(10**9) == 1) == (state is JobState.QUEUED)


async def test_a_spoil_that_used_up_the_last_try_can_be_thought_over(tmp_path: Path):
    async with House(tmp_path, max_tries=1) as house:
        job = await uncertain(house)
        view = await house.jobs.verdict(job.id, Verdict.SPOILED, "", actor=OFFICER)
        assert view.job.state is JobState.FAILED
        view = await house.jobs.verdict(job.id, Verdict.PRINTED, "it was under the tray", actor=OFFICER)
        assert (view.job.state, view.job.tries) == (JobState.PRINTED, 0)


async def test_a_verdict_stands_once_the_job_has_gone_on(house: House):
    job = await uncertain(house)
    await house.jobs.verdict(job.id, Verdict.NOT_PRINTED, "", actor=OFFICER)
    (claimed,) = await house.store.claim()
    with pytest.raises(Refused) as refused:
        await house.jobs.verdict(job.id, Verdict.PRINTED, "", actor=OFFICER)
    assert refused.value.code in {"verdict-final", "job-not-uncertain"}
    await house.store.settle(claimed, Printed(Evidence.COUNTER))
    with pytest.raises(Refused) as refused:
        await house.jobs.verdict(job.id, Verdict.SPOILED, "", actor=OFFICER)
    assert refused.value.code == "job-not-uncertain"


async def test_a_verdict_of_an_old_page_judges_no_later_card(house: House):
    job = await uncertain(house)
    told = (await house.jobs.read(job.id)).known
    assert told is not None
    assert told.attempt == 1
    await house.jobs.verdict(job.id, Verdict.NOT_PRINTED, "", actor=OFFICER, attempt=told.attempt)
    (claimed,) = await house.store.claim()
    await house.store.settle(claimed, Unknown("nobody knows again"))
    before = (await house.jobs.read(job.id)).job
    for stale in (told.attempt, 3):
        with pytest.raises(Refused) as refused:
            await house.jobs.verdict(job.id, Verdict.PRINTED, "seen", actor=OFFICER, attempt=stale)
        assert refused.value.code == "verdict-stale"
    after = await house.jobs.read(job.id)
    assert after.job == before
    assert after.known is not None
    assert after.known.attempt == 2
    view = await house.jobs.verdict(job.id, Verdict.PRINTED, "seen", actor=OFFICER, attempt=2)
    assert view.job.state is JobState.PRINTED


async def test_a_verdict_stands_once_its_time_is_over_and_when_its_blank_is_gone(tmp_path: Path):
    async with House(tmp_path, second_thoughts_s=0) as house:
        job = await uncertain(house)
        await house.jobs.verdict(job.id, Verdict.PRINTED, "", actor=OFFICER)
        await asyncio.sleep(0.01)
        with pytest.raises(Refused) as refused:
            await house.jobs.verdict(job.id, Verdict.SPOILED, "", actor=OFFICER)
        assert refused.value.code == "verdict-final"
    other = tmp_path / "other"
    other.mkdir()
    async with House(other) as house:
        job = await uncertain(house, blanks=1)
        await house.jobs.verdict(job.id, Verdict.NOT_PRINTED, "", actor=OFFICER)
        await house.accept()
        await house.jobs.hold(job.id, "", actor=OFFICER)
        await house.store.claim()
        await house.jobs.release(job.id, "", actor=OFFICER)
        with pytest.raises(Refused) as refused:
            await house.jobs.verdict(job.id, Verdict.PRINTED, "", actor=OFFICER)
        assert refused.value.code == "blanks-not-there"
