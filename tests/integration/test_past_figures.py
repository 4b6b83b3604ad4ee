"""The figures of the past: a genuine Prometheus that was given them has what the books have, to the card."""

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from stationd.adapters.event_metrics import EventMetrics
from stationd.adapters.past_figures import retell
from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.connection import reading
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.system import SystemEntropy
from stationd.domain.authority import STATION
from stationd.domain.blank_entry import NewEntry
from stationd.domain.blanks import EntryKind
from stationd.domain.entitlement import KIND_CLASS
from stationd.domain.events import Event
from stationd.domain.job import Evidence, JobKind, Verdict
from stationd.domain.job_machine import JobEvent
from stationd.domain.order import Document, Holder, Order
from stationd.domain.outcome import Printed, Spoiled, Unknown
from stationd.ports.jobs import Acceptance, Claiming, Control, Settling, Turn
from tests.rigs.ports import free_port
from tests.rigs.prometheus import answered

DAYS = 5
BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
WITHIN_S = 90
OUTCOMES = (Printed(Evidence.COUNTER), Printed(Evidence.PRINTER), Spoiled("ribbon"), Unknown("silence"))
KINDS = (JobKind.FIRST, JobKind.FIRST, JobKind.LOST)


class Clock:
    """Moved by hand."""

    at = BEGAN

    def now_ms(self):
        return int(self.at.timestamp() * 1000)

    def monotonic(self):
        return self.at.timestamp()


async def live(path):
    """Five days of an office: deliveries, orders, cards of every outcome, verdicts."""
    clock = Clock()
    database = await Database.open(path, clock)
    writer, reader = database.writer, database.reader
    jobs = SqliteJobs(writer, reader, StationSeal(bytes(32)), SystemEntropy(), max_tries=3, ageing=0)
    blanks = SqliteBlanks(writer, reader, low=5)
    number = 0
    for day in range(DAYS):
        clock.at = BEGAN + timedelta(days=day, hours=8)
        await blanks.enter(NewEntry(kind=EntryKind.RECEIVED, quantity=30 + day), STATION)
        for _ in range(7 + day):
            number += 1
            clock.at += timedelta(minutes=3)
            await jobs.accept(acceptance(number))
        clock.at += timedelta(hours=1)
        for turn in range(5 + day):
            (claimed,) = (await jobs.turn(Turn(claiming=Claiming(printer="kartu-1", profiles=("ktp-el",))))).claimed
            clock.at += timedelta(seconds=20 + turn)
            outcome = OUTCOMES[(turn + day) % len(OUTCOMES)]
            await jobs.turn(Turn(settling=Settling(attempt=claimed.attempt, outcome=outcome)))
            if isinstance(outcome, Unknown):
                verdict = Control(
                    job_id=claimed.job.id, event=JobEvent.CARD_PRINTED, actor=STATION, verdict=Verdict.PRINTED
                )
                await jobs.control(verdict)
    await database.aclose()


def acceptance(number):
    kind = KINDS[number % len(KINDS)]
    order = Order(
        order=f"PRR-{number:06d}",
        kind=kind,
        holder=Holder(nik=f"9999{number:08d}0001", name="Contoh"),
        document=Document("image/png", b"picture"),
        police_report="LP/1" if kind is JobKind.LOST else None,
    )
    return Acceptance(order=order, service_class=KIND_CLASS[kind], caller="loket", key=f"k{number}", digest=b"d")


@pytest.fixture
def station(tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    asyncio.run(live(state / "station.db"))
    config = tmp_path / "station.toml"
    config.write_text(f'[station]\nid = "1671-07"\nname = "Kecamatan Sukarami"\nstate_dir = "{state}"\n')
    return config, state / "station.db"


def history(config, *arguments):
    command = [sys.executable, "-m", "stationd", "history", "--config", str(config), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env={"TZ": "UTC", "PATH": ""}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ms(day):
    return int((BEGAN + timedelta(days=day)).timestamp() * 1000)


ATTEMPTS = "SELECT count(*) FROM attempt WHERE settled_at < ? AND outcome = "
SAFE = "SELECT coalesce(sum(CASE target WHEN 'safe' THEN quantity ELSE -quantity END), 0) FROM blank_entry WHERE at < ?"
BOOKS = {
    'sum(stationd_orders_taken_total{kind="lost"})': "SELECT count(*) FROM job WHERE created_at < ? AND kind = 'lost'",
    "sum(stationd_cards_printed_total)": f"{ATTEMPTS} 'printed'",
    'sum(stationd_cards_printed_total{evidence="officer"})': f"{ATTEMPTS} 'printed' AND evidence = 'officer'",
    'sum(stationd_print_seconds_count) + sum(stationd_verdicts_total{verdict="printed"})': f"{ATTEMPTS} 'printed'",
    "sum(stationd_blanks_spoiled_total)": f"{ATTEMPTS} 'spoiled'",
    'stationd_blanks{account="safe"}': f"{SAFE} AND 'safe' IN (source, target)",
    'stationd_cards{custody="printed"}': "SELECT count(*) FROM card WHERE printed_at < ?",
    "sum(stationd_jobs)": "SELECT count(*) FROM job WHERE created_at < ?",
}
"""What Prometheus is asked, and what the books are asked beside it, which know nothing of events."""


async def test_what_was_filled_in_later_is_what_the_books_have(station, tmp_path):
    config, database = station
    written, blocks = tmp_path / "past.om", tmp_path / "tsdb"
    span = ("--from", "2026-06-01", "--to", "2026-06-06")
    history(config, "--openmetrics", *span, "--every", "6h", "--output", str(written))
    made = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(written), str(blocks)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    (tmp_path / "none.yml").write_text("global: {}\n")
    port = free_port()
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={tmp_path}/none.yml",
                f"--storage.tsdb.path={blocks}",
                "--storage.tsdb.retention.time=1000d",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(WITHIN_S):
            while not await is_up(url):
                await asyncio.sleep(0.2)
        with reading(database) as books:
            for query, question in BOOKS.items():
                for day in range(1, DAYS + 1):
                    (have,) = books.execute(question, (ms(day),)).fetchone()
                    (found,) = await answered(url, f"({query}) and on () vector(1)", ms(day) / 1000)
                    assert int(found["value"][1]) == have, (query, day)
        (labels,) = await answered(url, 'stationd_orders_taken_total{kind="lost"}', ms(2) / 1000)
        wanted = {"job": "stationd", "instance": "127.0.0.1:8631", "station": "1671-07", "kecamatan": "Sukarami"}
        assert wanted.items() <= labels["metric"].items()
    finally:
        process.terminate()
        process.wait(WITHIN_S)


async def is_up(url):
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/-/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def test_the_table_of_days_is_of_the_same_books(station):
    config, database = station
    head, *rows = history(config, "--from", "2026-06-01", "--to", "2026-06-05").splitlines()
    table = [dict(zip(head.split(), row.split(), strict=True)) for row in rows]
    with reading(database) as books:
        (printed,) = books.execute("SELECT count(*) FROM attempt WHERE outcome = 'printed'").fetchone()
        (safe,) = books.execute("SELECT balance FROM blank_account WHERE name = 'safe'").fetchone()
    assert [row["day"] for row in table] == [f"2026-06-0{day}" for day in range(1, 6)]
    assert [int(row["orders"]) for row in table] == [7, 8, 9, 10, 11]
    assert sum(int(row["printed"]) for row in table) == printed
    assert int(table[-1]["blanks"]) == safe


def test_what_is_told_of_the_past_is_what_was_told_then(station):
    _, database = station
    then = EventMetrics()
    with reading(database) as books:
        rows = books.execute(
            "SELECT seq, at, type, subject, data FROM event WHERE at < ? ORDER BY seq", (ms(3),)
        ).fetchall()
        ((_, families),) = retell(books, [ms(3)])
    then.follow([Event(*row[:4], json.loads(row[4])) for row in rows])
    then.is_whole = True
    told = {family.name: family.samples for family in families}
    assert {family.name: family.samples for family in then.collect()}.items() <= told.items()
