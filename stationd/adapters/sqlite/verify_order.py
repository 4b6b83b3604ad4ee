"""Verifying the order of service: who waits is counted right, and no change of it lacks its two officers."""

import sqlite3
from collections.abc import Iterator

import msgspec

from stationd.adapters.sqlite.approvals import written_hash
from stationd.adapters.sqlite.findings import Finding
from stationd.adapters.sqlite.queries import load

_Q = load("verify")


def order_of_service(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Everything found wrong."""
    for place, kept, counted in connection.execute(_Q["line_miscounted"]):
        yield Finding(where=f"tally line {place}", what=f"{kept}, counted {counted}")
    for seq, id_, reason, payload, data, is_forgotten in connection.execute(_Q["approvals_asked"]):
        facts = {} if data is None else msgspec.json.decode(data)
        if not is_forgotten and facts.get("reason_sha256") != written_hash(id_, reason):
            yield Finding(where=f"approval row {seq}", what="its reason is not the one that was written")
        if facts.get("payload_sha256") != written_hash(id_, payload):
            yield Finding(where=f"approval row {seq}", what="what it asks for is not what was written")
    for seq, first, second, data in connection.execute(_Q["approvals_given"]):
        facts = {} if data is None else msgspec.json.decode(data)
        if (facts.get("first"), facts.get("second")) != (first, second):
            yield Finding(where=f"approval row {seq}", what="its officers are not those who were written down")
    for seq in connection.execute(_Q["moved_without_change"]):
        yield Finding(where=f"job row {seq[0]}", what="was moved in the line without two officers")
