"""Cost of taking, claiming and settling on a database with a history: a process of its own, so that memory tells.

``python -m tests.bench.history fill DATABASE JOBS`` adds finished jobs up to that number; ``measure DATABASE FIRST``
prints what a job costs there.
"""

import asyncio
import json
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.domain.dispatch import rank_of
from stationd.domain.ids import ID_RANDOM_BITS, RECEIPT_RANDOM_BITS, attempt_id, job_id, receipt
from stationd.domain.job import Evidence, JobKind
from stationd.domain.order import Document, Holder, Order
from stationd.domain.outcome import Printed
from stationd.ports.jobs import Acceptance, Claiming, Settling, Turn
from tests.rigs.documents import pdf

TOGETHER = 32
GROUPS = 60
_ROWS = 20_000
_BLANKS = 10_000_000
_BEGAN_MS = 1_700_000_000_000
_APART_MS = 4_000
"""Between two acceptances of the history: 5 million of them are eight months of a very busy station."""


async def prepare(path: Path) -> None:
    """An empty database with the real schema."""
    database = await Database.open(path, SystemClock())
    await database.aclose()


def fill(path: Path, wanted: int) -> None:
    """Add printed jobs with holders and attempts until there are ``wanted``; documents and keys are gone by then."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    (have,) = connection.execute("SELECT coalesce(max(seq), 0) FROM job").fetchone()
    for start in range(have + 1, wanted + 1, _ROWS):
        numbers = range(start, min(start + _ROWS, wanted + 1))
        jobs = list(_finished(numbers))
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO job (seq, id, receipt, order_ref, kind, profile, state, rank, attempts, printer, evidence, "
            "created_at, updated_at, identity, ended) "
            "VALUES (?, ?, ?, ?, 'first', 'ktp-el', 'printed', ?, 1, 'kartu-1', 'printer', ?, ?, randomblob(16), "
            "'printed')",
            [
                (seq, id_, receipt_, order, rank_of(seq, 0, ageing=0), at, at)
                for seq, id_, receipt_, order, at, _ in jobs
            ],
        )
        connection.executemany(
            "INSERT INTO holder (job, nik, sealed) VALUES (?, randomblob(16), randomblob(100))", [(j[0],) for j in jobs]
        )
        connection.executemany(
            "INSERT INTO attempt (job, number, id, printer, remote_id, outcome, evidence, opened_at, settled_at) "
            "VALUES (?, 1, ?, 'kartu-1', ?, 'printed', 'printer', ?, ?)",
            [(seq, attempt, str(seq), at, at) for seq, _, _, _, at, attempt in jobs],
        )
        connection.execute("COMMIT")
    connection.execute("INSERT OR REPLACE INTO tally VALUES ('job_state', 'printed', ?)", (wanted,))
    connection.execute("UPDATE blank_account SET balance = ? WHERE name = 'safe'", (_BLANKS,))
    connection.execute("UPDATE blank_account SET balance = ? WHERE name = 'centre'", (-_BLANKS,))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _finished(numbers: range) -> Iterator[tuple[int, str, str, str, int, str]]:
    draw = SystemEntropy().bits
    for seq in numbers:
        at = _BEGAN_MS + seq * _APART_MS
        shown = None
        while shown is None:
            shown = receipt(at // 3_600_000, draw(RECEIPT_RANDOM_BITS))
        attempt = attempt_id(at, seq, 1, draw(ID_RANDOM_BITS))
        yield seq, job_id(at, seq, draw(ID_RANDOM_BITS)), shown, f"PRR-16711-{seq:09d}", at, attempt


async def measure(path: Path, first: int) -> dict[str, float]:
    """Microseconds a job, of CPU and of wall, in groups; resident megabytes afterwards."""
    began = time.perf_counter()
    database = await Database.open(path, SystemClock())
    opened = time.perf_counter() - began
    jobs = SqliteJobs(
        database.writer, database.reader, StationSeal(bytes(32)), SystemEntropy(), max_tries=3, ageing=0, reach=100
    )
    figures = {"open_ms": opened * 1000}
    count = GROUPS * TOGETHER
    cpu, wall = time.process_time(), time.perf_counter()
    for start in range(first, first + count, TOGETHER):
        await asyncio.gather(*(jobs.accept(_acceptance(number)) for number in range(start, start + TOGETHER)))
    figures["submit_cpu"] = (time.process_time() - cpu) / count * 1e6
    figures["submit_wall"] = (time.perf_counter() - wall) / count * 1e6
    lanes = [Claiming(printer=f"kartu-{number}", profiles=("ktp-el",)) for number in range(1, TOGETHER + 1)]
    settlings: list[Settling | None] = [None] * TOGETHER
    claimed = 0
    cpu, wall = time.process_time(), time.perf_counter()
    while True:
        wishes = zip(settlings, lanes, strict=True)
        turned = await asyncio.gather(*(jobs.turn(Turn(settling=last, claiming=lane)) for last, lane in wishes))
        settlings = [
            Settling(attempt=each.claimed[0].attempt, outcome=Printed(Evidence.PRINTER)) if each.claimed else None
            for each in turned
        ]
        claimed += sum(settling is not None for settling in settlings)
        if not any(settlings):
            break
    figures["claim_cpu"] = (time.process_time() - cpu) / claimed * 1e6
    figures["claim_wall"] = (time.perf_counter() - wall) / claimed * 1e6
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    figures["rss_mb"] = int(found[1]) / 1024
    assert claimed == count, (claimed, count)
    await database.aclose()
    return figures


def _acceptance(number: int) -> Acceptance:
    holder = Holder(
        nik=f"9999{number // 9999:08d}{number % 9999 + 1:04d}",
        name="Contoh Rekaan",
        address="Jalan Umpama 1",
        phone=None,
    )
    document = Document("application/pdf", pdf(number, size=1024))
    order = Order(order=f"BENCH-{number:09d}", kind=JobKind.FIRST, holder=holder, document=document)
    return Acceptance(
        order=order, service_class=0, caller="bench", key=f"key-{number * 2654435761 % 2**32}", digest=b""
    )


if __name__ == "__main__":
    verb, path, number = sys.argv[1:4]
    if verb == "fill":
        if not Path(path).exists():
            asyncio.run(prepare(Path(path)))
        fill(Path(path), int(number))
    else:
        print(json.dumps(asyncio.run(measure(Path(path), int(number)))))
