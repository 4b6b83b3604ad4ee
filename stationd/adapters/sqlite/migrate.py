"""Schema versions are files: ``migrations/NNNN_name.sql``, applied in order, each in one transaction.

The version stands in ``PRAGMA user_version``. A database from a newer stationd is refused: an older one would not know
what it must not break.
"""

import sqlite3
from importlib.resources import files
from pathlib import Path

from stationd.domain.errors import Faulted


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
            connection.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        taken += 1
    return taken
