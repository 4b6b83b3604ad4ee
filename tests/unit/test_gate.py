"""The gate before the printers, and a spooler that stands behind it."""

from pathlib import Path

from stationd.adapters.sqlite.verify import verify
from stationd.domain.job import JobState
from stationd.services.gate import Gate
from tests.unit.officer_desk import NUMBER, OTHER, open_desk
from tests.unit.test_spool import Floor, open_floor


def test_a_gate_is_open_while_no_source_has_a_reason():
    gate, reasons = Gate(), set()
    assert gate.is_open
    gate.add(lambda: reasons)
    gate.add(lambda: ("disk",) if "disk-too" in reasons else ())
    reasons.update({"no-officer-on-duty", "disk-too"})
    assert not gate.is_open
    assert gate.reasons == ("disk", "disk-too", "no-officer-on-duty")


def test_followers_are_told_once_of_each_change_and_no_more_when_they_leave():
    gate, reasons, told = Gate(), set(), []

    def hear() -> None:
        told.append(gate.reasons)

    gate.add(lambda: reasons)
    gate.follow(hear)
    gate.look()
    reasons.add("disk")
    gate.look()
    gate.look()
    reasons.clear()
    gate.look()
    assert told == [("disk",), ()]
    gate.unfollow(hear)
    reasons.add("disk")
    gate.look()
    assert len(told) == 2


async def test_a_gate_that_shuts_between_claim_and_card_gives_the_job_back_untried(tmp_path: Path, monkeypatch):
    async with open_floor(tmp_path) as floor:
        await floor.store.receive(5)
        gate, is_shut = Gate(), []
        gate.add(lambda: is_shut)
        floor.printer(window=1)
        spooler = floor.spoolers[0]
        monkeypatch.setattr(spooler._wishes, "_gate", gate)
        monkeypatch.setattr(spooler._hand, "_gate", gate)
        turn = floor.store.jobs.turn

        async def turn_and_shut(asked):
            turned = await turn(asked)
            if turned.claimed and not is_shut:
                is_shut.append("no-officer-on-duty")
            return turned

        monkeypatch.setattr(floor.store.jobs, "turn", turn_and_shut)
        await floor.accept(1)
        await given_back(floor)
        assert floor.cards() == []
        (job,) = await floor.store.jobs.page(JobState.QUEUED, 0, 5)
        assert (job.tries, (await floor.store.blanks.balances()).safe) == (0, 5)
        monkeypatch.setattr(floor.store.jobs, "turn", turn)
        is_shut.clear()
        spooler._post.changed()
        await floor.until(lambda counts: counts[JobState.PRINTED] == 1)
        assert len(floor.cards()) == 1


async def test_the_card_behind_the_one_in_the_machine_comes_back_untried_when_the_gate_shuts(
    tmp_path: Path, monkeypatch
):
    async with open_floor(tmp_path) as floor:
        await floor.store.receive(5)
        gate, is_shut = Gate(), []
        gate.add(lambda: is_shut)
        floor.printer(window=2, seconds=600)
        spooler = floor.spoolers[0]
        monkeypatch.setattr(spooler._wishes, "_gate", gate)
        monkeypatch.setattr(spooler._hand, "_gate", gate)
        await floor.accept(3)
        await floor.until(lambda counts: counts[JobState.PRINTING] == 2)
        is_shut.append("no-officer-on-duty")
        await floor.until(lambda counts: counts[JobState.QUEUED] == 2)
        waiting = await floor.store.jobs.page(JobState.QUEUED, 0, 5)
        assert [job.tries for job in waiting] == [0, 0]
        assert (await floor.store.jobs.counts())[JobState.PRINTING] == 1  # the machine is at it, and finishes it
        assert (await floor.store.blanks.balances()).safe == 4
        assert spooler.last_fault is None
        is_shut.clear()
        spooler._post.changed()
        await floor.until(lambda counts: counts[JobState.PRINTING] == 2)


async def given_back(floor: Floor) -> None:
    """Wait until a job was claimed once and waits again."""
    await floor.until(lambda counts: counts[JobState.PRINTING] == 1 or counts[JobState.QUEUED] == 1)
    while True:
        waiting = await floor.store.jobs.page(JobState.QUEUED, 0, 5)
        if waiting and waiting[0].attempts == 1:
            return
        await floor.until(lambda counts: counts[JobState.PRINTED] == 0)


async def test_an_officers_row_that_was_altered_or_exchanged_is_found(tmp_path: Path):
    async with open_desk(tmp_path) as desk:
        await desk.appoint()
        await desk.appoint(OTHER)
        seal = desk.store._seal
        assert await desk.database.reader.run(lambda connection: verify(connection, seal)) == []
        exchange = f"UPDATE officer SET sealed = (SELECT sealed FROM officer WHERE number = '{OTHER}') WHERE number = ?"
        await desk.database._writing.run(lambda connection: connection.execute(exchange, (NUMBER,)).rowcount)
        findings = await desk.database.reader.run(lambda connection: verify(connection, seal))
        assert [finding.where for finding in findings] == ["officer row 1"]
