"""Schema versions: what an older program may still use, it says so itself; everything else newer is refused."""

import sqlite3

import pytest

from stationd.adapters.sqlite import migrate as module
from stationd.adapters.sqlite.migrate import migrate, migrations, oldest_for
from stationd.domain.errors import Faulted

NEWEST = max(migrations())


@pytest.fixture
def file(tmp_path):
    return tmp_path / "station.db"


@pytest.fixture
def connection(file):
    opened = sqlite3.connect(file, isolation_level=None)
    yield opened
    opened.close()


def with_more(monkeypatch, *added: str):
    """A later stationd, with further migrations."""
    steps = {**migrations(), **{NEWEST + at: sql for at, sql in enumerate(added, start=1)}}
    monkeypatch.setattr(module, "migrations", lambda: steps)


def test_each_migration_is_taken_once(connection, file):
    assert migrate(connection, file) == len(migrations())
    assert migrate(connection, file) == 0


def test_a_migration_that_only_adds_leaves_the_way_back_open(connection, file, monkeypatch):
    with monkeypatch.context() as later:
        with_more(later, f"-- works with: {NEWEST}\nCREATE TABLE more (x INTEGER) STRICT;")
        migrate(connection, file)
    assert migrate(connection, file) == 0, "the version before uses it as it is"
    assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST + 1,)


@pytest.mark.parametrize(
    "added",
    [
        ("CREATE TABLE more (x INTEGER) STRICT;",),
        ("CREATE TABLE more (x INTEGER) STRICT;", f"-- works with: {NEWEST}\nCREATE TABLE most (x INTEGER) STRICT;"),
        (f"-- works with: {NEWEST + 1}\nCREATE TABLE more (x INTEGER) STRICT;",),
    ],
    ids=["says nothing", "one of two says nothing", "needs the next"],
)
def test_any_other_newer_database_is_refused_and_left_as_it_is(connection, file, monkeypatch, added):
    with monkeypatch.context() as later:
        with_more(later, *added)
        migrate(connection, file)
    with pytest.raises(Faulted) as refused:
        migrate(connection, file)
    assert refused.value.code == "storage-too-new"
    assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST + len(added),)


def test_only_a_line_of_its_own_counts():
    assert oldest_for(9, "-- works with: 7\nCREATE TABLE x (y);") == 7
    assert oldest_for(9, "-- this works with: 7 or so\nCREATE TABLE x (y);") == 9


def test_a_migration_that_fails_leaves_the_version_before(connection, file, monkeypatch):
    migrate(connection, file)
    with_more(monkeypatch, "CREATE TABLE half (x INTEGER) STRICT; CREATE TABLE half (x INTEGER) STRICT;")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, file)
    assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST,)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone() == (0,)


def test_jobs_of_the_time_before_have_ended_as_their_state_says(connection):
    steps = migrations()
    (ended,) = (number for number, sql in steps.items() if "ADD COLUMN ended" in sql)
    for number in sorted(steps):
        if number < ended:
            connection.executescript(steps[number])
    for seq, state, identity, replaced_by in (
        (1, "printed", "a", None),
        (2, "printed", "a", 1),
        (3, "queued", "a", None),
        (4, "cancelled", "b", None),
        (5, "cancelled", "b", None),
    ):
        connection.execute(
            "INSERT INTO job (seq, id, receipt, order_ref, kind, profile, state, rank, created_at, updated_at, "
            "identity, replaced_by) VALUES (?1, ?1, ?1, ?1, 'lost', 'ktp-el', ?2, ?1, 1, 1, CAST(?3 AS BLOB), ?4)",
            (seq, state, identity, replaced_by),
        )
    connection.executescript(steps[ended])
    assert connection.execute("SELECT seq, ended FROM job ORDER BY seq").fetchall() == [
        (1, "printed"),
        (2, "printed"),
        (3, ""),
        (4, "cancelled"),
        (5, "cancelled"),
    ]
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute("UPDATE job SET state = 'failed' WHERE seq = 1")
