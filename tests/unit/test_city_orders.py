"""Orders over the city link in genuine books: never two cards, whatever comes in which order."""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest

from stationd.adapters.seal import StationSeal
from stationd.adapters.sqlite.backup import backup, restore
from stationd.adapters.sqlite.blanks import SqliteBlanks
from stationd.adapters.sqlite.city_orders import SqliteCityOrders
from stationd.adapters.sqlite.database import Database
from stationd.adapters.sqlite.events import SqliteEvents
from stationd.adapters.sqlite.jobs import SqliteJobs
from stationd.adapters.sqlite.restored import put_to_people
from stationd.adapters.system import SystemClock, SystemEntropy
from stationd.domain.authority import STATION
from stationd.domain.blank_entry import NewEntry
from stationd.domain.blanks import EntryKind
from stationd.domain.city_link import Again, Offer, Parcel, Word
from stationd.domain.errors import Faulted, Refused
from stationd.domain.fence import (
    Act,
    Assignment,
    Hold,
    asked,
    offered,
    printed,
    recall_fence,
    recalled,
    returned,
)
from stationd.domain.job import Evidence, JobKind, JobState, Verdict
from stationd.domain.job_machine import VERDICT_EVENTS, JobEvent
from stationd.domain.order import Document, Holder, Order
from stationd.domain.outcome import Cause, NothingPrinted, Printed, Unknown
from stationd.ports.city import Delivery
from stationd.ports.jobs import Acceptance, Claiming, Control, Settling, Turn
from stationd.services.city_desk import CityDesk

ORDERS = tuple(f"PRR-{number}" for number in range(1, 7))
NAMES = ("1671-07", "1671-08")


def order_of(reference):
    return Order(
        order=reference,
        kind=JobKind.FIRST,
        holder=Holder(nik=f"99990101010100{reference[-1]}1", name="Contoh Rekaan"),
        document=Document("image/png", b"picture"),
    )


class Place:
    """A station: its books, the desk that hears the city, and one printer."""

    def __init__(self, name, database):
        self.name = name
        self.database = database
        self.jobs = SqliteJobs(
            database.writer, database.reader, StationSeal(bytes(32)), SystemEntropy(), max_tries=3, ageing=10
        )
        self.blanks = SqliteBlanks(database.writer, database.reader, low=5)
        self.log = SqliteEvents(database.reader)
        self.inbox = SqliteCityOrders(database.writer, database.reader)
        self.messages = {}
        self.parcels = []
        self.under_way = []
        self.bar = None
        self.desk = CityDesk(
            self.inbox,
            SimpleNamespace(read=lambda body: self.messages[body], open=lambda offer: offer.order.encode()),
            SimpleNamespace(submit=self.submit),
            SimpleNamespace(announce=self.announce, take_confirmation=self.announce),
            decode=lambda body: order_of(body.decode()),
            is_confirmation=lambda body: body == b"confirmation",
            clock=SystemClock(),
        )

    async def submit(self, order, *, key, digest, actor, fence=None):
        answer = await self.jobs.accept(
            Acceptance(
                order=order,
                service_class=0,
                caller=actor.name,
                key=key,
                digest=digest,
                signature=key,
                barred=self.bar,
            )
        )
        if isinstance(answer, Refused):
            raise answer
        return SimpleNamespace(view=SimpleNamespace(job=answer.job))

    async def announce(self, raw, *, actor):
        if raw in self.parcels:
            raise Refused("transfer-known")
        self.parcels.append(raw)

    async def hear(self, message, *, is_again=False):
        body = repr(message).encode()
        self.messages[body] = message
        await self.desk._hear(Delivery(body=body, token=None, is_again=is_again))

    async def work(self):
        await self.desk._settle()

    async def claim(self):
        turned = await self.jobs.turn(Turn(claiming=Claiming(printer="p", profiles=("ktp-el",), count=1)))
        self.under_way += turned.claimed
        return turned.claimed

    async def settle(self, claimed, outcome):
        self.under_way.remove(claimed)
        return (await self.jobs.turn(Turn(settling=Settling(attempt=claimed.attempt, outcome=outcome)))).settled

    async def events(self, after=0):
        return [event for event in await self.log.after(after, 10_000) if event.type.startswith(("order.", "link."))]

    async def told(self):
        return [(event.type, event.subject, dict(event.data)) for event in await self.events()]


@pytest.fixture
async def places(tmp_path):
    found = []
    for name in NAMES:
        place = Place(name, await Database.open(tmp_path / f"{name}.db", SystemClock()))
        await place.blanks.enter(NewEntry(kind=EntryKind.RECEIVED, quantity=500), STATION)
        found.append(place)
    yield found
    for place in found:
        await place.database.aclose()


@pytest.fixture
def place(places):
    return places[0]


def offer(fence, *, to=NAMES[0], order=ORDERS[0]):
    return Offer(
        id=f"offer-{order}-{fence:04d}", station=to, order=order, fence=fence, signature="a.b.c", sealed=b"sealed"
    )


def word(act, fence, *, to=NAMES[0], order=ORDERS[0], number=0):
    return Word(id=f"word-{act}-{order}-{fence}-{number}", station=to, act=act, order=order, fence=fence, at=1)


class World:
    """A city by the rule, with stations that print; messages are lost for a while, late, repeated and out of order."""

    def __init__(self, places, chance):
        self.places = {place.name: place for place in places}
        self.chance = chance
        self.book = {order: Assignment() for order in ORDERS}
        self.down, self.up = [], []
        self.ids = {}
        self.read = dict.fromkeys(NAMES, 0)
        self.cards = Counter()
        self.words = 0

    def say(self, act, order, fence, to):
        self.words += 1
        said = word(act, fence, to=to, order=order, number=self.words)
        self.ids[said.id] = order
        self.down.append(said)

    async def step(self):
        acts = {
            self.give: 3,
            self.take_back: 1,
            self.deliver: 8,
            self.collect: 4,
            self.hear: 8,
            self.work: 4,
            self.print_: 6,
        }
        (act,) = self.chance.choices(list(acts), list(acts.values()))
        await act()

    async def give(self):
        order, station = self.chance.choice(ORDERS), self.chance.choice(NAMES)
        given = offered(self.book[order], station)
        if given is not None:
            self.book[order] = given
            made = offer(given.fence, to=station, order=order)
            self.ids[made.id] = order
            self.down.append(made)

    async def take_back(self):
        order = self.chance.choice(ORDERS)
        before = self.book[order]
        self.book[order] = recalled(before)
        if before.station is not None:
            self.say(Act.RECALL, order, recall_fence(before), before.station)

    async def deliver(self):
        if self.down:
            place = self.chance.randrange(len(self.down))
            message = self.down[place] if self.chance.random() < 0.1 else self.down.pop(place)
            await self.places[message.station].hear(message, is_again=True)

    async def collect(self):
        for name, place in self.places.items():
            for event in await place.log.after(self.read[name], 1000):
                self.read[name] = event.seq
                self.up.append((name, event))

    async def hear(self):
        if not self.up:
            return
        place = self.chance.randrange(len(self.up))
        name, event = self.up[place] if self.chance.random() < 0.1 else self.up.pop(place)
        order = self.ids.get(event.subject)
        fence = event.data.get("fence")
        if order is None:
            return
        book = self.book[order]
        match event.type:
            case "order.received":
                self.book[order], act, answer = asked(book, name, fence)
                self.say(act, order, answer, name)
            case "order.returned":
                self.book[order] = returned(book, name, fence)
            case "order.refused":
                self.book[order] = returned(book, name, fence + 1)
            case "order.kept" if event.data["state"] == "printed":
                self.book[order] = printed(book, name, book.fence)

    async def work(self):
        await self.chance.choice(list(self.places.values())).work()

    async def print_(self):
        place = self.chance.choice(list(self.places.values()))
        what = self.chance.random()
        if what < 0.4:
            await place.claim()
        elif place.under_way:
            claimed = place.under_way[0]
            outcome = self.chance.choice(
                [
                    Printed(Evidence.PRINTER),
                    NothingPrinted(Cause.DOCUMENT, "aborted"),
                    NothingPrinted(Cause.PRINTER, "cover-open"),
                    Unknown("silent"),
                ]
            )
            await place.settle(claimed, outcome)
            if isinstance(outcome, Printed):
                self.cards[claimed.job.order] += 1
        else:
            for job in await place.jobs.page(JobState.UNCERTAIN, 0, 1):
                verdict = self.chance.choice([Verdict.PRINTED, Verdict.NOT_PRINTED])
                await place.jobs.control(
                    Control(job_id=job.id, event=VERDICT_EVENTS[verdict], actor=STATION, verdict=verdict)
                )
                self.cards[job.order] += verdict is Verdict.PRINTED
            for job in await place.jobs.page(JobState.FAILED, 0, 1):
                event = self.chance.choice([JobEvent.RETRIED, JobEvent.CANCELLED])
                await place.jobs.control(Control(job_id=job.id, event=event, actor=STATION))

    async def quieten(self):
        """No new moves: everything is delivered and printed. What the city has free, it gives once more."""
        for _ in range(40):
            for order, book in self.book.items():
                if book.hold is Hold.FREE:
                    made = offered(book, self.chance.choice(NAMES))
                    self.book[order] = made
                    self.ids[offer(made.fence, order=order).id] = order
                    self.down.append(offer(made.fence, to=made.station, order=order))
            for message in self.down[:]:
                self.down.remove(message)
                await self.places[message.station].hear(message, is_again=True)
            for place in self.places.values():
                await place.work()
                await place.claim()
                for claimed in place.under_way[:]:
                    await place.settle(claimed, Printed(Evidence.PRINTER))
                    self.cards[claimed.job.order] += 1
                for job in await place.jobs.page(JobState.UNCERTAIN, 0, 9):
                    await place.jobs.control(
                        Control(
                            job_id=job.id, event=VERDICT_EVENTS[Verdict.PRINTED], actor=STATION, verdict=Verdict.PRINTED
                        )
                    )
                    self.cards[job.order] += 1
                for job in await place.jobs.page(JobState.FAILED, 0, 9):
                    await place.jobs.control(Control(job_id=job.id, event=JobEvent.RETRIED, actor=STATION))
            await self.collect()
            while self.up:
                self.chance.random = lambda: 1.0
                await self.hear()


@pytest.mark.parametrize("seed", range(12))
async def test_never_two_cards_and_in_the_end_one_in_every_order_of_events(places, seed):
    world = World(places, random.Random(seed))
    for _ in range(400):
        await world.step()
        assert all(count <= 1 for count in world.cards.values()), world.cards
    await world.quieten()
    assert world.cards == dict.fromkeys(ORDERS, 1)


async def test_an_order_waits_sealed_for_leave_and_is_a_job_then(place):
    await place.hear(offer(1))
    await place.work()
    assert await place.jobs.find(order=ORDERS[0]) is None
    assert await place.told() == [("order.received", "offer-PRR-1-0001", {"fence": 1})]
    await place.hear(word(Act.LEAVE, 1))
    await place.work()
    job = await place.jobs.find(order=ORDERS[0])
    assert (await place.told())[1:] == [("order.taken", "offer-PRR-1-0001", {"fence": 1, "job": job.id})]
    rows = await place.database.reader.run(lambda c: c.execute("SELECT message, job FROM city_order").fetchall())
    assert rows == [(None, job.seq)]


async def test_no_counter_prints_what_the_city_has_given_elsewhere_or_not_yet(place):
    def brought(reference):
        return Acceptance(order=order_of(reference), service_class=0, caller="kiosk", key=f"k{reference}", digest=b"d")

    await place.hear(offer(1))
    await place.hear(word(Act.RECALL, 4, order=ORDERS[1]))
    answers = [await place.jobs.accept(brought(order)) for order in ORDERS[:2]]
    assert [answer.code for answer in answers] == ["order-without-leave", "order-recalled"]
    assert not isinstance(await place.jobs.accept(brought("PRR-3")), Refused)


async def test_a_card_under_way_is_kept_and_given_back_when_it_came_to_nothing(place):
    await place.hear(offer(1))
    await place.hear(word(Act.LEAVE, 1))
    await place.work()
    (claimed,) = await place.claim()
    recall = word(Act.RECALL, 2)
    await place.hear(recall)
    assert (await place.told())[-1] == (
        "order.kept",
        recall.id,
        {"fence": 2, "state": "printing", "job": claimed.job.id},
    )
    await place.work()
    assert (await place.told())[-1][0] == "order.kept"
    await place.settle(claimed, NothingPrinted(Cause.TRANSIENT, "aborted"))
    await place.work()
    assert (await place.told())[-1] == ("order.returned", recall.id, {"fence": 2})
    assert (await place.jobs.read(claimed.job.id)).state is JobState.CANCELLED
    assert await place.claim() == ()


async def test_what_an_officer_cancels_goes_back_to_the_city(place):
    await place.hear(offer(3))
    await place.hear(word(Act.LEAVE, 3))
    await place.work()
    job = await place.jobs.find(order=ORDERS[0])
    await place.jobs.control(Control(job_id=job.id, event=JobEvent.CANCELLED, actor=STATION))
    assert (await place.told())[-1] == ("order.returned", "offer-PRR-1-0003", {"fence": 4})
    await place.hear(replace(offer(3), id="offer-forged-00001"))
    assert await place.jobs.find(order=ORDERS[0]) is None


async def test_a_replay_is_refused_and_audited_and_a_flood_of_them_is_one_line(place):
    await place.hear(offer(1))
    await place.hear(offer(1), is_again=True)
    for _ in range(5):
        await place.hear(offer(1))
    assert (await place.told())[1:] == [("link.refused", "city", {"code": "order-repeated", "count": 1})]
    assert place.desk.figures.refused == {"order-repeated": 5}
    assert place.desk.figures.again == 1
    place.desk._audited_at.clear()
    await place.desk._audit()
    assert (await place.told())[-1] == ("link.refused", "city", {"code": "order-repeated", "count": 4})


async def test_what_cannot_be_taken_for_now_is_tried_again_and_what_never_can_is_told(place):
    for reference in ORDERS[:2]:
        await place.hear(offer(1, order=reference))
        await place.hear(word(Act.LEAVE, 1, order=reference))
    place.bar = Refused("orders-stopped", why="the centre does not answer")
    await place.work()
    assert len(await place.inbox.due(9)) == 2
    place.bar = Refused("signature-expired")
    await place.work()
    assert await place.inbox.due(9) == []
    assert [(kind, data["code"]) for kind, _, data in (await place.told())[2:]] == [
        ("order.refused", "signature-expired")
    ] * 2


async def test_a_crash_between_the_job_and_its_mark_makes_no_second_job(place):
    await place.hear(offer(1))
    await place.hear(word(Act.LEAVE, 1))
    (due,) = await place.inbox.due(9)
    await place.desk._submission.submit(
        order_of(due.order), key=due.offer, digest=b"of a run that was killed", actor=STATION
    )
    await place.work()
    job = await place.jobs.find(order=ORDERS[0])
    assert (await place.told())[-1] == ("order.taken", due.offer, {"fence": 1, "job": job.id})
    await place.hear(word(Act.RECALL, 2))
    assert (await place.jobs.read(job.id)).state is JobState.CANCELLED


async def test_a_parcel_is_unpacked_once(place):
    for _ in range(2):
        await place.hear(Parcel(station=NAMES[0], file=b"{}"))
    assert place.parcels == [b"{}"]
    assert place.desk.figures.again == 1
    assert await place.told() == []


async def test_an_order_that_a_counter_has_made_is_never_refused_whatever_is_wrong_with_its_leave(place):
    made = await place.jobs.accept(
        Acceptance(order=order_of(ORDERS[0]), service_class=0, caller="kiosk", key="counter", digest=b"d")
    )
    await place.hear(offer(1))
    await place.hear(word(Act.LEAVE, 1))
    place.bar = Refused("signature-expired")
    await place.work()
    assert (await place.told())[-1] == ("order.taken", "offer-PRR-1-0001", {"fence": 1, "job": made.job.id})


class Post:
    """A connection that delivers each message until it is acknowledged, the first of them first."""

    def __init__(self, *bodies):
        self.waiting = list(bodies)
        self.seen = set()

    async def fetch(self, most):
        if not self.waiting:
            raise Faulted("city-lost", "nothing comes any more")
        found = [Delivery(body=body, token=body, is_again=body in self.seen) for body in self.waiting]
        self.seen.update(self.waiting)
        return found

    async def acknowledge(self, delivery):
        self.waiting.remove(delivery.token)


async def test_a_message_that_always_fails_keeps_no_other_from_coming_and_the_city_is_told(place):
    good = offer(1)
    place.messages[b"good"] = good
    place.parcels = None  # every parcel dies, and so does whatever cannot be read for an unforeseen reason
    place.messages[b"parcel"] = Parcel(station=NAMES[0], file=b"file")
    with pytest.raises(Faulted, match="any more"):
        await place.desk.run(Post(b"poison", b"parcel", b"good"))
    told = await place.told()
    assert ("order.received", good.id, {"fence": 1}) in told
    assert ("link.refused", "city", {"code": "link-unusable", "count": 1}) in told
    assert place.desk.figures.refused == {"link-unusable": 2}


async def test_an_order_that_always_fails_holds_no_other_back_and_is_not_refused(place):
    for reference in ORDERS:
        await place.hear(offer(1, order=reference))
        await place.hear(word(Act.LEAVE, 1, order=reference))
    submit = place.desk._submission.submit

    async def dies(order, **more):
        if order.order == ORDERS[0]:
            raise RuntimeError("a defect")
        return await submit(order, **more)

    place.desk._submission = SimpleNamespace(submit=dies)
    await place.work()
    told = [(kind, subject) for kind, subject, _ in await place.told()]
    assert {f"offer-{order}-0001" for order in ORDERS[1:]} == {
        subject for kind, subject in told if kind == "order.taken"
    }
    assert not [kind for kind, _ in told if kind == "order.refused"]
    await place.hear(word(Act.RECALL, 2))
    assert (await place.told())[-1][0] == "order.returned", "the city can have it back"


async def test_a_city_that_has_lost_facts_is_heard_and_a_broker_that_repeats_it_is_not(place):
    wanted = []
    place.desk._send_again = wanted.append
    for seq in (7, 3):
        await place.hear(Again(id="again-0000000000000001", station=NAMES[0], seq=seq))
    assert wanted == [7]
    assert await place.told() == []


async def restored(place, tmp_path):
    """The book as it was a moment ago, put back; and the first start on it."""
    path = tmp_path / f"{place.name}.db"
    await place.database.aclose()
    await asyncio.to_thread(restore, tmp_path / "copy.db", path)
    again = Place(place.name, await Database.open(path, SystemClock()))
    await put_to_people(again.database.writer)
    return again


@pytest.mark.parametrize("state", ["due", "in line", "in question"])
@pytest.mark.parametrize("is_retried", [True, False])
async def test_leave_in_a_restored_book_makes_no_card_for_the_order_may_be_elsewhere(
    places, tmp_path, state, is_retried
):
    place = places[0]
    await place.hear(offer(1))
    await place.hear(word(Act.LEAVE, 1))
    if state != "due":
        await place.work()
    claimed = await place.claim() if state == "in question" else ()
    await asyncio.to_thread(backup, tmp_path / f"{place.name}.db", tmp_path / "copy.db")
    for each in claimed:
        await place.settle(each, NothingPrinted(Cause.PRINTER, "offline"))
    await place.hear(word(Act.RECALL, 2))
    await place.work()
    assert (await place.told())[-1][0] == "order.returned", "it is a neighbour's now"

    place = places[0] = await restored(place, tmp_path)
    await place.work()
    job = await place.jobs.find(order=ORDERS[0])
    if state == "due":
        assert job is None
        return
    recall = word(Act.RECALL, 2, number=1)
    await place.hear(recall)
    assert (await place.told())[-1][:2] == ("order.kept", recall.id), "nobody knows before somebody has looked"
    if is_retried and state == "in line":
        looked = Control(job_id=job.id, event=JobEvent.RETRIED, actor=STATION)
    else:
        verdict = Verdict.NOT_PRINTED
        looked = Control(job_id=job.id, event=VERDICT_EVENTS[verdict], actor=STATION, verdict=verdict)
    after = await place.jobs.control(looked)
    assert after.state is JobState.CANCELLED
    assert (await place.told())[-1] == ("order.returned", recall.id, {"fence": 2})
    await place.work()
    assert await place.claim() == ()
    assert [kind for kind, _, _ in await place.told()].count("order.returned") == 1
