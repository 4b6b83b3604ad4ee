"""The city's books say what the stations' books say, and an order becomes one card wherever it moves."""

import asyncio
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stationd.city.assigning import Moved
from stationd.city.orders import Filed
from stationd.city.taking import Letter
from stationd.domain.city_link import Enclosure
from stationd.domain.errors import Faulted, Refused
from tests.rigs.paper_city import RECEIPT, PaperCity, PaperStation, order_of
from tests.rigs.postgres import binaries, postgres

A, B = "1671-07", "1671-09"


@pytest.fixture(scope="module")
def server():
    """A PostgreSQL server; its folder has a short name, for a socket lies in it and other users go there."""
    with tempfile.TemporaryDirectory(prefix="books-") as folder, postgres(Path(folder)) as url:
        yield url


both = pytest.mark.parametrize("city", ["sqlite", *(["postgresql"] if binaries() is not None else [])], indirect=True)
"""In PostgreSQL too, where it is installed."""


@pytest.fixture
async def city(request, tmp_path):
    url = f"sqlite:{tmp_path / 'city.db'}"
    if getattr(request, "param", "sqlite") == "postgresql":
        import psycopg

        url = request.getfixturevalue("server")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    city = PaperCity(url)
    await city.books.open()
    yield city
    await city.books.aclose()


@pytest.fixture
async def stations(city):
    found = {name: PaperStation(name) for name in (A, B)}
    for station in found.values():
        await city.enrol(station)
    return found


async def deliver(city, stations, *, silent=()):
    """Carry everything both ways until nobody has anything to say; nothing reaches or leaves the silent ones."""
    kept = []
    while messages := await city.sent():
        for name, body in messages:
            if name in silent:
                kept.append((name, body))
                continue
            await city.hear(*stations[name].hear(body))
    return kept


@both
async def test_the_citys_books_equal_the_stations_book_row_by_row_whatever_the_order(city, stations):
    station = stations[A]
    letters = [station.say("blanks.received", "blanks", {"quantity": 10, "actor": "o", "at_hand": 10})]
    for number in range(5):
        job, letter = station.accept(f"PRR-{number}", nik=f"999999010190000{number}")
        letters += [letter, *station.print(job)]
    letters += letters[::-1] + letters[::3]
    for letter in sorted(letters, key=lambda each: each.headers["Stationd-Signature"]):
        await city.hear(letter)
    assert [(row[0], *row[1:5], bytes(row[5])) for row in await city.rows("facts_of", station=A)] == station.facts
    assert await city.rows("blanks", station=A) == [(10, 5, 0, 5, 0)]
    assert {row[1:] for row in await city.rows("cards_of", station=A)} == {("printed", "printed")}
    assert (await city.rows("station_last", station=A))[0][0] == len(station.facts)


async def test_a_gap_holds_back_what_comes_after_it_and_closes(city, stations):
    station = stations[A]
    (job, first), second = station.accept("PRR-1"), None
    second = station.step(job, "claimed", "queued", "printing")
    await city.hear(second)
    assert await city.rows("cards_of", station=A) == []
    (row,) = [row for row in await city.rows("stations") if row[0] == A]
    assert (row[3], row[6]) == (0, 2), "nothing taken, number 2 is here"
    await city.hear(first)
    assert await city.rows("cards_of", station=A) == [(job, "printing", None)]


async def test_what_nobody_signed_changes_nothing_and_is_counted(city, stations):
    station, other = stations[A], stations[B]
    _, letter = station.accept("PRR-1")
    stranger = PaperStation("1671-99")
    _, strange = stranger.accept("PRR-2")
    forged = [
        Letter(subject=letter.subject, headers=letter.headers, body=letter.body.replace(b"queued", b"sealed")),
        Letter(subject=letter.subject.replace(A, B), headers=letter.headers, body=letter.body),
        Letter(subject=letter.subject, headers={}, body=letter.body),
        strange,
        PaperStation(A, seed="thief").accept("PRR-3")[1],
        other.say("job.\0", "x", {}),
    ]
    taken = await city.hear(*forged)
    assert (taken.new, taken.refused) == (0, len(forged))
    assert {(row[0], row[1]) for row in await city.rows("troubles")} == {
        (A, "fact-signature-invalid"),
        (B, "fact-signature-invalid"),
        ("1671-99", "fact-station-unknown"),
        (B, "fact-malformed"),
    }


@both
async def test_whatever_a_station_signs_stops_nobody(city, stations):
    station = stations[A]
    odd = [
        station.say("job.accepted", "j", {"state": 7, "kind": None}),
        station.say("job.flown", "j", {"state": "x" * 900, "from": "nowhere"}),
        station.say("order.received", "nothing", {"fence": 1 << 70}),
        station.say("order.taken", "nothing", {"fence": "1"}),
        station.say("blanks.received", "blanks", {"quantity": "many", "at_hand": 1 << 80}),
        station.say("transfer.packed", "t", {"peer": ["x"], "cards": 1 << 90}),
        station.say("link.refused", "city", {"code": "link-malformed", "count": -3}),
        station.say("job.claimed", "j", ["no", "object"]),
        station.say("link.refused", "city", {"code": "x" * 80, "count": 1 << 60}),
    ]
    assert (await city.hear(*odd)).new == len(odd)
    assert (await city.rows("station_last", station=A))[0][0] == len(odd)


@both
async def test_a_fact_that_these_books_cannot_take_stops_its_own_station_alone(city, stations):
    bad, good = stations[A], stations[B]
    most = (1 << 53) - 1
    flood = [bad.say("blanks.received", "blanks", {"quantity": most, "at_hand": 1}) for _ in range(1030)]
    nobody = bad.say("transfer.packed", "t", {"peer": B}, enclosure=Enclosure(to="\0", file=b"{}"))
    await city.hear(*flood[:1000])
    _, fine = good.accept("PRR-1")
    taken = await city.hear(*flood[1000:], nobody, fine)
    assert (taken.new, taken.refused) == (31, 1)
    assert (await city.rows("station_last", station=B))[0][0] == 1
    assert 1000 <= (await city.rows("station_last", station=A))[0][0] < 1030
    assert {row[:2] for row in await city.rows("troubles")} == {(A, "book-unusable"), (A, "fact-malformed")}


@both
async def test_a_restored_book_is_another_history_and_gets_no_leave_until_a_person_has_looked(city, stations):
    station = stations[A]
    await city.hear(station.say("blanks.received", "blanks", {"quantity": 5, "actor": "o", "at_hand": 5}))
    backup = len(station.chain)
    old, lost = station.accept("PRR-old")
    await city.hear(lost, *station.print(old))
    station.chain, station.facts = station.chain[:backup], station.facts[: backup - 1]
    job, again = station.accept("PRR-new")
    await city.hear(again, *station.print(job))
    await city.hear(*[station.say("station.checked", "station", {"n": n}) for n in range(3)])
    await city.do(city.orders.file, A, order_of("PRR-later"))
    await deliver(city, stations)
    assert (await city.order("PRR-later"))["hold"] == "offered", "no leave for a forked book"
    fallen = await city.do(city.facts.accept_fork, A)
    assert fallen == 3
    await deliver(city, stations)
    assert [(row[0], *row[1:5], bytes(row[5])) for row in await city.rows("facts_of", station=A)] == station.facts
    assert (await city.order("PRR-later"))["hold"] == "granted"
    assert await city.rows("blanks", station=A) == [(5, 4, 0, 1, 0)]
    assert (await city.rows("by_receipt", receipt=RECEIPT))[0][2] == "printed"
    assert isinstance(await city.do(city.facts.accept_fork, A), Refused)


async def test_an_order_is_offered_asked_for_and_printed(city, stations):
    assert await city.do(city.orders.file, A, order_of("PRR-1")) is Filed.OFFERED
    assert await city.do(city.orders.file, B, order_of("PRR-1")) is Filed.REPEATED
    assert (await city.do(city.orders.file, A, order_of("PRR-1", nik="9999990101900002"))).code == "order-known"
    assert (await city.do(city.orders.file, "1671-99", order_of("PRR-2"))).code == "station-unknown"
    assert (await city.do(city.orders.file, A, b'{"order": "PRR-2"}')).code == "order-malformed"
    await deliver(city, stations)
    await city.hear(*stations[A].work("PRR-1"))
    assert await city.order("PRR-1") == {
        "kind": "first",
        "station": A,
        "fence": 1,
        "hold": "settled",
        "outcome": "printed",
        "told": None,
        "goes_to": None,
    }
    assert (await city.rows("order", order="PRR-1"))[0][1] is None, "its holder is not kept"
    assert await city.do(city.orders.move, "PRR-1", B) is Moved.SETTLED
    assert await city.rows("troubles") == []


async def test_a_station_has_leave_for_so_many_ahead_of_its_printers_and_no_more(tmp_path):
    city, station = PaperCity(f"sqlite:{tmp_path / 'city.db'}", leave_ahead=2), PaperStation(A)
    await city.books.open()
    await city.enrol(station)
    for number in range(5):
        await city.do(city.orders.file, A, order_of(f"PRR-{number}", nik=f"999999010190000{number}"))
    await deliver(city, {A: station})
    assert (await city.rows("granted", station=A)) == [(2,)]
    done = []
    while waiting := [name for name, each in station.orders.items() if each.held.may_begin and not each.is_begun]:
        await city.hear(*station.work(waiting[0]))
        done += waiting[:1]
        await deliver(city, {A: station})
        assert (await city.rows("granted", station=A))[0][0] <= 2
    assert sorted(done) == [f"PRR-{number}" for number in range(5)]
    await city.books.aclose()


@both
async def test_an_order_of_a_silent_station_moves_at_once_without_leave_and_never_with_it(city, stations):
    for name in ("PRR-granted", "PRR-waiting"):
        await city.do(city.orders.file, A, order_of(name))
        await deliver(city, stations, silent=() if name == "PRR-granted" else (A,))
    assert await city.do(city.orders.move, "PRR-waiting", B) is Moved.DONE
    assert await city.do(city.orders.move, "PRR-granted", B) is Moved.ASKED
    await deliver(city, stations, silent=(A,))
    await city.hear(*stations[B].work("PRR-waiting"))
    assert stations[B].cards == ["PRR-waiting"]
    assert not stations[B].work("PRR-granted"), "nobody knows whether A printed it"
    assert await city.do(city.orders.write_off, "PRR-granted") is Moved.DONE
    await deliver(city, stations, silent=(A,))
    assert stations[B].work("PRR-granted"), "a person has looked"
    assert (await city.do(city.orders.write_off, "PRR-granted")).code == "order-not-asked-back"


async def test_an_order_is_cancelled_where_it_waits_and_asked_back_where_it_has_leave(city, stations):
    await city.do(city.orders.file, A, order_of("PRR-1"))
    assert await city.do(city.orders.cancel, "PRR-1") is Moved.DONE
    await city.do(city.orders.file, A, order_of("PRR-2"))
    await deliver(city, stations)
    assert await city.do(city.orders.cancel, "PRR-2") is Moved.ASKED
    await deliver(city, stations)
    assert [(await city.order(name))["outcome"] for name in ("PRR-1", "PRR-2")] == ["cancelled", "cancelled"]
    assert not stations[A].work("PRR-1")
    assert not stations[A].work("PRR-2")


async def test_an_order_that_a_counter_has_made_and_the_city_moved_away_is_told_to_people(city, stations):
    await city.do(city.orders.file, A, order_of("PRR-1"))
    await deliver(city, stations, silent=(A,))
    await city.do(city.orders.move, "PRR-1", B)
    recall = next(body for name, body in await city.sent() if name == A)
    word = stations[A].messages.read(recall)
    await city.hear(stations[A].say("order.kept", word.id, {"fence": word.fence, "state": "printed", "job": "j"}))
    assert [row[:3] for row in await city.rows("troubles")] == [(A, "order-made-at-counter", 1)]


async def test_a_file_of_a_transfer_goes_to_its_receiver_as_it_came_and_once(city, stations):
    letter = stations[A].pack("0190-packet", B, b'{"format":"stationd-transfer/1"}')
    await city.hear(letter, letter)
    ((name, body),) = await city.sent()
    parcel = stations[B].messages.read(body)
    assert (name, parcel.file) == (B, b'{"format":"stationd-transfer/1"}')
    assert await city.rows("transfers_open") == [("0190-packet", A, B, "sent", None, 1_764_124_800_000)]
    await city.hear(stations[A].pack("0190-nobody", "1671-99", b"{}"))
    assert ("1671-99", "parcel-for-nobody", 1) in [row[:3] for row in await city.rows("troubles")]


async def test_a_card_is_found_by_its_receipt_at_the_station_that_it_went_to(city, stations):
    here, there = stations[A], stations[B]
    job, letter = here.accept("PRR-1")
    gone = {"custody": "in_transit", "from": "on_shelf", "kind": "first", "transfer": "0190-packet"}
    await city.hear(letter, *here.print(job), here.say("card.packed", job, gone), here.pack("0190-packet", B, b"{}"))
    came = {"custody": "received", "kind": "first", "transfer": "0190-packet", "sent_as": job}
    await city.hear(there.say("card.received", "its-id-there", came))
    handed = {"custody": "handed_over", "from": "received", "kind": "first"}
    await city.hear(there.say("card.handed_over", "its-id-there", handed))
    found = await city.rows("by_receipt", receipt=RECEIPT)
    assert [(row[0], row[2], row[3]) for row in found] == [
        (A, "printed", "in_transit"),
        (B, "elsewhere", "handed_over"),
    ]


class _Schedule:
    """One order, two stations, messages lost, repeated, late and out of order; a hand picks what is next."""

    def __init__(self, city, stations):
        self.city, self.stations = city, stations
        self.down, self.up = [], []

    async def act(self, choice, pick, keep):
        city, stations = self.city, self.stations
        self.down += await city.sent()
        station = stations[(A, B)[pick % 2]]
        if choice == "down" and self.down:
            name, body = self.down[pick % len(self.down)]
            if not keep:
                self.down.remove((name, body))
            self.up += stations[name].hear(body)
        elif choice == "up" and self.up:
            letter = self.up[pick % len(self.up)]
            if not keep:
                self.up.remove(letter)
            await city.hear(letter)
        elif choice == "work":
            self.up += station.work("PRR-1")
        elif choice == "ask" and station.orders.get("PRR-1") and station.orders["PRR-1"].offer:
            self.up.append(station.ask("PRR-1"))
        elif choice == "move":
            await city.do(city.orders.move, "PRR-1", station.id)
        elif choice == "cancel" and pick % 5 == 0:
            await city.do(city.orders.cancel, "PRR-1")


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["down", "down", "up", "up", "up", "work", "ask", "move", "cancel"]),
            st.integers(0, 30),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_an_order_that_moves_becomes_one_card_at_most_in_every_order_of_events(steps):
    async def story():
        city, stations = PaperCity("sqlite::memory:"), {name: PaperStation(name) for name in (A, B)}
        await city.books.open()
        for station in stations.values():
            await city.enrol(station)
        await city.do(city.orders.file, A, order_of("PRR-1"))
        schedule = _Schedule(city, stations)
        for step in steps:
            await schedule.act(*step)
            assert len(list(itertools.chain(*(station.cards for station in stations.values())))) <= 1
        for letter in schedule.up:
            await city.hear(letter)
        kinds = {row[1] for row in await city.rows("troubles")}
        assert "card-without-leave" not in kinds
        await city.books.aclose()

    asyncio.run(story())


@both
async def test_what_is_told_is_there_for_who_asks_next_and_dies_with_what_was_tried_alone(city, stations):
    def trouble(transaction, code):
        transaction.tell("trouble", station=A, code=code, count=1, now=1)

    def codes(transaction):
        return [row[1] for row in transaction.rows("troubles")]

    def dying(transaction):
        trouble(transaction, "second")
        transaction.tell("issue_blanks", id="x", station=A, quantity=0, note="no delivery at all", now=1)

    def unit(transaction):
        trouble(transaction, "first")
        assert codes(transaction) == ["first"]
        assert isinstance(transaction.tried(lambda: dying(transaction)), Exception)
        trouble(transaction, "third")
        assert transaction.run_each("issue_blanks", []) == []
        one = {"id": "y", "station": A, "quantity": 1, "note": "SJ-1", "now": 1}
        assert transaction.run_each("issue_blanks", [one, one]) == [1, 0]

    await city.do(unit)
    with pytest.raises(Faulted, match="books"):
        await city.do(dying)
    assert await city.do(codes) == ["first", "third"]
