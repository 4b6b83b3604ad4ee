"""The event: what happened, once committed; the one source for streams, metrics, the city and the audit.

Events carry identifiers, states, counts and reasons; never anything of a person. Each row's hash covers the row before
it, so that an edited, removed or inserted row shows.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

GENESIS = bytes(32)
"""The hash before the first event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One committed fact. ``at`` is Unix milliseconds; ``type`` is ``noun.past_participle``: ``job.claimed``.

    ``hash`` is that of its row in the chain; empty for an event that was made elsewhere than there.
    """

    seq: int
    at: int
    type: str
    subject: str
    data: Mapping[str, object]
    hash: bytes = field(default=b"", repr=False, compare=False)


def linked(previous: bytes, row: Sequence[object]) -> bytes:
    """The hash of a row of a chained table after ``previous``: SHA-256 over the previous hash and the row's columns.

    Each column is written as text after its length, ``None`` as ``-``, so that no two rows are written alike.
    """
    texts = ["-" if value is None else value if type(value) is str else str(value) for value in row]
    return hashlib.sha256(previous + ",".join([f"{len(text)}:{text}" for text in texts]).encode()).digest()
