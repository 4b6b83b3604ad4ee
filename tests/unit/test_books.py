"""Verifying, backing up and restoring the books."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.backup import backup, backup_into, restore
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemClock
from stationd.domain.errors import Refused
from stationd.domain.job import Evidence
from stationd.domain.outcome import Printed, Spoiled, Unknown
from tests.unit.test_store import KEY, Store


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A day's books: received, printed, spoiled and printed, uncertain, waiting."""
    path = tmp_path / "station.db"
    asyncio.run(a_day(path))
    return path


async def a_day(path: Path) -> None:
    database = await Database.open(path, SystemClock())
    store = Store(database)
    await store.receive(20)
    for _ in range(6):
        await store.accepted()
    printed, spoiled, unknown = await store.claim(number=3)
    await store.settle(printed, Printed(Evidence.PRINTER))
    await store.settle(spoiled, Spoiled("curled"))
    await store.settle(unknown, Unknown("the printer went away"))
    await database.aclose()


def findings(path: Path) -> list[str]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return [str(finding) for finding in verify(connection, StationSeal(KEY))]
    finally:
        connection.close()


def edit(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        connection.execute("DROP TRIGGER IF EXISTS blank_entry_unedited")  # who can edit the file can do that too
        assert connection.execute(sql).rowcount == 1
    connection.close()


def test_books_that_nobody_touched_are_in_order(books: Path):
    assert findings(books) == []


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("UPDATE event SET data = replace(data, 'queued', 'Queued') WHERE seq = 3", "event row 3:"),
        ("UPDATE event SET at = at + 1 WHERE seq = 4", "event row 4:"),
        ("DELETE FROM event WHERE seq = 2", "event row 2:"),
        ("UPDATE blank_entry SET quantity = 21 WHERE seq = 1", "blank_entry row 1:"),
        ("UPDATE blank_entry SET note = 'x' WHERE seq = 2", "blank_entry row 2:"),
        ("UPDATE blank_account SET balance = balance + 1 WHERE name = 'safe'", "blank account safe:"),
        ("UPDATE tally SET value = 9 WHERE name = 'job_state' AND label = 'printed'", "tally job_state printed:"),
        ("UPDATE job SET state = 'failed', ended = '' WHERE state = 'printed'", "job row 1:"),
        ("UPDATE job SET ended = '' WHERE state = 'printed'", "job row 1:"),
        ("UPDATE holder SET sealed = x'00' WHERE job = 2", "holder row 2:"),
        ("UPDATE document SET sealed = (SELECT sealed FROM document WHERE job = 1) WHERE job = 3", "document row 3:"),
    ],
)
def test_an_edited_row_is_named(books: Path, sql: str, where: str):
    edit(books, sql)
    found = findings(books)
    assert any(line.startswith(where) for line in found), found


def test_a_backup_made_beside_a_writing_station_is_whole(books: Path, tmp_path: Path):
    copy = tmp_path / "copy.db"
    asyncio.run(back_up_while_writing(books, copy))
    assert findings(copy) == []
    assert copy.stat().st_mode & 0o077 == 0


async def back_up_while_writing(books: Path, copy: Path) -> None:
    database = await Database.open(books, SystemClock())
    store = Store(database)
    try:
        copying = asyncio.create_task(asyncio.to_thread(backup, books, copy))
        while not copying.done():
            await store.receive(1)
        await copying
    finally:
        await database.aclose()


def test_a_backup_never_overwrites(books: Path, tmp_path: Path):
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(Refused) as refused:
        backup(books, tmp_path / "copy.db")
    assert refused.value.code == "backup-exists"
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_a_restored_backup_is_what_was_backed_up_and_the_old_files_are_kept(books: Path, tmp_path: Path):
    copy = tmp_path / "copy.db"
    backup(books, copy)
    books.write_bytes(b"damaged beyond recognition" * 1000)
    kept = restore(copy, books)
    assert findings(books) == []
    assert kept is not None
    assert kept.read_bytes().startswith(b"damaged")


def test_a_restore_over_a_running_station_is_refused(books: Path, tmp_path: Path):
    copy = tmp_path / "copy.db"
    backup(books, copy)
    with pytest.raises(Refused) as refused:
        asyncio.run(restore_while_running(copy, books))
    assert refused.value.code == "station-running"
    assert findings(books) == []


async def restore_while_running(copy: Path, books: Path) -> None:
    database = await Database.open(books, SystemClock())
    try:
        await Store(database).receive(1)
        await asyncio.to_thread(restore, copy, books)
    finally:
        await database.aclose()


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 500])
def test_what_is_no_backup_is_refused_with_nothing_changed(books: Path, tmp_path: Path, content: bytes):
    before = books.read_bytes()
    source = tmp_path / "nonsense.db"
    source.write_bytes(content)
    with pytest.raises(Refused) as refused:
        restore(source, books)
    assert refused.value.code == "backup-unusable"
    assert books.read_bytes() == before


def test_a_folder_keeps_the_last_copies_in_the_order_of_events(books: Path, tmp_path: Path):
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    made = []
    for _ in range(4):
        made.append(backup_into(books, folder, keep=2))
        asyncio.run(another_card(books))
    assert sorted(folder.glob("*.db")) == made[-2:]
    assert (folder / "notes.txt").exists(), "only copies of ours are removed"
    assert findings(made[-1]) == []


def test_books_in_which_nothing_happened_are_not_copied_again(books: Path, tmp_path: Path):
    first = backup_into(books, tmp_path)
    before = first.stat().st_mtime_ns
    assert backup_into(books, tmp_path) == first
    assert first.stat().st_mtime_ns == before


async def another_card(path: Path) -> None:
    database = await Database.open(path, SystemClock())
    await Store(database).receive(1)
    await database.aclose()
