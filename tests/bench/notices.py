"""Notices: the daily pass over a million cards in the books and fifty thousand on the shelf."""

import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from pathlib import Path

from stationd.adapters.seal import StationSeal
from stationd.adapters.sms.numbers import read_number
from stationd.adapters.sms.simulator import SimulatedNotifier
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.notice_lists import NoticeLists
from stationd.adapters.sqlite.notices import SqliteNotices
from stationd.adapters.sqlite.rows import sealed_holder
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.domain.dispatch import rank_of
from stationd.domain.ids import RECEIPT_RANDOM_BITS, job_id, receipt
from stationd.domain.notices import NoticeRules, SendingHours
from stationd.domain.order import Holder
from stationd.domain.sms import Wording
from stationd.services.notify import NoticePolicy, Notices
from tests.bench.figures import Figures

HISTORY = 1_000_000
SHELVED = 50_000
TODAY = date(2027, 3, 1)
_ROWS = 20_000
_BEGAN_MS = 1_700_000_000_000


class _Today:
    day = TODAY
    minute = 15 * 60
    is_trusted = True


async def notices(folder: Path, figures: Figures, *, history: int = HISTORY, shelved: int = SHELVED) -> None:
    """Print and keep the figures; some minutes, most of them spent on making the books."""
    path = folder / "station.db"
    await (await Database.open(path, SystemClock())).aclose()
    _fill(path, history, shelved)
    database = await Database.open(path, SystemClock())
    seal, clock = StationSeal(bytes(32)), SystemClock()
    store = SqliteNotices(database.writer, database.reader, seal, SystemEntropy(), read_number)
    lists = NoticeLists(database.reader, seal, read_number)
    policy = NoticePolicy(
        rules=NoticeRules(), hours=SendingHours(per_day=100), wording=Wording(), office="Contoh", hours_text="Sen-Jum"
    )
    service = Notices(
        store,
        lists,
        [SimulatedNotifier()],
        policy,
        clock=clock,
        calendar=_Today(),  # type: ignore[arg-type] # what it needs of it
    )
    await service.load()

    async def everything() -> int:
        at: int | None = 0
        while at is not None:
            at = await store.plan_again(at, policy.rules, 250)
        return shelved

    async def day() -> int:
        sent = 0
        while begun := await service.turn():
            sent += begun
        return sent

    async def the_pass() -> int:
        await store.plan_new(TODAY, policy.rules, 100)
        await store.mark_due(TODAY, 100)
        return (await lists.outbox(TODAY)).due

    name = f"{history:,} cards in the books, {shelved:,} on the shelf"
    figures.row(name, megabytes=f"{path.stat().st_size / 1e6:.0f}")
    await _timed(figures, "every clock planned anew, as after a change of the rules", everything)
    await store.rules_planned(policy.digest)
    await _timed(figures, "the daily pass: what is new, due for transfer, due to be told", the_pass)
    await _timed(figures, "the day's messages intended, sent by a simulator and settled", day)
    await _timed(figures, "a round with nothing to do", day)
    await _timed(figures, "the figures of the outbox", lambda: lists.outbox(TODAY))
    await _timed(figures, "a page of the officer's list", lambda: lists.unreachable(TODAY, 0, 50))
    await database.aclose()


async def _timed(figures: Figures, name: str, act: Callable[[], Awaitable[object]]) -> None:
    began = time.perf_counter()
    answer = await act()
    seconds = time.perf_counter() - began
    figures.row(name, ms=f"{seconds * 1000:.1f}", **({"number": str(answer)} if isinstance(answer, int) else {}))


def _fill(path: Path, history: int, shelved: int) -> None:
    """The history was told twice and fetched; the shelf was told once, a month before; one in twenty is unreachable."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    seal = StationSeal(bytes(32))
    whole = history + shelved
    told_on = TODAY.toordinal() - 30
    for start in range(1, whole + 1, _ROWS):
        numbers = range(start, min(start + _ROWS, whole + 1))
        jobs = list(_jobs(numbers))
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO job (seq, id, receipt, order_ref, kind, profile, state, rank, attempts, printer, evidence, "
            "created_at, updated_at, ended) "
            "VALUES (?, ?, ?, ?, 'first', 'ktp-el', 'printed', ?, 1, 'kartu-1', 'printer', ?, ?, 'printed')",
            [(seq, id_, shown, f"PRR-{seq:09d}", rank_of(seq, 0, ageing=0), at, at) for seq, id_, shown, at in jobs],
        )
        connection.executemany(
            "INSERT INTO card (seq, custody, since, printed_at, box) VALUES (?, ?, ?, ?, ?)",
            [
                (seq, "handed_over" if seq <= history else "on_shelf", at, at, None if seq <= history else "A")
                for seq, _, _, at in jobs
            ],
        )
        here = [(seq, id_) for seq, id_, _, _ in jobs if seq > history]
        connection.executemany(
            "INSERT INTO holder (job, nik, sealed) VALUES (?, randomblob(16), ?)",
            [(seq, sealed_holder(seal, _holder(seq), None, id_)) for seq, id_ in here],
        )
        connection.executemany(
            "INSERT INTO notice_clock (card, shelved_on, due, told, counted, last_on, trouble) "
            "VALUES (?, ?, ?, 1, 1, ?, ?)",
            [
                (seq, told_on, None if seq % 20 == 0 else TODAY.toordinal() + seq % 30, told_on, _trouble(seq))
                for seq, _ in here
            ],
        )
        connection.executemany(
            "INSERT INTO notice (id, card, day, way, state, actor, at, settled_at) "
            "VALUES (?, ?, ?, 'modem', 'delivered', 'stationd', ?, ?)",
            [
                (id_, seq, told_on - 30 * (twice and seq <= history), at, at)
                for seq, id_, _, at in jobs
                for twice in ((True, False) if seq <= history else (False,))
            ],
        )
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _trouble(seq: int) -> str | None:
    return "landline" if seq % 20 == 0 else None


def _holder(seq: int) -> Holder:
    phone = f"0711 31{seq % 10000:04d}" if seq % 20 == 0 else f"0812{seq % 100_000_000:08d}"
    return Holder(nik=f"9999010101{seq % 9999 + 1:06d}", name="Contoh Rekaan", address="Jalan Umpama 1", phone=phone)


def _jobs(numbers: range) -> Iterator[tuple[int, str, str, int]]:
    draw = SystemEntropy().bits
    for seq in numbers:
        at = _BEGAN_MS + seq * 10
        shown = None
        while shown is None:
            shown = receipt(at // 3_600_000, draw(RECEIPT_RANDOM_BITS))
        yield seq, job_id(at, seq, seq), shown, at
