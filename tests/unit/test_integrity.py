"""The books are read through in the background: whole ones pass, and each kind of damage is found and told once."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from stationd.adapters.sqlite import integrity
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.integrity import SqliteExamination
from stationd.adapters.system import SystemClock
from stationd.domain.errors import Faulted
from stationd.services.integrity import Integrity
from tests.unit.test_store import Store

JOBS = 30


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(integrity, "ROWS_AT_ONCE", 7)
    database = await Database.open(tmp_path / "station.db", SystemClock())
    store = Store(database)
    for _ in range(JOBS):
        await store.accepted()
    yield database
    await database.aclose()


async def a_pass(database: Database) -> set[str]:
    """Two passes' worth of steps; what was found."""
    examination = SqliteExamination(database)
    keeper = Integrity(examination, database.writer.condemn)
    for _ in range(2 * (40 + JOBS)):
        await keeper.step()
    await examination.aclose()
    return keeper.found


async def test_whole_books_pass_in_small_steps_and_while_they_are_written(database: Database):
    store = Store(database)
    examination = SqliteExamination(database)
    for _ in range(100):
        assert await examination.step() == []
        await store.jobs.accept(store.acceptance())
    await examination.aclose()
    assert database.writer.trouble is None


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE event SET data = replace(data, 'queued', 'Queued') WHERE seq = 20", "event row 20 was edited"),
        ("DELETE FROM event WHERE seq = 11", "event row 11 is missing"),
        (
            "UPDATE sqlite_schema SET rootpage = (SELECT max(rootpage) FROM sqlite_schema) WHERE name = 'job_line'",
            "table",
        ),
    ],
)
async def test_damage_is_found_told_and_stays_the_trouble(database: Database, sql: str, told: str):
    other = sqlite3.connect(database.path)
    other.execute("PRAGMA writable_schema=ON")
    with other:
        other.execute(sql)
    other.close()
    found = await a_pass(database)
    assert any(line.startswith(told) for line in found), found
    assert database.writer.trouble == "storage-corrupt"
    await database.writer.once(lambda transaction: transaction.event("job.noted", "x", {}))
    assert database.writer.trouble == "storage-corrupt"


async def test_a_disk_that_cannot_be_read_is_told_and_books_that_cannot_are_damaged(caplog: pytest.LogCaptureFixture):
    class Failing:
        def __init__(self) -> None:
            self.codes = ["storage-failed", "storage-corrupt", "storage-corrupt"]

        async def step(self) -> Sequence[str]:
            raise Faulted(self.codes.pop(0), "cannot read")

        async def aclose(self) -> None: ...

    condemned: list[None] = []
    keeper = Integrity(Failing(), lambda: condemned.append(None))
    await keeper.step()
    assert not condemned
    await keeper.step()
    await keeper.step()
    assert condemned
    assert sum("the books are damaged" in line for line in caplog.messages) == 1
