"""The book of blanks on disk: hoppers, packs, serials, corrections, counts by two, days, and its verification."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.minutes import SqliteMinutes
from stationd.adapters.sqlite.papers import Papers
from stationd.adapters.sqlite.verify import verify
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.domain.authority import STATION, Actor, Role
from stationd.domain.blank_entry import Category, Item, NewEntry, NewPack, Witness
from stationd.domain.blank_papers import PaperKind
from stationd.domain.blanks import Account, EntryKind
from stationd.domain.errors import Refused
from stationd.domain.job import Evidence
from stationd.domain.minutes import Numbering, Office
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Spoiled, Unknown
from stationd.domain.signers import Desk, Signer
from stationd.ports.blanks import Booked, CountState
from tests.unit.test_store import KEY, Store

ONE, OTHER = "199001012015032001", "199002022016011002"
DESK = Desk(office=Office(head=("Kecamatan Contoh",), address=(), town="Contoh"), place="Kecamatan Contoh")
TODAY = date(2026, 11, 26)


class Clock(SystemClock):
    """A clock that a test sets."""

    def __init__(self, ms: int | None = None) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        return super().now_ms() if self.ms is None else self.ms


class Book(Store):
    """The book of blanks with its register of minutes."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        seal = StationSeal(KEY)
        self.minutes = SqliteMinutes(
            database.writer, database.reader, seal, SystemEntropy(), station="1671-07", numbering=Numbering()
        )
        papers = Papers(
            minutes=self.minutes,
            desk=DESK,
            signer=lambda number: Signer(name=f"SPESIMEN {number[-1]}", nip=number, decree="SK CONTOH 1/2026"),
            today=lambda: TODAY,
        )
        self.blanks = SqliteBlanks(database.writer, database.reader, low=5, seal=seal, papers=papers)

    async def enter(self, kind: EntryKind, quantity: int, actor: Actor = STATION, **more) -> Booked:
        answer = await self.blanks.enter(NewEntry(kind=kind, quantity=quantity, **more), actor)
        assert not isinstance(answer, Refused), answer
        return answer

    async def refused(self, kind: EntryKind, quantity: int, actor: Actor = STATION, **more) -> Refused:
        before = await self.blanks.balances()
        answer = await self.blanks.enter(NewEntry(kind=kind, quantity=quantity, **more), actor)
        assert isinstance(answer, Refused), answer
        assert await self.blanks.balances() == before
        return answer

    async def count(self, quantity: int, officer: str | None, **more) -> Booked | Refused:
        actor = STATION if officer is None else Actor(name=officer, role=Role.OFFICER, officer=officer)
        return await self.blanks.enter(NewEntry(kind=EntryKind.COUNTED, quantity=quantity, **more), actor)


def appoint(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        for number in (ONE, OTHER):
            connection.execute(
                "INSERT INTO officer VALUES (?, x'00', 'SK', '16.71.07', '2026-01-01', '2027-01-01', '2026-01-01', 0)",
                (number,),
            )
    connection.close()


@pytest.fixture
async def book(tmp_path: Path):
    database = await Database.open(tmp_path / "station.db", SystemClock())
    appoint(tmp_path / "station.db")
    yield Book(database)
    await database.aclose()


def findings(path: Path) -> list[str]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return [str(finding) for finding in verify(connection, None)]
    finally:
        connection.close()


# ------------------------------------------------------------------------------------------------------- hoppers


async def test_cards_are_made_out_of_the_hopper_that_was_loaded_and_out_of_the_safe_where_none_was(book: Book):
    await book.receive(10)
    await book.enter(EntryKind.LOADED, 2, printer="p1")
    for _ in range(4):
        await book.accepted()
    (first,) = await book.claim("p1")
    (second,) = await book.claim("p2")
    balances = await book.blanks.balances()
    assert (balances.safe, balances.loaded, balances.printer, balances.hoppers) == (7, 1, 2, {"p1": 1})
    assert balances.at_hand == 8
    assert balances.is_balanced
    await book.settle(first, NothingPrinted(cause=Cause.PRINTER, reason="media-empty"))
    await book.settle(second, NothingPrinted(cause=Cause.PRINTER, reason="media-empty"))
    assert (await book.blanks.balances()).hoppers == {"p1": 2}
    assert (await book.blanks.balances()).safe == 8


async def test_an_empty_hopper_in_the_book_stops_no_printer_and_a_full_one_feeds_no_other(book: Book):
    await book.receive(3)
    await book.enter(EntryKind.LOADED, 2, printer="p1")
    for _ in range(4):
        await book.accepted()
    assert len(await book.claim("p2", number=4)) == 1
    assert len(await book.claim("p1", number=4)) == 2
    assert await book.claim("p2") == ()
    balances = await book.blanks.balances()
    assert (balances.at_hand, balances.printer) == (0, 3)


async def test_a_hopper_gives_back_only_what_it_holds(book: Book):
    await book.receive(10)
    await book.enter(EntryKind.LOADED, 4, printer="p1")
    await book.enter(EntryKind.LOADED, 4, printer="p2")
    assert (await book.refused(EntryKind.UNLOADED, 5, printer="p1")).code == "blanks-not-there"
    assert (await book.refused(EntryKind.UNLOADED, 1, printer="p3")).code == "blanks-not-there"
    await book.enter(EntryKind.SPOILED, 1, printer="p1", source=Account.LOADED, category=Category.PRINTER_SPOIL)
    await book.enter(EntryKind.UNLOADED, 3, printer="p1")
    assert (await book.blanks.balances()).hoppers == {"p2": 4}


# ----------------------------------------------------------------------------------------------- packs and serials


def packs(*quantities: int) -> tuple[NewPack, ...]:
    return tuple(NewPack(number=f"DUS-{place}", quantity=each) for place, each in enumerate(quantities))


async def test_a_pack_is_received_sealed_and_opened_once(book: Book):
    await book.enter(EntryKind.RECEIVED, 30, packs=packs(10, 20), delivery_note="SJ-1")
    assert [(pack.number, pack.is_sealed) for pack in await book.blanks.packs("", 9, is_sealed=True)] == [
        ("DUS-0", True),
        ("DUS-1", True),
    ]
    assert (await book.refused(EntryKind.RECEIVED, 10, packs=packs(10))).code == "pack-known"
    assert (await book.enter(EntryKind.OPENED, 10, pack="DUS-0")).entry is None
    assert (await book.refused(EntryKind.OPENED, 10, pack="DUS-0")).code == "pack-opened"
    assert (await book.refused(EntryKind.OPENED, 10, pack="DUS-9")).code == "pack-unknown"
    short = await book.enter(EntryKind.OPENED, 18, pack="DUS-1")
    assert (short.balances.safe, short.balances.missing) == (28, 2)
    assert [pack.found for pack in await book.blanks.packs("", 9, is_sealed=False)] == [10, 18]


async def test_a_serial_is_in_one_place(book: Book, tmp_path: Path):
    await book.enter(EntryKind.RECEIVED, 3, serials=("A1", "A2"))
    await book.enter(EntryKind.SPOILED, 2, serials=("A1", "B7"), category=Category.FACTORY_BAD)
    assert [await book.blanks.serial(each) for each in ("A1", "A2", "B7", "C1")] == ["spoiled", "safe", "spoiled", None]
    refused = await book.refused(EntryKind.SPOILED, 1, serials=("A1",))
    assert (refused.code, refused.field) == ("serial-elsewhere", "serials[0]")
    assert (await book.refused(EntryKind.RECEIVED, 1, serials=("A2",))).code == "serial-elsewhere"
    assert await asyncio.to_thread(findings, tmp_path / "station.db") == []


# ----------------------------------------------------------------------------------------------------- corrections


async def test_an_entry_is_corrected_by_another_and_only_once(book: Book):
    wrong = (await book.enter(EntryKind.RECEIVED, 1000)).entry
    right = await book.enter(EntryKind.CORRECTED, 100, corrects=wrong)
    assert (right.balances.received, right.balances.safe) == (100, 100)
    again = await book.refused(EntryKind.CORRECTED, 10, corrects=wrong)
    assert (again.code, again.see) == ("entry-corrected", str(right.entry))
    assert (await book.refused(EntryKind.CORRECTED, 1, corrects=right.entry)).code == "entry-not-correctable"
    assert (await book.refused(EntryKind.CORRECTED, 1, corrects=99)).code == "entry-unknown"
    newest, oldest = await book.blanks.entries(None, 9)
    assert (oldest.quantity, oldest.corrected_by, newest.detail) == (1000, newest.seq, {"corrects": wrong})


async def test_a_correction_overdraws_no_account(book: Book):
    received = (await book.enter(EntryKind.RECEIVED, 10)).entry
    await book.enter(EntryKind.SPOILED, 8)
    assert (await book.refused(EntryKind.CORRECTED, 3, corrects=received)).code == "blanks-not-there"


async def test_a_delivery_that_never_was_takes_its_packs_and_serials_along(book: Book, tmp_path: Path):
    wrong = (await book.enter(EntryKind.RECEIVED, 10, packs=packs(10), serials=("A1",))).entry
    assert (await book.refused(EntryKind.CORRECTED, 9, corrects=wrong)).code == "entry-not-correctable"
    await book.enter(EntryKind.CORRECTED, 0, corrects=wrong)
    assert await book.blanks.packs("", 9, is_sealed=None) == []
    assert await book.blanks.serial("A1") is None
    second = (await book.enter(EntryKind.RECEIVED, 10, packs=packs(10), serials=("A1",))).entry
    spoiled = (await book.enter(EntryKind.SPOILED, 1, serials=("A1",))).entry
    assert (await book.refused(EntryKind.CORRECTED, 0, corrects=second)).code in {
        "serial-elsewhere",
        "blanks-not-there",
    }
    await book.enter(EntryKind.CORRECTED, 0, corrects=spoiled)
    assert await book.blanks.serial("A1") == "safe"
    await book.enter(EntryKind.OPENED, 10, pack="DUS-0")
    assert (await book.refused(EntryKind.CORRECTED, 0, corrects=second)).code == "pack-opened"
    assert await asyncio.to_thread(findings, tmp_path / "station.db") == []


async def test_a_count_and_a_jobs_blank_are_not_corrected(book: Book):
    await book.receive(5)
    counted = await book.enter(EntryKind.COUNTED, 4)
    assert (await book.refused(EntryKind.CORRECTED, 0, corrects=counted.entry)).code == "entry-not-correctable"
    await book.accepted()
    await book.claim()
    seq = (await book.blanks.entries(None, 1))[0].seq
    assert (await book.refused(EntryKind.CORRECTED, 0, corrects=seq)).code == "entry-not-correctable"


# ---------------------------------------------------------------------------------------------------------- counts


async def test_a_count_of_nobody_in_particular_is_booked_as_made_by_one(book: Book):
    await book.receive(10)
    answer = await book.count(9, None)
    assert isinstance(answer, Booked)
    assert answer.count is not None
    assert (answer.count.state, answer.count.people, answer.count.difference) == (CountState.BOOKED, 1, -1)
    assert answer.balances.missing == 1
    assert answer.minutes is not None
    assert answer.minutes.kind == PaperKind.COUNT_DIFFERENCE


async def test_a_count_is_booked_when_two_officers_find_the_same(book: Book):
    await book.receive(10)
    first = await book.count(8, ONE)
    assert isinstance(first, Booked)
    assert first.count is not None
    assert (first.count.state, first.count.difference, first.balances.safe) == (CountState.WAITING, None, 10)
    waiting = (await book.blanks.counts()).waiting
    assert waiting is not None
    assert waiting.difference is None
    second = await book.count(8, OTHER)
    assert isinstance(second, Booked)
    assert second.count is not None
    assert (second.count.people, second.count.difference, second.balances.missing) == (2, -2, 2)
    counts = await book.blanks.counts()
    assert counts.waiting is None
    assert counts.last == second.count
    drawn = await book.minutes.read(second.minutes.id)
    assert [party.nip for party in drawn.parties] == [ONE, OTHER]
    assert drawn.totals[0].told == "2 (dua) keping"


async def test_two_who_count_differently_book_nothing_and_count_again(book: Book):
    await book.receive(10)
    await book.count(8, ONE)
    refused = await book.count(9, OTHER)
    assert isinstance(refused, Refused)
    assert refused.code == "counts-differ"
    assert "8" not in refused.detail
    balances = await book.blanks.balances()
    assert (balances.safe, balances.missing) == (10, 0)
    assert (await book.blanks.counts()).waiting is None
    third = await book.count(9, OTHER)
    assert isinstance(third, Booked)
    assert third.count.state is CountState.WAITING


async def test_nobody_confirms_a_count_of_ones_own_but_may_mend_it(book: Book):
    await book.receive(10)
    await book.count(8, ONE)
    same = await book.count(8, ONE)
    assert isinstance(same, Refused)
    assert same.code == "second-officer-same-person"
    mended = await book.count(9, ONE)
    assert isinstance(mended, Booked)
    assert mended.count.state is CountState.WAITING
    assert (await book.count(9, OTHER)).balances.missing == 1


async def test_cards_printed_between_two_counts_do_not_matter(book: Book):
    await book.receive(10)
    await book.count(9, ONE)
    await book.accepted()
    (claimed,) = await book.claim()
    await book.settle(claimed, Printed(Evidence.PRINTER))
    answer = await book.count(8, OTHER)
    assert isinstance(answer, Booked)
    assert (answer.count.difference, answer.balances.safe, answer.balances.missing) == (-1, 8, 1)


async def test_a_first_count_of_another_day_is_over(tmp_path: Path):
    clock = Clock(int(datetime(2026, 11, 26, 8, tzinfo=UTC).timestamp() * 1000))
    database = await Database.open(tmp_path / "station.db", clock)
    appoint(tmp_path / "station.db")
    book = Book(database)
    await book.receive(10)
    await book.count(9, ONE)
    clock.ms += 24 * 3600 * 1000
    answer = await book.count(9, OTHER)
    assert isinstance(answer, Booked)
    assert answer.count.state is CountState.WAITING
    await database.aclose()


async def test_a_count_makes_no_blanks_out_of_nothing(book: Book):
    await book.receive(10)
    assert (await book.count(11, ONE)).code == "blanks-not-there"
    assert (await book.blanks.counts()).waiting is None


async def test_hoppers_are_counted_with_the_safe(book: Book):
    await book.receive(20)
    await book.enter(EntryKind.LOADED, 10, printer="p1")
    answer = await book.count(11, None, hoppers={"p1": 8})
    assert isinstance(answer, Booked)
    balances = answer.balances
    assert (balances.safe, balances.hoppers, balances.missing) == (11, {"p1": 8}, 1)
    drawn = await book.minutes.read(answer.minutes.id)
    assert [row[1:] for row in drawn.tables[0].rows] == [
        ("Brankas", "10", "11", "1"),
        ("Mesin cetak p1", "10", "8", "-2"),
    ]


# ------------------------------------------------------------------------------------------------- days and minutes


async def test_balances_of_a_former_day_are_those_at_its_end(tmp_path: Path):
    clock = Clock(int(datetime(2026, 11, 24, 8, tzinfo=UTC).timestamp() * 1000))
    database = await Database.open(tmp_path / "station.db", clock)
    book = Book(database)
    for quantity, days in ((100, 1), (50, 2), (25, 0)):
        await book.enter(EntryKind.RECEIVED, quantity)
        await book.enter(EntryKind.SPOILED, 1)
        clock.ms += days * 24 * 3600 * 1000
    first = date(2026, 11, 24)
    received = [(await book.blanks.balances(first + timedelta(days=after))).received for after in range(-1, 5)]
    assert received == [0, 100, 150, 150, 175, 175]
    day = await book.blanks.day(first + timedelta(days=1))
    assert (day.before[Account.SAFE], day.after[Account.SAFE], day.after[Account.SPOILED]) == (99, 148, 2)
    assert [(line.cause, line.quantity) for line in day.lines] == [("received", 50), ("spoiled", 1)]
    assert [entry.line.quantity for entry in day.entries] == [50, 1]
    quiet = await book.blanks.day(first + timedelta(days=2))
    assert (quiet.lines, quiet.entries) == ([], [])
    assert quiet.before == quiet.after
    assert await asyncio.to_thread(findings, tmp_path / "station.db") == []
    await database.aclose()


async def test_blanks_last_as_long_as_the_pace_of_the_last_days_says(tmp_path: Path):
    now = int(datetime.now(UTC).timestamp() * 1000)
    clock = Clock(now - 4 * 24 * 3600 * 1000)
    database = await Database.open(tmp_path / "station.db", clock)
    book = Book(database)
    await book.receive(100)
    assert (await book.blanks.balances()).days_left is None
    clock.ms = now
    await book.enter(EntryKind.SPOILED, 20)
    assert (await book.blanks.balances()).days_left == pytest.approx(16)
    await database.aclose()


async def test_a_destruction_is_minuted_before_witnesses(book: Book):
    await book.receive(10)
    await book.enter(EntryKind.SPOILED, 3)
    witnesses = (Witness(name="SAKSI SATU", office="Kasi Pemerintahan"), Witness(name="SAKSI DUA"))
    items = (Item(category=Category.FACTORY_BAD, quantity=1), Item(category=Category.PRINTER_SPOIL, quantity=2))
    answer = await book.enter(EntryKind.DESTROYED, 3, items=items, witnesses=witnesses, serials=("A1",))
    drawn = await book.minutes.read(answer.minutes.id)
    assert drawn.number == "470/001/BA/1671-07/XI/2026"
    assert [witness.name for witness in drawn.witnesses] == ["SAKSI SATU", "SAKSI DUA"]
    assert drawn.totals[0].told == "3 (tiga) keping"
    assert drawn.annexes[0].rows == (("1", "A1"),)
    entry = (await book.blanks.entries(None, 1))[0]
    assert "SAKSI" not in str(entry)


async def test_minutes_keep_their_numbers_for_ever(book: Book):
    await book.receive(10)
    await book.count(9, None)
    await book.count(8, None)
    former = book.minutes._numbering  # a new pattern in the configuration
    book.minutes._numbering = Numbering(pattern="{number}/{year}")
    await book.count(7, None)
    book.minutes._numbering = Numbering(pattern="470/{number:03}/BA/{station}/{month}/{year}")
    numbers = [line.number for line in await book.minutes.page(None, None, 9)]
    assert numbers == ["3/2026", "470/002/BA/1671-07/XI/2026", "470/001/BA/1671-07/XI/2026"]
    assert former == book.minutes._numbering
    assert await book.minutes.by_number("1/2026") is None
    assert await book.minutes.page("destruction", None, 9) == []
    assert await book.minutes.read("nonsense") is None


async def test_the_same_draft_is_drawn_up_once(book: Book):
    await book.receive(10)
    await book.count(9, None)
    draft = await book.minutes.read((await book.minutes.page(None, None, 1))[0].id)
    blank = replace(draft, number="", kind="other")
    one = await book.minutes.draw_up(blank, "x")
    assert await book.minutes.draw_up(blank, "x") == one
    assert (await book.minutes.draw_up(replace(blank, place="y"), "x")).number != one.number


async def test_a_draft_that_nobody_agreed_to_is_forgotten_after_a_day_and_sealed_until_then(tmp_path: Path):
    clock = Clock(int(datetime(2026, 11, 24, 8, tzinfo=UTC).timestamp() * 1000))
    database = await Database.open(tmp_path / "station.db", clock)
    book = Book(database)
    entry = NewEntry(kind=EntryKind.DESTROYED, quantity=1, witnesses=(Witness(name="SAKSI SATU"),))
    assert await book.blanks.keep_draft(entry) == await book.blanks.keep_draft(entry)
    assert await book.blanks.keep_draft(replace(entry, quantity=2)) != await book.blanks.keep_draft(entry)

    async def drafts() -> list[tuple[bytes]]:
        return await database.reader.run(
            lambda connection: connection.execute("SELECT sealed FROM minutes_draft").fetchall()
        )

    assert len(await drafts()) == 2
    assert not any(b"SAKSI" in sealed for (sealed,) in await drafts())
    await book.blanks.forget_drafts()
    assert len(await drafts()) == 2
    clock.ms += 25 * 3600 * 1000
    await book.blanks.forget_drafts()
    assert await drafts() == []
    await book.blanks.forget_drafts()
    await database.aclose()


# ---------------------------------------------------------------------------------------------------- verification


@pytest.fixture
def books(tmp_path: Path) -> Path:
    path = tmp_path / "station.db"

    async def a_day() -> None:
        database = await Database.open(path, SystemClock())
        book = Book(database)
        await book.enter(EntryKind.RECEIVED, 30, packs=packs(10, 20), serials=("A1",))
        await book.enter(EntryKind.LOADED, 5, printer="p1")
        await book.accepted()
        (claimed,) = await book.claim("p1")
        await book.settle(claimed, Spoiled("curled"))
        await book.count(24, None)
        await book.enter(EntryKind.DESTROYED, 1)
        await database.aclose()

    asyncio.run(a_day())
    return path


def all_findings(path: Path) -> list[str]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return [str(finding) for finding in verify(connection, StationSeal(KEY))]
    finally:
        connection.close()


def test_a_book_that_nobody_touched_is_in_order(books: Path):
    assert all_findings(books) == []


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("UPDATE blank_entry SET detail = replace(detail, 'p1', 'p2') WHERE seq = 2", "blank_entry row 2"),
        ("UPDATE blank_entry SET detail = NULL WHERE seq = 1", "blank_entry row 1"),
        ("UPDATE blank_hopper SET balance = balance + 1", "blank_hopper row p1"),
        ("UPDATE blank_serial SET account = 'issued'", "blank_serial row A1"),
        ("UPDATE blank_pack SET quantity = 11 WHERE number = 'DUS-0'", "blank_pack row DUS-0"),
        ("DELETE FROM blank_pack WHERE number = 'DUS-1'", "blank_pack row DUS-1"),
        ("UPDATE blank_day SET balances = replace(balances, '\"missing\":1', '\"missing\":0')", "blank_day row"),
        ("UPDATE blank_day SET last_entry = 2", "blank_day row"),
        ("UPDATE minutes SET number = '1' WHERE seq = 1", "minutes row 1"),
        ("UPDATE minutes SET sealed = (SELECT sealed FROM minutes WHERE seq = 1) WHERE seq = 2", "minutes row 2"),
        ("DELETE FROM minutes WHERE seq = 1", "minutes row 1"),
    ],
)  # fmt: skip
def test_an_edited_byte_is_found_and_its_row_named(books: Path, sql: str, where: str):
    connection = sqlite3.connect(books)
    with connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        assert connection.execute(sql).rowcount == 1
    connection.close()
    found = all_findings(books)
    assert any(line.startswith(where) for line in found), found


@pytest.mark.parametrize("sql", ["UPDATE blank_entry SET quantity = 1", "DELETE FROM minutes"])
def test_the_database_itself_lets_nobody_edit_what_was_written(books: Path, sql: str):
    connection = sqlite3.connect(books)
    with pytest.raises(sqlite3.IntegrityError, match="never"):
        connection.execute(sql)
    connection.close()


# ------------------------------------------------------------------------------------------------------- properties

ENTRIES = st.one_of(
    st.builds(
        NewEntry,
        kind=st.sampled_from([EntryKind.SPOILED, EntryKind.QUARANTINED, EntryKind.RETURNED, EntryKind.DESTROYED]),
        quantity=st.integers(0, 6),
        source=st.sampled_from([None, *Account]),
        printer=st.sampled_from([None, "p1"]),
        serials=st.lists(st.sampled_from(["A1", "A2", "A3"]), max_size=2).map(tuple),
    ),
    st.builds(
        NewEntry,
        kind=st.sampled_from([EntryKind.LOADED, EntryKind.UNLOADED]),
        quantity=st.integers(0, 8),
        printer=st.sampled_from(["p1", "p2"]),
    ),
    st.builds(
        NewEntry,
        kind=st.just(EntryKind.RECEIVED),
        quantity=st.integers(0, 20),
        serials=st.lists(st.sampled_from(["A1", "A2", "A3"]), max_size=2).map(tuple),
    ),
    st.builds(NewEntry, kind=st.just(EntryKind.RELEASED), quantity=st.integers(0, 6)),
    st.builds(
        NewEntry,
        kind=st.just(EntryKind.CORRECTED),
        quantity=st.integers(0, 8),
        corrects=st.integers(1, 12),
    ),
    st.builds(
        NewEntry,
        kind=st.just(EntryKind.COUNTED),
        quantity=st.integers(0, 20),
        hoppers=st.sampled_from([{}, {"p1": 2}, {"p1": 0, "p2": 3}]),
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(st.tuples(ENTRIES, st.sampled_from([None, ONE, OTHER])), max_size=14))
def test_whatever_people_enter_every_blank_is_somewhere_and_the_book_verifies(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("book") / "station.db"

    async def enter_all() -> None:
        database = await Database.open(path, SystemClock())
        appoint(path)
        book = Book(database)
        await book.receive(10)
        for entry, officer in entries:
            actor = STATION if officer is None else Actor(name=officer, role=Role.OFFICER, officer=officer)
            before = await book.blanks.balances()
            answer = await book.blanks.enter(entry, actor)
            after = await book.blanks.balances()
            if isinstance(answer, Refused):
                assert after == before
            assert after.is_balanced
            assert sum(after.hoppers.values()) == after.loaded
            assert min(after.safe, after.loaded, after.spoiled, after.missing, after.issued, after.returned) >= 0
        await database.aclose()

    asyncio.run(enter_all())
    assert findings(path) == []


async def test_an_uncertain_card_keeps_its_blank_in_the_printer_until_it_is_judged(book: Book):
    await book.receive(5)
    await book.enter(EntryKind.LOADED, 5, printer="p1")
    await book.accepted()
    (claimed,) = await book.claim("p1")
    await book.settle(claimed, Unknown("the power blinked"))
    balances = await book.blanks.balances()
    assert (balances.printer, balances.loaded, balances.at_hand) == (1, 4, 4)
