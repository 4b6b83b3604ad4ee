"""Schema versions are files: ``migrations/NNNN_name.sql``, applied in order, each in one transaction.

The version stands in ``PRAGMA user_version``. A database from a newer stationd is refused: an older one would not know
what it must not break. A migration that only adds what an older one may ignore can say so in a line of its own,
``-- works with: N``: then a stationd that knows version N or later still takes the database, and an upgrade can be
undone without losing what happened since.
"""

import re
import sqlite3
from importlib.resources import files
from pathlib import Path

from stationd.domain.errors import Faulted

_WORKS_WITH = re.compile(r"^-- works with: (\d+)$", re.MULTILINE)


_FLOOR = """
INSERT INTO meta (key, value) VALUES ('works_with', CAST('{floor}' AS BLOB))
ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE CAST(excluded.value AS INTEGER) > CAST(value AS INTEGER);
"""


def migrations() -> dict[int, str]:
    """Version → SQL, in order."""
    folder = files("stationd.adapters.sqlite") / "migrations"
    found = {
        int(item.name[:4]): item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name[:4].isdigit()
    }
    return dict(sorted(found.items()))


def migrate(connection: sqlite3.Connection, path: Path) -> int:
    """Bring the database up to the newest version and return how many steps that took.

    Raises :class:`Faulted` (``storage-too-new``) for a database that a newer stationd has written.
    """
    steps = migrations()
    newest = max(steps)
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > newest:
        if newest >= _works_with(connection, version):
            return 0
        raise Faulted(
            "storage-too-new",
            f"cannot use {path}: it has schema version {version}, this stationd knows versions up to {newest}",
            fix="install the stationd that wrote it, or restore a backup made before the upgrade",
        )
    taken = 0
    for number, sql in steps.items():
        if number <= version:
            continue
        try:
            floor = oldest_for(number, sql)
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{sql}\n{_FLOOR.format(floor=floor)}\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        taken += 1
    return taken


def oldest_for(number: int, sql: str) -> int:
    """The oldest version that still works with a migration: its own, unless it says so itself."""
    said = _WORKS_WITH.search(sql)
    return int(said[1]) if said is not None else number


def _works_with(connection: sqlite3.Connection, version: int) -> int:
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = 'works_with'").fetchone()
    except sqlite3.OperationalError:  # a future in which there is no such table
        return version
    return version if row is None else int(row[0])
