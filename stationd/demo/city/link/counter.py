"""The city's counter: invented people order cards in every kecamatan, through the city's door."""

import asyncio
import json
import secrets
from collections import Counter as Counts
from contextlib import suppress

from aiohttp import ClientError, ClientSession

from stationd.city.books import Books
from stationd.demo.city.link.office import LEAVE_AHEAD, Office
from stationd.demo.people import People
from stationd.domain.errors import StationError

WAITING = LEAVE_AHEAD + 3
"""How many orders each station has before it: some without leave, which may move at any time."""
_EVERY_S = 1.0


class Counter:
    """Files orders while :meth:`run` runs. ``closed`` are stations for which nobody orders now."""

    def __init__(self, office: Office, books: Books, stations: list[str]) -> None:
        self.closed: set[str] = set()
        self.is_open = True
        self.acknowledged: set[str] = set()
        """The orders that the door has taken: what people hold in their hands."""
        self._office = office
        self._books = books
        self._stations = stations
        self._people = {each: People(secrets.randbits(32), region=each.replace("-", "")) for each in stations}
        self._known: set[str] = set()
        self._unanswered: list[bytes] = []

    async def run(self, session: ClientSession) -> None:
        """Keep :data:`WAITING` orders before each station, until cancelled."""
        while True:
            with suppress(ClientError, TimeoutError, StationError):
                await self._file(session)
            await asyncio.sleep(_EVERY_S)

    async def _file(self, session: ClientSession) -> None:
        """File what is wanted; what was not answered is filed again, as it was, for that changes nothing."""
        if not self._unanswered and self.is_open:
            waiting: Counts[str] = Counts()
            for hold, station, count in await self._books.run(lambda books: books.rows("orders_by_station")):
                if hold in {"offered", "granted"}:
                    waiting[station] += count
            wanted = {each: WAITING - waiting[each] for each in self._stations if each not in self.closed}
            self._unanswered = [self._order(each) for each, count in wanted.items() for _ in range(count)]
        if self._unanswered:
            answers = await self._office.file(session, self._unanswered)
            self._unanswered = []
            self.acknowledged |= {each["order"] for each in answers if each["result"] in {"offered", "repeated"}}

    def _order(self, station: str) -> bytes:
        """The next order for a station: of somebody new, who has brought what the order needs."""
        while True:
            body = self._people[station].application()
            holder = body["holder"]
            if not isinstance(holder, dict) or (body["kind"] == "damaged" and "surrendered" not in body):
                continue
            if holder["nik"] not in self._known:
                self._known.add(holder["nik"])
                return json.dumps({"station": station, **body}).encode()
