"""How far the last document of a printer came: one small file a printer, on the disk before the device is touched.

The device cannot be asked what it printed, so this file is all that a restarted station knows:

* ``opened``: the device was taken, no byte has left;
* ``begun``: written before the first byte leaves; from here on nobody can tell until
* ``given``: the device has taken every byte, and said that it is well.

The file also says to which run of the device (its address on the bus) the document went: a piece of it may still be in
the device's memory as long as that has not been plugged in again.
"""

import json
import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Stage(StrEnum):
    """How far a document came."""

    OPENED = "opened"
    BEGUN = "begun"
    GIVEN = "given"


@dataclass(frozen=True, slots=True)
class Progress:
    """The attempt that was last at the printer, and the address of the device that had it."""

    attempt: str
    stage: Stage
    address: str


class ProgressFile:
    """The file of one printer. Every call blocks for the disk; use a thread."""

    def __init__(self, folder: Path, printer: str) -> None:
        self._folder = folder
        self._path = folder / f"{printer}.json"

    def read(self) -> Progress | None:
        """What it says; ``None`` when there is none, or it cannot be understood. Raises ``OSError`` for the disk."""
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            return Progress(attempt=str(told["attempt"]), stage=Stage(told["stage"]), address=str(told["address"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, progress: Progress) -> None:
        """Bring it to the disk, whole or not at all. Raises ``OSError``."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(progress), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
