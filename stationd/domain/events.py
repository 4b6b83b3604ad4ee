"""The event: what happened, once committed; the one source for streams, metrics, the city and the audit.

Events carry identifiers, states, counts and reasons; never anything of a person. Each row's hash covers the row before
it, so that an edited, removed or inserted row shows.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

GENESIS = bytes(32)
"""The hash before the first event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One committed fact. ``at`` is Unix milliseconds; ``type`` is ``noun.past_participle``: ``job.claimed``."""

    seq: int
    at: int
    type: str
    subject: str
    data: Mapping[str, object]


def chained(previous: bytes, seq: int, at: int, kind: str, subject: str, data: str) -> bytes:
    """The hash of an event row after ``previous``: SHA-256 over the previous hash and the row's own columns."""
    row = f"{seq}\x1f{at}\x1f{kind}\x1f{subject}\x1f{data}"
    return hashlib.sha256(previous + row.encode()).digest()
