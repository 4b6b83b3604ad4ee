"""What officers do to jobs, printers and the queue, over the real store and simulated printers."""

import asyncio
from pathlib import Path

import pytest

from stationd.domain.breaker import TOO_MANY_SPOILED
from stationd.domain.errors import Refused
from stationd.domain.job import Evidence, JobKind, JobState
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Spoiled
from stationd.ports.jobs import Claiming, Settling, Turn
from stationd.services import patience
from tests.unit.printing_house import OFFICER, House


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "ASK_EVERY_S", 0.02)
    async with House(tmp_path) as opened:
        yield opened


# ------------------------------------------------------------------------------------------------------------- breaker


async def test_a_printer_that_spoils_blank_after_blank_is_stopped_before_it_eats_the_stock(tmp_path: Path):
    async with House(tmp_path) as house:
        await house.store.receive(50)
        await house.printer(faults={"spoil": 1}, window=1)
        await house.accept()
        async with asyncio.timeout(60):
            while not await house.events("printer.stopped"):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert (await house.store.blanks.balances()).spoiled == 3
        view = house.printers.one("kartu-1")
        assert (view.state, TOO_MANY_SPOILED in view.reasons) == ("stopped", True)
    async with House(tmp_path) as house:  # and it stays stopped over a restart, until somebody has looked
        await house.printer()
        await asyncio.sleep(0.1)
        assert (await house.store.jobs.counts())[JobState.QUEUED] == 1
        await house.printers.resume("kartu-1", actor=OFFICER)
        await house.until(JobState.PRINTED, 1)
        assert (await house.marks.marks())["kartu-1"].stopped_by is None


async def test_the_breaker_trips_in_the_transaction_of_the_last_spoil(house: House):
    await house.store.receive(9)
    for _ in range(4):
        await house.accept()
    outcomes = [Spoiled("a"), NothingPrinted(Cause.PRINTER, "x"), Spoiled("b"), Spoiled("c")]
    wish = Claiming(printer="p1", profiles=("ktp-el",))
    turned = await house.store.jobs.turn(Turn(claiming=wish))
    for outcome in outcomes:
        settling = Settling(attempt=turned.claimed[0].attempt, outcome=outcome)
        turned = await house.store.jobs.turn(Turn(settling=settling, claiming=wish))
    assert (turned.claimed, turned.stopped_by) == ((), TOO_MANY_SPOILED)
    other = await house.store.jobs.turn(Turn(claiming=Claiming(printer="p2", profiles=("ktp-el",))))
    assert (len(other.claimed), other.stopped_by) == (1, None)


async def test_a_printed_card_in_between_keeps_the_breaker_closed(house: House):
    await house.store.receive(20)
    for _ in range(8):
        await house.accept()
    for outcome in [Spoiled("a"), Spoiled("b"), Printed(Evidence.PRINTER), Spoiled("c"), Spoiled("d")]:
        (claimed,) = await house.store.claim("p1")
        await house.store.settle(claimed, outcome)
    assert await house.store.claim("p1")


# ----------------------------------------------------------------------------------------------------- hold and cancel


async def test_a_held_job_waits_for_its_release_and_then_has_its_place_again(house: House):
    first, second = await house.accept(), await house.accept()
    view = await house.jobs.hold(first.id, "the photo is being checked", actor=OFFICER)
    assert (view.job.state, view.job.reasons, view.position) == (JobState.DEFERRED, ("held",), None)
    assert [(why.code, why.words.en) for why in view.why] == [
        ("held", "An officer holds it: the photo is being checked")
    ]
    assert (await house.jobs.read(second.id)).position == 0
    view = await house.jobs.release(first.id, "it is right", actor=OFFICER)
    assert (view.job.state, view.position) == (JobState.QUEUED, 0)
    assert [each.note for each in await house.store.jobs.decisions(first.id)] == [
        "it is right",
        "the photo is being checked",
    ]
    assert "photo" not in "".join(await house.events("job.deferred"))


async def test_only_what_is_held_can_be_released_and_only_what_waits_held(house: House):
    job = await house.accept()
    with pytest.raises(Refused) as refused:
        await house.jobs.release(job.id, "why not", actor=OFFICER)
    assert refused.value.code == "job-not-held"
    await house.store.receive(1)
    await house.store.claim()
    with pytest.raises(Refused) as refused:
        await house.jobs.hold(job.id, "too late", actor=OFFICER)
    assert refused.value.code == "job-state"


async def test_a_card_that_waits_in_the_machine_can_be_cancelled_and_one_being_made_cannot(house: House):
    await house.store.receive(5)
    await house.printer(seconds=2.5, window=2)
    making, waiting = await house.accept(), await house.accept()
    await house.until(JobState.PRINTING, 2)
    await asyncio.sleep(0.05)
    view = await house.jobs.cancel(waiting.id, actor=OFFICER)
    assert view.job.state is JobState.CANCELLED
    with pytest.raises(Refused) as refused:
        await house.jobs.cancel(making.id, actor=OFFICER)
    assert (refused.value.code, refused.value.see) == ("card-under-way", making.id)
    await house.until(JobState.PRINTED, 1)
    balances = await house.store.blanks.balances()
    assert (house.cards(), balances.issued, balances.safe, balances.printer) == (1, 1, 4, 0)


async def test_no_other_printer_takes_a_job_between_its_withdrawal_and_its_cancelling(house: House):
    await house.store.receive(5)
    job = await house.accept()
    (claimed,) = await house.store.claim()
    settling = Settling(
        attempt=claimed.attempt, outcome=NothingPrinted(Cause.WITHDRAWN, "cancelled"), cancelled_by="petugas"
    )
    wish = Claiming(printer="p2", profiles=("ktp-el",))
    turned = await house.store.jobs.turn(Turn(settling=settling, claiming=wish))
    assert turned.settled is not None
    assert (turned.settled.id, turned.settled.state, turned.claimed) == (job.id, JobState.CANCELLED, ())
    assert (await house.store.jobs.read(job.id)).state is JobState.CANCELLED
    assert (await house.store.jobs.counts())[JobState.QUEUED] == 0


async def test_a_card_that_came_out_is_not_cancelled_after_all(house: House):
    await house.store.receive(5)
    await house.accept()
    (claimed,) = await house.store.claim()
    settling = Settling(attempt=claimed.attempt, outcome=Printed(Evidence.PRINTER), cancelled_by="petugas")
    turned = await house.store.jobs.turn(Turn(settling=settling))
    assert turned.settled is not None
    assert turned.settled.state is JobState.PRINTED


# ------------------------------------------------------------------------------------------------------ pause and drain


async def test_a_paused_queue_begins_no_card_over_restarts_until_it_is_resumed(tmp_path: Path):
    async with House(tmp_path) as house:
        await house.store.receive(5)
        await house.accept()
        assert (await house.queue.pause(None, actor=OFFICER)).is_paused
    async with House(tmp_path) as house:
        await house.printer()
        await asyncio.sleep(0.1)
        (job,) = await house.store.jobs.page(JobState.QUEUED, 0, 9)
        view = await house.jobs.read(job.id)
        assert (view.why[0].code, view.expected_s) == ("queue-paused", None)
        await house.queue.resume(None, actor=OFFICER)
        await house.until(JobState.PRINTED, 1)


async def test_a_paused_class_lets_the_others_pass(house: House):
    await house.store.receive(5)
    await house.queue.pause(JobKind.LOST, actor=OFFICER)
    lost = await house.accept(JobKind.LOST)
    await house.accept(JobKind.FIRST)
    await house.accept(JobKind.DAMAGED)
    await house.printer()
    await house.until(JobState.PRINTED, 2)
    await asyncio.sleep(0.05)
    view = await house.jobs.read(lost.id)
    assert (view.job.state, view.why[0].code) == (JobState.QUEUED, "class-paused")
    assert house.queue.view().paused_kinds == (JobKind.LOST,)
    await house.queue.resume(JobKind.LOST, actor=OFFICER)
    await house.until(JobState.PRINTED, 3)
    assert len(await house.events("queue.paused")) == 1


async def test_a_drained_printer_finishes_what_it_has_and_is_kept_for_maintenance(tmp_path: Path):
    async with House(tmp_path) as house:
        await house.store.receive(9)
        await house.printer(seconds=1.0, window=2)
        for _ in range(6):
            await house.accept()
        await house.until(JobState.PRINTING, 2)
        view = await house.printers.drain("kartu-1", actor=OFFICER)
        assert {"draining", "maintenance"} <= set(view.reasons)
        await house.until(JobState.PRINTED, 2)
        await asyncio.sleep(0.15)
        assert house.printers.one("kartu-1").reasons == ("maintenance",)
        assert (await house.store.jobs.counts())[JobState.QUEUED] == 4
    async with House(tmp_path) as house:
        await house.printer()
        assert "maintenance" in house.printers.one("kartu-1").reasons
        await house.printers.resume("kartu-1", actor=OFFICER)
        await house.until(JobState.PRINTED, 6)


# ----------------------------------------------------------------------------------------------------------- test card


async def test_a_test_card_is_nobodys_and_its_blank_is_booked_as_spoiled(house: House):
    await house.store.receive(3)
    spooler = await house.printer()
    await house.printers.drain("kartu-1", actor=OFFICER)
    async with asyncio.timeout(60):
        while spooler.status.stopped_by:
            await asyncio.sleep(0.01)
        await house.printers.test_card("kartu-1", actor=OFFICER)
        while not await house.events("printer.test_ended"):
            await asyncio.sleep(0.01)
    balances = await house.store.blanks.balances()
    assert (house.cards(), balances.spoiled, balances.issued, balances.safe) == (1, 1, 0, 2)
    assert '"outcome":"printed"' in (await house.events("printer.test_ended"))[0]
    assert set((await house.store.jobs.counts()).values()) == {0}
    assert balances.is_balanced


async def test_a_test_card_that_was_never_made_gives_its_blank_back(house: House):
    await house.store.receive(3)
    attempt = await house.marks.begin_test("kartu-1", OFFICER)
    assert not isinstance(attempt, Refused)
    await house.marks.end_test(attempt, NothingPrinted(Cause.PRINTER, "media-empty"))
    balances = await house.store.blanks.balances()
    assert (balances.spoiled, balances.safe) == (0, 3)


async def test_a_test_card_needs_a_blank_and_a_printer_that_answers(house: House):
    spooler = await house.printer()
    async with asyncio.timeout(60):
        while spooler.status.stopped_by:
            await asyncio.sleep(0.01)
    with pytest.raises(Refused) as refused:
        await house.printers.test_card("kartu-1", actor=OFFICER)
    assert refused.value.code == "blanks-not-there"
    spooler.printer.unplug()
    async with asyncio.timeout(60):
        while not spooler.status.stopped_by:
            await asyncio.sleep(0.01)
    with pytest.raises(Refused) as refused:
        await house.printers.test_card("kartu-1", actor=OFFICER)
    assert refused.value.code == "printer-not-ready"
