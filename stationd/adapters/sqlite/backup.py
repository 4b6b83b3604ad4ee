"""Backup and restore of the database file: a consistent copy made beside a running station, checked before it counts.

The personal data in the copy are sealed as in the original; without the station key it tells nobody anything. The key
is not part of a backup: keep a copy of it elsewhere.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from stationd.adapters.sqlite.connection import reading, translate
from stationd.adapters.sqlite.migrate import migrations
from stationd.adapters.sqlite.queries import load
from stationd.adapters.sqlite.restored import EVERYTHING, ONLY_IN_QUESTION, RESTORED
from stationd.adapters.station_lock import held
from stationd.domain.errors import Faulted, Refused

_Q = load("books")
_PAGES_AT_ONCE = 256
_SIDE_FILES = ("-wal", "-shm")
_PREFIX = "stationd-"


def backup(database: Path, destination: Path) -> None:
    """Copy ``database`` to ``destination``, which appears there whole and checked, or not at all.

    Raises :class:`Refused` (``backup-exists``) when the destination is there already, :class:`Faulted` for trouble of
    a disk or a damaged original.
    """
    if destination.exists():
        raise Refused("backup-exists", f"cannot back up to {destination}: it exists", fix="name a new file")
    if not database.exists():
        raise Refused("backup-nothing", f"cannot back up {database}: there is no such database yet")
    _copy(database, destination)


def backup_into(database: Path, folder: Path, *, keep: int | None = None) -> Path:
    """Copy ``database`` to a new file in ``folder``, then remove all but the last ``keep`` of those made so.

    Their names begin with the number of the last event, so that their order is right whatever the clock says. A book in
    which nothing happened since the last copy is not copied again. Raises as :func:`backup`.
    """
    name = f"{_PREFIX}{_last_event(database):012d}.db"
    made = folder / name
    if not made.exists():
        backup(database, made)
    if keep is not None:
        for old in sorted(folder.glob(f"{_PREFIX}*.db"))[:-keep]:
            old.unlink()
    return made


def _last_event(database: Path) -> int:
    if not database.exists():
        return 0
    try:
        with reading(database) as connection:
            (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
    except sqlite3.Error as error:
        raise translate(error, database) from error
    return int(seq)


def restore(source: Path, database: Path, *, is_unused_since: bool = False) -> Path | None:
    """Put the backup ``source`` in the place of ``database``; where the old database is kept, if there was one.

    The next start puts every job that was not at its end then to a person (:mod:`.restored`); ``is_unused_since`` says
    that nothing was printed since, so that the line stays as it was. The station must be stopped: ``Faulted`` or
    ``Refused`` (``station-running``) when its database is in use. Raises :class:`Refused` (``backup-unusable``) for a
    source that is damaged, foreign or newer than this program, with nothing changed.
    """
    if not source.exists():
        raise Refused("backup-unusable", f"cannot restore {source}: there is no such file")
    with held(database.parent):
        _check(source)
        if database.exists():
            _refuse_if_running(database)
        fresh = database.with_name(f"{database.name}.restoring")
        for suffix in ("", *_SIDE_FILES):
            Path(f"{fresh}{suffix}").unlink(missing_ok=True)
        _copy(source, fresh)
        _mark(fresh, is_unused_since=is_unused_since)
        kept = _set_aside(database)
        if os.geteuid() == 0:  # the station's user must be able to use it, whoever restored it
            owner = database.parent.stat()
            os.chown(fresh, owner.st_uid, owner.st_gid)
        fresh.replace(database)
        _sync(database.parent)
    return kept


def _mark(fresh: Path, *, is_unused_since: bool) -> None:
    """Have the next start put to people what may have happened after the backup."""
    value = ONLY_IN_QUESTION if is_unused_since else EVERYTHING
    try:
        _closing(fresh, lambda book: book.execute(_Q["write_meta"], (RESTORED, value)).close())
        _sync(fresh)
    except sqlite3.Error as error:
        raise translate(error, fresh) from error


def _set_aside(database: Path) -> Path | None:
    if not database.exists():
        return None
    kept = next(
        name
        for number in range(1, 10_000)
        if not (name := database.with_name(f"{database.name}.replaced-{number}")).exists()
    )
    for suffix in (*_SIDE_FILES, ""):
        old = Path(f"{database}{suffix}")
        if old.exists():
            old.replace(f"{kept}{suffix}")
    return kept


def _copy(source: Path, destination: Path) -> None:
    partial = destination.with_name(f"{destination.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        _closing(source, lambda original: _closing(partial, lambda copy: original.backup(copy, pages=_PAGES_AT_ONCE)))
        _check(partial)
        partial.chmod(0o600)
        _sync(partial)
        partial.replace(destination)
        _sync(destination.parent)
    except sqlite3.Error as error:
        partial.unlink(missing_ok=True)
        raise translate(error, source) from error
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise Faulted("backup-failed", f"cannot write {destination}: {error.strerror}") from error
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _closing(path: Path, use: Callable[[sqlite3.Connection], None]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        use(connection)
    finally:
        connection.close()


def _check(path: Path) -> None:
    try:
        with reading(path) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise Refused("backup-unusable", f"cannot use {path}: it is damaged or no database ({error})") from error
    newest = max(migrations())
    if verdict != "ok":
        raise Refused("backup-unusable", f"cannot use {path}: it is damaged ({verdict})")
    if not 0 < version <= newest:
        raise Refused(
            "backup-unusable",
            f"cannot use {path}: its schema version is {version}, this stationd knows versions 1 to {newest}",
        )


def _refuse_if_running(database: Path) -> None:
    """A running station keeps its log open; nobody else can take the database for itself then."""
    try:
        connection = sqlite3.connect(database, isolation_level=None, timeout=0)
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise Refused(
            "station-running",
            f"cannot restore over {database}: the station is using it",
            fix="stop it first: systemctl stop stationd",
        ) from error
    except sqlite3.DatabaseError:
        return  # damaged: just what a restore is for


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
