"""The durable store: what it promises to the services above it."""

import asyncio
import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from itertools import count
from pathlib import Path

import pytest

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.writer import Writer
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.domain.authority import STATION
from stationd.domain.blank_entry import NewEntry
from stationd.domain.blanks import EntryKind
from stationd.domain.errors import Faulted, Refused
from stationd.domain.events import GENESIS, linked
from stationd.domain.job import Evidence, Job, JobKind, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS, JobEvent
from stationd.domain.order import Document, Holder, Order, Surrendered, TemplateDocument
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Spoiled, Unknown
from stationd.ports.jobs import Acceptance, Accepted, Claimed, Claiming, Control, Settling, Turn
from stationd.ports.printers import Opened

NIK = "9999010101010001"
KEY = bytes(range(32))


class Store:
    """A store on disk, with shortcuts for what tests do again and again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        seal = StationSeal(KEY)
        self.jobs = SqliteJobs(database.writer, database.reader, seal, SystemEntropy(), max_tries=3, ageing=10)
        self.blanks = SqliteBlanks(database.writer, database.reader, low=5)
        self._orders = count(1)

    def acceptance(self, kind: JobKind = JobKind.FIRST, **changes: object) -> Acceptance:
        number = next(self._orders)
        order = Order(
            order=f"PRR-{number:06d}",
            kind=kind,
            holder=Holder(nik=f"9999{number:08d}0001", name="Contoh Satu", address="Jalan Rekaan 1", phone=None),
            document=Document("image/png", b"picture %d" % number),
            surrendered=Surrendered(card=f"AMPLOP-{number}") if kind is JobKind.DAMAGED else None,
        )
        acceptance = Acceptance(
            order=order, service_class=0 if kind is JobKind.FIRST else 1, caller="kiosk", key=f"k{number}", digest=b"d"
        )
        return replace(acceptance, **changes)

    async def accepted(self, kind: JobKind = JobKind.FIRST) -> Job:
        answer = await self.jobs.accept(self.acceptance(kind))
        assert isinstance(answer, Accepted)
        return answer.job

    async def receive(self, quantity: int) -> None:
        answer = await self.blanks.enter(NewEntry(kind=EntryKind.RECEIVED, quantity=quantity), STATION)
        assert not isinstance(answer, Refused)

    async def claim(self, printer: str = "p1", number: int = 1) -> tuple[Claimed, ...]:
        claiming = Claiming(printer=printer, profiles=("ktp-el",), count=number)
        return (await self.jobs.turn(Turn(claiming=claiming))).claimed

    async def settle(self, claimed: Claimed, outcome: Printed | NothingPrinted | Spoiled | Unknown) -> Job:
        turned = await self.jobs.turn(Turn(settling=Settling(attempt=claimed.attempt, outcome=outcome)))
        assert turned.settled is not None
        return turned.settled


async def _rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return await store.database.reader.run(lambda connection: connection.execute(sql).fetchall())


@pytest.fixture
async def store(tmp_path: Path):
    database = await Database.open(tmp_path / "station.db", SystemClock())
    yield Store(database)
    await database.aclose()


async def test_the_same_request_again_answers_the_same_job(store: Store):
    acceptance = store.acceptance()
    first, again = await store.jobs.accept(acceptance), await store.jobs.accept(acceptance)
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (first.is_replay, again.is_replay) == (False, True)
    assert first.job == again.job


async def test_a_key_with_another_body_is_refused(store: Store):
    acceptance = store.acceptance()
    await store.jobs.accept(acceptance)
    answer = await store.jobs.accept(replace(store.acceptance(), key=acceptance.key, digest=b"other"))
    assert isinstance(answer, Refused)
    assert answer.code == "idempotency-key-reused"


async def test_a_note_that_waits_when_its_card_is_settled_is_written_with_the_settlement(store: Store):
    await store.receive(2)
    await store.accepted()
    (claimed,) = await store.claim()
    attempt = replace(await store.jobs.opened(claimed.attempt, Opened(remote_id="1")), sent_at=1_700_000_000_123)
    requests = store.database.writer.requests
    note = store.jobs.sent(attempt)
    await store.settle(replace(claimed, attempt=attempt), Printed(Evidence.PRINTER))
    assert note.done()
    assert store.database.writer.requests == requests + 1
    assert await _rows(store, "SELECT sent_at, outcome FROM attempt") == [(1_700_000_000_123, "printed")]


@pytest.mark.parametrize("outcome", [Printed(Evidence.PRINTER), Unknown("silent")])
async def test_a_note_that_is_late_or_repeated_changes_nothing_that_was_settled(store: Store, outcome):
    await store.receive(2)
    await store.accepted()
    (claimed,) = await store.claim()
    opened = await store.jobs.opened(claimed.attempt, Opened(remote_id="1"))
    attempt = replace(opened, sent_at=1_700_000_000_123)
    await store.jobs.sent(attempt)
    await store.settle(replace(claimed, attempt=replace(attempt, sent_at=1_700_000_000_999)), outcome)
    before = await _rows(store, "SELECT * FROM attempt")
    await store.jobs.sent(attempt)
    assert await _rows(store, "SELECT * FROM attempt") == before
    assert await _rows(store, "SELECT sent_at FROM attempt") == [(1_700_000_000_123,)]


async def test_what_another_process_settled_is_not_settled_again_from_memory(store: Store):
    await store.receive(2)
    await store.accepted()
    (claimed,) = await store.claim()

    def beside() -> None:
        connection = sqlite3.connect(store.database.path)
        connection.execute("UPDATE attempt SET outcome = 'nothing_printed', settled_at = 1")
        connection.execute("UPDATE job SET state = 'queued'")
        connection.commit()
        connection.close()

    await asyncio.to_thread(beside)
    settled = await store.settle(claimed, Printed(Evidence.PRINTER))
    assert settled.state is JobState.QUEUED
    assert await _rows(store, "SELECT count(*) FROM card") == [(0,)]


async def test_a_claim_that_was_rolled_back_with_its_group_is_not_remembered(store: Store):
    await store.receive(2)
    job = await store.accepted()

    def defect(transaction, arguments):
        raise ZeroDivisionError

    claiming = Turn(claiming=Claiming(printer="p1", profiles=("ktp-el",)))
    turned, failed = await asyncio.gather(
        store.jobs.turn(claiming), store.database.writer.apply(defect, None), return_exceptions=True
    )
    assert isinstance(failed, ZeroDivisionError)
    (claimed,) = turned.claimed
    assert claimed.attempt.number == 1
    settled = await store.settle(claimed, Spoiled("torn"))
    assert (settled.id, settled.state, settled.attempts) == (job.id, JobState.QUEUED, 1)
    (again,) = await store.claim()
    assert again.attempt.number == 2
    assert (await store.settle(claimed, Printed(Evidence.PRINTER))).state is JobState.PRINTING  # the first is settled
    assert (await store.settle(again, Printed(Evidence.PRINTER))).state is JobState.PRINTED


async def test_of_a_request_only_a_keyed_hash_is_kept_and_a_plain_one_of_before_still_knows_its_own(
    store: Store, tmp_path: Path
):
    digest = hashlib.sha256(b"a body with a NIK").digest()
    acceptance = store.acceptance(digest=digest)
    first = await store.jobs.accept(acceptance)
    assert isinstance(first, Accepted)
    with closing(sqlite3.connect(tmp_path / "station.db", isolation_level=None)) as beside:
        (kept,) = beside.execute("SELECT digest FROM idempotency").fetchone()
        assert kept != digest
        assert len(kept) == 16
        beside.execute("UPDATE idempotency SET digest = ?", (digest,))  # as it was kept before
    again = await store.jobs.accept(acceptance)
    assert isinstance(again, Accepted)
    assert (again.is_replay, again.job) == (True, first.job)
    other = await store.jobs.accept(replace(acceptance, digest=hashlib.sha256(b"another body").digest()))
    assert isinstance(other, Refused)
    assert other.code == "idempotency-key-reused"


async def test_keys_of_two_callers_do_not_meet(store: Store):
    acceptance = store.acceptance()
    await store.jobs.accept(acceptance)
    answer = await store.jobs.accept(replace(store.acceptance(), key=acceptance.key, caller="other"))
    assert isinstance(answer, Accepted)
    assert not answer.is_replay


async def test_an_order_has_one_live_job_until_it_is_cancelled(store: Store):
    acceptance = store.acceptance()
    first = await store.jobs.accept(acceptance)
    assert isinstance(first, Accepted)
    second = await store.jobs.accept(replace(acceptance, key="another"))
    assert isinstance(second, Refused)
    assert (second.code, second.see) == ("order-has-a-live-job", first.job.id)
    await store.jobs.control(Control(job_id=first.job.id, event=JobEvent.CANCELLED, actor=STATION))
    assert isinstance(await store.jobs.accept(replace(acceptance, key="a third")), Accepted)


async def test_one_bad_request_in_a_group_fails_alone(store: Store):
    def breaking(transaction, arguments):
        transaction.tally("job_state", "queued", 100)
        raise ValueError("a defect")

    acceptances = [store.acceptance() for _ in range(20)]
    before = store.database.writer.groups
    answers = await asyncio.gather(
        *(store.jobs.accept(each) for each in acceptances[:10]),
        store.database.writer.apply(breaking, None),
        *(store.jobs.accept(each) for each in acceptances[10:]),
        return_exceptions=True,
    )
    assert [type(answer).__name__ for answer in answers].count("ValueError") == 1
    assert sum(isinstance(answer, Accepted) for answer in answers) == 20
    assert (await store.jobs.counts())[JobState.QUEUED] == 20
    assert store.database.writer.groups - before == 1
    assert await chain_breaks_at(store.database.path) is None


async def test_requests_that_wait_together_are_committed_together(store: Store):
    before = store.database.writer.groups
    answers = await asyncio.gather(*(store.jobs.accept(store.acceptance()) for _ in range(200)))
    assert len({answer.job.id for answer in answers if isinstance(answer, Accepted)}) == 200
    assert store.database.writer.groups - before <= 2


async def test_duplicates_within_one_group_become_one_job(store: Store):
    acceptance = store.acceptance()
    answers = await asyncio.gather(*(store.jobs.accept(acceptance) for _ in range(10)))
    assert len({answer.job.id for answer in answers if isinstance(answer, Accepted)}) == 1
    assert sum(not answer.is_replay for answer in answers if isinstance(answer, Accepted)) == 1


async def test_first_time_holders_are_served_before_replacements_but_nobody_starves(store: Store):
    lost = await store.accepted(JobKind.LOST)
    firsts = [await store.accepted() for _ in range(12)]
    await store.receive(20)
    claimed = await store.claim(number=13)
    order = [each.job.id for each in claimed]
    assert order.index(lost.id) == 10  # ten later first-timers went before, not one more
    assert [job_id for job_id in order if job_id != lost.id] == [job.id for job in firsts]


async def test_a_claim_reserves_a_blank_and_nothing_is_claimed_without_one(store: Store):
    await store.accepted()
    await store.accepted()
    assert await store.claim() == ()
    await store.receive(1)
    (claimed,) = await store.claim(number=2)
    balances = await store.blanks.balances()
    assert (balances.safe, balances.printer) == (0, 1)
    await store.settle(claimed, Printed(Evidence.PRINTER))
    balances = await store.blanks.balances()
    assert (balances.printer, balances.issued) == (0, 1)
    assert balances.is_balanced


async def test_no_job_is_claimed_twice_by_printers_that_ask_together(store: Store):
    for _ in range(30):
        await store.accepted()
    await store.receive(100)
    claims = await asyncio.gather(*(store.claim(f"p{number}") for number in range(50)))
    ids = [each.job.id for claimed in claims for each in claimed]
    assert len(ids) == 30
    assert len(set(ids)) == 30


async def test_an_outcome_is_written_once(store: Store):
    await store.accepted()
    await store.receive(5)
    (claimed,) = await store.claim()
    first = await store.settle(claimed, Printed(Evidence.PRINTER))
    again = await store.settle(claimed, NothingPrinted(Cause.TRANSIENT, "late"))
    assert first.state is again.state is JobState.PRINTED
    assert (await store.blanks.balances()).issued == 1


async def test_an_unknown_outcome_keeps_the_blank_until_an_officer_has_looked(store: Store):
    job = await store.accepted()
    await store.receive(5)
    (claimed,) = await store.claim()
    uncertain = await store.settle(claimed, Unknown("the printer went away"))
    assert uncertain.state is JobState.UNCERTAIN
    assert await store.claim() == ()
    assert (await store.blanks.balances()).printer == 1
    found = await store.jobs.in_question(job.id)
    assert found is not None
    assert (found.attempt, found.reason) == (claimed.attempt, "the printer went away")
    judged = await store.jobs.control(
        Control(
            job_id=job.id,
            event=VERDICT_EVENTS[Verdict.SPOILED],
            actor=STATION,
            verdict=Verdict.SPOILED,
            note="curled",
        )
    )
    assert isinstance(judged, Job)
    assert judged.state is JobState.QUEUED
    balances = await store.blanks.balances()
    assert (balances.printer, balances.spoiled, balances.safe) == (0, 1, 4)


async def test_a_verdict_on_a_settled_job_is_refused(store: Store):
    job = await store.accepted()
    control = Control(job_id=job.id, event=JobEvent.CARD_PRINTED, actor=STATION, verdict=Verdict.PRINTED)
    answer = await store.jobs.control(control)
    assert isinstance(answer, Refused)
    assert answer.code == "job-not-uncertain"


async def test_transient_trouble_uses_up_tries_and_printer_trouble_does_not(store: Store):
    await store.accepted()
    await store.receive(5)
    for _ in range(5):
        (claimed,) = await store.claim()
        job = await store.settle(claimed, NothingPrinted(Cause.PRINTER, "media-empty"))
        assert (job.state, job.tries) == (JobState.QUEUED, 0)
    (claimed,) = await store.claim()
    job = await store.settle(claimed, NothingPrinted(Cause.TRANSIENT, "connection reset"))
    assert (job.state, job.tries) == (JobState.QUEUED, 1)
    assert await store.claim() == ()  # it waits
    await store.jobs.clear_delays()
    (claimed,) = await store.claim()
    job = await store.settle(claimed, NothingPrinted(Cause.DOCUMENT, "document-format-error"))
    assert job.state is JobState.FAILED


async def test_an_opened_attempt_is_found_after_a_restart(store: Store, tmp_path: Path):
    await store.accepted()
    await store.receive(5)
    (claimed,) = await store.claim()
    await store.jobs.opened(claimed.attempt, Opened(remote_id="17", incarnation="uuid-1", counter=4))
    await store.database.aclose()
    again = await Database.open(tmp_path / "station.db", SystemClock())
    try:
        (found,) = await Store(again).jobs.open_attempts()
        assert found.attempt.remote_id == "17"
        assert (found.attempt.incarnation, found.attempt.counter) == ("uuid-1", 4)
        assert found.job.state is JobState.PRINTING
    finally:
        await again.aclose()


async def test_a_template_comes_back_as_it_was_given(store: Store):
    template = TemplateDocument(template="specimen", fields={"name": "Contoh"}, photo=b"\x89PNG")
    acceptance = store.acceptance()
    await store.jobs.accept(replace(acceptance, order=replace(acceptance.order, document=template)))
    await store.receive(1)
    (claimed,) = await store.claim()
    assert claimed.document == template


async def test_nothing_of_a_holder_can_be_read_in_the_files(store: Store, tmp_path: Path):
    await store.accepted()
    await store.receive(1)
    await store.claim()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        for planted in (NIK.encode(), b"Contoh Satu", b"Jalan Rekaan", b"picture 1"):
            assert planted not in content, file.name


async def chain_breaks_at(path: Path) -> int | None:
    connection = sqlite3.connect(path)
    try:
        previous = GENESIS
        for seq, *row, hash_ in connection.execute("SELECT * FROM event ORDER BY seq"):
            if linked(previous, (seq, *row)) != hash_:
                return seq
            previous = hash_
    finally:
        connection.close()
    return None


async def test_an_edited_event_breaks_the_chain_at_its_row(store: Store, tmp_path: Path):
    for _ in range(3):
        await store.accepted()
    assert await chain_breaks_at(tmp_path / "station.db") is None
    connection = sqlite3.connect(tmp_path / "station.db")
    connection.execute("UPDATE event SET data = replace(data, 'first', 'lost') WHERE seq = 2")
    connection.commit()
    connection.close()
    assert await chain_breaks_at(tmp_path / "station.db") == 2


async def test_a_second_process_that_wrote_in_between_does_not_break_the_chain(store: Store, tmp_path: Path):
    await store.accepted()
    other = await Database.open(tmp_path / "station.db", SystemClock())
    await Store(other).receive(7)
    await other.aclose()
    await store.accepted()
    assert await chain_breaks_at(tmp_path / "station.db") is None
    assert (await store.blanks.balances()).safe == 7


def test_migrations_are_numbered_without_gap_or_repeat():
    """Two files of one number would be one migration, and the other would never run."""
    folder = files("stationd.adapters.sqlite") / "migrations"
    numbers = sorted(int(item.name[:4]) for item in folder.iterdir() if item.name.endswith(".sql"))
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path):
    path = tmp_path / "station.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE future (x)")
    connection.execute("PRAGMA user_version = 9999")
    connection.commit()
    connection.close()
    with pytest.raises(Faulted, match="9999") as refused:
        await Database.open(path, SystemClock())
    assert refused.value.code == "storage-too-new"


@pytest.mark.parametrize("damage", ["header", "middle"])
async def test_a_damaged_database_is_refused_by_name(tmp_path: Path, damage: str):
    path = tmp_path / "station.db"
    database = await Database.open(path, SystemClock())
    store = Store(database)
    for _ in range(50):
        await store.accepted()
    await database.aclose()
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:100] = b"x" * 100
    else:
        for page in range(4096, len(content) - 4096, 4096):
            content[page : page + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(Faulted) as refused:
        await Database.open(path, SystemClock())
    assert refused.value.code == "storage-corrupt"
    assert str(path) in refused.value.detail
    assert "restore" in (refused.value.fix or "")


async def test_a_full_disk_fails_every_request_of_the_group_and_writes_nothing(store: Store):
    def full(transaction, arguments):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    await store.accepted()
    answers = await asyncio.gather(
        store.jobs.accept(store.acceptance()), store.database.writer.post(full, None), return_exceptions=True
    )
    assert [answer.code for answer in answers if isinstance(answer, Faulted)] == ["storage-full"] * 2
    assert (await store.jobs.counts())[JobState.QUEUED] == 1


async def test_a_closed_writer_takes_nothing_more(tmp_path: Path):
    database = await Database.open(tmp_path / "station.db", SystemClock())
    writer: Writer = database.writer
    await database.aclose()
    with pytest.raises(Faulted, match="stopping"):
        await writer.apply(lambda _transaction, arguments: list(arguments), None)


async def test_a_job_is_found_by_its_receipt_and_by_its_order_unless_cancelled(store):
    first, second = await store.accepted(), await store.accepted()
    assert await store.jobs.find(receipt=second.receipt) == second
    assert await store.jobs.find(order=first.order) == first
    assert await store.jobs.find(receipt="0000-0000-0000") is None
    await store.jobs.control(Control(job_id=first.id, event=JobEvent.CANCELLED, actor=STATION))
    assert await store.jobs.find(order=first.order) is None
    found = await store.jobs.find(receipt=first.receipt)
    assert found is not None
    assert found.state is JobState.CANCELLED
