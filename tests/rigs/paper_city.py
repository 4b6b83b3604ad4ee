"""A city and stations without wires: the city's genuine books and messages, stations that keep the rule of the fence.

Messages are values that a test delivers, repeats, mixes or drops as it likes.
"""

import json
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from stationd.adapters.city_keys import CityKeys
from stationd.adapters.city_messages import StationMessages
from stationd.adapters.system import SystemEntropy
from stationd.adapters.transfer_files import StationKeys
from stationd.city.assigning import Assigning, Policy
from stationd.city.books import Books
from stationd.city.hearing import Hearing
from stationd.city.identity import Identity
from stationd.city.orders import Orders
from stationd.city.taking import Facts, Letter
from stationd.domain.city_link import Again, Enclosure, Fact, Offer, Particulars, Word
from stationd.domain.events import GENESIS, linked
from stationd.domain.fence import Act, Answer, Held, arrived, granted, taken_back
from stationd.domain.ids import receipt as receipt_of

NOW_MS = 1_764_124_800_000
CITY_KEY = b"\7" * 32
RECEIPT = next(found for found in map(partial(receipt_of, 491_000), range(99)) if found is not None)


class PaperCity:
    """The city's books in a database of their own, used by plain calls: ``await city.do(city.orders.file, …)``."""

    def __init__(self, url, *, leave_ahead=100):
        self.identity = Identity(CITY_KEY)
        self.now_ms = NOW_MS
        self.books = Books(url, lambda: self.now_ms)
        messages = self.identity.messages
        policy = Policy(leave_ahead=leave_ahead, life_s=86_400)
        book = Assigning(messages, self.identity.seal, SystemEntropy(), policy, on_change=lambda: None)
        self.orders, self.hearing = Orders(book, self.identity.seal), Hearing(book)
        self.facts = Facts(messages, self.identity.seal, self.hearing)

    async def do(self, verb, *arguments):
        return await self.books.run(lambda transaction: verb(transaction, *arguments))

    async def rows(self, name, **values):
        return [tuple(row) for row in await self.books.run(lambda transaction: transaction.rows(name, **values))]

    async def enrol(self, station):
        sign, seal = station.keys.signing_key, station.keys.sealing.public_key().public_bytes_raw()
        values = {"station": station.id, "name": f"Kecamatan {station.id}", "sign_key": sign, "seal_key": seal}
        await self.books.run(
            lambda transaction: transaction.run(
                "insert_station", **values, user_key=None, now=transaction.now_ms, hash=GENESIS
            )
        )

    async def hear(self, *letters):
        return await self.do(self.facts.take, letters)

    async def sent(self):
        """What is to go down and was not taken yet: (station, body)."""

        def unit(transaction):
            found = transaction.rows("unsent", most=1000)
            for row in found:
                transaction.run("set_sent", id=row[0], now=transaction.now_ms)
            return [(row[1], bytes(row[2])) for row in found]

        return await self.books.run(unit)

    async def order(self, reference):
        (row,) = await self.rows("order_view", order=reference)
        return dict(zip(("kind", "station", "fence", "hold", "outcome", "told", "goes_to"), row, strict=False))


@dataclass
class Waiting:
    """What a paper station has of an order: what the rule says, and its offer, job, and whether a card was begun."""

    held: Held = field(default_factory=Held)
    offer: Offer | None = None
    job: str | None = None
    is_begun: bool = False


class PaperStation:
    """A station that keeps a chain of facts and the rule of the fence, and prints when it is told to."""

    def __init__(self, id_, *, seed=None):
        self.id = id_
        self.keys = StationKeys(lambda purpose: (seed or id_).encode().ljust(16, b".") + purpose[-16:].ljust(16, b"."))
        identity = Identity(CITY_KEY)
        key = identity._signing.public_key().public_bytes_raw()
        seal = identity._sealing.public_key().public_bytes_raw()
        self.messages = StationMessages(id_, self.keys, CityKeys([key]), seal)
        self.chain = [GENESIS]
        self.facts = []
        self.orders = {}
        self.cards = []
        self.letters = []
        self._numbers = count(1)

    def say(self, kind, subject, data, *, particulars=None, enclosure=None):
        """The letter of one more fact."""
        text = json.dumps(data, separators=(",", ":"))
        row = (len(self.chain), NOW_MS, kind, subject, text)
        hash_ = linked(self.chain[-1], row)
        self.chain.append(hash_)
        self.facts.append((*row, hash_))
        fact = Fact(
            station=self.id,
            seq=row[0],
            at=row[1],
            type=kind,
            subject=subject,
            data=text,
            hash=hash_,
            particulars=particulars,
            enclosure=enclosure,
        )
        headers, body = self.messages.write(fact)
        self.letters.append(Letter(subject=fact.topic, headers=headers, body=body))
        return self.letters[-1]

    def accept(self, order, *, nik=None, receipt=RECEIPT):
        """The letter of a job that was taken, and its id."""
        nik = nik or f"999999{int.from_bytes(order.encode()[-4:]):010}"
        job = f"{self.id}-job-{next(self._numbers)}"
        particulars = Particulars(order=order, receipt=receipt, nik=nik, district="999901", village=None)
        data = {"state": "queued", "kind": "first", "actor": "kiosk"}
        return job, self.say("job.accepted", job, data, particulars=particulars)

    def step(self, job, event, before, after):
        """The letter of a job's step."""
        return self.say(f"job.{event}", job, {"state": after, "from": before, "kind": "first", "actor": "station"})

    def print(self, job):
        """The letters of a job that is printed at once."""
        return [self.step(job, "claimed", "queued", "printing"), self.step(job, "card_printed", "printing", "printed")]

    def pack(self, transfer, to, file):
        """The letter of a packet that leaves."""
        data = {"state": "sent", "direction": "out", "peer": to, "cards": 1}
        return self.say("transfer.packed", transfer, data, enclosure=Enclosure(to=to, file=file))

    # ---------------------------------------------------------------------------------------------------- the link

    def hear(self, body):
        """The letters that answer a message of the city."""
        message = self.messages.read(body)
        if isinstance(message, Again):
            return self.letters[message.seq - 1 :]
        if isinstance(message, Offer):
            waiting = self.orders.setdefault(message.order, Waiting())
            waiting.held, arrival = arrived(waiting.held, message.fence)
            if arrival.value != "taken":
                return []
            waiting.offer = message
            return [self.ask(message.order)]
        if not isinstance(message, Word):
            return []
        waiting = self.orders.setdefault(message.order, Waiting())
        before = waiting.held
        if message.act is Act.LEAVE:
            waiting.held = granted(before, message.fence)
            if waiting.held == before or not waiting.held.may_begin:
                return []
            letters = []
            if waiting.job is None:
                waiting.job, letter = self.accept(message.order)
                letters = [letter]
            taken = {"fence": message.fence, "job": waiting.job}
            return [*letters, self.say("order.taken", waiting.offer.id, taken)]
        waiting.held, answer = taken_back(before, message.fence, has_begun=waiting.is_begun)
        if answer is Answer.KEPT:
            kept = {"fence": message.fence, "state": "printed", "job": waiting.job}
            return [self.say("order.kept", message.id, kept)]
        letters = []
        if waiting.job is not None and not waiting.is_begun and waiting.held.fence < message.fence:
            letters = [self.step(waiting.job, "cancelled", "queued", "cancelled")]
            waiting.job = None
        return [*letters, self.say("order.returned", message.id, {"fence": message.fence})]

    def ask(self, order):
        """The letter that asks for leave, as often as it likes."""
        waiting = self.orders[order]
        return self.say("order.received", waiting.offer.id, {"fence": waiting.held.fence})

    def counter(self, order):
        """Somebody brings an order to the counter: the letters, or nothing where the fence bars it."""
        waiting = self.orders.setdefault(order, Waiting())
        if waiting.job is not None or (waiting.held != Held() and not waiting.held.may_begin):
            return []
        waiting.job, letter = self.accept(order)
        return [letter]

    def work(self, order):
        """Print an order's card if there is a job of it: the letters, or nothing."""
        waiting = self.orders.get(order)
        if waiting is None or waiting.job is None or waiting.is_begun:
            return []
        waiting.is_begun = True
        self.cards.append(order)
        return self.print(waiting.job)


def order_of(reference, *, nik="9999990101900001"):
    """The body of an order, as at the counter."""
    holder = {"nik": nik, "name": "CONTOH SATU", "address": "Jalan Contoh 1"}
    document = {"template": "specimen", "fields": {}}
    return json.dumps({"order": reference, "kind": "first", "holder": holder, "document": document}).encode()
