"""What a genuine printing system really printed: a shell step that writes it down, and the reading of it."""

import hashlib
import shlex
import time
from dataclasses import dataclass
from pathlib import Path

LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedCard:
    """One run of the print step: the device's job id, the job's name, and the bytes it was given."""

    job_id: str
    name: str
    size: int
    sha256: str

    def is_of(self, data: bytes) -> bool:
        """Whether these were the bytes."""
        return self.size == len(data) and self.sha256 == hashlib.sha256(data).hexdigest()


class CardLog:
    """A folder with the behaviour of the print step (``behaviour.sh``) and what it did (``cards.log``).

    The behaviour is sourced for every card between the lines *begun* and *printed*; ``exit 1`` in it fails the card,
    ``echo "STATE: +media-empty" >&2`` sets a printer reason.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "cards.log"
        self._behaviour = folder / "behaviour.sh"
        folder.mkdir(parents=True, exist_ok=True)
        self._log.touch()
        self._behaviour.touch()

    def write_step(self, path: Path, *, job_id: str, name: str, file: str) -> None:
        """Write the executable print step; the three texts are shell expressions for what the device passes."""
        log, behaviour = shlex.quote(str(self._log)), shlex.quote(str(self._behaviour))
        path.write_text(
            "#!/bin/sh\n"
            f"set -eu\nfile={file}\njob_id={job_id}\nname={name}\n"
            'facts="$job_id $(stat -c %s "$file") $(sha256sum < "$file" | cut -c1-64) $name"\n'
            f'echo "begun $facts" >> {log}\n'
            f". {behaviour}\n"
            f'echo "printed $facts" >> {log}\n'
        )
        path.chmod(0o700)

    def behave(self, shell: str) -> None:
        """Set what every further card does, in shell: ``sleep 5``, ``exit 1``; empty prints at once."""
        fresh = self._behaviour.with_suffix(".new")
        fresh.write_text(shell + "\n")
        fresh.replace(self._behaviour)

    def begun(self) -> list[PrintedCard]:
        """Cards whose bytes reached the print step, in order."""
        return self._lines("begun")

    def cards(self) -> list[PrintedCard]:
        """Cards that came out, in order."""
        return self._lines("printed")

    def wait_for(self, count: int, *, begun: bool = False) -> list[PrintedCard]:
        """The cards, once there are at least ``count``. Raises ``TimeoutError`` after a minute."""
        deadline = time.monotonic() + LONGEST_WAIT_S
        while len(found := self._lines("begun" if begun else "printed")) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} cards, {count} expected")
            time.sleep(0.01)
        return found

    def _lines(self, word: str) -> list[PrintedCard]:
        cards = []
        for line in self._log.read_text().splitlines():
            kind, job_id, size, digest, name = line.split(" ", 4)
            if kind == word:
                cards.append(PrintedCard(job_id=job_id, name=name, size=int(size), sha256=digest))
        return cards
