"""A restored book is older than the world: no card comes of it before a person has looked."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.backup import backup, restore
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.restored import Restored, put_to_people
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemClock
from stationd.domain.authority import STATION
from stationd.domain.errors import Refused
from stationd.domain.job import Evidence, Job, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS, JobEvent
from stationd.domain.outcome import FOR_A_PERSON, Cause, NothingPrinted, Printed, Unknown
from stationd.domain.why import FROM_BACKUP
from stationd.ports.jobs import Control
from stationd.ports.printers import Opened
from tests.unit.test_attending import station
from tests.unit.test_store import KEY, Store, _rows


@asynccontextmanager
async def opened(path: Path):
    database = await Database.open(path, SystemClock())
    try:
        yield Store(database)
    finally:
        await database.aclose()


async def judge(store: Store, job: Job, verdict: Verdict, *, attempt: int | None = None) -> Job | Refused:
    control = Control(
        job_id=job.id, event=VERDICT_EVENTS[verdict], actor=STATION, verdict=verdict, attempt=attempt, note="looked"
    )
    return await store.jobs.control(control)


async def must_verify(store: Store) -> None:
    assert await store.database.reader.run(lambda connection: verify(connection, StationSeal(KEY))) == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state" / "station.db"


async def backed_up(path: Path, *, is_unused_since: bool = False) -> dict[str, Job]:
    """Every kind of job goes into the backup, goes on, and is restored as it was."""
    async with opened(path) as store:
        await store.receive(6)
        jobs = {name: await store.accepted() for name in ("claimed", "sent", "doubted", "done")}
        claimed = dict(zip(jobs, await store.claim(number=4), strict=True))
        for name in ("sent", "doubted", "done"):
            await store.jobs.opened(claimed[name].attempt, Opened(remote_id=name))
        await store.settle(claimed["doubted"], Unknown("silent"))
        await store.settle(claimed["done"], Printed(Evidence.PRINTER))
        jobs |= {name: await store.accepted() for name in ("waiting", "held")}
        held = Control(job_id=jobs["held"].id, event=JobEvent.DEFERRED, actor=STATION, note="later")
        assert isinstance(await store.jobs.control(held), Job)
        jobs["failed"] = await store.accepted()
        (waiting, failed) = await store.claim(number=2)
        await store.settle(waiting, NothingPrinted(Cause.PRINTER, "offline"))
        await store.settle(failed, NothingPrinted(Cause.DOCUMENT, "bad"))
        await asyncio.to_thread(backup, path, path.with_name("copy.db"))
        for name in ("claimed", "sent", "doubted"):
            await store.settle(claimed[name], NothingPrinted(Cause.PRINTER, "offline"))
        for again in await store.claim(number=5):
            await store.settle(again, Printed(Evidence.PRINTER))
    await asyncio.to_thread(restore, path.with_name("copy.db"), path, is_unused_since=is_unused_since)
    return jobs


async def test_what_was_in_line_or_in_question_waits_for_a_person_after_a_restore(path: Path):
    jobs = await backed_up(path)
    async with opened(path) as store:
        assert await put_to_people(store.database.writer) == Restored(set_aside=3, in_question=3)
        assert await put_to_people(store.database.writer) is None, "the mark is gone"
        found = {name: await store.jobs.read(job.id) for name, job in jobs.items()}
        assert {name: job.state for name, job in found.items() if job} == {
            "claimed": JobState.UNCERTAIN,
            "sent": JobState.UNCERTAIN,
            "doubted": JobState.UNCERTAIN,
            "done": JobState.PRINTED,
            "waiting": JobState.FAILED,
            "held": JobState.FAILED,
            "failed": JobState.FAILED,
        }
        assert {name for name, job in found.items() if job and job.reasons == (FROM_BACKUP,)} == {
            "waiting",
            "held",
            "failed",
        }
        assert {each.reason for each in await store.jobs.open_attempts()} <= FOR_A_PERSON, "no device is believed"
        assert await store.claim(number=9) == ()
        assert await _rows(store, "SELECT count(*) FROM event WHERE type = 'book.restored'") == [(1,)]
        await must_verify(store)


async def test_the_line_stays_where_nothing_was_printed_since_and_only_open_cards_are_doubted(path: Path):
    jobs = await backed_up(path, is_unused_since=True)
    async with opened(path) as store:
        assert await put_to_people(store.database.writer) == Restored(set_aside=0, in_question=3)
        (claimed,) = await store.claim(number=9)
        assert claimed.job.id == jobs["waiting"].id
        await must_verify(store)


@pytest.mark.parametrize("verdict", Verdict)
async def test_an_officer_says_of_a_card_set_aside_what_became_of_it_and_may_think_again(path: Path, verdict: Verdict):
    jobs = await backed_up(path)
    async with opened(path) as store:
        await put_to_people(store.database.writer)
        before = await store.blanks.balances()
        job = await judge(store, jobs["waiting"], verdict, attempt=1)
        assert isinstance(job, Job)
        expected = JobState.PRINTED if verdict is Verdict.PRINTED else JobState.QUEUED
        assert (job.state, job.attempts) == (expected, 2)
        after = await store.blanks.balances()
        assert after.issued - before.issued == (verdict is Verdict.PRINTED)
        assert after.spoiled - before.spoiled == (verdict is Verdict.SPOILED)
        assert (after.printer, after.is_balanced) == (before.printer, True)
        await must_verify(store)
        other = await judge(store, jobs["waiting"], Verdict.NOT_PRINTED)
        assert isinstance(other, Job)
        assert other.state is JobState.QUEUED
        await must_verify(store)


async def test_no_card_is_said_to_be_printed_on_a_blank_that_the_book_does_not_have(path: Path):
    async with opened(path) as store:
        job = await store.accepted()
        await asyncio.to_thread(backup, path, path.with_name("copy.db"))
    await asyncio.to_thread(restore, path.with_name("copy.db"), path)
    async with opened(path) as store:
        await put_to_people(store.database.writer)
        refused = await judge(store, job, Verdict.PRINTED)
        assert isinstance(refused, Refused)
        assert refused.code == "blanks-not-there"
        kept = await store.jobs.read(job.id)
        assert kept is not None
        assert kept.reasons == (FROM_BACKUP,)


async def test_a_failed_job_that_no_restore_set_aside_is_not_judged(path: Path):
    async with opened(path) as store:
        await store.receive(1)
        await store.accepted()
        (claimed,) = await store.claim()
        job = await store.settle(claimed, NothingPrinted(Cause.DOCUMENT, "bad"))
        refused = await judge(store, job, Verdict.PRINTED)
        assert isinstance(refused, Refused)
        assert refused.code == "job-not-uncertain"


async def test_a_station_prints_no_card_again_that_was_printed_after_its_backup(tmp_path: Path):
    """The whole station: back up with orders in line, print them, restore; then an officer looks for each card."""
    database, copy = tmp_path / "state" / "station.db", tmp_path / "copy.db"
    async with station(tmp_path, duty={"required": False}) as running:
        await running.call("POST", "/v1/queue/pause", {})
        jobs = [(await running.submit(number))[1]["id"] for number in (1, 2)]
        await running.receive(5)
        await asyncio.to_thread(backup, database, copy)
        await running.call("POST", "/v1/queue/resume", {})
        await running.until(lambda: running.cards() == 2)
    await asyncio.to_thread(restore, copy, database)
    async with station(tmp_path, duty={"required": False}) as running:
        assert (await running.call("POST", "/v1/queue/resume", {}))[0] < 300
        found = [(await running.call("GET", f"/v1/jobs/{job}"))[1] for job in jobs]
        assert [(job["state"], job["why"][0]["code"]) for job in found] == [("failed", FROM_BACKUP)] * 2
        status, judged, _ = await running.call("POST", f"/v1/jobs/{jobs[0]}/verdict", {"outcome": "printed"})
        assert (status, judged["state"]) == (200, "printed")
        assert (await running.submit(3))[0] == 201
        await running.until(lambda: running.cards() == 3)
        assert (await running.call("POST", f"/v1/jobs/{jobs[1]}/retry", {}))[0] == 200
        await running.until(lambda: running.cards() == 4)
