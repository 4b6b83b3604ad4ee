"""Races about one card in the store: each is told twice in one transaction, and the books take it once."""

import asyncio
from pathlib import Path

import pytest

from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.restored import EVERYTHING, RESTORED, put_to_people
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemClock
from stationd.domain.ids import attempt_id
from stationd.domain.job import Evidence, JobState
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Spoiled, Unknown
from stationd.ports.jobs import Settling, Turn
from stationd.ports.printers import Opened
from stationd.services.recover import show_orphans
from tests.unit.test_store import Store

NOTHING = NothingPrinted(Cause.PRINTER, "offline")


@pytest.fixture
async def store(tmp_path: Path):
    database = await Database.open(tmp_path / "station.db", SystemClock())
    yield Store(database)
    await database.aclose()


@pytest.mark.parametrize("first", [NOTHING, Printed(Evidence.PRINTER), Spoiled("torn"), Unknown("silent")])
@pytest.mark.parametrize("second", [NOTHING, Printed(Evidence.PRINTER), Spoiled("torn"), Unknown("silent")])
@pytest.mark.parametrize("was_uncertain", [True, False])
async def test_an_outcome_told_twice_in_one_transaction_moves_one_blank(store: Store, first, second, was_uncertain):
    """A lane and the reconciliation after a silence may both have it while the disk is slow."""
    await store.receive(5)
    for _ in range(3):
        await store.accepted()
    mine, *others = await store.claim(number=3)
    if was_uncertain:
        await store.settle(mine, Unknown("silent"))
    groups = store.database.writer.groups
    await asyncio.gather(
        *(store.jobs.turn(Turn(settling=Settling(attempt=mine.attempt, outcome=each))) for each in (first, second))
    )
    assert store.database.writer.groups == groups + 1
    job = await store.jobs.read(mine.job.id)
    assert job is not None
    decisive = second if isinstance(first, Unknown) else first
    expected = {Printed: JobState.PRINTED, Unknown: JobState.UNCERTAIN}.get(type(decisive), JobState.QUEUED)
    assert job.state is expected
    balances = await store.blanks.balances()
    in_question = len(others) + (expected is JobState.UNCERTAIN)
    assert (balances.printer, balances.issued, balances.spoiled) == (
        in_question,
        int(expected is JobState.PRINTED),
        int(isinstance(decisive, Spoiled)),
    )
    assert await store.database.reader.run(lambda connection: list(verify(connection, None))) == []


async def test_only_settled_attempts_are_strays_and_unknown_ones_once_a_book_was_restored(store: Store):
    await store.receive(3)
    for _ in range(2):
        await store.accepted()
    settled, still_open = await store.claim(number=2)
    await store.settle(settled, NOTHING)
    await store.settle(still_open, Unknown("silent"))
    lost = attempt_id(1_700_000_000_000, 77, 1, 5)
    test_card = attempt_id(1_700_000_000_000, 0, 0, 5)
    held = [settled.attempt.id, still_open.attempt.id, lost, test_card, "not ours"]
    assert [each.id for each in await store.jobs.strays("p1", held)] == [settled.attempt.id]
    await store.database.remember(RESTORED, EVERYTHING)
    await put_to_people(store.database.writer)
    found = await store.jobs.strays("p1", held)
    assert [(each.id, each.printer) for each in found] == [(settled.attempt.id, "p1"), (lost, "p1")]


async def test_a_card_at_a_printer_that_is_not_configured_any_more_is_a_persons_once_it_may_have_left(store: Store):
    await store.receive(3)
    for _ in range(3):
        await store.accepted()
    unsent, sent, at_another = await store.claim(number=3)
    await store.jobs.opened(sent.attempt, Opened(remote_id="7"))
    at_p2 = await store.database.writer.once(
        lambda transaction: transaction.run("UPDATE attempt SET printer = 'p2' WHERE id = ?", (at_another.attempt.id,))
    )
    assert (at_p2, await show_orphans(store.jobs, {"p2"})) == (1, 2)
    states = [await store.jobs.read(each.job.id) for each in (unsent, sent, at_another)]
    assert [job.state for job in states if job] == [JobState.QUEUED, JobState.UNCERTAIN, JobState.PRINTING]
    assert await show_orphans(store.jobs, {"p2"}) == 0


async def test_a_document_does_not_leave_for_an_attempt_that_was_settled_while_the_device_opened_it(store: Store):
    await store.receive(1)
    await store.accepted()
    (claimed,) = await store.claim()
    await store.settle(claimed, NOTHING)
    with pytest.raises(RuntimeError):
        await store.jobs.opened(claimed.attempt, Opened(remote_id="7"))
