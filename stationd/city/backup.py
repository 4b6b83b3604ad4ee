"""Copies of the city's books: each whole and looked over under its name, or not there at all.

PostgreSQL's own tools make them (``pg_dump``, and ``pg_restore --list`` to look one over). What is of a person is
sealed in them as in the books; the key is not in them.
"""

import os
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from stationd.domain.errors import Faulted

_PREFIX: Final = "books-"
_SUFFIXES: Final = (".dump", ".db")
_NAMED: Final = "%Y%m%dT%H%M%SZ"


def back_up(database: str, folder: Path, *, keep: int, now_s: float) -> Path:
    """Copy the books into a folder and remove all but the last ``keep`` of those copies; the new one.

    ``database`` is as in the configuration. Raises ``Faulted`` (``backup-failed``).
    """
    kind, _, rest = database.partition(":")
    is_trial = kind == "sqlite"
    made = folder / f"{_PREFIX}{time.strftime(_NAMED, time.gmtime(now_s))}{_SUFFIXES[is_trial]}"
    partial = made.with_name(f".{made.name}.partial")
    try:
        partial.touch(mode=0o600)
        if is_trial:
            _copy(rest, partial)
        else:
            _tool("pg_dump", "--format=custom", "--no-password", f"--file={partial}", f"--dbname={database}")
            _tool("pg_restore", "--list", str(partial))
        _sync(partial)
        partial.replace(made)
        _sync(folder)
        for old in _copies(folder)[:-keep]:
            old.unlink()
    except OSError as error:
        raise Faulted(
            "backup-failed",
            f"cannot back up to {folder}: {error.strerror}",
            fix="look at books.backup_dir: is it there, may this user write there, is there room?",
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return made


def newest_backup(folder: Path) -> float | None:
    """Unix second at which the newest copy in a folder was made; ``None`` when there is none that can be seen."""
    try:
        found = _copies(folder)
        return found[-1].stat().st_mtime if found else None
    except OSError:
        return None


def _copies(folder: Path) -> list[Path]:
    """The copies, the oldest first: their names are their times."""
    found = [path for path in folder.iterdir() if path.name.startswith(_PREFIX) and path.suffix in _SUFFIXES]
    return sorted(found, key=lambda path: path.stem)


def _copy(source: str, partial: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(partial)) as copy,
        ):
            original.backup(copy)
            (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        raise _failed(type(error).__name__) from error
    if verdict != "ok":
        raise _failed("the copy is damaged")


def _tool(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools; what it complains of is the reason."""
    try:
        done = subprocess.run([name, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except FileNotFoundError:
        raise _failed(f"{name} is not installed", "apt install postgresql-client") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line]
        raise _failed(f"{name}: {said[0].removeprefix(f'{name}: ') if said else done.returncode}")


def _failed(why: str, fix: str = "look at books.database, and at the server that it names") -> Faulted:
    return Faulted("backup-failed", f"cannot back up the books: {why}", fix=fix)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
