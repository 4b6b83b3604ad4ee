"""Where a listener stands in the chain of events: what it read last, so that it goes on without gap or repeat.

A position names the event and the beginning of its hash. The number alone would be believed by another database: one
that was restored from a backup counts on from where the backup was made, and the same number means another event.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

_MARK_BYTES = 4
_WRITTEN = re.compile(r"(0|[1-9][0-9]{0,17})(?:-([0-9a-f]{8}))?")


@dataclass(frozen=True, slots=True)
class Position:
    """After the event ``seq``; 0 is before the first. ``mark`` is ``None`` when whoever asks only knows the number."""

    seq: int
    mark: str | None = None

    @classmethod
    def of(cls, seq: int, hash_: bytes) -> Self:
        """The position after an event of the chain."""
        return cls(seq, hash_[:_MARK_BYTES].hex())

    def __str__(self) -> str:
        return str(self.seq) if self.mark is None else f"{self.seq}-{self.mark}"

    def is_after(self, hash_: bytes) -> bool:
        """Whether the event with this hash, which has the number, is the one that is meant."""
        return self.mark is None or self.mark == hash_[:_MARK_BYTES].hex()


class Loss(StrEnum):
    """Why a listener cannot go on from where it stood and must read the state anew."""

    HISTORY_GONE = "history-gone"
    """The events after that position are not kept any more."""
    OTHER_HISTORY = "other-history"
    """The position is of another database, or of events that a restored backup does not have."""


def read_position(text: str) -> Position | None:
    """The position that was written as ``1234-5f3a9c01`` or ``1234``; ``None`` for anything else."""
    written = _WRITTEN.fullmatch(text)
    return Position(int(written[1]), written[2]) if written is not None else None
